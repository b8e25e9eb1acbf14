"""SageMaker endpoints of a region in virtual time, for tests."""

from typing import Any

from understudy.testing.region import Region


def with_model(region: Region) -> Region:
    """The region with a stand-in as model ``m``."""
    region.call(
        "sagemaker",
        "CreateModel",
        ModelName="m",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/r",
        PrimaryContainer={"Image": "understudy/stand-in"},
    )
    return region


def with_endpoint(
    region: Region, name: str, count: int = 1, kind: str = "ml.m5.large", **config: Any
) -> Region:
    """The region with an endpoint that is being created: variant ``v`` of model ``m``.

    ``config`` is what else its configuration ``c`` has.
    """
    variant = {
        "VariantName": "v",
        "ModelName": "m",
        "InstanceType": kind,
        "InitialInstanceCount": count,
    }
    with_model(region).call(
        "sagemaker",
        "CreateEndpointConfig",
        EndpointConfigName="c",
        ProductionVariants=[variant],
        **config,
    )
    region.call("sagemaker", "CreateEndpoint", EndpointName=name, EndpointConfigName="c")
    return region
