"""AWS::AutoScaling::AutoScalingGroup."""

from typing import Any

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
from understudy.resources.autoscaling_group_live import TYPE, found, read, topics_of
from understudy.resources.autoscaling_update import with_update_policy
from understudy.resources.forgiving import gone, remove
from understudy.resources.tags import without

SERVICE = "autoscaling"
NAME_LIMIT = 255
LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 900.0
"""For how long launches may fail before the group counts as not stabilized."""

_NUMBERS = (
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "DefaultCooldown",
    "HealthCheckGracePeriod",
    "MaxInstanceLifetime",
    "DefaultInstanceWarmup",
)
_OF_OTHERS = (
    "AutoScalingGroupARN",
    "LifecycleHookSpecificationList",
    "LoadBalancerNames",
    "MetricsCollection",
    "NotificationConfiguration",
    "NotificationConfigurations",
    "Tags",
    "TargetGroupARNs",
    "TrafficSources",
)
"""Properties with operations of their own."""


def create(request: Request) -> Handler:
    """Create a group and wait until it has the instances that it shall have."""
    wanted = request.properties
    name = wanted.get("AutoScalingGroupName") or request.name(NAME_LIMIT)
    members = ("LifecycleHookSpecificationList", "LoadBalancerNames", "TargetGroupARNs")
    more = {key: wanted[key] for key in (*members, "TrafficSources") if key in wanted}
    params = {**_params(wanted), **more, "AutoScalingGroupName": name, "Tags": _tags(request)}
    yield Invoke(SERVICE, "CreateAutoScalingGroup", params)
    made = yield from found(name)
    attributes = {"AutoScalingGroupARN": made["AutoScalingGroupARN"]} if made else {}
    yield Identify(name, attributes)
    yield from _observe(name, wanted, {})
    yield from _stable(name, request.started_at)
    return Done(name, attributes)


def update(request: Request) -> Handler:
    """Change a group. What runs stays as it is: new instances are launched as it says then."""
    name, wanted, before = request.physical_id, request.properties, request.previous
    params = {**_params(wanted), "AutoScalingGroupName": name}
    yield Invoke(SERVICE, "UpdateAutoScalingGroup", params)
    yield from _retag(request, name)
    yield from _rehook(name, wanted, before)
    yield from _reattach(name, wanted, before)
    yield from _observe(name, wanted, before)
    return Done(name, request.attributes)


def delete(request: Request) -> Handler:
    """Terminate the instances of a group, then delete it."""
    name = {"AutoScalingGroupName": request.physical_id}
    yield from remove(SERVICE, "DeleteAutoScalingGroup", {**name, "ForceDelete": True}, _is_missing)
    while (yield from found(request.physical_id)) is not None:
        yield Wait(LOOK_SECONDS)
    return Done(request.physical_id)


def _params(properties: Params) -> Params:
    """The properties as the API has them."""
    params = without(properties, *_OF_OTHERS, "Cooldown", "AutoScalingGroupName")
    if "Cooldown" in properties:
        params["DefaultCooldown"] = properties["Cooldown"]
    for name in _NUMBERS:
        if name in params:
            params[name] = int(params[name])
    if "VPCZoneIdentifier" in params:
        params["VPCZoneIdentifier"] = ",".join(params["VPCZoneIdentifier"])
    return params


def _tags(request: Request) -> list[Params]:
    """All tags of a group; those of the stack are propagated to its instances."""
    own: list[Params] = request.properties.get("Tags", [])
    tags = {key: (value, True) for key, value in request.tags.items()}
    tags |= {each["Key"]: (each["Value"], each["PropagateAtLaunch"]) for each in own}
    return [
        {"Key": key, "Value": value, "PropagateAtLaunch": propagated}
        for key, (value, propagated) in tags.items()
    ]


def _retag(request: Request, name: str) -> Steps[None]:
    wanted = _tags(request)
    before: list[Params] = request.previous.get("Tags", [])
    keys = {*request.old_tags, *(each["Key"] for each in before)}
    kept = {each["Key"] for each in wanted}
    of = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    old = [{"Key": key, **of} for key in sorted(keys - kept)]
    if old:
        yield Invoke(SERVICE, "DeleteTags", {"Tags": old})
    if wanted:
        tags = [{**each, **of} for each in wanted]
        yield Invoke(SERVICE, "CreateOrUpdateTags", {"Tags": tags})


def _rehook(name: str, wanted: Params, before: Params) -> Steps[None]:
    member = "LifecycleHookSpecificationList"
    hooks: list[Params] = wanted.get(member, [])
    of = {"AutoScalingGroupName": name}
    for hook in hooks:
        yield Invoke(SERVICE, "PutLifecycleHook", {**hook, **of})
    kept = {hook["LifecycleHookName"] for hook in hooks}
    for hook in before.get(member, []):
        if hook["LifecycleHookName"] not in kept:
            old = {"LifecycleHookName": hook["LifecycleHookName"]}
            yield Invoke(SERVICE, "DeleteLifecycleHook", {**old, **of})


_ATTACHED = {
    "LoadBalancerNames": ("LoadBalancers", "LoadBalancerNames"),
    "TargetGroupARNs": ("LoadBalancerTargetGroups", "TargetGroupARNs"),
    "TrafficSources": ("TrafficSources", "TrafficSources"),
}
"""What instances are registered with: the end of the operations' names, and their member."""


def _reattach(name: str, wanted: Params, before: Params) -> Steps[None]:
    for member, (operation, parameter) in _ATTACHED.items():
        new, old = wanted.get(member, []), before.get(member, [])
        for verb, some in (("Attach", _less(new, old)), ("Detach", _less(old, new))):
            if some:
                params = {"AutoScalingGroupName": name, parameter: some}
                yield Invoke(SERVICE, f"{verb}{operation}", params)


def _less(some: list[Any], others: list[Any]) -> list[Any]:
    return [each for each in some if each not in others]


def _observe(name: str, wanted: Params, before: Params) -> Steps[None]:
    """Say which metrics are collected, and which topics are told of what."""
    of = {"AutoScalingGroupName": name}
    topics, old = topics_of(wanted), topics_of(before)
    for topic, kinds in topics.items():
        params = {**of, "TopicARN": topic, "NotificationTypes": kinds}
        if old.get(topic) != kinds:
            yield Invoke(SERVICE, "PutNotificationConfiguration", params)
    for topic in old:
        if topic not in topics:
            yield Invoke(SERVICE, "DeleteNotificationConfiguration", {**of, "TopicARN": topic})
    if wanted.get("MetricsCollection") == before.get("MetricsCollection"):
        return
    if "MetricsCollection" in before:
        yield Invoke(SERVICE, "DisableMetricsCollection", of)
    for each in wanted.get("MetricsCollection", []):
        yield Invoke(SERVICE, "EnableMetricsCollection", {**of, **each})


def _stable(name: str, started_at: float) -> Steps[Params]:
    """Wait for the instances of a new group; what it looks like then."""
    while True:
        group = yield from found(name)
        if group is None:
            raise gone(TYPE, name)
        serving = [each for each in group["Instances"] if each["LifecycleState"] == "InService"]
        if len(serving) >= group["DesiredCapacity"] or _is_weighted(group):
            return group
        answer = yield Invoke(
            SERVICE, "DescribeScalingActivities", {"AutoScalingGroupName": name, "MaxRecords": 1}
        )
        _check(group, len(serving), answer["Activities"], started_at)
        yield Stabilize(LOOK_SECONDS)


def _is_weighted(group: Params) -> bool:
    """Whether instances count for more than one: then units are not instances."""
    return any("WeightedCapacity" in each for each in group["Instances"])


def _check(group: Params, serving: int, latest: list[Params], started_at: float) -> None:
    """Give up on a group whose launches have failed for long. Raises HandlerFailure."""
    failed = [each for each in latest if each["StatusCode"] in {"Failed", "Cancelled"}]
    if failed and failed[0]["StartTime"] - started_at > PATIENCE_SECONDS:
        sizes = f"{{{serving}/{group['MinSize']}/{group['MaxSize']}}}"
        raise HandlerFailure(
            f"Group did not stabilize. {{current/minSize/maxSize}} group size = {sizes}. Failed "
            f"Scaling Activity: {failed[0].get('StatusMessage', '')}",
            "NotStabilized",
        )


def _is_missing(fault: Fault) -> bool:
    return "not found" in fault.message


GROUP = ResourceType(TYPE, "runs", create, delete, with_update_policy(update), read)
