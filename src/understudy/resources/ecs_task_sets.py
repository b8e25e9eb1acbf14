"""AWS::ECS::TaskSet and AWS::ECS::PrimaryTaskSet: what an external deployment controller makes."""

from understudy.control.events import Params
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Invoke,
    Request,
    ResourceType,
    Stabilize,
    Steps,
)
from understudy.resources.camel import camel
from understudy.resources.ecs import LONGEST, LOOK_SECONDS, SERVICE, gone, retagged, tags_of
from understudy.resources.tags import without

STEADY = "STEADY_STATE"


def create_task_set(request: Request) -> Handler:
    """Create a task set and wait until it is stable. Its physical id is cluster|service|id."""
    params: Params = camel(without(request.properties, "Tags"))
    network: Params = params.get("networkConfiguration", {})
    if "awsVpcConfiguration" in network:  # CloudFormation and ECS write it in two ways.
        network["awsvpcConfiguration"] = network.pop("awsVpcConfiguration")
    answer = yield Invoke(SERVICE, "CreateTaskSet", {**params, "tags": tags_of(request)})
    identity: str = answer["taskSet"]["id"]
    where = {"cluster": params["cluster"], "service": params["service"]}
    yield from _stable(request, where, identity)
    return Done(f"{where['cluster']}|{where['service']}|{identity}", {"Id": identity})


def _stable(request: Request, where: Params, identity: str) -> Steps[None]:
    """Wait until a task set is stable. Raises HandlerFailure."""
    waited = 0.0
    while waited < LONGEST:
        answer = yield Invoke(SERVICE, "DescribeTaskSets", {**where, "taskSets": [identity]})
        if [each["stabilityStatus"] for each in answer["taskSets"]] == [STEADY]:
            return
        yield Stabilize(LOOK_SECONDS)
        waited += LOOK_SECONDS
    raise HandlerFailure(f"TaskSet {request.logical_id} did not stabilize.", "NotStabilized")


def _key(request: Request) -> tuple[Params, str]:
    cluster, service, identity = request.physical_id.split("|")
    return {"cluster": cluster, "service": service}, identity


def update_task_set(request: Request) -> Handler:
    """Change the scale and the tags of a task set."""
    where, identity = _key(request)
    scale = camel(request.properties.get("Scale", {"Unit": "PERCENT", "Value": 0}))
    named = {**where, "taskSet": identity, "scale": scale}
    answer = yield Invoke(SERVICE, "UpdateTaskSet", named)
    yield from retagged(request, answer["taskSet"]["taskSetArn"])
    yield from _stable(request, where, identity)
    return Done(request.physical_id, {"Id": identity})


def read_task_set(request: Request) -> Handler:
    """A task set as it is."""
    where, identity = _key(request)
    answer = yield Invoke(SERVICE, "DescribeTaskSets", {**where, "taskSets": [identity]})
    if not answer["taskSets"]:
        raise HandlerFailure(f"There is no task set {identity}.", "NotFound")
    found = answer["taskSets"][0]
    scale = {"Unit": found["scale"]["unit"], "Value": found["scale"]["value"]}
    properties = {**request.properties, "Scale": scale, "Id": identity}
    return Done(request.physical_id, {"Id": identity}, properties)


def delete_task_set(request: Request) -> Handler:
    """Delete a task set with its tasks."""
    where, identity = _key(request)
    yield from gone("DeleteTaskSet", {**where, "taskSet": identity, "force": True})
    return Done(request.physical_id)


def put_primary(request: Request) -> Handler:
    """Make a task set the one that serves production traffic."""
    params: Params = camel(request.properties)
    named = {"primaryTaskSet": params.pop("taskSetId")}
    yield Invoke(SERVICE, "UpdateServicePrimaryTaskSet", {**params, **named})
    return Done(f"{params['cluster']}|{params['service']}")


def forget_primary(request: Request) -> Handler:
    """A service keeps its primary task set."""
    yield from ()
    return Done(request.physical_id)


TASK_SETS = (
    ResourceType(
        "AWS::ECS::TaskSet",
        "runs",
        create_task_set,
        delete_task_set,
        update_task_set,
        read_task_set,
    ),
    ResourceType("AWS::ECS::PrimaryTaskSet", "runs", put_primary, forget_primary, put_primary),
)
