"""The history of stacks as DescribeStackEvents and DescribeEvents show it, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.change_sets import find_change_set
from understudy.deploy.history import event_id, json_text
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import ChangeSetRecord, Finding, Stack, StackEvent, Validation

PAGE_SIZE = 100
Entry = TypeVar("Entry")


def describe_stack_events(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A stack's events, 100 a page."""
    stack = service.bracketed(params["StackName"])
    shown, token = _page(stack.events, params.get("NextToken"))
    return {"StackEvents": [_event(stack, each) for each in shown], "NextToken": token}


def _page(events: Sequence[Entry], token: str | None) -> tuple[list[Entry], str | None]:
    """A page of events from the newest on.

    A token counts the older ones, so that events which are written meanwhile shift no page.
    """
    if token is not None and not token.isdecimal():
        raise validation_error("NextToken is invalid")
    end = len(events) if token is None else min(int(token), len(events))
    start = max(0, end - PAGE_SIZE)
    return list(events[start:end][::-1]), str(start) if start else None


def _event(stack: Stack, event: StackEvent) -> Params:
    shown = event.properties
    return {
        "StackId": stack.id,
        "EventId": event_id(event),
        "StackName": stack.name,
        "OperationId": event.operation_id or None,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or None,
        "DetailedStatus": event.detailed or None,
        "ResourceProperties": None if shown is None else json_text(shown),
        "ClientRequestToken": event.token or None,
    }


def describe_events(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The events of operations, of a stack, of a change set's stack, or of one operation."""
    stack, record = _subject(service, params)
    wanted = params.get("OperationId")
    only_failed = bool(params.get("Filters", {}).get("FailedEvents"))
    chosen = [
        line
        for line in (*_history(stack), *(_reviewed(record) if record else ()))
        if wanted in (None, line.operation_id) and not (only_failed and not line.has_failed)
    ]
    shown, token = _page(chosen, params.get("NextToken"))
    return {"OperationEvents": [_shown(stack, each) for each in shown], "NextToken": token}


def _subject(service: CloudFormation, params: Params) -> tuple[Stack, ChangeSetRecord | None]:
    if "ChangeSetName" in params:
        return find_change_set(service, params, executed=True)
    if "StackName" in params:
        return service.bracketed(params["StackName"]), None
    wanted = params.get("OperationId")
    for stack in service.state.stacks.values():
        if any(event.operation_id == wanted for event in stack.events):
            return stack, None
    raise validation_error("One of StackName, ChangeSetName or OperationId must be specified.")


@dataclass(frozen=True, slots=True)
class Line:
    """One of the OperationEvents: of a resource, of a finding, or of the operation itself.

    ``ended`` is 0 while the operation goes on; ``status`` is that of the operation.
    """

    operation_id: str
    at: float
    event: StackEvent | None = None
    finding: Finding | None = None
    number: int = 0
    operation: str = ""
    status: str = ""
    started: float = 0.0
    ended: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Whether the filter FailedEvents shows the line."""
        if self.event is not None:
            return _is_failure(self.event)
        return self.finding is not None or self.status == "FAILED"


def _history(stack: Stack) -> Iterator[Line]:
    """All lines of a stack, oldest first. Recorded: an operation has a first and a last line."""
    found = {each.operation_id: each for each in stack.validations}
    runs = [(key, list(run)) for key, run in groupby(stack.events, lambda each: each.operation_id)]
    for place, (key, events) in enumerate(runs):
        start = Line(key, events[0].at, operation=_kind(stack, events[0]), started=events[0].at)
        if key:
            yield replace(start, status="IN_PROGRESS")
        for event in events:
            if key in found and event.status.endswith("_FAILED"):
                yield from _findings(found.pop(key))
            yield Line(key, event.at, event)
        status = _outcome(stack, events[-1], is_last=place == len(runs) - 1)
        if key and status:
            yield replace(start, at=events[-1].at, status=status, ended=events[-1].at)


def _outcome(stack: Stack, last: StackEvent, *, is_last: bool) -> str:
    """How an operation has ended, told from its last event; empty while it goes on."""
    if is_last and stack.deployment is not None:
        return ""
    return "SUCCEEDED" if last.status.endswith("_COMPLETE") else "FAILED"


def _kind(stack: Stack, first: StackEvent) -> str:
    """The type of an operation, told from its first event."""
    known = {each.id: each.type for each in stack.operations}
    undoes = "ROLLBACK" in first.status
    kinds = {"CREATE": "CREATE_STACK", "DELETE": "DELETE_STACK", "REVIEW": "CREATE_CHANGESET"}
    verb = first.status.split("_")[0]
    return known.get(first.operation_id, "ROLLBACK" if undoes else kinds.get(verb, "UPDATE_STACK"))


def _findings(validation: Validation) -> Iterator[Line]:
    """The findings, the last first: what is shown begins with the newest line."""
    for number, finding in reversed([*enumerate(validation.findings)]):
        yield Line(
            validation.operation_id,
            validation.at,
            finding=finding,
            number=number,
            operation=validation.operation,
        )


def _reviewed(record: ChangeSetRecord) -> Iterator[Line]:
    """What the validation of a change set has found."""
    operation = record.id.rpartition("/")[2]
    yield from _findings(
        Validation(operation, "CREATE_CHANGESET", record.created_at, record.findings)
    )


def _shown(stack: Stack, line: Line) -> Params:
    if line.event is not None:
        shown = {k: v for k, v in _event(stack, line.event).items() if k != "StackName"}
        kind = "PROVISIONING_ERROR" if _is_failure(line.event) else "PROGRESS"
        return shown | {"EventType": kind}
    common = {
        "StackId": stack.id,
        "OperationId": line.operation_id,
        "OperationType": line.operation,
        "Timestamp": line.at,
    }
    if line.finding is not None:
        return common | _finding(line, line.finding)
    return common | {
        "EventId": f"{line.operation_id}-{line.status}",
        "EventType": "STACK_EVENT",
        "OperationStatus": line.status,
        "StartTime": line.started,
        "EndTime": line.ended or None,
    }


def _finding(line: Line, finding: Finding) -> Params:
    """What validation has found. AWS: OperationEvent."""
    return {
        "EventId": f"{line.operation_id}-{line.number}",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": finding.logical_id,
        "PhysicalResourceId": finding.physical_id,
        "ResourceType": finding.type,
        "ValidationFailureMode": finding.mode,
        "ValidationName": finding.name,
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": finding.reason,
        "ValidationPath": finding.path,
    }


def _is_failure(event: StackEvent) -> bool:
    return event.status.endswith("_FAILED") and "cancelled" not in event.reason
