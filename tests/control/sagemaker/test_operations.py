"""Operations on endpoints that are not ready for them."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.hosting import with_endpoint
from understudy.testing.region import Region

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/e"


def creating() -> Region:
    """A region with an endpoint that is being created."""
    return with_endpoint(Region(), "e")


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
