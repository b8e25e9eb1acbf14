"""Showing what goes on, on a terminal, or as a log where there is none."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console

from understudy.app.views import ChangeSetView, DeploymentView, RehearsalView
from understudy.report.changes import change_set
from understudy.report.screen import Screen
from understudy.report.terminal import show


class Stage:
    """A terminal, or a log: lines, signs of life, one thing at a time that is drawn in place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._screen: Screen | None = None
        self._shown = ""

    def say(self, text: str) -> None:
        """One line, under what was drawn before."""
        self.close()
        self._console.print(text, markup=False, soft_wrap=True)
        self._console.file.flush()

    @contextmanager
    def working(self, text: str) -> Generator[None]:
        """A sign of life while the block runs; a log gets one line."""
        self.close()
        if not self._console.is_terminal:
            self.say(f"{text} ...")
            yield
            return
        with self._console.status(text, spinner="line"):
            yield

    def screen(self, what: str) -> Screen:
        """Where something is drawn; another thing gets another screen."""
        if self._screen is None or self._shown != what:
            self.close()
            self._screen = Screen(self._console)
            self._screen.__enter__()
            self._shown = what
        return self._screen

    def close(self) -> None:
        """Leave what was drawn last where it is."""
        if self._screen is not None:
            self._screen.__exit__(None, None, None)
            self._screen = None


class TerminalAudience(Stage):
    """Shows a rehearsal; each kind of view has a screen of its own."""

    def change_set(self, view: ChangeSetView) -> None:
        """The change set, once."""
        self.close()
        show(self._console, change_set(view))

    def deployment(self, view: DeploymentView) -> None:
        """A stack operation. Another operation gets another screen."""
        self.screen(f"deployment {view.stack_status.partition('_')[0]}").deployment(view)

    def rehearsal(self, view: RehearsalView) -> None:
        """The traffic."""
        self.screen("rehearsal").rehearsal(view)
