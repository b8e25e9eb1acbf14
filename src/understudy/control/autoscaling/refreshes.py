"""Operations on instance refreshes.

AWS: API_StartInstanceRefresh, API_CancelInstanceRefresh, API_RollbackInstanceRefresh,
API_DescribeInstanceRefreshes.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling import group as machine
from understudy.control.autoscaling import refreshing
from understudy.control.autoscaling.group_validation import SOURCES, check_source
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, Refresh
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling.refresh import percentage

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

KEPT = 100
"""How many refreshes of a group are kept. AWS keeps them for six weeks."""

_DEFAULTS: Params = {
    "MinHealthyPercentage": 90,
    "SkipMatching": False,
    "AutoRollback": False,
    "ScaleInProtectedInstances": "Wait",
    "StandbyInstances": "Wait",
}


def start_instance_refresh(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """StartInstanceRefresh: replace what runs, to a desired configuration if there is one."""
    group = service.group(params["AutoScalingGroupName"])
    if group.refresh is not None:
        raise Fault(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance "
            "Refresh.",
        )
    preferences: Params = params.get("Preferences", {})
    desired: Params = params.get("DesiredConfiguration", {})
    _check(service, preferences, desired)
    refresh = Refresh(
        turn.ids.uuid(),
        params.get("Strategy", "Rolling"),
        preferences,
        turn.at,
        0,
        desired=desired,
        before={member: group.params[member] for member in SOURCES if member in group.params},
        moved_at=turn.at,
    )
    group.refreshes = [*group.refreshes[-KEPT:], refresh]
    refreshing.mark(service, group, refresh)
    wish_for(group, turn, turn.at + refreshing.CHECK_SECONDS, refreshing.TIMER, refresh.id, "watch")
    machine.react(service, group, turn)
    return {"InstanceRefreshId": refresh.id}


def _check(service: "AutoScaling", preferences: Params, desired: Params) -> None:
    least, most = (
        preferences.get("MinHealthyPercentage", 90),
        preferences.get("MaxHealthyPercentage"),
    )
    if not 0 <= least <= 100:
        raise validation_error("MinHealthyPercentage must be between 0 and 100.")
    if most is not None and (not 100 <= most <= 200 or most - least > 100):
        raise validation_error(
            "MaxHealthyPercentage must be between 100 and 200, and at most 100 more than "
            "MinHealthyPercentage."
        )
    points: list[int] = preferences.get("CheckpointPercentages") or []
    if points != sorted(set(points)) or any(not 0 < point <= 100 for point in points):
        raise validation_error("CheckpointPercentages must be ascending numbers from 1 to 100.")
    if not 0 <= preferences.get("CheckpointDelay", 3600) <= 172_800:
        raise validation_error("CheckpointDelay must be between 0 and 172800 seconds.")
    if desired:
        check_source(service, desired, needed=True)
    if preferences.get("AutoRollback") and not desired:
        raise validation_error("AutoRollback needs a DesiredConfiguration.")


def _active(service: "AutoScaling", params: Params) -> tuple[Group, Refresh]:
    group = service.group(params["AutoScalingGroupName"])
    refresh = group.refresh
    if refresh is None or refresh.status == "Cancelling":
        raise Fault(
            "ActiveInstanceRefreshNotFound",
            f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}",
        )
    return group, refresh


def cancel_instance_refresh(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """CancelInstanceRefresh: what is begun is finished, and nothing more is replaced."""
    group, refresh = _active(service, params)
    refresh.status = "Cancelling"
    for each in group.instances.values():
        if each.retiring == "refresh" and each.lifecycle in refreshing.LIVE:
            each.retiring = ""
    if params.get("WaitForTransitioningInstances") is False:
        refreshing.end(group, refresh, "Cancelled", turn, "Cancelled due to user request.")
    machine.react(service, group, turn)
    return {"InstanceRefreshId": refresh.id}


def rollback_instance_refresh(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """RollbackInstanceRefresh: back to the configuration before; there must have been a new one."""
    group, refresh = _active(service, params)
    if not refresh.desired or refresh.back:
        raise Fault(
            "IrreversibleInstanceRefresh",
            "The instance refresh has no desired configuration, or is being rolled back already.",
        )
    reason = "The rollback was requested by a user."
    refreshing.roll_back(service, group, refresh, reason, turn)
    machine.react(service, group, turn)
    return {"InstanceRefreshId": refresh.id}


def describe_instance_refreshes(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeInstanceRefreshes: of one group, the newest first."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    wanted: list[str] = params.get("InstanceRefreshIds") or []
    found = [
        _shown(group, refresh)
        for refresh in reversed(group.refreshes)
        if not wanted or refresh.id in wanted
    ]
    return paged("InstanceRefreshes", found, params)


def _shown(group: Group, refresh: Refresh) -> Params:
    done, remaining = percentage(refresh.replaced, refresh.total), refresh.total - refresh.replaced
    optional: Params = {
        "StatusReason": refresh.reason or None,
        "EndTime": refresh.ended_at,
        "DesiredConfiguration": refresh.desired or None,
        "RollbackDetails": refresh.rollback or None,
        "ProgressDetails": _progress(refresh) if refresh.pool_total else None,
    }
    return {
        "InstanceRefreshId": refresh.id,
        "AutoScalingGroupName": group.name,
        "Status": refresh.status,
        "StartTime": refresh.started_at,
        "PercentageComplete": done,
        "InstancesToUpdate": max(remaining, 0),
        "Strategy": refresh.strategy,
        "Preferences": _DEFAULTS | refresh.preferences,
        **{member: value for member, value in optional.items() if value is not None},
    }


def _progress(refresh: Refresh) -> Params:
    return {
        f"{part}PoolProgress": {
            "PercentageComplete": percentage(replaced, total),
            "InstancesToUpdate": max(total - replaced, 0),
        }
        for part, replaced, total in (
            ("Live", refresh.replaced, refresh.total),
            ("Warm", refresh.pool_replaced, refresh.pool_total),
        )
    }
