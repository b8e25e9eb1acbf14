"""PutMetricAlarm. Source: AWS, PutMetricAlarm."""

from understudy.base.fault import validation_error
from understudy.control.cloudwatch import history
from understudy.control.cloudwatch.alarm_validation import validate
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.evaluation import begin
from understudy.control.cloudwatch.state import MetricAlarm
from understudy.control.cloudwatch.tags import tag_at_creation
from understudy.control.cloudwatch.transition import ACTIONS
from understudy.control.events import Params
from understudy.control.turn import Turn


def put_metric_alarm(books: Books, params: Params, turn: Turn) -> Params:
    """Create or replace an alarm on a metric. An alarm that is replaced keeps its state."""
    given = {key: value for key, value in params.items() if key != "Tags" and value is not None}
    kept = with_defaults(given)
    validate(books, kept)
    name = params["AlarmName"]
    old = books.state.alarms.get(name)
    if old is not None and not isinstance(old, MetricAlarm):
        raise validation_error(f"An alarm of another type with the name {name} already exists.")
    alarm = _renewed(books, old, kept, turn) if old else _created(books, name, kept, turn)
    books.state.alarms[name] = alarm
    books.changed()
    begin(alarm, turn)
    if old is None:
        tag_at_creation(books, alarm.arn, params)
    kind = "Update" if old else "Create"
    history.record_configuration(books, alarm, kind, old.params if old else {}, turn.at)
    return {}


def with_defaults(params: Params) -> Params:
    """Parameters of an alarm with what AWS fills in where they are silent."""
    lists: Params = {member: [] for member in ACTIONS.values()}
    filled: Params = {"ActionsEnabled": True, **lists, **params}
    if "MetricName" in params:
        filled.setdefault("Dimensions", [])
    if "Threshold" in params:
        filled["Threshold"] = float(params["Threshold"])
    return filled


def _created(books: Books, name: str, params: Params, turn: Turn) -> MetricAlarm:
    return MetricAlarm(
        name=name,
        arn=turn.arn("cloudwatch", f"alarm:{name}"),
        params=params,
        incarnation=books.incarnation(),
        created_at=turn.at,
        updated_at=turn.at,
        state_updated_at=turn.at,
        transitioned_at=turn.at,
        warm_until=_warm_until(params, turn.at),
    )


def _renewed(books: Books, old: MetricAlarm, params: Params, turn: Turn) -> MetricAlarm:
    """The alarm with other parameters. A warm-up that is over does not start again."""
    warm = _warm_until(params, old.created_at) if old.warm_until else 0.0
    return MetricAlarm(
        name=old.name,
        arn=old.arn,
        params=params,
        incarnation=books.incarnation(),
        created_at=old.created_at,
        updated_at=turn.at,
        state=old.state,
        reason=old.reason,
        reason_data=old.reason_data,
        state_updated_at=old.state_updated_at,
        transitioned_at=old.transitioned_at,
        acted_at=old.acted_at,
        warm_until=warm,
    )


def _warm_until(params: Params, created_at: float) -> float:
    minutes = params.get("WarmUpConfiguration", {}).get("WarmUpPeriodDurationInMinutes", 0)
    return created_at + 60.0 * minutes if minutes else 0.0
