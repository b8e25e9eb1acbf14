"""EventBridge in the kept services: rules send events to their targets, functions included.

moto sends to some targets only, to those of disabled rules too, and within the call. Here a rule
that an event matches gives each target what its input says; what has to leave the kept services
goes into the outbox.
"""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any

from understudy.bookkeeping.outbox import Invocation, Outbox
from understudy.control.eventbridge.inputs import given
from understudy.control.eventbridge.rules import rule_schedule
from understudy.control.events import Params
from understudy.scaling.schedule import InvalidSchedule

log = logging.getLogger(__name__)

PRINCIPAL = "events.amazonaws.com"
DEFAULT_BUS = "default"
LASTING = "understudy:Lasting"

KeptRules = tuple[tuple[tuple[str, str], ...], bool]
"""Names and expressions of the enabled rules with schedules; whether any waits for events."""


def fit(outbox: Outbox) -> None:
    """Have moto's rules send their events by `send`, and refuse what is no schedule."""
    from moto.events import models

    kinds: Any = models

    def send_to_targets(rule: Any, event: Params, transform_input: bool = True) -> None:  # noqa: FBT001, FBT002 - moto's
        del transform_input
        if _matches(rule, event):
            send(rule, _as_told(event), outbox)

    def deliver(rule: Any, event: Params) -> None:
        send(rule, event, outbox)

    kinds.Rule.send_to_targets = send_to_targets
    kinds.Rule.deliver = deliver
    kinds.EventsBackend._CRON_REGEX = kinds.EventsBackend._RATE_REGEX = _Schedules  # noqa: SLF001 - no other way in


class _Schedules:
    """Stands where moto has a pattern of schedule expressions."""

    @staticmethod
    def match(expression: str) -> bool:
        """Whether EventBridge takes an expression."""
        try:
            rule_schedule(expression)
        except InvalidSchedule:
            return False
        return True


def emit(model: Any, params: Params) -> Params:
    """Send an event to the targets of the Rule, or of every rule of the default bus it matches.

    The answer says whether the kept services have changed by it.
    """
    event = params["Event"]
    rules = dict(model.describe_event_bus(DEFAULT_BUS).rules)
    if "Rule" in params:
        due = [rules[params["Rule"]]] if params["Rule"] in rules else []
    else:
        due = [rule for rule in rules.values() if _matches(rule, event)]
    for rule in due:
        rule.deliver(event)
    return {LASTING: any(_is_kept(each) for rule in due for each in rule.targets)}


def _is_kept(target: Params) -> bool:
    return ":lambda:" not in target["Arn"]


def _matches(rule: Any, event: Params) -> bool:
    enabled = str(rule.state).startswith("ENABLED")
    return enabled and bool(rule.event_pattern.dump()) and rule.event_pattern.matches_event(event)


def matches(pattern: str, value: Params) -> bool:
    """Whether a value matches an event pattern, which is JSON."""
    from moto.events.models import EventPattern

    kind: Any = EventPattern
    return kind.load(pattern).matches_event(value)


def _as_told(event: Params) -> Params:
    """An event of PutEvents as targets see it: moto keeps its time as a number."""
    from moto.core.utils import iso_8601_datetime_without_milliseconds, utcfromtimestamp

    told = {key: value for key, value in event.items() if key != "ingestion-time"}
    if not isinstance(told["time"], str):
        told["time"] = iso_8601_datetime_without_milliseconds(utcfromtimestamp(int(told["time"])))
    return told


def send(rule: Any, event: Params, outbox: Outbox) -> None:
    """Give every target of a rule its input. One that cannot take it keeps nothing from others."""
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    for target in rule.targets:
        body, service = given(target, event), target["Arn"].split(":")[2]
        if service == "lambda":
            outbox.call(Invocation(target["Arn"], body, PRINCIPAL, rule.arn, _grave(target)))
            continue
        if service not in _SENDERS:
            log.warning("rule %s: nothing is sent to %s here", rule.name, target["Arn"])
            continue
        try:
            _SENDERS[service](rule, target, body, event)
        except (ServiceException, HTTPException) as error:
            log.warning("rule %s: %s did not take its event: %s", rule.name, target["Arn"], error)
            _bury(rule, target, event, error)


def _grave(target: Params) -> str:
    """The ARN of the queue that a target's undelivered events go to, empty where there is none."""
    config: Params = target.get("DeadLetterConfig") or {}
    return config.get("Arn", "")


def _bury(rule: Any, target: Params, event: Params, error: Exception) -> None:
    """Put an undelivered event into its queue. AWS: Using dead-letter queues with EventBridge."""
    from moto.core.exceptions import ServiceException

    grave = _grave(target)
    if not grave:
        return
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": str(getattr(error, "error_type", "") or type(error).__name__),
        "ERROR_MESSAGE": str(getattr(error, "message", "") or error),
    }
    attributes = {k: {"DataType": "String", "StringValue": v} for k, v in told.items()}
    queues = _model("sqs", rule, {"Arn": grave})
    try:
        queues.send_message(grave.rpartition(":")[2], json.dumps(event), attributes)
    except ServiceException as refused:
        log.warning("rule %s: %s took no dead letter: %s", rule.name, grave, refused)


def _model(service: str, rule: Any, target: Params) -> Any:
    from moto.backends import get_backend

    backend: Any = get_backend
    return backend(service)[rule.account_id][target["Arn"].split(":")[3]]


def _to_queue(rule: Any, target: Params, body: Any, event: Params) -> None:
    del event
    parameters: Params = target.get("SqsParameters") or {}
    group = parameters.get("MessageGroupId")
    name = target["Arn"].rpartition(":")[2]
    _model("sqs", rule, target).send_message(name, json.dumps(body), group_id=group)


def _to_topic(rule: Any, target: Params, body: Any, event: Params) -> None:
    del event
    text = body if isinstance(body, str) else json.dumps(body)
    _model("sns", rule, target).publish(text, arn=target["Arn"])


def _to_log_group(rule: Any, target: Params, body: Any, event: Params) -> None:
    del event
    group = target["Arn"].split(":", 5)[5].removeprefix("log-group:").removesuffix(":*")
    rule._send_to_cw_log_group(group, {"event": body})  # noqa: SLF001 - no other way in


def _to_stream(rule: Any, target: Params, body: Any, event: Params) -> None:
    data = base64.b64encode(json.dumps(body).encode()).decode()
    _model("kinesis", rule, target).put_record(target["Arn"], None, event["id"], None, data)


def _to_bus(rule: Any, target: Params, body: Any, event: Params) -> None:
    if ":event-bus/" not in target["Arn"]:  # what moto has for an archive
        rule._send_to_events_archive(body["archive-arn"].rpartition("archive/")[2], event)  # noqa: SLF001 - no other way in
        return
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
        "EventBusName": target["Arn"],
    }
    _model("events", rule, target).put_events([entry])


_SENDERS: dict[str, Callable[[Any, Params, Any, Params], None]] = {
    "events": _to_bus,
    "kinesis": _to_stream,
    "logs": _to_log_group,
    "sns": _to_topic,
    "sqs": _to_queue,
}


def kept(model: Any) -> KeptRules:
    """Which rules the default bus of a region has."""
    every = model.describe_event_bus(DEFAULT_BUS).rules.values()
    enabled = [rule for rule in every if str(rule.state).startswith("ENABLED")]
    timed = [(r.name, r.scheduled_expression) for r in enabled if r.scheduled_expression]
    return tuple(timed), any(rule.event_pattern.dump() for rule in enabled)
