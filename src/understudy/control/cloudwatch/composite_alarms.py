"""PutCompositeAlarm. Source: AWS, PutCompositeAlarm; Create a composite alarm."""

import re

from understudy.base.fault import validation_error
from understudy.control.cloudwatch import history
from understudy.control.cloudwatch.alarm_validation import check_actions
from understudy.control.cloudwatch.books import OWNER, Books, alarm_name
from understudy.control.cloudwatch.metric_alarms import with_defaults
from understudy.control.cloudwatch.state import CompositeAlarm
from understudy.control.cloudwatch.tags import tag_at_creation
from understudy.control.cloudwatch.transition import ACTIONS
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.metrics.boolean import RuleError
from understudy.scaling.alarm_rule import children, parse_rule

MOST_PARENTS = 150
_ALLOWED = re.compile(r"arn:[^:]+:(sns|lambda|ssm|ssm-incidents|aiops):")


def put_composite_alarm(books: Books, params: Params, turn: Turn) -> Params:
    """Create or replace a composite alarm. It is evaluated at once, then when a child changes."""
    given = {key: value for key, value in params.items() if key != "Tags" and value is not None}
    kept = with_defaults(given)
    _validate(books, kept)
    name = params["AlarmName"]
    old = books.state.alarms.get(name)
    if old is not None and not isinstance(old, CompositeAlarm):
        raise validation_error(f"An alarm of another type with the name {name} already exists.")
    alarm = CompositeAlarm(
        name=name,
        arn=turn.arn("cloudwatch", f"alarm:{name}"),
        params=kept,
        incarnation=books.incarnation(),
        created_at=old.created_at if old else turn.at,
        updated_at=turn.at,
        state_updated_at=turn.at,
        transitioned_at=turn.at,
    )
    if old:
        alarm.state, alarm.reason, alarm.reason_data = old.state, old.reason, old.reason_data
        alarm.state_updated_at, alarm.transitioned_at = old.state_updated_at, old.transitioned_at
    else:
        tag_at_creation(books, alarm.arn, params)
    books.state.alarms[name] = alarm
    books.changed()
    kind = "Update" if old else "Create"
    history.record_configuration(books, alarm, kind, old.params if old else {}, turn.at)
    turn.schedule(turn.at, OWNER, "rule", name, alarm.incarnation)
    return {}


def _validate(books: Books, params: Params) -> None:
    rule = params["AlarmRule"]
    if not rule or rule != rule.strip():
        raise validation_error(
            "AlarmRule must not contain leading or trailing whitespace or be null"
        )
    try:
        referred = children(parse_rule(rule))
    except RuleError as wrong:
        raise validation_error(f"Error in AlarmRule: {wrong}") from None
    if wrong := check_actions(params):
        raise validation_error(wrong)
    for action in (each for member in ACTIONS.values() for each in params[member]):
        if not _ALLOWED.match(action):
            raise validation_error(f"Action {action} is not supported for composite alarms.")
    _check_children(books, params["AlarmName"], referred)
    _check_suppressor(books, params)


def _check_children(books: Books, name: str, referred: list[str]) -> None:
    missing = [each for each in referred if books.alarm(each) is None and alarm_name(each) != name]
    if missing:
        raise validation_error(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm "
            "rule do not exist"
        )
    for each in referred:
        parents = {parent.name for parent in books.parents_of(alarm_name(each))} - {name}
        if len(parents) >= MOST_PARENTS:
            raise validation_error(
                f"Alarm {each} is already in the rules of {MOST_PARENTS} composite alarms."
            )


def _check_suppressor(books: Books, params: Params) -> None:
    periods = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    given = [member for member in periods if member in params]
    if "ActionsSuppressor" not in params:
        if given:
            raise validation_error(f"{given[0]} can only be specified with ActionsSuppressor.")
        return
    if len(given) < len(periods):
        raise validation_error(
            "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required when "
            "ActionsSuppressor is specified."
        )
    if books.alarm(params["ActionsSuppressor"]) is None:
        raise validation_error(
            f"Could not save the composite alarm as suppressor alarm "
            f"{params['ActionsSuppressor']} does not exist"
        )
