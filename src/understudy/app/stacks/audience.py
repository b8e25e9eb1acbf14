"""Who is shown what happens to stacks: a person at a terminal, a log, or a machine."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from understudy.app.views import ChangeSetView, DeploymentView
from understudy.base.diagnostic import Diagnostic


class StackAudience(Protocol):
    """Who is shown what happens."""

    def say(self, text: str) -> None:
        """One line for people."""
        ...

    def working(self, text: str) -> AbstractContextManager[None]:
        """Something that may take more than a second goes on while the block runs."""
        ...

    def warn(self, diagnostics: Sequence[Diagnostic]) -> None:
        """What may be wrong and does not stop the work."""
        ...

    def plan(self, view: ChangeSetView) -> None:
        """A change set, before it is executed."""
        ...

    def deployment(self, view: DeploymentView, events: Sequence[Mapping[str, Any]]) -> None:
        """A stack operation, again and again while it goes on, with what is new of its events."""
        ...

    def outputs(self, stack_name: str, outputs: Mapping[str, str]) -> None:
        """The outputs of a stack."""
        ...

    def result(self, stack_name: str, status: str, causes: Sequence[str]) -> None:
        """How an operation on a stack ended, and the first causes of a failure."""
        ...

    def confirm(self, question: str) -> bool:
        """Whether the user says yes. Raises InvalidInput where nobody can be asked."""
        ...
