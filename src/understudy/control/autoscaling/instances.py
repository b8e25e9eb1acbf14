"""Operations on instances of a group: attach, detach, standby, protect, mark, terminate, describe.

AWS: API_AttachInstances, API_DetachInstances, API_EnterStandby, API_ExitStandby,
API_SetInstanceProtection, API_SetInstanceHealth, API_TerminateInstanceInAutoScalingGroup.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from understudy.base.fault import validation_error
from understudy.control.autoscaling import activities, causes, entering, leaving
from understudy.control.autoscaling import group as groups
from understudy.control.autoscaling.capacity import IN_SERVICE, LIVE, STANDBY, units
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.state import Activity, Group, Instance
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def _members(service: "AutoScaling", params: Params) -> tuple[Group, list[Instance]]:
    group = service.group(params["AutoScalingGroupName"])
    ids: list[str] = params.get("InstanceIds") or []
    return group, [service.member(group, each) for each in ids]


def _sizes(group: Group, what: str, change: int) -> None:
    """Refuse a change that would leave the group's bounds. Raises Fault."""
    if not group.minimum <= group.desired + change <= group.maximum:
        raise validation_error(
            f"AutoScalingGroup {group.name} has min-size={group.minimum}, max-size={group.maximum},"
            f" and desired-size={group.desired}. {what}, please update the AutoScalingGroup sizes "
            "appropriately."
        )


def _answer(group: Group, done: list[Activity]) -> Params:
    return {"Activities": [activities.shown(each, group.name, group.arn) for each in done]}


def attach_instances(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """AttachInstances: instances that were detached from a group; the desired capacity rises."""
    group = service.group(params["AutoScalingGroupName"])
    ids: list[str] = params.get("InstanceIds") or []
    unknown = [each for each in ids if each not in service.state.detached]
    if unknown:
        raise validation_error(f"Invalid Instance ID(s): [{', '.join(unknown)}] specified")
    coming = [service.state.detached[each] for each in ids]
    _sizes(group, f"To attach {len(ids)} more instance(s)", units(coming))
    for each in coming:
        before = group.desired
        group.desired += each.weight
        del service.state.detached[each.id]
        group.instances[each.id] = each
        service.state.members[each.id] = group.name
        cause = causes.by_user(turn.at, each.id, "was attached", (before, group.desired))
        description = "Attaching an existing EC2 instance"
        activities.begin(group, each, description, cause, "PreInService", turn)
        each.warm_up = group.warm_up or 0.0
        entering.started(service, group, each, turn)
    groups.react(service, group, turn)
    return {}


def detach_instances(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DetachInstances: they run on outside of the group, which replaces them or shrinks."""
    group, chosen = _members(service, params)
    shrinks = bool(params["ShouldDecrementDesiredCapacity"])
    for each in chosen:
        if each.lifecycle not in {IN_SERVICE, STANDBY}:
            raise validation_error(f"The instance {each.id} is not in InService or Standby.")
    if shrinks:
        gone = -units(each for each in chosen if each.lifecycle == IN_SERVICE)
        _sizes(group, f"To detach {len(chosen)} instance(s)", gone)
    done = [_detach(service, group, each, turn, shrinks=shrinks) for each in chosen]
    groups.react(service, group, turn)
    return _answer(group, done)


def _detach(
    service: "AutoScaling", group: Group, instance: Instance, turn: Turn, *, shrinks: bool
) -> Activity:
    sizes = _shrink(group, instance) if shrinks else None
    entering.succeeded(service, group, instance, turn)
    cause = causes.by_user(turn.at, instance.id, "was detached", sizes)
    activity = activities.begin(
        group, instance, "Detaching EC2 instance", cause, "InProgress", turn
    )
    shown = _copy(activity)
    leaving.deregister(service, group, instance, turn)
    activities.finish(service, group, instance, "Successful", turn)
    entering.forget(service, group, instance)
    instance.lifecycle = "Pending"
    service.state.detached[instance.id] = instance
    return shown


def _copy(activity: Activity) -> Activity:
    """The activity as it is at this moment."""
    return replace(activity)


def _shrink(group: Group, instance: Instance) -> tuple[int, int]:
    before = group.desired
    if instance.lifecycle in LIVE:
        group.desired -= instance.weight
    return before, group.desired


def enter_standby(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """EnterStandby: they leave the group's capacity, but stay in the group."""
    group, chosen = _members(service, params)
    shrinks = bool(params["ShouldDecrementDesiredCapacity"])
    for each in chosen:
        if each.lifecycle != IN_SERVICE:
            raise validation_error(
                f"The instance {each.id} is not in InService or EnteringStandby or Standby."
            )
    if shrinks:
        _sizes(group, f"To place into standby {len(chosen)} instance", -units(chosen))
    done: list[Activity] = []
    for each in chosen:
        sizes = _shrink(group, each) if shrinks else None
        entering.succeeded(service, group, each, turn)
        cause = causes.by_user(turn.at, each.id, "was moved to standby", sizes)
        description = "Moving EC2 instance to Standby"
        activity = activities.begin(group, each, description, cause, "InProgress", turn)
        done.append(_copy(activity))
        leaving.deregister(service, group, each, turn)
        each.lifecycle = STANDBY
        activities.finish(service, group, each, "Successful", turn)
    groups.react(service, group, turn)
    return _answer(group, done)


def exit_standby(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """ExitStandby: they serve again, and the desired capacity rises by them."""
    group, chosen = _members(service, params)
    for each in chosen:
        if each.lifecycle != STANDBY:
            raise validation_error(f"The instance {each.id} is not in Standby.")
    _sizes(group, f"To take {len(chosen)} instance(s) out of standby", units(chosen))
    done: list[Activity] = []
    for each in chosen:
        before = group.desired
        group.desired += each.weight
        sizes = (before, group.desired)
        cause = causes.by_user(turn.at, each.id, "was moved out of standby", sizes)
        description = "Moving EC2 instance out of Standby"
        activity = activities.begin(group, each, description, cause, "PreInService", turn)
        done.append(_copy(activity))
        each.lifecycle, each.warm_up = "Pending", group.warm_up or 0.0
        entering.go_on(service, group, each, turn)
    groups.react(service, group, turn)
    return _answer(group, done)


def set_instance_protection(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """SetInstanceProtection: protect instances from scale-in, or no longer."""
    group, chosen = _members(service, params)
    for each in chosen:
        if each.lifecycle.startswith(entering.POOLED) or "Terminating" in each.lifecycle:
            raise validation_error(
                f"The instance {each.id} is not in InService or EnteringStandby or Standby."
            )
    for each in chosen:
        each.protected = bool(params["ProtectedFromScaleIn"])
    groups.react(service, group, turn)
    return {}


def set_instance_health(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """SetInstanceHealth: an unhealthy instance is replaced, after its grace period."""
    group, instance = service.managed(params["InstanceId"])
    status: str = params["HealthStatus"]
    if status not in {"Healthy", "Unhealthy"}:
        raise validation_error(f"Health status must be Healthy or Unhealthy; it is {status}.")
    respects = params.get("ShouldRespectGracePeriod", True)
    if status == "Unhealthy" and respects and in_grace(group, instance, turn.at):
        return {}
    instance.healthy = status == "Healthy"
    instance.illness = "" if instance.healthy else "user"
    groups.react(service, group, turn)
    return {}


def in_grace(group: Group, instance: Instance, at: float) -> bool:
    """Whether the health check grace period of an instance still runs; it starts in service."""
    grace: int = group.params.get("HealthCheckGracePeriod", 0)
    return instance.lifecycle != IN_SERVICE or at < instance.in_service_at + grace


def terminate_instance_in_auto_scaling_group(
    service: "AutoScaling", params: Params, turn: Turn
) -> Params:
    """TerminateInstanceInAutoScalingGroup: with or without a smaller desired capacity."""
    group, instance = service.managed(params["InstanceId"])
    if not leaving.may_leave(instance) and instance.lifecycle != STANDBY:
        raise validation_error(f"The instance {instance.id} is already being terminated.")
    if instance.lifecycle.startswith(entering.POOLED):
        raise validation_error(f"The instance {instance.id} is in a warm pool.")
    sizes = None
    if params["ShouldDecrementDesiredCapacity"] and instance.lifecycle in LIVE:
        if group.desired - instance.weight < group.minimum:
            raise validation_error(
                f"Currently, desiredSize equals minSize ({group.minimum}). Terminating instance "
                "without replacement will violate group's min size constraint. Either set "
                "shouldDecrementDesiredCapacity flag to false or lower group's min size."
            )
        sizes = _shrink(group, instance)
    cause = causes.by_user(turn.at, instance.id, "was taken out of service", sizes)
    leaving.terminate(service, group, instance, cause, turn)
    activity = _copy(group.in_progress[instance.activity])
    groups.react(service, group, turn)
    return {"Activity": activities.shown(activity, group.name, group.arn)}


def shown(instance: Instance) -> Params:
    """An instance as DescribeAutoScalingGroups has it."""
    found: Params = {
        "InstanceId": instance.id,
        "InstanceType": instance.instance_type,
        "AvailabilityZone": instance.zone,
        "LifecycleState": instance.lifecycle,
        "HealthStatus": "Healthy" if instance.healthy else "Unhealthy",
        "ProtectedFromScaleIn": instance.protected,
    }
    if instance.launch_configuration:
        found["LaunchConfigurationName"] = instance.launch_configuration
    if instance.launch_template:
        found["LaunchTemplate"] = instance.launch_template
    if instance.image_id:
        found["ImageId"] = instance.image_id
    if instance.weighted:
        found["WeightedCapacity"] = str(instance.weight)
    return found


def describe_auto_scaling_instances(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeAutoScalingInstances: those of all groups, or the named ones."""
    del turn
    wanted: list[str] = params.get("InstanceIds") or []
    found = [
        {**shown(instance), "AutoScalingGroupName": group.name, "HealthStatus": health(instance)}
        for group in service.state.groups.values()
        for instance in group.instances.values()
        if not wanted or instance.id in wanted
    ]
    return paged("AutoScalingInstances", found, params)


def health(instance: Instance) -> str:
    """Health in capitals, as DescribeAutoScalingInstances has it."""
    return "HEALTHY" if instance.healthy else "UNHEALTHY"
