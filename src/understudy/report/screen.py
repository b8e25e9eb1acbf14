"""Where views are shown while something happens: in place on a terminal, line by line in a log."""

from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live

from understudy.app.views import DeploymentView, RehearsalView
from understudy.report.progress import (
    deployment,
    deployment_lines,
    rehearsal,
    rehearsal_line,
)
from understudy.report.terminal import change
from understudy.report.words import brief, moment

EVERY = 300.0
"""Seconds of world time after which a log gets a line although nothing changed."""


class Screen:
    """Shows the latest view. On a terminal it is drawn over the one before; a log gets what is new.

    Use it as a context manager; what was shown last stays.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._deployment: DeploymentView | None = None
        self._rehearsal: RehearsalView | None = None

    def __enter__(self) -> "Screen":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def deployment(self, view: DeploymentView) -> None:
        """Show a stack operation."""
        if self._live:
            self._draw(deployment(view, rows=max(self.console.height - 4, 4)))
        else:
            self._log(deployment_lines(self._deployment, view))
        self._deployment = view

    def rehearsal(self, view: RehearsalView) -> None:
        """Show a rehearsal. A log gets each activity, each change and a line in five minutes."""
        if self._live:
            self._draw(rehearsal(view))
            self._rehearsal = view
        elif self._is_news(view):
            self._log(self._activity(view))
            self._log([rehearsal_line(view)])
            self._rehearsal = view

    def _is_news(self, view: RehearsalView) -> bool:
        last = self._rehearsal
        return last is None or view.at >= last.at + EVERY or _facts(view) != _facts(last)

    def _activity(self, view: RehearsalView) -> list[str]:
        activity = view.last_activity
        if activity is None or (self._rehearsal and activity == self._rehearsal.last_activity):
            return []
        what = f"{change(activity)}  {activity.status}  {brief(activity.cause)}"
        return [f"{moment(activity.at)}  {what}"]

    def _draw(self, shown: RenderableType) -> None:
        if self._live:
            self._live.update(shown, refresh=True)

    def _log(self, lines: list[str]) -> None:
        for line in lines:
            self.console.file.write(f"{line}\n")
        self.console.file.flush()


def _facts(view: RehearsalView) -> tuple[object, ...]:
    states = tuple(each.state for each in view.alarms)
    return (view.desired, view.in_service, view.pending, view.terminating, states)
