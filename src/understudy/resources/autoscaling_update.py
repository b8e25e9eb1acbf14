"""How a group's instances follow an update of it. AWS: UpdatePolicy attribute.

A group's own update handler changes the group alone; what its UpdatePolicy asks comes after.
"""

import dataclasses
from dataclasses import dataclass
from math import ceil
from typing import Any

from understudy.cloudformation.value import is_list
from understudy.control.events import Params
from understudy.deploy.decision import is_true
from understudy.deploy.handler import (
    Handler,
    HandlerFailure,
    Invoke,
    Report,
    Request,
    Start,
    Steps,
    Wait,
)
from understudy.deploy.services import OWNER
from understudy.deploy.signals import NOW, Batch, counted, seconds, so_far
from understudy.resources.tags import without

SERVICE = "autoscaling"
TRIGGERS = (
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
    "VPCZoneIdentifier",
)
"""Properties whose change makes instances obsolete."""
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 3600.0
"""How long an instance may take to be in service. AWS: UpdatePolicy, MinActiveInstancesPercent."""
_FAILED_REFRESH = ("Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed")


def with_update_policy(update: Start) -> Start:
    """An update handler of groups that does what the UpdatePolicy asks beside it."""

    def updated(request: Request) -> Handler:
        policy = request.update_policy
        _check(request, policy.get("AutoScalingRollingUpdate", {}))
        done = yield from update(_sized(request))
        if "AutoScalingRollingUpdate" in policy:
            yield from _roll(request, policy["AutoScalingRollingUpdate"])
        elif "AutoScalingInstanceRefresh" in policy and _makes_obsolete(request):
            yield from _refresh(request, policy["AutoScalingInstanceRefresh"])
        return done

    return updated


def _makes_obsolete(request: Request) -> bool:
    return any(request.previous.get(n) != request.properties.get(n) for n in TRIGGERS)


def _sized(request: Request) -> Request:
    """The request without group sizes that scheduled actions may have changed meanwhile."""
    policy: Params = request.update_policy.get("AutoScalingScheduledAction", {})
    if not is_true(policy.get("IgnoreUnmodifiedGroupSizeProperties", False)):
        return request
    wanted = request.properties
    same = [name for name in SIZES if request.previous.get(name) == wanted.get(name)]
    return dataclasses.replace(request, properties=without(wanted, *same))


# Rolling updates


@dataclass(frozen=True, slots=True)
class Rolling:
    """An AutoScalingRollingUpdate with AWS's defaults. ``pause`` is in seconds.

    ``percent`` of a batch have to signal success, ``active`` percent of the group be in service.
    """

    batch: int
    in_service: int
    percent: float
    active: float
    pause: float
    duration: str
    suspend: tuple[str, ...]
    signals: bool

    @staticmethod
    def of(policy: Params) -> "Rolling":
        """The policy of a template, whose numbers may be text."""
        signals = is_true(policy.get("WaitOnResourceSignals", False))
        pause = str(policy.get("PauseTime", "PT5M" if signals else "PT0S"))
        suspend: Any = policy.get("SuspendProcesses", [])
        return Rolling(
            batch=int(policy.get("MaxBatchSize", 1)),
            in_service=int(policy.get("MinInstancesInService", 0)),
            percent=float(policy.get("MinSuccessfulInstancesPercent", 100)),
            active=round(float(policy.get("MinActiveInstancesPercent", 100)), 1),
            pause=seconds(pause),
            duration=pause,
            suspend=tuple(suspend) if is_list(suspend) else (),
            signals=signals,
        )


def _check(request: Request, policy: Params) -> None:
    """Raise HandlerFailure, before anything is changed, for a policy that cannot be followed."""
    if policy and Rolling.of(policy).in_service >= int(request.properties["MaxSize"]):
        reason = "MinInstancesInService must be less than the autoscaling group's MaxSize"
        raise HandlerFailure(reason, "")


def _roll(request: Request, policy: Params) -> Steps[None]:
    """Replace the instances of a group, a batch at a time."""
    rolling = Rolling.of(policy)
    group = yield from _group(request)
    everyone = _makes_obsolete(request)
    obsolete = [e["InstanceId"] for e in group["Instances"] if everyone or _is_outdated(e, group)]
    if not obsolete:
        return
    name = {"AutoScalingGroupName": request.physical_id}
    processes = {**name, "ScalingProcesses": list(rolling.suspend)}
    if rolling.suspend:
        yield Invoke(SERVICE, "SuspendProcesses", processes)
    yield Report(_begins(rolling, len(obsolete)))
    yield from _make_room(request, rolling, group, len(obsolete))
    replaced = 0
    while replaced < len(obsolete):
        batch = yield from _batch(request, rolling, obsolete[replaced:])
        yield from _replace(request, rolling, batch, obsolete)
        replaced += len(batch)
        done = f"(Progress {100 * replaced // len(obsolete)}%)"
        yield Report(f"Successfully terminated instance(s) [{','.join(batch)}] {done}.")
    sizes = {key: group[key] for key in ("MinSize", "DesiredCapacity")}
    yield Invoke(SERVICE, "UpdateAutoScalingGroup", {**name, **sizes})
    if rolling.suspend:
        yield Invoke(SERVICE, "ResumeProcesses", processes)


def _group(request: Request) -> Steps[Params]:
    name = request.physical_id
    answer = yield Invoke(SERVICE, "DescribeAutoScalingGroups", {"AutoScalingGroupNames": [name]})
    groups: list[Params] = answer["AutoScalingGroups"]
    if not groups:
        raise HandlerFailure(f"AutoScalingGroup {name} does not exist", "NotFound")
    return groups[0]


def _is_outdated(instance: Params, group: Params) -> bool:
    """Whether an instance was launched by other means than its group would use now."""
    if "LaunchConfigurationName" in group:
        return instance.get("LaunchConfigurationName") != group["LaunchConfigurationName"]
    if "MixedInstancesPolicy" in group:
        return not any(_launches(each, instance) for each in _mixed(group["MixedInstancesPolicy"]))
    return "LaunchTemplate" in group and not _launches(group["LaunchTemplate"], instance)


def _mixed(policy: Params) -> list[Params]:
    """The launch templates of a mixed instances policy, each with the instance type it overrides.

    AWS: LaunchTemplateOverrides. Without overrides the template says the type; what is described by
    its requirements may be of any.
    """
    shared: Params = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    overrides: list[Params] = policy["LaunchTemplate"].get("Overrides") or [{}]
    return [
        {
            **override.get("LaunchTemplateSpecification", shared),
            "InstanceType": override.get("InstanceType"),
        }
        for override in overrides
    ]


def _launches(template: Params, instance: Params) -> bool:
    """Whether a launch template, of a type if it names one, would launch such an instance."""
    own: Params = instance.get("LaunchTemplate", {})
    named = [n for n in ("LaunchTemplateId", "LaunchTemplateName") if template.get(n)]
    version = str(template.get("Version") or "$Default")
    return (
        all(own.get(name) == template[name] for name in named)
        and (version.startswith("$") or own.get("Version") == version)
        and template.get("InstanceType") in (None, instance.get("InstanceType"))
    )


def _begins(rolling: Rolling, obsolete: int) -> str:
    text = (
        f"Rolling update initiated. Terminating {obsolete} obsolete instance(s) in batches of "
        f"{rolling.batch}"
    )
    if rolling.in_service:
        text += f", while keeping at least {rolling.in_service} instance(s) in service"
    if rolling.signals:
        return (
            f"{text}. Waiting on resource signals with a timeout of {rolling.duration} when new "
            "instances are added to the autoscaling group."
        )
    return f"{text}."


def _make_room(request: Request, rolling: Rolling, group: Params, obsolete: int) -> Steps[None]:
    """Have so many instances that a batch can go while enough stay in service."""
    needed = rolling.in_service + min(rolling.batch, obsolete)
    size = min(max(group["DesiredCapacity"], needed), group["MaxSize"])
    if size <= group["DesiredCapacity"]:
        return
    yield Report(f"Temporarily setting autoscaling group MinSize and DesiredCapacity to {size}.")
    sizes = {"MinSize": size, "DesiredCapacity": size}
    name = {"AutoScalingGroupName": request.physical_id}
    before = len((yield from so_far(request)))
    yield Invoke(SERVICE, "UpdateAutoScalingGroup", {**name, **sizes})
    yield from _serving(request, rolling, size)
    yield from _added(request, rolling, size - group["DesiredCapacity"], before)


def _batch(request: Request, rolling: Rolling, left: list[str]) -> Steps[list[str]]:
    """The obsolete instances that may go next: enough others stay in service."""
    group = yield from _group(request)
    serving = sum(each["LifecycleState"] == "InService" for each in group["Instances"])
    room = max(serving - rolling.in_service, 1)
    return left[: min(rolling.batch, room)]


def _replace(
    request: Request, rolling: Rolling, batch: list[str], obsolete: list[str]
) -> Steps[None]:
    yield Report(
        f"Terminating instance(s) [{','.join(batch)}]; replacing with {len(batch)} new instance(s)."
    )
    group = yield from _group(request)
    present = {each["InstanceId"] for each in group["Instances"]}
    before = len((yield from so_far(request)))
    for instance in batch:
        if instance in present:
            params = {"InstanceId": instance, "ShouldDecrementDesiredCapacity": False}
            yield Invoke(SERVICE, "TerminateInstanceInAutoScalingGroup", params)
    yield from _serving(request, rolling, group["DesiredCapacity"], without_=batch)
    yield from _added(request, rolling, len(batch), before)


def _serving(
    request: Request, rolling: Rolling, size: int, *, without_: list[str] | None = None
) -> Steps[None]:
    """Wait until enough of so many instances are in service, and some are gone.

    50 % of 5 are 3. Raises HandlerFailure where they are not within an hour.
    """
    gone, enough = set(without_ or ()), ceil(size * rolling.active / 100)
    serving = 0
    for _ in range(int(PATIENCE_SECONDS / LOOK_SECONDS)):
        group = yield from _group(request)
        instances: list[Params] = group["Instances"]
        serving = sum(
            each["LifecycleState"] == "InService" and each["InstanceId"] not in gone
            for each in instances
        )
        if serving >= enough and not gone & {each["InstanceId"] for each in instances}:
            return
        yield Wait(LOOK_SECONDS)
    raise HandlerFailure(
        f"{serving} of {size} instance(s) are in service. Unable to satisfy {rolling.active:g}% "
        "MinActiveInstancesPercent requirement",
        "",
    )


def _added(request: Request, rolling: Rolling, count: int, before: int) -> Steps[None]:
    """Give new instances the time, or wait for the signals, that the policy asks for."""
    if not rolling.signals:
        if rolling.pause:
            yield Wait(rolling.pause)
        return
    yield Report(
        f"New instance(s) added to autoscaling group - Waiting on {count} resource signal(s) with "
        f"a timeout of {rolling.duration}."
    )
    clock = yield Invoke(OWNER, NOW, {})
    until = clock["At"] + rolling.pause
    yield from counted(request, Batch(count, rolling.percent, until, before, grouped=True))


# Instance refresh


def _refresh(request: Request, policy: Params) -> Steps[None]:
    """Let the group replace its instances by itself, and wait until it has."""
    name = {"AutoScalingGroupName": request.physical_id}
    members = {key: policy[key] for key in ("Strategy", "Preferences") if key in policy}
    answer = yield Invoke(SERVICE, "StartInstanceRefresh", {**name, **members})
    identity = answer["InstanceRefreshId"]
    yield Report(f"Instance refresh {identity} initiated.")
    while True:
        params = {**name, "InstanceRefreshIds": [identity]}
        found = yield Invoke(SERVICE, "DescribeInstanceRefreshes", params)
        refresh: Params = found["InstanceRefreshes"][0]
        if refresh["Status"] == "Successful":
            return
        if refresh["Status"] in _FAILED_REFRESH:
            reason = f"{refresh['Status']}: {refresh.get('StatusReason', '')}"
            raise HandlerFailure(f"Instance refresh {identity} ended as {reason}")
        yield Wait(LOOK_SECONDS)
