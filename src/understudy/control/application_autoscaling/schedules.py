"""Scheduled actions: put, describe, delete, and run at their time.

AWS: API_PutScheduledAction; Scheduled scaling for Application Auto Scaling.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_exception
from understudy.control.application_autoscaling import activities
from understudy.control.application_autoscaling.requests import not_found, page
from understudy.control.application_autoscaling.scaling import capacity_of, scale
from understudy.control.application_autoscaling.state import OWNER, ScalableTarget, ScheduledAction
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling import scheduled
from understudy.scaling.decision import Decision, NotScaled, Reason
from understudy.scaling.schedule import (
    InvalidSchedule,
    Schedule,
    first_run,
    following_run,
    parse_schedule,
)

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

MOST_ACTIONS = 200
"""Scheduled actions on a target (AWS: Quotas for Application Auto Scaling)."""

TIMER = "scheduled"
"""The first part of the keys of their timers; then come target key, action name and due time."""


def put_scheduled_action(service: "ApplicationAutoScaling", params: Params, turn: Turn) -> Params:
    """PutScheduledAction: create a scheduled action, or change what the request names of it.

    Start and end time are not kept: those that the request omits are gone.
    """
    target = service.target(params)
    known = target.scheduled.get(params["ScheduledActionName"])
    if known is None and len(target.scheduled) >= MOST_ACTIONS:
        raise Fault(
            "LimitExceededException",
            f"A scalable target can have at most {MOST_ACTIONS} scheduled actions",
        )
    action = _merged(target, known, params, turn)
    _check_bounds(action)
    if action.start is not None and action.end is not None and action.start >= action.end:
        raise validation_exception("StartTime must be before EndTime")
    schedule = schedule_of(service, action)
    action.due = first_run(schedule, turn.at, action.start, action.end)
    target.scheduled[action.name] = action
    _set_timer(target, action, turn)
    return {}


def _merged(
    target: ScalableTarget, known: ScheduledAction | None, params: Params, turn: Turn
) -> ScheduledAction:
    if known is None and "Schedule" not in params:
        raise validation_exception("Schedule must be set")
    if known is None and "ScalableTargetAction" not in params:
        raise validation_exception("ScalableTargetAction must be set")
    name: str = params["ScheduledActionName"]
    resource = f"resource/{target.namespace}/{target.resource_id}"
    arn = turn.arn(
        "autoscaling", f"scheduledAction:{target.uuid}:{resource}:scheduledActionName/{name}"
    )
    kept = known or ScheduledAction(name, arn, "", turn.at)
    bounds = params.get(
        "ScalableTargetAction", {"MinCapacity": kept.minimum, "MaxCapacity": kept.maximum}
    )
    return ScheduledAction(
        name,
        arn,
        params.get("Schedule", kept.schedule),
        kept.created_at,
        params.get("Timezone", kept.timezone),
        params.get("StartTime"),
        params.get("EndTime"),
        bounds.get("MinCapacity"),
        bounds.get("MaxCapacity"),
    )


def _check_bounds(action: ScheduledAction) -> None:
    if action.minimum is None and action.maximum is None:
        raise validation_exception(
            "At least one of minimum capacity and maximum capacity should be provided"
        )
    for name, bound in (("Minimum", action.minimum), ("Maximum", action.maximum)):
        if bound is not None and bound < 0:
            raise validation_exception(f"{name} capacity cannot be less than 0")
    low, high = action.minimum, action.maximum
    if low is not None and high is not None and high < low:
        raise validation_exception("Maximum capacity cannot be less than minimum capacity")


def schedule_of(service: "ApplicationAutoScaling", action: ScheduledAction) -> Schedule:
    """The schedule of an action in its time zone. Raises Fault."""
    try:
        zone = service.zones(action.timezone or "UTC")
    except (KeyError, OSError, ValueError) as error:
        raise validation_exception(f"Invalid timezone: {action.timezone}") from error
    try:
        return parse_schedule(action.schedule, zone)
    except InvalidSchedule as error:
        raise validation_exception(str(error)) from error


def _set_timer(target: ScalableTarget, action: ScheduledAction, turn: Turn) -> None:
    if action.due is not None:
        turn.schedule(action.due, OWNER, TIMER, target.key, action.name, repr(action.due))


def run(
    service: "ApplicationAutoScaling", target: ScalableTarget, name: str, due: str, turn: Turn
) -> None:
    """Run a scheduled action whose time has come, and set the timer for the next time.

    A timer of an action that was changed or deleted meanwhile is passed over. While scheduled
    scaling is suspended an action is skipped.
    """
    action = target.scheduled.get(name)
    if action is None or repr(action.due) != due:
        return
    if not target.suspended.scheduled:
        _apply(service, target, action, turn)
    schedule = schedule_of(service, action)
    action.due = following_run(schedule, turn.at, action.created_at, action.start, action.end)
    _set_timer(target, action, turn)


def _apply(
    service: "ApplicationAutoScaling", target: ScalableTarget, action: ScheduledAction, turn: Turn
) -> None:
    capacity = capacity_of(service, target)
    if capacity is None:
        return
    rule = scheduled.ScheduledAction(action.name, action.minimum, action.maximum)
    outcome, bounds = scheduled.decide(rule, capacity, turn.at)
    cause = f"scheduled action name {action.name} was triggered"
    setting = _setting(action)
    activity = activities.make(target, f"Setting {setting}", cause, "Successful", turn)
    activity.message = f"Successfully set {setting}"
    if isinstance(outcome, NotScaled) and outcome.reason is Reason.BOUNDS_CROSSED:
        activity.status, activity.end = "Failed", turn.at
        reason = "Maximum capacity cannot be less than minimum capacity"
        activity.message = f"Failed to set {setting}. Reason: {reason}"
    else:
        target.minimum = target.minimum if action.minimum is None else action.minimum
        target.maximum = target.maximum if action.maximum is None else action.maximum
    activities.record(service, activity, turn.at)
    if isinstance(outcome, Decision):
        scale(service, target, outcome, bounds, turn)


def _setting(action: ScheduledAction) -> str:
    """What the activity says is set.

    >>> _setting(ScheduledAction("night", "", "", 0.0, minimum=5, maximum=10))
    'min capacity to 5 and max capacity to 10'
    """
    parts = (("min", action.minimum), ("max", action.maximum))
    return " and ".join(f"{name} capacity to {bound}" for name, bound in parts if bound is not None)


def describe_scheduled_actions(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """DescribeScheduledActions: the scheduled actions of a namespace, by resource and name."""
    del turn
    found = [
        (target, action)
        for target in service.targets(params)
        for name, action in sorted(target.scheduled.items())
        if name in (params.get("ScheduledActionNames") or (name,))
    ]
    chosen, more = page(found, params, 50)
    return {"ScheduledActions": [_describe(*pair) for pair in chosen], **more}


def _describe(target: ScalableTarget, action: ScheduledAction) -> Params:
    bounds = {"MinCapacity": action.minimum, "MaxCapacity": action.maximum}
    optional = {"Timezone": action.timezone, "StartTime": action.start, "EndTime": action.end}
    return {
        "ScheduledActionName": action.name,
        "ScheduledActionARN": action.arn,
        **target.identity(),
        "Schedule": action.schedule,
        **{name: value for name, value in optional.items() if value is not None},
        "ScalableTargetAction": {
            name: value for name, value in bounds.items() if value is not None
        },
        "CreationTime": action.created_at,
    }


def delete_scheduled_action(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """DeleteScheduledAction."""
    del turn
    name: str = params["ScheduledActionName"]
    target = service.known_target(params)
    if target is None or target.scheduled.pop(name, None) is None:
        more = f"scheduled action name: {name}"
        raise not_found("No scheduled action found for", params, more)
    return {}
