"""Writing a stack's history: its events and its status, in AWS's order and wording."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from understudy.base.arn import ACCOUNT
from understudy.control.signals import Happened, Notification
from understudy.control.turn import Turn
from understudy.deploy.stack import Stack, StackEvent, StackResource

STACK_TYPE = "AWS::CloudFormation::Stack"
SUBJECT = "AWS CloudFormation Notification"
SOURCE = "aws.cloudformation"
USER_INITIATED = "User Initiated"
CONFIGURED = "CONFIGURATION_COMPLETE"
TICK = 0.001
"""Two events of a stack never share a time: AWS stamps them in milliseconds, in their order."""


def iso(at: float) -> str:
    """A time as AWS writes it: ISO 8601, milliseconds, UTC.

    >>> iso(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    text = datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def become(stack: Stack, status: str, turn: Turn, reason: str = "", *, detailed: str = "") -> None:
    """Give the stack a status, and write the event of it."""
    stack.status = status
    stack.reason = reason
    remark(stack, status, turn, reason, detailed=detailed)


def remark(stack: Stack, status: str, turn: Turn, reason: str = "", *, detailed: str = "") -> None:
    """Write an event of the stack itself."""
    identity = turn.ids.uuid()
    subject = (stack.name, stack.id, STACK_TYPE)
    _write(stack, *subject, status, turn, reason, identity=identity, detailed=detailed)


def note(
    stack: Stack,
    resource: StackResource,
    status: str,
    turn: Turn,
    reason: str = "",
    *,
    cleanup: bool = False,
    detailed: str = "",
) -> None:
    """Give a resource a status, and write the event of it.

    Recorded: an event shows the resolved properties and its id tells the status; events of a
    cleanup show none, and have a random id.
    """
    event = _write(
        stack,
        resource.logical_id,
        resource.physical_id,
        resource.type,
        status,
        turn,
        reason,
        properties=None if cleanup else resource.properties,
        identity=f"{resource.logical_id}-{turn.ids.uuid()}" if cleanup else "",
        detailed=detailed,
    )
    resource.status = status
    resource.reason = reason
    resource.updated_at = event.at


def _write(
    stack: Stack,
    logical_id: str,
    physical_id: str,
    kind: str,
    status: str,
    turn: Turn,
    reason: str,
    *,
    identity: str,
    properties: dict[str, Any] | None = None,
    detailed: str = "",
) -> StackEvent:
    last = stack.events[-1].at if stack.events else 0.0
    deployment = stack.deployment
    event = StackEvent(
        identity,
        max(turn.at, last + TICK),
        logical_id,
        physical_id,
        kind,
        status,
        reason,
        properties,
        deployment.token if deployment else "",
        deployment.operation_id if deployment else "",
        detailed,
    )
    stack.events.append(event)
    for topic in stack.present_target.notification_arns:
        turn.signal(Notification(topic, SUBJECT, _message(stack, event)))
    if not (detailed == CONFIGURED and physical_id == stack.id):  # That is no change of its status.
        turn.signal(_happened(stack, event))
    return event


def _happened(stack: Stack, event: StackEvent) -> Happened:
    """An event as EventBridge has it. AWS: Managing events with CloudFormation and EventBridge."""
    detail = {
        "stack-id": stack.id,
        "status-details": {"status": event.status, "status-reason": event.reason},
        "client-request-token": event.token,
    }
    if event.physical_id == stack.id:
        return Happened(SOURCE, "CloudFormation Stack Status Change", detail, (stack.id,))
    detail |= {
        "logical-resource-id": event.logical_id,
        "physical-resource-id": event.physical_id,
        "resource-type": event.type,
    }
    return Happened(SOURCE, "CloudFormation Resource Status Change", detail, (stack.id,))


def _message(stack: Stack, event: StackEvent) -> str:
    """An event as CloudFormation tells it to a topic. AWS: NotificationARNs."""
    told = {
        "StackId": stack.id,
        "Timestamp": iso(event.at),
        "EventId": event_id(event),
        "LogicalResourceId": event.logical_id,
        "Namespace": ACCOUNT,
        "PhysicalResourceId": event.physical_id,
        "ResourceProperties": "null" if event.properties is None else json_text(event.properties),
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceType": event.type,
        "StackName": stack.name,
        "ClientRequestToken": event.token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in told.items())


def event_id(event: StackEvent) -> str:
    """The id of an event. Recorded: ``Topic-CREATE_COMPLETE-2022-10-05T13:33:55.123Z``."""
    return event.id or f"{event.logical_id}-{event.status}-{iso(event.at)}"


def json_text(value: Any) -> str:
    """A template value as JSON text."""
    return json.dumps(value, default=_number)


def _number(value: object) -> float | str:
    return float(value) if isinstance(value, Decimal) else str(value)
