"""Who is shown what a rehearsal does."""

from contextlib import AbstractContextManager
from typing import Protocol

from understudy.app.views import ChangeSetView, DeploymentView, RehearsalView


class Audience(Protocol):
    """Who is shown what happens."""

    def say(self, text: str) -> None:
        """One line."""
        ...

    def working(self, text: str) -> AbstractContextManager[None]:
        """Something that may take more than a second goes on while the block runs."""
        ...

    def change_set(self, view: ChangeSetView) -> None:
        """The change set, before it is executed."""
        ...

    def deployment(self, view: DeploymentView) -> None:
        """A stack operation, again and again while it goes on."""
        ...

    def rehearsal(self, view: RehearsalView) -> None:
        """The traffic, again and again while it goes on."""
        ...
