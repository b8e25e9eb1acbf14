"""Groups: create, update, delete, describe, and their desired capacity.

AWS: API_CreateAutoScalingGroup, API_UpdateAutoScalingGroup, API_DeleteAutoScalingGroup,
API_DescribeAutoScalingGroups, API_SetDesiredCapacity.
"""

from typing import TYPE_CHECKING

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling import (
    causes,
    health,
    instances,
    lifecycle_hooks,
    pooling,
    tags,
    traffic,
    warm_pools,
)
from understudy.control.autoscaling import group as machine
from understudy.control.autoscaling.group_validation import (
    SOURCES,
    check_place,
    check_rest,
    check_sizes,
    check_source,
)
from understudy.control.autoscaling.launching import zones_of
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.scaling import cooldown_of
from understudy.control.autoscaling.service import in_progress
from understudy.control.autoscaling.state import Group
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

MOST_GROUPS = 500
KEPT = (
    *SOURCES,
    "DefaultCooldown",
    "AvailabilityZones",
    "AvailabilityZoneIds",
    "HealthCheckType",
    "HealthCheckGracePeriod",
    "PlacementGroup",
    "VPCZoneIdentifier",
    "TerminationPolicies",
    "NewInstancesProtectedFromScaleIn",
    "CapacityRebalance",
    "ServiceLinkedRoleARN",
    "MaxInstanceLifetime",
    "Context",
    "DesiredCapacityType",
    "DefaultInstanceWarmup",
    "InstanceMaintenancePolicy",
    "DeletionProtection",
    "AvailabilityZoneDistribution",
    "AvailabilityZoneImpairmentPolicy",
    "CapacityReservationSpecification",
    "InstanceLifecyclePolicy",
)
"""The members that are kept as they were given."""

ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/"


def create_auto_scaling_group(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """CreateAutoScalingGroup: it launches its instances from now on."""
    name: str = params["AutoScalingGroupName"]
    _check_new(service, name)
    minimum, maximum = int(params["MinSize"]), int(params["MaxSize"])
    desired = params.get("DesiredCapacity", minimum)
    check_sizes(minimum, maximum, desired)
    if "InstanceId" in params:
        raise validation_error("A group cannot be made of an instance here: name what to launch.")
    check_source(service, params, needed=True)
    check_place(params)
    check_rest(params)
    uuid = turn.ids.uuid()
    arn = turn.arn("autoscaling", f"autoScalingGroup:{uuid}:autoScalingGroupName/{name}")
    kept = {member: params[member] for member in KEPT if member in params}
    group = Group(name, arn, uuid, turn.at, minimum, maximum, 0, _defaults() | kept)
    for hook in params.get("LifecycleHookSpecificationList", ()):
        lifecycle_hooks.put(group, hook)
    tags.put_all(group, params.get("Tags", ()))
    traffic.add_all(group, params)
    service.state.groups[name] = group
    group.cooldown = group.default_cooldown
    what = "a user request created an AutoScalingGroup"
    machine.demand(service, group, desired, what, turn)
    health.watch(group, turn)
    return {}


def _check_new(service: "AutoScaling", name: str) -> None:
    known = service.state.groups.get(name)
    if known is not None:
        what = "is pending delete" if known.deleting else "already exists"
        raise Fault(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} {what}",
        )
    if len(service.state.groups) >= MOST_GROUPS:
        raise Fault("LimitExceeded", f"You have reached the limit of {MOST_GROUPS} groups.")


def _defaults() -> Params:
    return {
        "DefaultCooldown": 300,
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 0,
        "NewInstancesProtectedFromScaleIn": False,
        "TerminationPolicies": ["Default"],
        "ServiceLinkedRoleARN": f"{ROLE}AWSServiceRoleForAutoScaling",
    }


def update_auto_scaling_group(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """UpdateAutoScalingGroup: what the request names.

    A desired capacity outside of new bounds follows them. What runs already stays as it is.
    """
    group = service.group(params["AutoScalingGroupName"])
    minimum, maximum = params.get("MinSize", group.minimum), params.get("MaxSize", group.maximum)
    wanted: int | None = params.get("DesiredCapacity")
    check_sizes(minimum, maximum, wanted)
    check_source(service, params, needed=False)
    kept = {member: params[member] for member in KEPT if member in params}
    check_rest(kept)
    check_place(group.params | kept)
    if any(member in kept for member in SOURCES):
        for member in SOURCES:
            group.params.pop(member, None)
    if "VPCZoneIdentifier" in kept and "AvailabilityZones" not in kept:
        group.params.pop("AvailabilityZones", None)
    group.params |= kept
    desired = min(max(group.desired, minimum), maximum) if wanted is None else wanted
    group.minimum, group.maximum = minimum, maximum
    if desired != group.desired:
        what = causes.constraints(minimum, maximum, desired)
        machine.demand(service, group, desired, what, turn)
    else:
        machine.react(service, group, turn)
    health.watch(group, turn)
    return {}


def set_desired_capacity(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """SetDesiredCapacity: inside the bounds; with HonorCooldown not during a cooldown."""
    group = service.group(params["AutoScalingGroupName"])
    desired: int = params["DesiredCapacity"]
    for side, bound, broken in (
        ("above max", group.maximum, desired > group.maximum),
        ("below min", group.minimum, desired < group.minimum),
    ):
        if broken:
            raise validation_error(
                f"New SetDesiredCapacity value {desired} is {side} value {bound} for the "
                "AutoScalingGroup."
            )
    if params.get("HonorCooldown") and turn.at < cooldown_of(group, turn.at).until:
        running = next(iter(group.in_progress), group.uuid)
        raise in_progress(f"Scaling activity {running} is in progress and blocks this action")
    if desired != group.desired:
        what = "a user request explicitly set group desired capacity"
        machine.demand(service, group, desired, what, turn)
    return {}


def delete_auto_scaling_group(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteAutoScalingGroup: an empty group at once; with ForceDelete its instances end first."""
    group = service.group(params["AutoScalingGroupName"])
    force = bool(params.get("ForceDelete"))
    protection = group.params.get("DeletionProtection", "none")
    if protection == "prevent-all-deletion" or (force and protection == "prevent-force-deletion"):
        raise Fault("ResourceInUse", f"The group is protected from deletion: {protection}.")
    if not force and not group.deleting:
        if group.in_progress:
            raise in_progress(
                "You cannot delete an AutoScalingGroup while there are scaling activities in "
                "progress for that group."
            )
        if group.instances or group.desired:
            raise Fault(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
                "instance request(s) still in the group.",
            )
    machine.delete(service, group, turn)
    return {}


def describe_auto_scaling_groups(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeAutoScalingGroups: by names and by tags, sorted by name."""
    del turn
    names: list[str] = params.get("AutoScalingGroupNames") or []
    found = [
        group
        for name, group in sorted(service.state.groups.items())
        if (not names or name in names)
        and all(_matches(group, condition) for condition in params.get("Filters", ()))
    ]
    with_instances = params.get("IncludeInstances", True)
    described = [shown(service, group, with_instances=with_instances) for group in found]
    return paged("AutoScalingGroups", described, params)


def _matches(group: Group, condition: Params) -> bool:
    name, values = condition["Name"], condition.get("Values", ())
    if name == "tag-key":
        return any(key in values for key in group.tags)
    if name == "tag-value":
        return any(value in values for value, _ in group.tags.values())
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return key in group.tags and group.tags[key][0] in values
    raise validation_error(
        f"Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:key"
    )


def shown(service: "AutoScaling", group: Group, *, with_instances: bool = True) -> Params:
    """A group as AWS describes it."""
    optional: Params = {
        "PredictedCapacity": group.predicted,
        "Status": "Delete in progress" if group.deleting else None,
        **_shown_pool(group),
    }
    return {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "MinSize": group.minimum,
        "MaxSize": group.maximum,
        "DesiredCapacity": group.desired,
        **group.params,
        **_shown_template(service, group),
        "AvailabilityZones": list(zones_of(service, group)),
        **traffic.shown(group),
        "Instances": [instances.shown(each) for each in group.instances.values()]
        if with_instances
        else [],
        "CreatedTime": group.created_at,
        "SuspendedProcesses": [
            {"ProcessName": name, "SuspensionReason": reason}
            for name, reason in sorted(group.suspended.items())
        ],
        "EnabledMetrics": [{"Metric": name, "Granularity": "1Minute"} for name in group.metrics],
        "Tags": tags.shown(group),
        **{member: value for member, value in optional.items() if value is not None},
    }


def _shown_template(service: "AutoScaling", group: Group) -> Params:
    """The launch template with its id and its name, of which a request gives only one."""
    specification: Params | None = group.params.get("LaunchTemplate")
    if specification is None:
        return {}
    try:
        resolved = service.templates.resolve(specification)
    except Fault:
        return {}
    named = {"LaunchTemplateId": resolved.id, "LaunchTemplateName": resolved.name}
    version = {"Version": specification["Version"]} if "Version" in specification else {}
    return {"LaunchTemplate": named | version}


def _shown_pool(group: Group) -> Params:
    pool = group.warm_pool
    if pool is None:
        return {}
    return {
        "WarmPoolConfiguration": warm_pools.shown(pool),
        "WarmPoolSize": len(pooling.members(group)),
    }
