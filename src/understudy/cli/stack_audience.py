"""Showing what happens to stacks: on a terminal, in a log, or as lines of JSON."""

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.console import Console

from understudy.app.views import ChangeSetView, DeploymentView
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.cli.audience import Stage
from understudy.cli.exits import complain
from understudy.deploy.history import iso
from understudy.report.changes import change_set
from understudy.report.stacks import event_line, outputs_table
from understudy.report.terminal import show, status_style

SCHEMA = "understudy.events/1"


class TerminalStacks(Stage):
    """For people. ``agreed`` says yes to every question, as --yes does."""

    def __init__(self, console: Console, *, agreed: bool = False) -> None:
        super().__init__(console)
        self._agreed = agreed

    def warn(self, diagnostics: Sequence[Diagnostic]) -> None:
        """What may be wrong."""
        self.close()
        complain(diagnostics)

    def plan(self, view: ChangeSetView) -> None:
        """The change set."""
        self.close()
        show(self._console, change_set(view))

    def deployment(self, view: DeploymentView, events: Sequence[Mapping[str, Any]]) -> None:
        """A stack operation: in place, each on a screen of its own; a log gets every event."""
        if not self._console.is_terminal:
            for event in events:
                self._console.file.write(f"{event_line(event)}\n")
            self._console.file.flush()
            return
        self.screen(view.stack_name).deployment(view)

    def outputs(self, stack_name: str, outputs: Mapping[str, str]) -> None:
        """The outputs, if there are any."""
        self.close()
        if outputs:
            show(self._console, outputs_table(stack_name, outputs))

    def result(self, stack_name: str, status: str, causes: Sequence[str]) -> None:
        """How an operation ended; failures are told by whoever raised them."""
        self.close()
        self._console.print(f"{stack_name}: [{status_style(status)}]{status}[/]")

    def confirm(self, question: str) -> bool:
        """Ask. Raises InvalidInput where nobody is there to answer."""
        self.close()
        if self._agreed:
            return True
        if not sys.stdin.isatty():
            summary = "This has to be confirmed, and nobody is there to ask."
            raise InvalidInput((Diagnostic(summary, action="say so beforehand with --yes"),))
        answer = input(f"{question} [y/N] ")
        return answer.strip().lower() in ("y", "yes")


class JsonStacks:
    """For machines: one JSON object a line, each with the schema and its type."""

    def __init__(self, *, agreed: bool = False) -> None:
        self._agreed = agreed
        self._status = ""

    def say(self, text: str) -> None:
        """A message."""
        emit("message", text=text)

    @contextmanager
    def working(self, text: str) -> Generator[None]:
        """A message before the block runs."""
        self.say(text)
        yield

    def warn(self, diagnostics: Sequence[Diagnostic]) -> None:
        """One line for each diagnostic."""
        for each in diagnostics:
            emit("diagnostic", **diagnostic_fields(each))

    def plan(self, view: ChangeSetView) -> None:
        """The change set."""
        emit("plan", **msgspec.to_builtins(view))

    def deployment(self, view: DeploymentView, events: Sequence[Mapping[str, Any]]) -> None:
        """Each event of the stack once."""
        for event in events:
            emit("event", **event_fields(event))

    def outputs(self, stack_name: str, outputs: Mapping[str, str]) -> None:
        """The outputs."""
        emit("outputs", stack_name=stack_name, outputs=dict(outputs))

    def result(self, stack_name: str, status: str, causes: Sequence[str]) -> None:
        """How an operation ended."""
        emit("result", stack_name=stack_name, status=status, causes=list(causes))

    def confirm(self, question: str) -> bool:
        """Machines have to agree beforehand."""
        if self._agreed:
            return True
        summary = "With --json nobody is asked."
        raise InvalidInput((Diagnostic(summary, action="say so beforehand with --yes"),))

    def close(self) -> None:
        """Nothing is open."""


def emit(kind: str, **fields: Any) -> None:
    """Print one line of JSON."""
    print(json.dumps({"schema": SCHEMA, "type": kind, **fields}), flush=True)


def diagnostic_fields(each: Diagnostic) -> dict[str, Any]:
    """A diagnostic for machines."""
    return {
        "severity": str(each.severity),
        "summary": each.summary,
        "path": "/".join(map(str, each.path)),
        "file": each.mark.file if each.mark else None,
        "line": each.mark.line if each.mark else None,
        "column": each.mark.column if each.mark else None,
        "detail": each.detail,
        "action": each.action,
    }


def event_fields(event: Mapping[str, Any]) -> dict[str, Any]:
    """A stack event for machines, under AWS's names in snake case."""
    return {
        "stack_name": event["StackName"],
        "at": iso(event["Timestamp"].timestamp()),
        "logical_id": event["LogicalResourceId"],
        "physical_id": event.get("PhysicalResourceId", ""),
        "resource_type": event["ResourceType"],
        "status": event["ResourceStatus"],
        "reason": event.get("ResourceStatusReason", ""),
    }
