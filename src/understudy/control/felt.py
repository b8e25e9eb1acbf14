"""What users felt of an update of the stack that was made while they sent requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from msgspec import Struct

from understudy.control.outcome import CapacityPoint, LoadPoint, PlannedChange, UpdateFelt
from understudy.pricing.meter import Cost

STACK = "AWS::CloudFormation::Stack"
STARTED = ("UPDATE_IN_PROGRESS",)
USER = "User Initiated"
AFTERMATH = 600.0
"""Seconds after an update that still belong to what was felt of it."""


class Operation(Struct, frozen=True):
    """An update of the stack: when, how it ended, and why resources failed in it.

    ``ended`` is None, and the status one of progress, while it goes on.
    """

    at: float
    ended: float | None
    status: str
    causes: tuple[str, ...] = ()
    planned: PlannedChange = PlannedChange()


def operations(
    events: Iterable[Mapping[str, Any]], since: float, planned: Sequence[PlannedChange] = ()
) -> tuple[Operation, ...]:
    """The updates of a stack that began since a time, from its events in any order.

    ``Timestamp`` of an event is in seconds since the epoch; ``planned`` are their change sets, in
    the order in which they were executed.
    """
    ordered = sorted(events, key=lambda event: event["Timestamp"])
    parts: list[list[Mapping[str, Any]]] = []
    for event in ordered:
        if event["Timestamp"] < since:
            continue
        if _of_stack(event) and event["ResourceStatus"] in STARTED and _by_user(event):
            parts.append([])
        if parts:
            parts[-1].append(event)
    plans = chain(planned, repeat(PlannedChange()))
    return tuple(_operation(part, plan) for part, plan in zip(parts, plans, strict=False))


def _of_stack(event: Mapping[str, Any]) -> bool:
    return event["ResourceType"] == STACK and event["PhysicalResourceId"] == event["StackId"]


def _by_user(event: Mapping[str, Any]) -> bool:
    return (event.get("ResourceStatusReason") or "").startswith(USER)


def _operation(events: Sequence[Mapping[str, Any]], planned: PlannedChange) -> Operation:
    statuses = [event for event in events if _of_stack(event)]
    last = statuses[-1]
    done = not last["ResourceStatus"].endswith("IN_PROGRESS")
    causes = tuple(
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
        and not _of_stack(event)
        and event.get("ResourceStatusReason")
        and "cancelled" not in event["ResourceStatusReason"]
    )
    ended = last["Timestamp"] if done else None
    return Operation(events[0]["Timestamp"], ended, last["ResourceStatus"], causes, planned)


def felt(
    operation: Operation,
    load: Sequence[LoadPoint],
    capacity: Sequence[CapacityPoint],
    end: float,
    cost: Cost,
) -> UpdateFelt:
    """What users felt of an update; ``end`` is when the run ended, ``cost`` the update's own."""
    ended = min(operation.ended or end, end)
    until = min(ended + AFTERMATH, end)
    during = [each for each in load if each.at + each.seconds > operation.at and each.at < until]
    before = [each for each in load if each.at + each.seconds <= operation.at]
    counts = list(_within(capacity, operation.at, until))
    return UpdateFelt(
        at=operation.at,
        ended=operation.ended,
        status=operation.status,
        causes=operation.causes,
        requests=sum(each.requests for each in during),
        lost=sum(each.failed for each in during),
        late=sum(each.late for each in during),
        p99_ms=_worst(during),
        p99_before_ms=_worst(before),
        least_in_service=min((each.in_service for each in counts), default=0),
        most_running=max(
            (each.in_service + each.pending + each.terminating for each in counts), default=0
        ),
        usd=cost.usd,
        usd_by_type=tuple((each.instance_type, each.usd) for each in cost.charges),
        planned=operation.planned,
    )


def _worst(points: Iterable[LoadPoint]) -> float | None:
    return max((each.p99_ms for each in points if each.p99_ms is not None), default=None)


def _within(capacity: Sequence[CapacityPoint], start: float, end: float) -> Iterator[CapacityPoint]:
    """The capacity that stood at the start, and every change until the end."""
    yield from [each for each in capacity if each.at <= start][-1:]
    yield from (each for each in capacity if start < each.at <= end)
