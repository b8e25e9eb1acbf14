"""AWS::SageMaker::Model, EndpointConfig and Endpoint."""

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Stabilize,
    Steps,
    Wait,
)
from understudy.resources.tags import tag_list, without

NAME_LIMIT = 63
FIRST_LOOK_SECONDS = 0.25
LONGEST_LOOK_SECONDS = 15.0


def _named(request: Request, name_property: str) -> Params:
    """The create parameters of a resource whose CloudFormation properties are the API's own."""
    return {
        **without(request.properties, "Tags"),
        name_property: request.properties.get(name_property) or request.name(NAME_LIMIT),
        "Tags": tag_list(request),
    }


def create_model(request: Request) -> Handler:
    """Create a model."""
    params = _named(request, "ModelName")
    answer = yield Invoke("sagemaker", "CreateModel", params)
    return Done(answer["ModelArn"], {"ModelName": params["ModelName"]})


def delete_model(request: Request) -> Handler:
    """Delete a model."""
    yield from _delete("DeleteModel", {"ModelName": last_name(request.physical_id)})
    return Done(request.physical_id)


def create_config(request: Request) -> Handler:
    """Create an endpoint configuration."""
    params = _named(request, "EndpointConfigName")
    answer = yield Invoke("sagemaker", "CreateEndpointConfig", params)
    return Done(answer["EndpointConfigArn"], {"EndpointConfigName": params["EndpointConfigName"]})


def delete_config(request: Request) -> Handler:
    """Delete an endpoint configuration."""
    name = last_name(request.physical_id)
    yield from _delete("DeleteEndpointConfig", {"EndpointConfigName": name})
    return Done(request.physical_id)


def create_endpoint(request: Request) -> Handler:
    """Create an endpoint and wait until it is in service."""
    params = without(
        _named(request, "EndpointName"),
        "RetainAllVariantProperties",
        "ExcludeRetainedVariantProperties",
    )
    answer = yield Invoke("sagemaker", "CreateEndpoint", params)
    name = params["EndpointName"]
    yield Identify(answer["EndpointArn"], {"EndpointName": name})
    status, reason = yield from _settled(name, Stabilize)
    if status != "InService":
        raise HandlerFailure(reason or f"Endpoint {name} is {status}", "NotStabilized")
    return Done(answer["EndpointArn"], {"EndpointName": name})


def update_endpoint(request: Request) -> Handler:
    """Move an endpoint to another configuration."""
    name = last_name(request.physical_id)
    wanted = request.properties
    if wanted["EndpointConfigName"] != request.previous.get("EndpointConfigName"):
        members = (
            "EndpointConfigName",
            "DeploymentConfig",
            "RetainAllVariantProperties",
            "ExcludeRetainedVariantProperties",
            "RetainDeploymentConfig",
        )
        params = {key: wanted[key] for key in members if key in wanted}
        yield from _settled(name, Wait)
        yield Invoke("sagemaker", "UpdateEndpoint", {"EndpointName": name, **params})
        status, reason = yield from _settled(name, Stabilize)
        if status != "InService" or reason:
            raise HandlerFailure(reason or f"Endpoint {name} is {status}", "NotStabilized")
    tags = {"ResourceArn": request.physical_id, "Tags": tag_list(request)}
    yield Invoke("sagemaker", "AddTags", tags)
    return Done(request.physical_id, {"EndpointName": name})


def delete_endpoint(request: Request) -> Handler:
    """Delete an endpoint and wait until its instances are gone."""
    name = last_name(request.physical_id)
    try:
        yield from _settled(name, Wait)
        yield Invoke("sagemaker", "DeleteEndpoint", {"EndpointName": name})
        yield from _settled(name, Stabilize)
    except Fault as fault:
        if not _is_missing(fault):
            raise
    return Done(request.physical_id)


def read_endpoint(request: Request) -> Handler:
    """The live properties of an endpoint."""
    name = last_name(request.physical_id)
    described = yield Invoke("sagemaker", "DescribeEndpoint", {"EndpointName": name})
    members = ("EndpointName", "EndpointConfigName")
    return Done(request.physical_id, {}, {key: described[key] for key in members})


def _settled(name: str, rest: type[Wait | Stabilize]) -> Steps[tuple[str, str]]:
    """Wait until an endpoint changes no more; give its status and failure reason.

    What EXPRESS mode has left to become ready cannot be changed before: that is no stabilization.
    """
    pause = FIRST_LOOK_SECONDS
    while True:
        described = yield Invoke("sagemaker", "DescribeEndpoint", {"EndpointName": name})
        if described["EndpointStatus"] in ("InService", "Failed"):
            return described["EndpointStatus"], described.get("FailureReason", "")
        yield rest(pause)
        pause = min(pause * 1.5, LONGEST_LOOK_SECONDS)


def _delete(operation: str, params: Params) -> Steps[None]:
    try:
        yield Invoke("sagemaker", operation, params)
    except Fault as fault:
        if not _is_missing(fault):
            raise


def _is_missing(fault: Fault) -> bool:
    return fault.message.startswith("Could not find")


MODEL = ResourceType("AWS::SageMaker::Model", "runs", create_model, delete_model)
ENDPOINT_CONFIG = ResourceType(
    "AWS::SageMaker::EndpointConfig", "runs", create_config, delete_config
)
ENDPOINT = ResourceType(
    "AWS::SageMaker::Endpoint",
    "runs",
    create_endpoint,
    delete_endpoint,
    update_endpoint,
    read_endpoint,
)
