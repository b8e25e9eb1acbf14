"""AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy."""

from typing import Any

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.resources.forgiving import gone, remove
from understudy.resources.tags import tag_list, without
from understudy.resources.times import seconds

SERVICE = "application-autoscaling"
_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
POLICY_NAME_LIMIT = 256
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def create_target(request: Request) -> Handler:
    """Register a scalable target with its scheduled actions."""
    tags = _tags(request)
    yield from _register(request, {"Tags": tags} if tags else {})
    identity = "|".join(request.properties[key] for key in _target_id_order())
    yield Identify(identity)
    yield from _schedule(request, [])
    return Done(identity, {"Id": identity})


def update_target(request: Request) -> Handler:
    """Change a scalable target. Bounds outside of which its capacity is move that."""
    arn = yield from _register(request, {})
    wanted = _tags(request)
    answer = yield Invoke(SERVICE, "ListTagsForResource", {"ResourceARN": arn})
    old = sorted(set(answer.get("Tags", {})) - set(wanted))
    if old:
        yield Invoke(SERVICE, "UntagResource", {"ResourceARN": arn, "TagKeys": old})
    if wanted:
        yield Invoke(SERVICE, "TagResource", {"ResourceARN": arn, "Tags": wanted})
    yield from _schedule(request, request.previous.get("ScheduledActions", []))
    return Done(request.physical_id, {"Id": request.physical_id})


def _register(request: Request, tags: Params) -> Steps[str]:
    params = {**without(request.properties, "ScheduledActions", "Tags"), **tags}
    for member in ("MinCapacity", "MaxCapacity"):
        params[member] = int(params[member])
    answer = yield Invoke(SERVICE, "RegisterScalableTarget", params)
    return answer["ScalableTargetARN"]


def _tags(request: Request) -> dict[str, str]:
    """The tags of a target; CloudFormation adds none of its own to it."""
    tags = {each["Key"]: each["Value"] for each in tag_list(request)}
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def read_target(request: Request) -> Handler:
    """The live properties of a scalable target."""
    identity = request.physical_id
    values = (
        identity.split("|") if identity else [request.properties[k] for k in _target_id_order()]
    )
    key = dict(zip(_target_id_order(), values, strict=True))
    asked = {**without(key, "ResourceId"), "ResourceIds": [key["ResourceId"]]}
    found = (yield Invoke(SERVICE, "DescribeScalableTargets", asked))["ScalableTargets"]
    if not found:
        raise gone(TARGET, "|".join(values))
    actions = (yield Invoke(SERVICE, "DescribeScheduledActions", key))["ScheduledActions"]
    live: Params = dict(found[0])
    if actions:
        live["ScheduledActions"] = [_shown(each, request.properties) for each in actions]
    answer = yield Invoke(
        SERVICE, "ListTagsForResource", {"ResourceARN": live["ScalableTargetARN"]}
    )
    live["Tags"] = [{"Key": k, "Value": v} for k, v in answer.get("Tags", {}).items()]
    return Done("|".join(values), {"Id": "|".join(values)}, live)


def _shown(action: Params, properties: Params) -> Params:
    """A scheduled action as a template has it; a time that is right is as it was given."""
    given: list[Params] = properties.get("ScheduledActions", [])
    name = action["ScheduledActionName"]
    same: Params = next((each for each in given if each["ScheduledActionName"] == name), Params())
    shown = {key: action[key] for key in _ACTION if key in action}
    for member in _TIMES:
        if member in action:
            as_given = member in same and seconds(same[member]) == action[member]
            shown[member] = same[member] if as_given else action[member]
    return shown


_ACTION = ("ScheduledActionName", "Schedule", "Timezone", "ScalableTargetAction")
_TIMES = ("StartTime", "EndTime")


def _target_id_order() -> tuple[str, str, str]:
    return "ResourceId", "ScalableDimension", "ServiceNamespace"


def _schedule(request: Request, before: list[Params]) -> Steps[None]:
    """Put the wanted scheduled actions and remove those that are no longer wanted."""
    key = {name: request.properties[name] for name in _KEY}
    wanted: list[Params] = request.properties.get("ScheduledActions", [])
    for action in wanted:
        times = {each: seconds(action[each]) for each in _TIMES if each in action}
        yield Invoke(SERVICE, "PutScheduledAction", {**key, **action, **times})
    names = {action["ScheduledActionName"] for action in wanted}
    for action in before:
        if action["ScheduledActionName"] not in names:
            name = {"ScheduledActionName": action["ScheduledActionName"]}
            yield Invoke(SERVICE, "DeleteScheduledAction", {**key, **name})


def delete_target(request: Request) -> Handler:
    """Deregister a scalable target."""
    key = {name: request.properties[name] for name in _KEY}
    yield from remove(SERVICE, "DeregisterScalableTarget", key, _is_missing)
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
    named = {**key, "PolicyName": name}
    yield from remove(SERVICE, "DeleteScalingPolicy", named, _is_missing)
    return Done(request.physical_id)


def read_policy(request: Request) -> Handler:
    """The live properties of a scaling policy."""
    name = request.properties.get("PolicyName") or request.physical_id.rsplit("policyName/", 1)[-1]
    key: Params = {name: request.properties[name] for name in _KEY if name in request.properties}
    key.update(_of_target(request.properties))
    answer = yield Invoke(SERVICE, "DescribeScalingPolicies", {**key, "PolicyNames": [name]})
    if not answer["ScalingPolicies"]:
        raise gone(POLICY, request.physical_id or name)
    live: Params = answer["ScalingPolicies"][0]
    return Done(live["PolicyARN"], {"Arn": live["PolicyARN"]}, live)


def _of_target(properties: Params) -> Params:
    """The key members that ScalingTargetId stands for."""
    identity: Any = properties.get("ScalingTargetId")
    if not identity:
        return {}
    return dict(zip(_target_id_order(), identity.split("|"), strict=True))


def _is_missing(fault: Fault) -> bool:
    return fault.code == "ObjectNotFoundException"


SCALABLE_TARGET = ResourceType(
    TARGET, "runs", create_target, delete_target, update_target, read_target
)
SCALING_POLICY = ResourceType(
    POLICY, "runs", create_policy, delete_policy, create_policy, read_policy
)
