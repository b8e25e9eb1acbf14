"""The report at the end of a rehearsal, for a terminal or a log: no boxes, 80 columns suffice."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from understudy.base.quantity import format_duration, format_usd
from understudy.control.comparison import CapacityDifference
from understudy.control.outcome import ActivityRecord, Attainment, Outcome
from understudy.report import words
from understudy.report.axes import clock, milliseconds
from understudy.report.method import how_measured
from understudy.report.spark import Spark

SPARK = 46
MOST_ROWS = 20
GOOD, BAD, MUTED, STRONG = "green", "bold red", "dim", "bold"


def console(*, width: int | None = None) -> Console:
    """A console for these views on standard output: as wide as the terminal, 80 for a log."""
    found = Console(highlight=False, width=width)
    return found if found.is_terminal or width else Console(highlight=False, width=80)


def show(console: Console, shown: RenderableType) -> None:
    """Print a view; where the output is no terminal, without spaces at the ends of lines.

    A line that may not be broken, such as a value to be copied, runs over the edge.
    """
    if console.is_terminal:
        console.print(shown, crop=False)
        return
    with console.capture() as captured:
        console.print(shown, crop=False)
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.file.write("\n".join(lines) + "\n")


def grid(*, indent: int = 2) -> Table:
    """Columns without lines; the first is as wide as its labels."""
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style=MUTED, no_wrap=True, min_width=11 - indent)
    table.add_column(ratio=1)
    return table


def report(
    run: Outcome,
    simulated: Outcome | None,
    comparison: CapacityDifference | None,
    files: Sequence[Path] = (),
) -> RenderableType:
    """The whole report: headline, numbers, curves, activities, comparison, method, files."""
    parts: list[RenderableType] = [
        Text.assemble(
            (f"{words.kind(run)} of ", ""), (run.stack_name, STRONG), f": {run.stack_status}"
        ),
        Text(words.headline(run), style=STRONG),
        "",
        _numbers(run),
        "",
        _curves(run, simulated),
        "",
        _activities(run),
        "",
        *_comparison(comparison),
        _method(run),
    ]
    if files:
        table = grid()
        for index, path in enumerate(files):
            table.add_row("Report" if index == 0 else "", str(path))
        parts += ["", table]
    return Group(*parts)


def _numbers(run: Outcome) -> Table:
    requests, table = run.requests, grid()
    stands_for = f", each stands for {run.stands_for:g}" if run.stands_for != 1 else ""
    table.add_row(
        "Requests",
        f"{requests.sent:,} sent, {requests.succeeded:,} succeeded, "
        f"{requests.failed:,} failed{stands_for}",
    )
    table.add_row("Latency", _latencies(run))
    for index, each in enumerate(requests.attainments):
        table.add_row("Objectives" if index == 0 else "", _objective(each))
    for each in run.updates:
        for index, line in enumerate(words.update(run, each)):
            table.add_row("Update" if index == 0 else "", line)
        for back in each.planned.set_back:
            table.add_row("", Text(f"to leave {back.what} alone:"))
            table.add_row("", Text(back.patch, MUTED))
    for index, line in enumerate(_cost(run)):
        table.add_row("Cost" if index == 0 else "", line)
    return table


def _latencies(run: Outcome) -> str:
    found = {
        "p50": run.requests.p50_ms,
        "p90": run.requests.p90_ms,
        "p99": run.requests.p99_ms,
        "longest": run.requests.max_ms,
    }
    known = [f"{name} {milliseconds(value)}" for name, value in found.items() if value is not None]
    return ", ".join(known) or "none: no request succeeded"


def _objective(each: Attainment) -> Text:
    if each.share is None:
        return Text(f"{each.slo}: nothing was sent")
    verdict = ("met", GOOD) if each.met else ("not met", BAD)
    what = "succeeded" if each.slo.startswith("failed") else "in time"
    wanted = f", {words.percent(each.share)} {what}, {words.percent(each.objective)} wanted"
    return Text.assemble(f"{each.slo}: ", verdict, wanted)


def _cost(run: Outcome) -> list[str]:
    if run.cost is None or run.cost.usd is None:
        return [words.costs(run)]
    lines = [
        f"{format_usd(charge.usd)} on demand for {charge.seconds / 3600:.3f} hours of "
        f"{charge.instance_type} at ${charge.offer.hourly}"
        for charge in run.cost.charges
        if charge.usd is not None and charge.offer
    ]
    if run.idle and run.idle.usd is not None:
        lines.append(f"{format_usd(run.idle.usd)} with no traffic")
    lines.append(words.prices([run]))
    return lines


def _curves(run: Outcome, simulated: Outcome | None) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style=MUTED, no_wrap=True)
    table.add_column(width=SPARK)
    table.add_column(style=MUTED)
    rates = [point.requests / point.seconds for point in run.load]
    p99 = [point.p99_ms or 0.0 for point in run.load]
    if any(rates):
        table.add_row("Load", Spark(rates, "blue"), f"up to {max(rates):.3g} requests/s")
    runs = [("In service", run, "green"), *([("simulated", simulated, "yellow")] * bool(simulated))]
    most = max((p.in_service for _, each, _ in runs if each for p in each.capacity), default=0)
    for name, each, style in runs:
        counts = in_service(each, 10 * SPARK) if each else []
        if counts:
            note = f"{min(counts)} to {max(counts)} instances"
            table.add_row(name, Spark(counts, style, most), note)
    if any(p99):
        table.add_row("p99", Spark(p99, "magenta"), f"up to {milliseconds(max(p99))}")
    if not table.row_count:
        return Text("Nothing was sent and no capacity was recorded.")
    table.add_row("", f"0:00{clock(run.duration):>{SPARK - 4}}", "from start, h:mm")
    return table


def in_service(run: Outcome, samples: int) -> list[int]:
    """Instances in service at so many even times of a run; empty where none was recorded."""
    begins = [point.at for point in run.capacity]
    times = (run.started_at + run.duration * sample / samples for sample in range(samples))
    indices = (max(bisect_right(begins, at) - 1, 0) for at in times)
    return [run.capacity[index].in_service for index in indices] if begins else []


def _activities(run: Outcome) -> RenderableType:
    if not run.activities:
        return Group(Text(words.no_activity(run)), *_failures(run))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=MUTED)
    table.add_column("From start", justify="right", no_wrap=True)
    table.add_column("Change", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("Cause", overflow="fold")
    for each in run.activities[:MOST_ROWS]:
        at = clock(each.at - run.started_at)
        table.add_row(
            at, change(each), Text(each.status, status_style(each.status)), words.brief(each.cause)
        )
    return Group(table, *_left_out(len(run.activities)), *_failures(run))


def _failures(run: Outcome) -> list[RenderableType]:
    """Why activities did not succeed, in AWS's words, each text once."""
    texts = {
        f"{each.status}: {each.message}": None
        for each in run.activities
        if each.status not in ("Successful", "InProgress", "Pending", "Overridden") and each.message
    }
    said = [
        f"{clock(each.at - run.started_at)}, {each.times} times: {each.text}"
        if each.times > 1
        else f"{clock(each.at - run.started_at)}: {each.text}"
        for each in run.failures
    ]
    return [Text(text, BAD) for text in (*texts, *said)]


def _left_out(rows: int) -> list[RenderableType]:
    return [Text(f"and {rows - MOST_ROWS} more, see the report", MUTED)] * (rows > MOST_ROWS)


def change(each: ActivityRecord) -> str:
    """From which count to which."""
    return f"{each.from_count} -> {each.to_count}"


def status_style(status: str) -> str:
    """The colour of an AWS status; the word itself says it too."""
    if "FAILED" in status or "ROLLBACK" in status or status in {"Failed", "Unfulfilled", "ALARM"}:
        return BAD
    if "COMPLETE" in status or status in {"Successful", "OK"}:
        return GOOD
    return "yellow"


def _comparison(comparison: CapacityDifference | None) -> list[RenderableType]:
    if comparison is None:
        return []
    title = Text(f"Live and simulated, over {format_duration(comparison.seconds)}", STRONG)
    lines = [Padding(Text(line), (0, 0, 0, 2)) for line in words.differences(comparison)]
    table = grid()
    for each in comparison.activities[:MOST_ROWS]:
        who = "simulated " if each.offset is not None else ""
        table.add_row(f"  {each.from_count} -> {each.to_count}", who + words.matched(each))
    return [title, *lines, table, *_left_out(len(comparison.activities)), ""]


def _method(run: Outcome) -> RenderableType:
    return Group(*(Text(paragraph, style=MUTED) for paragraph in how_measured(run)[:2]))
