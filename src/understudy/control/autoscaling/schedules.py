"""Scheduled actions of groups: put, describe, delete, and run at their time.

AWS: API_PutScheduledUpdateGroupAction; Scheduled scaling for Amazon EC2 Auto Scaling.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling import causes
from understudy.control.autoscaling import group as groups
from understudy.control.autoscaling.capacity import capacity_of
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, ScheduledAction
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling import scheduled
from understudy.scaling.cron import Cron, InvalidCron, parse_recurrence
from understudy.scaling.decision import Decision, NotScaled, Reason
from understudy.scaling.schedule import Once, first_run, following_run

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

MOST_ACTIONS = 125
"""Scheduled actions of a group (AWS: Quotas for Amazon EC2 Auto Scaling)."""

MOST_AT_ONCE = 50
TIMER = "scheduled"
"""The kind of their timers; then come the action and its due time."""


def put_scheduled_update_group_action(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """PutScheduledUpdateGroupAction: create a scheduled action, or put it anew. Raises Fault."""
    group = service.group(params["AutoScalingGroupName"])
    _put(service, group, params, turn)
    return {}


def batch_put_scheduled_update_group_action(
    service: "AutoScaling", params: Params, turn: Turn
) -> Params:
    """BatchPutScheduledUpdateGroupAction: each by itself; what failed is told."""
    group = service.group(params["AutoScalingGroupName"])
    actions: list[Params] = params["ScheduledUpdateGroupActions"]
    _check_batch(len(actions))
    failed: list[Params] = []
    for action in actions:
        try:
            _put(service, group, action, turn)
        except Fault as fault:
            failed.append(_failure(action["ScheduledActionName"], fault))
    return {"FailedScheduledUpdateGroupActions": failed}


def _check_batch(count: int) -> None:
    if count > MOST_AT_ONCE:
        raise validation_error(
            f"There can be at most {MOST_AT_ONCE} scheduled actions in a request."
        )


def _failure(name: str, fault: Fault) -> Params:
    return {
        "ScheduledActionName": name,
        "ErrorCode": fault.code,
        "ErrorMessage": fault.message,
    }


def _put(service: "AutoScaling", group: Group, params: Params, turn: Turn) -> None:
    name: str = params["ScheduledActionName"]
    known = group.scheduled.get(name)
    if known is None and len(group.scheduled) >= MOST_ACTIONS:
        raise Fault(
            "LimitExceeded",
            f"The maximum number of scheduled actions per group is {MOST_ACTIONS}.",
        )
    action = _action(group, known, params, turn)
    _check(action)
    rule = _rule(service, action)
    start = action.start
    if start is not None and start < turn.at - 1:
        raise validation_error("Given start time is in the past")
    end = action.end
    action.due = start if isinstance(rule, Once) else first_run(rule, turn.at, start, end)
    same = [each.name for each in group.scheduled.values() if each.due == action.due]
    if action.due is not None and any(each != name for each in same):
        raise Fault("AlreadyExists", "Another scheduled action is scheduled for this time.")
    group.scheduled[name] = action
    _set_timer(group, action, turn)


def _action(
    group: Group, known: ScheduledAction | None, params: Params, turn: Turn
) -> ScheduledAction:
    name = params["ScheduledActionName"]
    resource = (
        f"scheduledUpdateGroupAction:{turn.ids.uuid()}:autoScalingGroupName/{group.name}"
        f":scheduledActionName/{name}"
    )
    return ScheduledAction(
        name,
        known.arn if known else turn.arn("autoscaling", resource),
        turn.at,
        params.get("Recurrence", ""),
        params.get("TimeZone", ""),
        params.get("StartTime", params.get("Time")),
        params.get("EndTime"),
        params.get("MinSize"),
        params.get("MaxSize"),
        params.get("DesiredCapacity"),
    )


def _check(action: ScheduledAction) -> None:
    low, high, desired = action.minimum, action.maximum, action.desired
    if low is None and high is None and desired is None:
        raise validation_error(
            "At least one of MinSize, MaxSize and DesiredCapacity must be specified."
        )
    if low is not None and high is not None and low > high:
        raise validation_error("Min size must be less than or equal to max size")
    if desired is not None and not (low or 0) <= desired <= (desired if high is None else high):
        raise validation_error("Desired capacity must be between min size and max size")
    if not action.recurrence and action.start is None:
        raise validation_error("Either StartTime or Recurrence must be specified.")
    if action.start is not None and action.end is not None and action.start >= action.end:
        raise validation_error("Start time must be before end time")


def _rule(service: "AutoScaling", action: ScheduledAction) -> Cron | Once:
    """When an action runs: its recurrence in its time zone, or its start. Raises Fault."""
    if not action.recurrence:
        return Once(action.start or 0.0)
    try:
        return parse_recurrence(action.recurrence, service.zones(action.zone or "UTC"))
    except InvalidCron as error:
        raise validation_error(
            f"Given recurrence string: {action.recurrence} is invalid"
        ) from error
    except (KeyError, OSError, ValueError) as error:
        raise validation_error(f"Given time zone: {action.zone} is invalid") from error


def _set_timer(group: Group, action: ScheduledAction, turn: Turn) -> None:
    if action.due is not None:
        wish_for(group, turn, action.due, TIMER, action.name, repr(action.due))
    elif action.end is not None:
        wish_for(group, turn, action.end, TIMER, action.name, "end")


def run(service: "AutoScaling", group: Group, name: str, due: str, turn: Turn) -> None:
    """Run an action whose time has come; one that is over is deleted.

    While ScheduledActions is suspended it is skipped.
    """
    action = group.scheduled.get(name)
    if action is None or due not in {repr(action.due), "end"}:
        return
    if due != "end" and "ScheduledActions" not in group.suspended:
        _apply(service, group, action, turn)
    rule = _rule(service, action)
    action.due = following_run(rule, turn.at, action.created_at, action.start, action.end)
    if action.due is None and (action.end is None or turn.at >= action.end):
        del group.scheduled[name]
    else:
        _set_timer(group, action, turn)


def _apply(service: "AutoScaling", group: Group, action: ScheduledAction, turn: Turn) -> None:
    rule = scheduled.ScheduledAction(action.name, action.minimum, action.maximum, action.desired)
    outcome, bounds = scheduled.decide(rule, capacity_of(group, turn.at), turn.at)
    if isinstance(outcome, NotScaled) and outcome.reason is Reason.BOUNDS_CROSSED:
        return
    group.minimum, group.maximum = bounds.minimum, bounds.maximum
    if isinstance(outcome, Decision):
        what = causes.scheduled(action.name)
        groups.demand(service, group, outcome.desired, what, turn)
    else:
        groups.react(service, group, turn)


def describe_scheduled_actions(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeScheduledActions: by group, by names or ARNs, and by time."""
    del turn
    wanted: str | None = params.get("AutoScalingGroupName")
    chosen = [service.group(wanted)] if wanted else list(service.state.groups.values())
    names: list[str] = params.get("ScheduledActionNames") or []
    since, until = params.get("StartTime"), params.get("EndTime")
    found = [
        _shown(group, action)
        for group in sorted(chosen, key=lambda each: each.name)
        for action in sorted(group.scheduled.values(), key=lambda each: each.name)
        if not names or action.name in names or action.arn in names
        if names or since is None or (action.due or 0.0) >= since
        if names or until is None or (action.due or 0.0) <= until
    ]
    return paged("ScheduledUpdateGroupActions", found, params)


def _shown(group: Group, action: ScheduledAction) -> Params:
    optional: Params = {
        "Time": action.start if action.start is not None else action.due,
        "StartTime": action.start if action.start is not None else action.due,
        "EndTime": action.end,
        "Recurrence": action.recurrence or None,
        "TimeZone": action.zone or None,
        "MinSize": action.minimum,
        "MaxSize": action.maximum,
        "DesiredCapacity": action.desired,
    }
    return {
        "AutoScalingGroupName": group.name,
        "ScheduledActionName": action.name,
        "ScheduledActionARN": action.arn,
        **{member: value for member, value in optional.items() if value is not None},
    }


def delete_scheduled_action(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteScheduledAction."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    _delete(group, params["ScheduledActionName"])
    return {}


def _delete(group: Group, name: str) -> None:
    if group.scheduled.pop(name, None) is None:
        raise validation_error(f"Scheduled action name not found - {name}")


def batch_delete_scheduled_action(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """BatchDeleteScheduledAction: each by itself; what failed is told."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    names: list[str] = params["ScheduledActionNames"]
    _check_batch(len(names))
    failed: list[Params] = []
    for name in names:
        try:
            _delete(group, name)
        except Fault as fault:
            failed.append(_failure(name, fault))
    return {"FailedScheduledActions": failed}
