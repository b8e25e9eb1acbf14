"""Views of what is happening, for a terminal.

Each function returns something to print; ``Screen`` shows a sequence of them in place, or as lines
of a log where there is no terminal.
"""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from understudy.app.views import (
    DeploymentView,
    RehearsalView,
    ResourceProgress,
)
from understudy.base.quantity import format_duration
from understudy.report import words
from understudy.report.axes import clock, milliseconds
from understudy.report.spark import Spark
from understudy.report.terminal import MUTED, SPARK, STRONG, change, grid, status_style

_ORDER = ("FAILED", "IN_PROGRESS", "", "COMPLETE")


def deployment(view: DeploymentView, rows: int = 20) -> RenderableType:
    """A stack operation: failures first, then what is in progress, waits, is complete.

    At most so many rows; complete resources are the first to be left out and counted.
    """
    heading = Text.assemble(
        (view.stack_name, STRONG),
        "  ",
        (view.stack_status, status_style(view.stack_status)),
        f"  for {format_duration(max(view.at - view.started_at, 0))}",
    )
    ranked = sorted(view.resources, key=_rank)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=MUTED)
    table.add_column("Resource", overflow="fold", max_width=28)
    table.add_column("Status", no_wrap=True)
    table.add_column("For", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for each in ranked[:rows]:
        status = Text(each.status or "waiting", status_style(each.status) if each.status else MUTED)
        table.add_row(
            each.logical_id, status, format_duration(max(view.at - each.since, 0)), _note(each)
        )
    left_out = len(ranked) - rows
    more = [Text(f"and {words.plural(left_out, 'resource')} more", MUTED)] if left_out > 0 else []
    return Group(heading, table, *more)


def _rank(each: ResourceProgress) -> int:
    if not each.status:
        return _ORDER.index("")
    return next((i for i, word in enumerate(_ORDER) if word and each.status.endswith(word)), 1)


def _note(each: ResourceProgress) -> str:
    waits = f"waits for {', '.join(each.waits_for)}" if each.waits_for else ""
    return "; ".join(filter(None, (each.reason, waits)))


def deployment_lines(before: DeploymentView | None, now: DeploymentView) -> list[str]:
    """Log lines for what is new: resources whose status or reason changed, and the stack's."""
    earlier = before.resources if before else ()
    known = {(each.logical_id, each.status, each.reason) for each in earlier}
    lines = [
        f"{words.moment(each.since)}  {each.logical_id}  {each.status}  {_note(each)}".rstrip()
        for each in now.resources
        if each.status and (each.logical_id, each.status, each.reason) not in known
    ]
    if before is None or before.stack_status != now.stack_status:
        lines.append(f"{words.moment(now.at)}  {now.stack_name}  {now.stack_status}")
    return lines


def rehearsal(view: RehearsalView) -> RenderableType:
    """A rehearsal at a time: world clock, load, capacity, latency, alarms, the last activity."""
    heading = Text.assemble(
        (words.moment(view.at), STRONG),
        f"  {clock(view.at - view.started_at)} of {clock(view.ends_at - view.started_at)}"
        f"  world time x{view.speed:g}, load {view.load_mode}",
    )
    table = grid()
    failed = f", {view.failed_per_second:.3g} failed" if view.failed_per_second else ""
    table.add_row("Load", f"{view.requests_per_second:.3g} requests/s{failed}")
    table.add_row("", Spark(view.load_history, "blue", width=SPARK))
    table.add_row("Capacity", _capacity(view))
    table.add_row("", Spark(view.in_service_history, "green", view.maximum, width=SPARK))
    table.add_row("Latency", _latency(view))
    table.add_row("Alarms", _alarms(view))
    table.add_row("Last", _last(view))
    return Group(heading, table)


def _capacity(view: RehearsalView) -> str:
    parts = [f"{view.desired} desired", f"{view.in_service} in service"]
    if view.pending:
        parts.append(f"{view.pending} pending")
    if view.terminating:
        parts.append(f"{view.terminating} terminating")
    return f"{', '.join(parts)} ({view.minimum} to {view.maximum} allowed)"


def _latency(view: RehearsalView) -> str:
    if view.p50_ms is None or view.p99_ms is None:
        return "no request succeeded lately"
    return f"p50 {milliseconds(view.p50_ms)}, p99 {milliseconds(view.p99_ms)}"


def _alarms(view: RehearsalView) -> Text:
    if not view.alarms:
        return Text("none")
    parts: list[Text] = []
    for each in view.alarms:
        since = format_duration(max(view.at - each.since, 0))
        parts.append(
            Text.assemble(
                f"{words.brief(each.name)} ",
                (each.state, status_style(each.state)),
                f" for {since}",
            )
        )
    return Text(", ").join(parts)


def _last(view: RehearsalView) -> str:
    last = view.last_activity
    if last is None:
        return "no scaling activity so far"
    return f"{clock(last.at - view.started_at)}  {change(last)}  {words.brief(last.cause)}"


def rehearsal_line(view: RehearsalView) -> str:
    """The same as one line of a log."""
    alarms = ", ".join(f"{words.brief(each.name)} {each.state}" for each in view.alarms)
    return "  ".join(
        filter(
            None,
            (
                words.moment(view.at),
                f"{view.requests_per_second:.3g} requests/s",
                f"desired {view.desired}, in service {view.in_service}",
                _latency(view),
                alarms,
            ),
        )
    )
