"""Scaling activities: what was set, why, and how it went.

AWS: Scaling activities for Application Auto Scaling. They are kept for six weeks.
"""

from bisect import insort
from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.application_autoscaling.requests import check_filter, page
from understudy.control.application_autoscaling.state import Activity, ScalableTarget, target_key
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling.decision import Capacity, Decision, NotScaled, Reason

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

KEPT = 6 * 7 * 86400.0
"""Seconds for which activities are kept."""


def record(service: "ApplicationAutoScaling", activity: Activity, now: float) -> None:
    """Keep a settled activity in the order of starts, and forget those older than six weeks."""
    key = target_key(activity.dimension, activity.resource_id)
    kept = service.state.activities.setdefault(key, [])
    insort(kept, activity, key=lambda each: each.start)
    while kept[0].start < now - KEPT:
        del kept[0]


def make(target: ScalableTarget, description: str, cause: str, status: str, turn: Turn) -> Activity:
    """An activity of a target that starts now."""
    return Activity(
        turn.ids.uuid(),
        target.dimension,
        target.resource_id,
        description,
        cause,
        turn.at,
        status,
    )


def start(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    decision: Decision,
    previous: int,
    turn: Turn,
) -> Activity | Fault:
    """Set the desired capacity: the activity in progress, or the fault of the service that refused.

    An activity that is still in progress is overridden by it.
    """
    scalable = service.scalable(target)
    try:
        scalable.set_desired(target.resource_id, decision.desired, turn)
    except Fault as fault:
        return fault
    setting = f"{scalable.quantity} to {decision.desired}."
    activity = make(target, f"Setting {setting}", decision.cause, "InProgress", turn)
    activity.previous = previous
    activity.message = (
        f"Successfully set {setting} Waiting for change to be fulfilled by {scalable.label}."
    )
    activity.desired = decision.desired
    activity.policy = decision.policy
    override(service, target.key, decision.desired, turn.at)
    service.state.in_progress[target.key] = activity
    return activity


def override(service: "ApplicationAutoScaling", key: str, desired: int, now: float) -> None:
    """Close the activity in progress, if there is one: its capacity was changed after it."""
    activity = service.state.in_progress.get(key)
    if activity is not None:
        settle(service, key, "Overridden", f"Found it was later changed to {desired}.", now)


def settle(
    service: "ApplicationAutoScaling", key: str, status: str, message: str, now: float
) -> Activity:
    """Close the activity in progress with a status and the end of its message."""
    activity = service.state.in_progress.pop(key)
    setting = activity.description.removeprefix("Setting ")
    activity.status = status
    activity.message = f"Successfully set {setting} {message}"
    if status == "Unfulfilled":
        activity.message = f"Failed to set {setting} {message}"
    activity.end = now
    record(service, activity, now)
    return activity


def record_failed(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    decision: Decision,
    fault: Fault,
    turn: Turn,
) -> None:
    """Keep an activity that the service refused at once."""
    setting = f"{service.scalable(target).quantity} to {decision.desired}."
    activity = make(target, f"Setting {setting}", decision.cause, "Failed", turn)
    activity.message = f"Failed to set {setting} Reason: {fault.message}"
    activity.policy = decision.policy
    activity.end = turn.at
    record(service, activity, turn.at)


def record_not_scaled(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    outcome: NotScaled,
    capacity: Capacity,
    turn: Turn,
) -> None:
    """Keep a not scaled activity, unless the target's latest activity says the same."""
    reason = not_scaled_reason(outcome.reason, capacity)
    kept = service.state.activities.get(target.key, [])
    latest = kept[-1] if kept else None
    running = service.state.in_progress.get(target.key)
    newer = latest is not None and (running is None or running.start <= latest.start)
    if latest and newer and [old["Code"] for old in latest.not_scaled] == [reason["Code"]]:
        return
    description = "Attempting to scale due to alarm triggered"
    activity = make(target, description, outcome.cause, "Failed", turn)
    activity.not_scaled = (reason,)
    activity.policy = outcome.policy
    record(service, activity, turn.at)


def not_scaled_reason(reason: Reason, capacity: Capacity) -> Params:
    """The NotScaledReason of an activity, with the number that explains it."""
    numbers: dict[Reason, Params] = {
        Reason.AT_MAXIMUM: {"MaxCapacity": capacity.maximum},
        Reason.AT_MINIMUM: {"MinCapacity": capacity.minimum},
        Reason.AT_DESIRED: {"CurrentCapacity": capacity.desired},
    }
    return {"Code": reason.value, **numbers.get(reason, {})}


def describe_scaling_activities(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """DescribeScalingActivities: the activities of the last six weeks, newest first."""
    check_filter(params, [params["ResourceId"]] if "ResourceId" in params else [])
    found = [
        activity
        for activity in _all(service)
        if _matches(activity, params) and activity.start >= turn.at - KEPT
    ]
    found.sort(key=lambda activity: activity.start, reverse=True)
    chosen, more = page(found, params, 50)
    return {"ScalingActivities": [_describe(activity) for activity in chosen], **more}


def _all(service: "ApplicationAutoScaling") -> list[Activity]:
    """Every activity, of equal starts the later ones first."""
    settled = [
        activity for kept in service.state.activities.values() for activity in reversed(kept)
    ]
    return [*service.state.in_progress.values(), *settled]


def _matches(activity: Activity, params: Params) -> bool:
    return (
        activity.dimension.startswith(f"{params['ServiceNamespace']}:")
        and params.get("ResourceId", activity.resource_id) == activity.resource_id
        and params.get("ScalableDimension", activity.dimension) == activity.dimension
        and (not activity.not_scaled or params.get("IncludeNotScaledActivities", False))
    )


def _describe(activity: Activity) -> Params:
    optional = {
        "EndTime": activity.end,
        "StatusMessage": activity.message or None,
        "NotScaledReasons": list(activity.not_scaled) or None,
    }
    return {
        "ActivityId": activity.id,
        "ServiceNamespace": activity.dimension.split(":", 1)[0],
        "ResourceId": activity.resource_id,
        "ScalableDimension": activity.dimension,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.start,
        "StatusCode": activity.status,
        **{name: value for name, value in optional.items() if value is not None},
    }
