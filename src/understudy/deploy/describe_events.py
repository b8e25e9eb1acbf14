"""The history of stacks as DescribeStackEvents and DescribeEvents show it, newest first."""

from collections.abc import Iterator, Sequence

from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.change_sets import find_change_set
from understudy.deploy.history import event_id, json_text
from understudy.deploy.planning import INVALID
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import ChangeSetRecord, Stack, StackEvent

PAGE_SIZE = 100


def describe_stack_events(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A stack's events, 100 a page."""
    stack = service.bracketed(params["StackName"])
    shown, token = _page(stack.events, params.get("NextToken"))
    return {"StackEvents": [_event(stack, each) for each in shown], "NextToken": token}


def _page(events: Sequence[StackEvent], token: str | None) -> tuple[list[StackEvent], str | None]:
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
        event
        for event in stack.events
        if wanted in (None, event.operation_id) and not (only_failed and not _is_failure(event))
    ]
    shown, token = _page(chosen, params.get("NextToken"))
    wrong = list(_invalid(stack, record)) if record and "NextToken" not in params else []
    events = [*wrong, *(_operation_event(stack, each) for each in shown)]
    return {"OperationEvents": events, "NextToken": token}


def _subject(service: CloudFormation, params: Params) -> tuple[Stack, ChangeSetRecord | None]:
    if "ChangeSetName" in params:
        return find_change_set(service, params, executed=True)
    if "StackName" in params:
        return service.bracketed(params["StackName"]), None
    for stack in service.state.stacks.values():
        if any(event.operation_id == params.get("OperationId") for event in stack.events):
            return stack, None
    raise validation_error("One of StackName, ChangeSetName or OperationId must be specified.")


def _invalid(stack: Stack, record: ChangeSetRecord) -> Iterator[Params]:
    """What the validation of a change set's properties has found. AWS: OperationEvent."""
    if record.reason != INVALID:
        return
    operation = record.id.rpartition("/")[2]
    found = [(change, *problem) for change in record.changes for problem in change.problems]
    for number, (change, path, message) in enumerate(found):
        yield {
            "EventId": f"{operation}-{number}",
            "StackId": stack.id,
            "OperationId": operation,
            "OperationType": "CREATE_CHANGESET",
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": change.logical_id,
            "PhysicalResourceId": change.physical_id,
            "ResourceType": change.resource_type,
            "Timestamp": record.created_at,
            "ValidationFailureMode": "FAIL",
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationStatus": "FAILED",
            "ValidationStatusReason": message,
            "ValidationPath": path,
        }


def _is_failure(event: StackEvent) -> bool:
    return event.status.endswith("_FAILED") and "cancelled" not in event.reason


def _operation_event(stack: Stack, event: StackEvent) -> Params:
    shown = {k: v for k, v in _event(stack, event).items() if k != "StackName"}
    if event.physical_id == stack.id:
        return shown | dict(_operation(stack, event)) | {"EventType": "STACK_EVENT"}
    kind = "PROVISIONING_ERROR" if _is_failure(event) else "PROGRESS_EVENT"
    return shown | {"EventType": kind}


def _operation(stack: Stack, event: StackEvent) -> Iterator[tuple[str, object]]:
    """What an event of the stack itself says of the operation."""
    verb = event.status.split("_")[0]
    undoes = "ROLLBACK" in event.status
    kinds = {"CREATE": "CREATE_STACK", "DELETE": "DELETE_STACK", "REVIEW": "CREATE_CHANGESET"}
    known = {each.id: each.type for each in stack.operations}
    kind = "ROLLBACK" if undoes else kinds.get(verb, "UPDATE_STACK")
    yield "OperationType", known.get(event.operation_id, kind)
    if event.status.endswith("IN_PROGRESS"):
        yield "OperationStatus", "IN_PROGRESS"
        yield "StartTime", event.at
    else:
        failed = event.status.endswith("FAILED")
        yield "OperationStatus", "FAILED" if failed else "SUCCEEDED"
        yield "EndTime", event.at
