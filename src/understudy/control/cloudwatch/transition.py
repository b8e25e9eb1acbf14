"""A change of an alarm's state: its history, its actions, the composite alarms that it moves."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from understudy.control.cloudwatch import history
from understudy.control.cloudwatch.books import OWNER, Books
from understudy.control.cloudwatch.messages import happened, told_state
from understudy.control.cloudwatch.state import AnyAlarm, CompositeAlarm, MetricAlarm
from understudy.control.events import Params
from understudy.control.signals import AlarmAction
from understudy.control.turn import Turn
from understudy.scaling.alarm import ALARM, OK
from understudy.scaling.alarm_reason import moment, spoken
from understudy.scaling.alarm_rule import children, parse_rule, rule_holds

ACTIONS = {
    "OK": "OKActions",
    "ALARM": "AlarmActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}
"""Which member holds the actions of a state."""

HOLDS = {
    "WaitPeriod": "ActionsSuppressorWaitPeriod",
    "ExtensionPeriod": "ActionsSuppressorExtensionPeriod",
}


@dataclass(frozen=True, slots=True)
class News:
    """A new state with its reason. ``datapoints`` are those that were evaluated, oldest first."""

    state: str
    reason: str
    reason_data: str = ""
    datapoints: tuple[float, ...] = ()


def is_scaling(action: str) -> bool:
    """Whether an action is a scaling policy, of EC2 Auto Scaling or Application Auto Scaling."""
    parts = action.split(":")
    return len(parts) > 5 and parts[2] == "autoscaling" and parts[5] == "scalingPolicy"


def change(
    books: Books, alarm: AnyAlarm, news: News, turn: Turn, path: tuple[str, ...] = ()
) -> None:
    """Bring an alarm into a new state, act on it, and evaluate the composite alarms above it.

    ``path`` are the alarms whose change led here: an alarm in it is not evaluated again, which is
    where a cycle ends. Source: AWS, PutCompositeAlarm.
    """
    old, before, told = alarm.state, history.state_data(alarm), told_state(alarm)
    alarm.state, alarm.reason, alarm.reason_data = news.state, news.reason, news.reason_data
    alarm.state_updated_at = turn.at
    if news.state == old:
        return
    alarm.transitioned_at = turn.at
    history.record_state(books, alarm, before, turn.at)
    turn.signal(happened(alarm, told))
    if isinstance(alarm, CompositeAlarm) and "ActionsSuppressor" in alarm.params:
        _hold_back(books, alarm, turn)
    else:
        act(alarm, old, turn, news.datapoints)
    path = (*path, alarm.name)
    for parent in books.parents_of(alarm.name):
        if parent.name not in path:
            evaluate_composite(books, parent, alarm, turn, path)
    _tell_suppressed(books, alarm, turn)


def act(
    alarm: AnyAlarm,
    old: str,
    turn: Turn,
    datapoints: tuple[float, ...] = (),
    only: Sequence[str] | None = None,
) -> None:
    """Invoke the actions of an alarm's state, or ``only`` some of them once again."""
    params = alarm.params
    if not params["ActionsEnabled"]:
        return
    for action in params[ACTIONS[alarm.state]] if only is None else only:
        turn.signal(
            AlarmAction(
                action=action,
                alarm_name=alarm.name,
                alarm_arn=alarm.arn,
                old_state=old,
                new_state=alarm.state,
                reason=alarm.reason,
                datapoints=datapoints,
                threshold=params.get("Threshold"),
                comparison=params.get("ComparisonOperator", ""),
                repeated=only is not None,
            )
        )


def evaluate_composite(
    books: Books, alarm: CompositeAlarm, cause: AnyAlarm, turn: Turn, path: tuple[str, ...] = ()
) -> None:
    """Evaluate a composite alarm's rule, because ``cause`` changed or because it was put itself."""
    rule = parse_rule(alarm.params["AlarmRule"])
    state = ALARM if rule_holds(rule, lambda name: _state_of(books, name)) else OK
    if state == alarm.state:
        return
    if cause is alarm:
        done = "created" if alarm.created_at == alarm.updated_at else "updated"
        reason = f"{alarm.arn} was {done} and its alarm rule evaluates to {state}"
        known = [books.alarm(name) for name in children(rule)]
        triggers = [child for child in known if child is not None]
    else:
        when = spoken(cause.transitioned_at)
        reason = f"{cause.arn} transitioned to {cause.state} at {when}"
        triggers = [cause]
    data = {"triggeringAlarms": [_trigger(child) for child in triggers]}
    news = News(state, reason, json.dumps(data, separators=(",", ":")))
    change(books, alarm, news, turn, path)


def _state_of(books: Books, reference: str) -> str | None:
    alarm = books.alarm(reference)
    return alarm.state if alarm else None


def _trigger(alarm: AnyAlarm) -> Params:
    state = {"value": alarm.state, "timestamp": moment(alarm.state_updated_at)}
    return {"arn": alarm.arn, "state": state}


def _suppressing(books: Books, alarm: CompositeAlarm) -> bool:
    return _state_of(books, alarm.params["ActionsSuppressor"]) == ALARM


def _hold_back(books: Books, alarm: CompositeAlarm, turn: Turn) -> None:
    """Wait for the suppressor before acting on a change; what was waited for before is dropped.

    Source: AWS, Create a composite alarm, Alarm suppression.
    """
    alarm.owes = True
    if _suppressing(books, alarm):
        alarm.hold += 1
        alarm.suppressed_by = "Alarm"
    else:
        _wait(alarm, "WaitPeriod", turn)


def _wait(alarm: CompositeAlarm, kind: str, turn: Turn) -> None:
    alarm.hold += 1
    alarm.suppressed_by = kind
    due = turn.at + alarm.params[HOLDS[kind]]
    turn.schedule(due, OWNER, "hold", alarm.name, alarm.incarnation, str(alarm.hold))


def _tell_suppressed(books: Books, suppressor: AnyAlarm, turn: Turn) -> None:
    """An alarm that suppresses others went into ALARM, or left it."""
    for alarm in books.suppressed_by(suppressor.name):
        if suppressor.state == ALARM and alarm.owes:
            alarm.hold += 1
            alarm.suppressed_by = "Alarm"
        elif suppressor.state != ALARM and alarm.suppressed_by == "Alarm":
            _wait(alarm, "ExtensionPeriod", turn)


def release(alarm: CompositeAlarm, hold: str, turn: Turn) -> None:
    """A wait or an extension is over: act on the state the alarm is in by now."""
    if str(alarm.hold) == hold and alarm.owes:
        alarm.owes = False
        alarm.suppressed_by = ""
        act(alarm, OK if alarm.state == ALARM else ALARM, turn)


def set_state(books: Books, alarm: AnyAlarm, news: News, turn: Turn) -> None:
    """Set a state by hand; it lasts until the next evaluation. Source: AWS, SetAlarmState."""
    if isinstance(alarm, MetricAlarm):
        alarm.acted_at = turn.at
    change(books, alarm, news, turn)
