"""What a group is like now, in the form of its template: for drift detection and imports."""

from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Invoke, Request, Steps
from understudy.resources.forgiving import gone
from understudy.resources.tags import without

SERVICE = "autoscaling"
TYPE = "AWS::AutoScaling::AutoScalingGroup"


def read(request: Request) -> Handler:
    """The live properties of a group."""
    name = request.physical_id or request.properties["AutoScalingGroupName"]
    group = yield from found(name)
    if group is None:
        raise gone(TYPE, name)
    live = without(group, "Instances", "EnabledMetrics", "SuspendedProcesses", "LaunchTemplate")
    for number in ("MinSize", "MaxSize", "DesiredCapacity", "DefaultCooldown"):
        live[number] = str(live[number])
    live["Cooldown"] = live.pop("DefaultCooldown")
    if "VPCZoneIdentifier" in live:
        live["VPCZoneIdentifier"] = live["VPCZoneIdentifier"].split(",")
    live["Tags"] = [
        {key: tag[key] for key in ("Key", "Value", "PropagateAtLaunch")} for tag in group["Tags"]
    ]
    live |= _template(group, request.properties)
    live |= _metrics(group, request.properties)
    live |= yield from _notifications(name, request.properties)
    live |= yield from _hooks(name, request.properties)
    return Done(name, {"AutoScalingGroupARN": group["AutoScalingGroupARN"]}, live)


def found(name: str) -> Steps[Params | None]:
    """A group as DescribeAutoScalingGroups has it, None if there is none."""
    answer = yield Invoke(SERVICE, "DescribeAutoScalingGroups", {"AutoScalingGroupNames": [name]})
    groups: list[Params] = answer["AutoScalingGroups"]
    return groups[0] if groups else None


def _template(group: Params, given: Params) -> Params:
    """The launch template, by its id or its name as it was given."""
    live: Params | None = group.get("LaunchTemplate")
    if live is None:
        return {}
    wanted = given.get("LaunchTemplate", live)
    return {"LaunchTemplate": {key: live[key] for key in wanted if key in live}}


def _metrics(group: Params, given: Params) -> Params:
    """The metrics that are collected; given without names they are all of them."""
    names = [each["Metric"] for each in group["EnabledMetrics"]]
    if not names:
        return {}
    wanted: list[Params] = given.get("MetricsCollection", [])
    if wanted and all("Metrics" not in each for each in wanted):
        return {"MetricsCollection": wanted}
    return {"MetricsCollection": [{"Granularity": "1Minute", "Metrics": names}]}


def topics_of(properties: Params) -> dict[str, list[str]]:
    """The topics of a group in a template, with what they are told of."""
    single = properties.get("NotificationConfiguration")
    given: list[Params] = [single] if single else []
    given += properties.get("NotificationConfigurations", [])
    topics: dict[str, list[str]] = {}
    for each in given:
        arn: str | list[str] = each["TopicARN"]
        for topic in [arn] if isinstance(arn, str) else arn:
            topics[topic] = each.get("NotificationTypes", [])
    return topics


def _notifications(name: str, given: Params) -> Steps[Params]:
    """Who is told of what, as it was given if it is still so."""
    answer = yield Invoke(
        SERVICE, "DescribeNotificationConfigurations", {"AutoScalingGroupNames": [name]}
    )
    topics: dict[str, list[str]] = {}
    for each in answer["NotificationConfigurations"]:
        topics.setdefault(each["TopicARN"], []).append(each["NotificationType"])
    members = ("NotificationConfiguration", "NotificationConfigurations")
    if topics == topics_of(given):
        return {member: given[member] for member in members if member in given}
    live = [{"TopicARN": topic, "NotificationTypes": kinds} for topic, kinds in topics.items()]
    return {"NotificationConfigurations": live}


def _hooks(name: str, given: Params) -> Steps[Params]:
    """Those hooks of the group that are part of it; the others are resources of their own."""
    wanted: list[Params] = given.get("LifecycleHookSpecificationList", [])
    if not wanted:
        return {}
    answer = yield Invoke(SERVICE, "DescribeLifecycleHooks", {"AutoScalingGroupName": name})
    hooks = {each["LifecycleHookName"]: each for each in answer["LifecycleHooks"]}
    live = [
        {key: hooks[hook["LifecycleHookName"]].get(key) for key in hook}
        for hook in wanted
        if hook["LifecycleHookName"] in hooks
    ]
    return {"LifecycleHookSpecificationList": live}
