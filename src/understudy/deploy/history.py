"""Writing a stack's history: its events and its status, in AWS's order and wording."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from understudy.control.turn import Turn
from understudy.deploy.stack import Stack, StackEvent, StackResource

STACK_TYPE = "AWS::CloudFormation::Stack"
USER_INITIATED = "User Initiated"
TICK = 0.001
"""Two events of a stack never share a time: AWS stamps them in milliseconds, in their order."""


def iso(at: float) -> str:
    """A time as AWS writes it: ISO 8601, milliseconds, UTC.

    >>> iso(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    text = datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def become(stack: Stack, status: str, turn: Turn, reason: str = "") -> None:
    """Give the stack a status, and write the event of it."""
    stack.status = status
    stack.reason = reason
    event = StackEvent(
        id=turn.ids.uuid(),
        at=_next_time(stack, turn),
        logical_id=stack.name,
        physical_id=stack.id,
        type=STACK_TYPE,
        status=status,
        reason=reason,
        token=_token(stack),
        operation_id=_operation(stack),
    )
    stack.events.append(event)


def note(stack: Stack, resource: StackResource, status: str, turn: Turn, reason: str = "") -> None:
    """Give a resource a status, and write the event of it.

    Events of creation and update show the resolved properties; those of deletion do not.
    """
    at = _next_time(stack, turn)
    resource.status = status
    resource.reason = reason
    resource.updated_at = at
    shown = "" if status.startswith("DELETE") else json_text(resource.properties)
    event = StackEvent(
        id=f"{resource.logical_id}-{_event_key(status, at, turn)}",
        at=at,
        logical_id=resource.logical_id,
        physical_id=resource.physical_id,
        type=resource.type,
        status=status,
        reason=reason,
        properties=shown,
        token=_token(stack),
        operation_id=_operation(stack),
    )
    stack.events.append(event)


def _event_key(status: str, at: float, turn: Turn) -> str:
    return turn.ids.uuid() if status.startswith("DELETE") else f"{status}-{iso(at)}"


def _next_time(stack: Stack, turn: Turn) -> float:
    last = stack.events[-1].at if stack.events else 0.0
    return max(turn.at, last + TICK)


def _token(stack: Stack) -> str:
    return stack.deployment.token if stack.deployment else ""


def _operation(stack: Stack) -> str:
    return stack.deployment.operation_id if stack.deployment else ""


def json_text(value: Any) -> str:
    """A template value as JSON text."""
    return json.dumps(value, default=_number)


def _number(value: object) -> float | str:
    return float(value) if isinstance(value, Decimal) else str(value)
