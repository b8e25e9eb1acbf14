"""Instance refresh: the instances of a group are replaced batch by batch.

There may be checkpoints, baking at the end, alarms that stop it, and a way back.

    Pending -> InProgress -> Baking -> Successful
                   |            |
                   +-> RollbackInProgress -> RollbackSuccessful
                   +-> Cancelling -> Cancelled       +-> Failed

AWS: Use an instance refresh to update instances in an Auto Scaling group; API_RefreshPreferences.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.autoscaling import causes, leaving, renewing
from understudy.control.autoscaling.capacity import (
    IN_SERVICE,
    LIVE,
    STANDBY,
    WARMED,
    counted,
    in_service,
    live,
    units,
)
from understudy.control.autoscaling.launching import configuration_of, is_current
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, Instance, Refresh
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling.refresh import (
    before,
    goal,
    launches_first,
    percentage,
    reached,
    together,
)

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

STUCK_SECONDS = 3600.0
LONGEST_SECONDS = 14 * 86400.0
CHECK_SECONDS = 60.0
CHECKPOINT_DELAY = 3600.0
MIN_HEALTHY = 90
TIMER = "refresh"
"""The kind of its timers; then comes the refresh's id."""


def outdated(group: Group, refresh: Refresh) -> list[Instance]:
    """The instances that the refresh still has to replace."""
    return [
        each
        for each in group.instances.values()
        if each.refresh == refresh.id
        and (each.lifecycle in LIVE or each.lifecycle in WARMED or each.lifecycle == STANDBY)
    ]


def mark(service: "AutoScaling", group: Group, refresh: Refresh) -> None:
    """Mark what the refresh is to replace, and count it."""
    wanted, preferences = configuration_of(group), refresh.preferences
    going: list[Instance] = []
    for each in group.instances.values():
        if _concerned(each, preferences) and not (
            preferences.get("SkipMatching") and is_current(service, wanted, each)
        ):
            each.refresh = refresh.id
            going.append(each)
    refresh.total = sum(each.lifecycle not in WARMED for each in going)
    refresh.pool_total = len(going) - refresh.total


def _concerned(instance: Instance, preferences: Params) -> bool:
    if instance.lifecycle == STANDBY:
        return preferences.get("StandbyInstances", "Wait") != "Ignore"
    if instance.protected and instance.lifecycle == IN_SERVICE:
        return preferences.get("ScaleInProtectedInstances", "Wait") != "Ignore"
    return instance.lifecycle in LIVE or instance.lifecycle in WARMED


def advance(service: "AutoScaling", group: Group, turn: Turn) -> bool:
    """Bring the refresh that is under way as far as it can go now; whether there is one."""
    refresh = group.refresh
    if refresh is None or "InstanceRefresh" in group.suspended:
        return False
    if refresh.status == "Pending":
        refresh.status = "InProgress"
    _note_progress(group, refresh, turn)
    if refresh.status == "Cancelling":
        if not _moving(group):
            end(group, refresh, "Cancelled", turn, "Cancelled due to user request.")
    elif refresh.status == "Baking":
        if turn.at >= refresh.bakes_until:
            succeed(group, refresh, turn)
    elif _complete(group, refresh):
        _bake(group, refresh, turn)
    elif turn.at >= refresh.paused_until:
        _replace_batch(service, group, refresh, turn)
    return True


def _moving(group: Group) -> bool:
    return any(
        each.lifecycle not in {IN_SERVICE, STANDBY} and not each.lifecycle.startswith("Warmed:")
        for each in group.instances.values()
    )


def _checkpoints(refresh: Refresh) -> list[int]:
    return refresh.preferences.get("CheckpointPercentages") or []


def _note_progress(group: Group, refresh: Refresh, turn: Turn) -> None:
    """Count what is replaced: gone, and its replacement warm."""
    remaining = outdated(group, refresh)
    pooled = sum(each.lifecycle in WARMED for each in remaining)
    current = counted(group)
    cold = sum(not (in_service(e) and turn.at >= e.warm_at) for e in current)
    short = cold + max(group.desired - units(current), 0)
    replaced = refresh.total - (len(remaining) - pooled) - short
    if replaced > refresh.replaced:
        refresh.replaced, refresh.moved_at = min(replaced, refresh.total), turn.at
    refresh.pool_replaced = max(refresh.pool_total - pooled, refresh.pool_replaced)
    _note_checkpoint(group, refresh, turn)


def _note_checkpoint(group: Group, refresh: Refresh, turn: Turn) -> None:
    points = _checkpoints(refresh)
    passed = reached(points, refresh.passed, refresh.replaced, refresh.total)
    if passed == refresh.passed:
        return
    refresh.passed = passed
    if passed < len(points) and refresh.total:
        delay = refresh.preferences.get("CheckpointDelay", CHECKPOINT_DELAY)
        refresh.paused_until = turn.at + delay
        wish_for(group, turn, refresh.paused_until, TIMER, refresh.id)


def _complete(group: Group, refresh: Refresh) -> bool:
    """Whether all is replaced: everything, or as much as the last checkpoint says."""
    points = _checkpoints(refresh)
    if points and points[-1] < 100 and refresh.passed == len(points) and not refresh.back:
        return True
    return not outdated(group, refresh) and refresh.replaced >= refresh.total


def _bake(group: Group, refresh: Refresh, turn: Turn) -> None:
    seconds: float = refresh.preferences.get("BakeTime", 0)
    if seconds and not refresh.back:
        refresh.status, refresh.bakes_until = "Baking", turn.at + seconds
        wish_for(group, turn, refresh.bakes_until, TIMER, refresh.id)
    else:
        succeed(group, refresh, turn)


def succeed(group: Group, refresh: Refresh, turn: Turn) -> None:
    """All is done: the group keeps the configuration that the refresh brought."""
    if refresh.back:
        end(group, refresh, "RollbackSuccessful", turn, refresh.reason)
        return
    for member, value in refresh.desired.items():
        for other in ("LaunchTemplate", "LaunchConfigurationName", "MixedInstancesPolicy"):
            group.params.pop(other, None)
        group.params[member] = value
    end(group, refresh, "Successful", turn)


def end(group: Group, refresh: Refresh, status: str, turn: Turn, reason: str = "") -> None:
    """The refresh is over."""
    refresh.status, refresh.reason, refresh.ended_at = status, reason, turn.at
    for each in group.instances.values():
        if each.lifecycle in LIVE and each.retiring == "refresh":
            each.retiring = ""
        if each.refresh == refresh.id:
            each.refresh = ""
    group.owed = [reason for reason in group.owed if reason != "refresh"]


def _replace_batch(service: "AutoScaling", group: Group, refresh: Refresh, turn: Turn) -> None:
    """Begin to replace as many as the bounds and the next checkpoint allow."""
    remaining = outdated(group, refresh)
    for each in [each for each in remaining if each.lifecycle in WARMED and not each.stopping_at]:
        leaving.terminate(service, group, each, _cause(turn, each), turn)
    waiting = [each for each in remaining if each.lifecycle not in WARMED and not each.retiring]
    begun = refresh.total - len(waiting)
    points = [] if refresh.back else _checkpoints(refresh)
    until_checkpoint = max(goal(points, refresh.passed, refresh.total) - begun, 0)
    first = renews_first(group, refresh)
    room = _room(group, refresh, turn.at, first=first)
    going = [each for each in waiting if _may_go(each, refresh.preferences)]
    for each in going[: min(until_checkpoint, room)]:
        if refresh.strategy == "ReplaceRootVolume" and each.lifecycle == IN_SERVICE:
            each.refresh = ""
            renewing.renew(service, group, each, turn)
        elif first and each.lifecycle != STANDBY:
            each.retiring, each.after = "refresh", True
            group.owed.append("refresh")
        else:
            standby = each.lifecycle == STANDBY
            leaving.terminate(service, group, each, _cause(turn, each), turn)
            each.retiring = "refresh"
            if not standby:
                group.owed.append("refresh")


def renews_first(group: Group, refresh: Refresh) -> bool:
    """Whether replacements are launched before what they replace is terminated."""
    least, most = percentages(group, refresh)
    return launches_first(group.desired, least, most)


def percentages(group: Group, refresh: Refresh) -> tuple[int, int | None]:
    """The healthy percentages: the refresh's own, else the group's maintenance policy's."""
    policy: Params = group.params.get("InstanceMaintenancePolicy", {})
    least, most = policy.get("MinHealthyPercentage", -1), policy.get("MaxHealthyPercentage", -1)
    usual = (least if least >= 0 else MIN_HEALTHY, most if most > 0 else None)
    preferences = refresh.preferences
    return (
        preferences.get("MinHealthyPercentage", usual[0]),
        preferences.get("MaxHealthyPercentage", usual[1]),
    )


def _room(group: Group, refresh: Refresh, at: float, *, first: bool) -> int:
    least, most = percentages(group, refresh)
    if first:
        return before(group.desired, units(live(group)), most or 100)
    warm = units(e for e in counted(group) if in_service(e) and at >= e.warm_at)
    return together(group.desired, warm, least)


def _may_go(instance: Instance, preferences: Params) -> bool:
    if instance.lifecycle == STANDBY:
        return preferences.get("StandbyInstances", "Wait") == "Terminate"
    if instance.lifecycle not in LIVE:
        return False
    return not instance.protected or preferences.get("ScaleInProtectedInstances") == "Refresh"


def _cause(turn: Turn, instance: Instance) -> str:
    return causes.joined(
        causes.taken_out(turn.at, causes.REPLACED["refresh"]),
        causes.selected(turn.at, instance.id),
    )


def watch(service: "AutoScaling", group: Group, refresh: Refresh, turn: Turn) -> None:
    """Once a minute: fail a refresh that is stuck or too long, or whose alarms fired."""
    if group.refresh is not refresh:
        return
    reason = _trouble(service, refresh, turn)
    if not reason:
        wish_for(group, turn, turn.at + CHECK_SECONDS, TIMER, refresh.id, "watch")
        return
    if refresh.preferences.get("AutoRollback") and not refresh.back and refresh.before:
        roll_back(service, group, refresh, reason, turn)
        wish_for(group, turn, turn.at + CHECK_SECONDS, TIMER, refresh.id, "watch")
    else:
        status = "RollbackFailed" if refresh.back else "Failed"
        end(group, refresh, status, turn, reason)


def _trouble(service: "AutoScaling", refresh: Refresh, turn: Turn) -> str:
    alarms: list[str] = refresh.preferences.get("AlarmSpecification", {}).get("Alarms", [])
    if not refresh.back:
        for name in alarms:
            if service.monitoring.alarm_state(name) == "ALARM":
                return f"Alarm {name} is in ALARM state."
    if turn.at - refresh.started_at >= LONGEST_SECONDS:
        return "The instance refresh did not complete within 14 days."
    waits = max(refresh.moved_at, refresh.paused_until, refresh.bakes_until)
    if refresh.status in {"InProgress", "RollbackInProgress"} and turn.at - waits >= STUCK_SECONDS:
        return (
            "Unable to replace instances within 1 hour. Check that they can be launched, pass "
            "their health checks, and are neither protected from scale in nor in Standby."
        )
    return ""


def roll_back(
    service: "AutoScaling", group: Group, refresh: Refresh, reason: str, turn: Turn
) -> None:
    """Replace what the refresh brought by what the group had before."""
    refresh.back = refresh.before
    refresh.reason, refresh.status = reason, "RollbackInProgress"
    refresh.rollback = {
        "RollbackReason": reason,
        "RollbackStartTime": turn.at,
        "PercentageCompleteOnRollback": percentage(refresh.replaced, refresh.total),
        "InstancesToUpdateOnRollback": max(refresh.total - refresh.replaced, 0),
    }
    for each in group.instances.values():
        if each.retiring == "refresh" and each.lifecycle in LIVE:
            each.retiring = ""
        each.refresh = ""
    refresh.preferences = {**refresh.preferences, "SkipMatching": True}
    refresh.replaced = refresh.pool_replaced = refresh.passed = 0
    refresh.paused_until, refresh.moved_at = 0.0, turn.at
    try:
        mark(service, group, refresh)
    except Fault as fault:
        end(group, refresh, "RollbackFailed", turn, fault.message)
