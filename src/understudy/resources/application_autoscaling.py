"""AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy."""

from typing import Any

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.resources.tags import without

SERVICE = "application-autoscaling"
_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
POLICY_NAME_LIMIT = 256


def create_target(request: Request) -> Handler:
    """Register a scalable target with its scheduled actions."""
    properties = request.properties
    yield Invoke(SERVICE, "RegisterScalableTarget", without(properties, "ScheduledActions"))
    identity = "|".join(properties[key] for key in _target_id_order())
    yield Identify(identity)
    yield from _schedule(request, request.previous.get("ScheduledActions", []))
    return Done(identity, {"Id": identity})


def _target_id_order() -> tuple[str, str, str]:
    return "ResourceId", "ScalableDimension", "ServiceNamespace"


def _schedule(request: Request, before: list[Params]) -> Steps[None]:
    """Put the wanted scheduled actions and remove those that are no longer wanted."""
    key = {name: request.properties[name] for name in _KEY}
    wanted: list[Params] = request.properties.get("ScheduledActions", [])
    for action in wanted:
        yield Invoke(SERVICE, "PutScheduledAction", {**key, **action})
    names = {action["ScheduledActionName"] for action in wanted}
    for action in before:
        if action["ScheduledActionName"] not in names:
            name = {"ScheduledActionName": action["ScheduledActionName"]}
            yield Invoke(SERVICE, "DeleteScheduledAction", {**key, **name})


def delete_target(request: Request) -> Handler:
    """Deregister a scalable target."""
    key = {name: request.properties[name] for name in _KEY}
    yield from _forgiving("DeregisterScalableTarget", key)
    return Done(request.physical_id)


def create_policy(request: Request) -> Handler:
    """Put a scaling policy on its scalable target."""
    params = without(request.properties, "ScalingTargetId")
    params.update(_of_target(request.properties))
    params.setdefault("PolicyName", request.name(POLICY_NAME_LIMIT))
    answer = yield Invoke(SERVICE, "PutScalingPolicy", params)
    return Done(answer["PolicyARN"], {"Arn": answer["PolicyARN"]})


def delete_policy(request: Request) -> Handler:
    """Take a scaling policy away."""
    name = request.properties.get("PolicyName") or request.physical_id.rsplit("policyName/", 1)[-1]
    key: Params = {name: request.properties[name] for name in _KEY if name in request.properties}
    key.update(_of_target(request.properties))
    yield from _forgiving("DeleteScalingPolicy", {**key, "PolicyName": name})
    return Done(request.physical_id)


def _of_target(properties: Params) -> Params:
    """The key members that ScalingTargetId stands for."""
    identity: Any = properties.get("ScalingTargetId")
    if not identity:
        return {}
    return dict(zip(_target_id_order(), identity.split("|"), strict=True))


def _forgiving(operation: str, params: Params) -> Steps[None]:
    """Call an operation; what is gone already counts as deleted."""
    try:
        yield Invoke(SERVICE, operation, params)
    except Fault as fault:
        if fault.code != "ObjectNotFoundException":
            raise


SCALABLE_TARGET = ResourceType(
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "runs",
    create_target,
    delete_target,
    create_target,
)
SCALING_POLICY = ResourceType(
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "runs",
    create_policy,
    delete_policy,
    create_policy,
)
