"""The history of alarms. Source: AWS, DescribeAlarmHistory."""

import json
from bisect import bisect_left
from typing import Any, cast

from understudy.base.fault import Fault
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.state import AnyAlarm, HistoryItem
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.scaling.alarm_reason import moment

CONFIGURATION, STATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"
DEFAULT_RECORDS = 100
LONGEST = 4095
"""How many characters HistoryData has at most. Source: AWS, AlarmHistoryItem, HistoryData."""


def _record(
    books: Books, alarm: AnyAlarm, at: float, item_type: str, summary: str, data: Params
) -> None:
    """Add an item and forget what is too old."""
    text = json.dumps(data, separators=(",", ":"))
    kind = type(alarm).__name__
    history = books.state.history
    history.append(HistoryItem(at, alarm.name, kind, item_type, summary, text))
    oldest = at - books.config.history
    if history[0].at < oldest - books.config.history / 8:
        del history[: bisect_left(history, oldest, key=lambda item: item.at)]


def record_configuration(books: Books, alarm: AnyAlarm, kind: str, old: Params, at: float) -> None:
    """Record that an alarm was created, updated or deleted (``Create``, ``Update``, ``Delete``)."""
    done = {"Create": "created", "Update": "updated", "Delete": "deleted"}[kind]
    data: Params = {"version": "1.0", "type": kind}
    if kind == "Update":
        new = alarm.params
        names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        data["originalUpdatedFields"] = {_camel(name): old.get(name) for name in names}
    data[f"{done}Alarm"] = configuration(alarm)
    _record(books, alarm, at, CONFIGURATION, f'Alarm "{alarm.name}" {done}', data)


ORDER = (
    "Namespace",
    "MetricName",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Unit",
    "Dimensions",
    "Metrics",
    "ThresholdMetricId",
    "Threshold",
    "ComparisonOperator",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "AlarmRule",
)
"""The order in which CloudWatch writes the members of an alarm."""


def configuration(alarm: AnyAlarm) -> Params:
    """An alarm as HistoryData shows it: members begin with small letters."""
    params = alarm.params
    described = {"AlarmName", "AlarmDescription", "ActionsEnabled"}
    lists = {"AlarmActions", "InsufficientDataActions", "OKActions"}
    others = [member for member in params if member not in {*ORDER, *described, *lists}]
    shown: Params = {
        "alarmName": alarm.name,
        "alarmDescription": params.get("AlarmDescription", ""),
        "alarmArn": alarm.arn,
        "alarmConfigurationUpdatedTimestamp": moment(alarm.updated_at),
    }
    for member in (*ORDER, *others):
        if member in params:
            shown[_camel(member)] = _camel_keys(params[member])
    return shown | {
        "stateValue": alarm.state,
        "stateUpdatedTimestamp": moment(alarm.state_updated_at),
        "actionsEnabled": params["ActionsEnabled"],
        "alarmActions": params["AlarmActions"],
        "insufficientDataActions": params["InsufficientDataActions"],
        "okactions": params["OKActions"],
    }


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _camel_keys(value: Any) -> Any:
    if isinstance(value, dict):
        members = cast("Params", value)
        return {_camel(key): _camel_keys(each) for key, each in members.items()}
    if isinstance(value, list):
        return [_camel_keys(each) for each in cast("list[Any]", value)]
    return value


def record_state(books: Books, alarm: AnyAlarm, old: Params, at: float) -> None:
    """Record a change of state. ``old`` is the state before, as ``state_data`` gives it."""
    summary = f"Alarm updated from {old['stateValue']} to {alarm.state}"
    data: Params = {"version": "1.0", "oldState": old, "newState": state_data(alarm)}
    for state in ("oldState", "newState"):
        if len(json.dumps(data, separators=(",", ":"))) > LONGEST:
            data[state].pop("stateReasonData", None)
    _record(books, alarm, at, STATE, summary, data)


def state_data(alarm: AnyAlarm) -> Params:
    """The state of an alarm as HistoryData shows it."""
    data: Params = {"stateValue": alarm.state, "stateReason": alarm.reason}
    if alarm.reason_data:
        data["stateReasonData"] = json.loads(alarm.reason_data)
    return data


def record_action(books: Books, name: str, action: str, summary: str, at: float) -> None:
    """Record what came of an action. One that does not say Successfully is a failure."""
    alarm = books.state.alarms.get(name)
    if alarm is None:
        return
    succeeded = summary.startswith("Successfully")
    data: Params = {
        "actionState": "Succeeded" if succeeded else "Failed",
        "stateUpdateTimestamp": round(alarm.state_updated_at * 1000),
        "notificationResource": action,
    }
    if not succeeded:
        data["error"] = summary.split(": ", 1)[-1]
    _record(books, alarm, at, ACTION, summary, data)


def describe_alarm_history(books: Books, params: Params, turn: Turn) -> Params:
    """Items of the history, filtered, newest first unless ``ScanBy`` says otherwise."""
    kinds = params.get("AlarmTypes", ["MetricAlarm"])
    if "AlarmName" in params and "AlarmTypes" not in params:
        kinds = ["MetricAlarm", "CompositeAlarm"]
    start = max(params.get("StartDate", 0.0), turn.at - books.config.history)
    end = params.get("EndDate", turn.at)
    items = [
        item
        for item in books.state.history
        if start <= item.at <= end
        and item.alarm_type in kinds
        and params.get("AlarmName", item.alarm) == item.alarm
        and params.get("HistoryItemType", item.item_type) == item.item_type
    ]
    if params.get("ScanBy") != "TimestampAscending":
        items.reverse()
    refused = Fault("InvalidNextToken", "The next token specified is invalid.")
    size = params.get("MaxRecords", DEFAULT_RECORDS)
    shown, token = page(items, params.get("NextToken"), size, refused)
    answer: Params = {"AlarmHistoryItems": [_shown(item) for item in shown]}
    return answer | ({"NextToken": token} if token else {})


def _shown(item: HistoryItem) -> Params:
    return {
        "AlarmName": item.alarm,
        "AlarmType": item.alarm_type,
        "Timestamp": item.at,
        "HistoryItemType": item.item_type,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }
