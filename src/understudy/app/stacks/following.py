"""Following an operation on a stack by its events, as any client of CloudFormation can."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.app.stacks.place import Place
from understudy.app.views import DeploymentView, ResourceProgress

Events = Sequence[Mapping[str, Any]]
Show = Callable[[DeploymentView, Events], None]

STACK = "AWS::CloudFormation::Stack"


@dataclass(slots=True)
class Following:
    """One stack from now on: only events that come after `began` count.

    ``needs`` says what each resource waits for; ``expected`` are the resources that the operation
    is to touch, with their types. ``view`` is what was seen last.
    """

    place: Place
    stack_id: str
    name: str
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict[str, tuple[str, ...]])
    expected: Mapping[str, str] = field(default_factory=dict[str, str])
    _last: str = ""
    _latest: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    _started: float = 0.0

    def began(self) -> None:
        """Remember where the events stand before the operation starts."""
        newest: Any = next(iter(self._pages()), ())
        self._last = newest[0]["EventId"] if newest else ""
        self._started = self.place.client.clock.now()

    def until_done(self, show: Show, patient: Callable[[], bool] = lambda: True) -> str:
        """Look again and again, showing each time, until the operation is over; its status."""
        while True:
            status = self.status()
            events = self.news()  # After the status: of an operation that is over, all of them.
            view = self.view(status)
            show(view, events)
            if not in_progress(view.stack_status) or not patient():
                return view.stack_status
            time.sleep(self.place.seconds)

    def news(self) -> Events:
        """The events since the last look, oldest first."""
        found: list[Mapping[str, Any]] = []
        for page in self._pages():
            for event in page:
                if event["EventId"] == self._last:
                    return self._noted(found)
                found.append(event)
        return self._noted(found)

    def _pages(self) -> Any:
        pages = self.place.client.cloudformation.get_paginator("describe_stack_events")
        return (page["StackEvents"] for page in pages.paginate(StackName=self.stack_id))

    def _noted(self, newest_first: list[Mapping[str, Any]]) -> Events:
        if newest_first:
            self._last = newest_first[0]["EventId"]
        events = newest_first[::-1]
        for event in events:
            if event.get("PhysicalResourceId") != self.stack_id:
                self._latest[event["LogicalResourceId"]] = event
        return events

    def status(self) -> str:
        """The stack's status now."""
        api = self.place.client.cloudformation
        return api.describe_stacks(StackName=self.stack_id)["Stacks"][0]["StackStatus"]

    def view(self, status: str) -> DeploymentView:
        """The operation as it stands."""
        types = {**self.expected, **{n: e["ResourceType"] for n, e in self._latest.items()}}
        return DeploymentView(
            stack_name=self.name,
            stack_status=status,
            at=self.place.client.clock.now(),
            started_at=self._started,
            resources=tuple(self._progress(name, kind) for name, kind in types.items()),
        )

    def _progress(self, name: str, kind: str) -> ResourceProgress:
        event = self._latest.get(name)
        if event is None:
            return ResourceProgress(name, kind, "", self._started, waits_for=self._awaited(name))
        return ResourceProgress(
            name,
            kind,
            event["ResourceStatus"],
            event["Timestamp"].timestamp(),
            event.get("ResourceStatusReason", ""),
        )

    def _awaited(self, name: str) -> tuple[str, ...]:
        """What a resource still waits for, of that which the operation is to touch."""
        return tuple(
            need
            for need in self.needs.get(name, ())
            if need in self.expected and not self._is_complete(need)
        )

    def _is_complete(self, name: str) -> bool:
        event = self._latest.get(name)
        return event is not None and event["ResourceStatus"].endswith("_COMPLETE")


def in_progress(status: str) -> bool:
    """Whether an operation goes on."""
    return status.endswith("_IN_PROGRESS")


def first_causes(place: Place, stack_id: str, events: Events) -> list[tuple[str, str, str]]:
    """Why an operation failed: logical id, reason and physical id, the first cause first.

    What was only cancelled is left out. Where a nested stack failed, its own causes are told.
    """
    found: list[tuple[str, str, str]] = []
    for event in events:
        reason = event.get("ResourceStatusReason", "")
        if not event["ResourceStatus"].endswith("_FAILED") or is_consequence(reason):
            continue
        if event.get("PhysicalResourceId") == stack_id:
            continue
        inner = _nested_causes(place, event)
        own = (event["LogicalResourceId"], reason, event.get("PhysicalResourceId", ""))
        found += inner or [own]
    return found


def _nested_causes(place: Place, event: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    nested = event.get("PhysicalResourceId", "")
    if event["ResourceType"] != STACK or not nested.startswith("arn:"):
        return []
    following = Following(place, nested, event["LogicalResourceId"])
    return [
        (f"{event['LogicalResourceId']}/{name}", reason, physical_id)
        for name, reason, physical_id in first_causes(place, nested, following.news())
    ]


def is_consequence(reason: str) -> bool:
    """Whether a failure is only that another one cancelled it."""
    return not reason or "cancelled" in reason
