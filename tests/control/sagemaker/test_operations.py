"""Operations on endpoints that are not ready for them."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.region import Region

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/e"


def creating() -> Region:
    """A region with an endpoint that is being created."""
    region = Region()
    role = "arn:aws:iam::000000000000:role/r"
    image = {"Image": "understudy/stand-in"}
    region.call(
        "sagemaker", "CreateModel", ModelName="m", ExecutionRoleArn=role, PrimaryContainer=image
    )
    variant = {
        "VariantName": "v",
        "ModelName": "m",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    region.call(
        "sagemaker", "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant]
    )
    region.call("sagemaker", "CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    return region


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pytest.param("DeleteEndpoint", {}, id="a deletion, which AWS calls an update too"),
        pytest.param("UpdateEndpoint", {"EndpointConfigName": "c"}, id="an update"),
        pytest.param(
            "UpdateEndpointWeightsAndCapacities",
            {"DesiredWeightsAndCapacities": [{"VariantName": "v", "DesiredInstanceCount": 2}]},
            id="another capacity",
        ),
    ],
)
def test_what_is_being_created_is_left_alone(operation: str, params: dict[str, Any]) -> None:
    # Recorded: DeleteEndpoint while Creating says "Cannot update in-progress endpoint".
    region = creating()
    with pytest.raises(Fault) as refused:
        region.call("sagemaker", operation, EndpointName="e", **params)
    assert refused.value.code == "ValidationException"
    assert refused.value.message == f'Cannot update in-progress endpoint "{ARN}".'
    region.advance(60)
    region.call("sagemaker", operation, EndpointName="e", **params)
