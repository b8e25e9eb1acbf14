"""Operations on alarms of any type: describe, delete, set a state, switch actions on and off."""

import json
from collections.abc import Sequence
from typing import Any, cast

from msgspec.structs import replace

from understudy.base.fault import Fault, validation_error
from understudy.control.cloudwatch import history
from understudy.control.cloudwatch.books import Books, alarm_name
from understudy.control.cloudwatch.evaluation import begin
from understudy.control.cloudwatch.queries import key_of
from understudy.control.cloudwatch.state import AnyAlarm, CompositeAlarm, MetricAlarm
from understudy.control.cloudwatch.transition import ACTIONS, News, set_state
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.metrics.datapoint import MetricKey
from understudy.scaling.alarm_rule import children, parse_rule

DEFAULT_RECORDS = 50


def describe_alarms(books: Books, params: Params, turn: Turn) -> Params:
    """Alarms by name, prefix, state, action or relation, sorted by name."""
    del turn
    related = [each for each in ("ChildrenOfAlarmName", "ParentsOfAlarmName") if each in params]
    others = set(params) - {"MaxRecords", "NextToken", *related}
    if len(related) > 1 or (related and others):
        raise validation_error(f"{related[0]} cannot be used with other parameters.")
    if "AlarmNames" in params and "AlarmNamePrefix" in params:
        raise validation_error("AlarmNamePrefix cannot be specified together with AlarmNames.")
    alarms = _related(books, related[0], params) if related else _filtered(books, params)
    alarms.sort(key=lambda alarm: alarm.name)
    refused = Fault("InvalidNextToken", "The next token specified is invalid.")
    size = params.get("MaxRecords", DEFAULT_RECORDS)
    shown, token = page(alarms, params.get("NextToken"), size, refused)
    brief = {"ChildrenOfAlarmName": CHILD, "ParentsOfAlarmName": PARENT}
    members = brief[related[0]] if related else None
    answer: Params = {
        "MetricAlarms": [_shown(each, members) for each in shown if isinstance(each, MetricAlarm)],
        "CompositeAlarms": [
            _shown(each, members) for each in shown if isinstance(each, CompositeAlarm)
        ],
    }
    return answer | ({"NextToken": token} if token else {})


CHILD = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")
PARENT = ("AlarmName", "AlarmArn")


def _related(books: Books, member: str, params: Params) -> list[AnyAlarm]:
    name = params[member]
    alarm = books.alarm(name)
    if alarm is None:
        raise _not_found(name)
    if member == "ParentsOfAlarmName":
        return list(books.parents_of(alarm.name))
    if not isinstance(alarm, CompositeAlarm):
        raise validation_error(f"{name} is not a composite alarm.")
    found = [books.alarm(each) for each in children(parse_rule(alarm.params["AlarmRule"]))]
    return list({each.name: each for each in found if each is not None}.values())


def _filtered(books: Books, params: Params) -> list[AnyAlarm]:
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    names = {alarm_name(name) for name in params.get("AlarmNames", [])}
    prefix, action = params.get("AlarmNamePrefix", ""), params.get("ActionPrefix", "")
    return [
        alarm
        for alarm in books.state.alarms.values()
        if type(alarm).__name__ in kinds
        and (not names or alarm.name in names)
        and alarm.name.startswith(prefix)
        and params.get("StateValue", alarm.state) == alarm.state
        and (not action or any(each.startswith(action) for each in _actions(alarm)))
    ]


def _actions(alarm: AnyAlarm) -> list[str]:
    return [action for member in ACTIONS.values() for action in alarm.params[member]]


def _shown(alarm: AnyAlarm, members: Sequence[str] | None = None) -> Params:
    shown: Params = {
        **alarm.params,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.updated_at,
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": alarm.state_updated_at,
        "StateTransitionedTimestamp": alarm.transitioned_at,
    }
    if alarm.reason_data:
        shown["StateReasonData"] = alarm.reason_data
    if isinstance(alarm, MetricAlarm):
        if alarm.evaluation_state:
            shown["EvaluationState"] = alarm.evaluation_state
    elif alarm.suppressed_by:
        shown["ActionsSuppressedBy"] = alarm.suppressed_by
        shown["ActionsSuppressedReason"] = f"Actions suppressed by {alarm.suppressed_by}"
    return shown if members is None else {member: shown[member] for member in members}


def describe_alarms_for_metric(books: Books, params: Params, turn: Turn) -> Params:
    """The alarms on a metric. Alarms on metric maths are not among them."""
    del turn
    wanted: MetricKey = key_of(params)
    alarms = [
        alarm
        for alarm in books.state.alarms.values()
        if isinstance(alarm, MetricAlarm)
        and "MetricName" in alarm.params
        and key_of(alarm.params) == wanted
        and all(
            params[member] == alarm.params.get(member)
            for member in ("Statistic", "ExtendedStatistic", "Period", "Unit")
            if member in params
        )
    ]
    return {"MetricAlarms": [_shown(alarm) for alarm in sorted(alarms, key=lambda each: each.name)]}


def _not_found(name: str) -> Fault:
    return Fault("ResourceNotFound", f"Alarm {name} does not exist", 404)


def delete_alarms(books: Books, params: Params, turn: Turn) -> Params:
    """Delete alarms; names that do not exist are passed over.

    At most one may be composite, and none may be referred to by a composite alarm that stays.
    """
    found = {name: alarm for name in params["AlarmNames"] if (alarm := books.alarm(name))}
    composites = [each for each in found.values() if isinstance(each, CompositeAlarm)]
    if len(composites) > 1:
        raise validation_error("You can delete at most one composite alarm in a request.")
    going = {alarm.name for alarm in found.values()}
    needed = [
        alarm.name
        for alarm in found.values()
        if any(
            parent.name not in going
            for parent in (*books.parents_of(alarm.name), *books.suppressed_by(alarm.name))
        )
    ]
    if needed:
        them = "it" if len(needed) == 1 else "them"
        raise validation_error(
            f"Cannot delete {','.join(needed)} as there are composite alarm(s) depending on {them}."
        )
    for alarm in found.values():
        remove(books, alarm, turn)
    return {}


def remove(books: Books, alarm: AnyAlarm, turn: Turn) -> None:
    """Delete an alarm. Its history stays."""
    books.state.alarms.pop(alarm.name, None)
    books.state.tags.pop(alarm.arn, None)
    books.changed()
    history.record_configuration(books, alarm, "Delete", {}, turn.at)


def set_alarm_state(books: Books, params: Params, turn: Turn) -> Params:
    """Set the state of an alarm until it is evaluated next; a change invokes its actions."""
    alarm = books.alarm(params["AlarmName"])
    if alarm is None:
        raise _not_found(params["AlarmName"])
    data = params.get("StateReasonData", "")
    try:
        datapoints = _recent(json.loads(data)) if data else ()
    except ValueError:
        raise Fault("InvalidFormat", "StateReasonData was not valid JSON") from None
    news = News(params["StateValue"], params["StateReason"], data, datapoints)
    set_state(books, alarm, news, turn)
    return {}


def _recent(data: Any) -> tuple[float, ...]:
    """The datapoints that a StateReasonData tells of: scaling policies go by them."""
    recent: list[Any] = (
        cast("Params", data).get("recentDatapoints", []) if isinstance(data, dict) else []
    )
    return tuple(float(each) for each in recent if isinstance(each, (int, float)))


def enable_alarm_actions(books: Books, params: Params, turn: Turn) -> Params:
    """Let alarms invoke their actions."""
    return _switch(books, params, turn, enabled=True)


def disable_alarm_actions(books: Books, params: Params, turn: Turn) -> Params:
    """Keep alarms from invoking their actions; their states still change."""
    return _switch(books, params, turn, enabled=False)


def _switch(books: Books, params: Params, turn: Turn, *, enabled: bool) -> Params:
    for name in params["AlarmNames"]:
        old = books.alarm(name)
        if old is None or old.params["ActionsEnabled"] == enabled:
            continue
        changed = replace(old, params={**old.params, "ActionsEnabled": enabled}, updated_at=turn.at)
        if isinstance(changed, MetricAlarm):
            changed.incarnation = books.incarnation()
            begin(changed, turn)
        books.state.alarms[old.name] = changed
        history.record_configuration(books, changed, "Update", old.params, turn.at)
    return {}
