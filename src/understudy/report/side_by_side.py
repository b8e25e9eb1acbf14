"""Several runs of the same traffic side by side."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from understudy.base.quantity import format_duration
from understudy.control.outcome import Outcome
from understudy.report import words
from understudy.report.axes import clock, milliseconds
from understudy.report.spark import Spark
from understudy.report.terminal import MUTED, STRONG, in_service
from understudy.sim.measures import Measures

SPARK = 24
NONE = "-"

Row = tuple[str, Callable[[Measures], str]]


def _latency(value: float | None) -> str:
    return NONE if value is None else milliseconds(value)


def _seconds(value: float | None) -> str:
    return NONE if value is None else format_duration(value)


def _usd(value: float | None) -> str:
    return NONE if value is None else f"${value:,.2f}"


ROWS: tuple[Row, ...] = (
    ("Cost of the run", lambda m: _usd(m.usd)),
    ("Cost a month", lambda m: _usd(m.usd_a_month)),
    ("Instance-hours", lambda m: f"{m.paid:,.2f}"),
    ("Most in service", lambda m: str(m.peak)),
    ("Failed", lambda m: words.percent(m.failed / m.requests) if m.requests else NONE),
    ("p50", lambda m: _latency(m.p50_ms)),
    ("p90", lambda m: _latency(m.p90_ms)),
    ("p99", lambda m: _latency(m.p99_ms)),
    ("Activities a day", lambda m: f"{m.activities_per_day:.1f}"),
    ("Reversals an hour", lambda m: f"{m.reversals_per_hour:.2f}"),
    ("Too little", lambda m: f"{m.under:.2f} h"),
    ("Too much", lambda m: f"{m.over:.2f} instance-h"),
    ("Idle and paid", lambda m: f"{m.idle:.2f} instance-h"),
    ("Breach to capacity", lambda m: _seconds(m.reaction)),
    ("Breach to request", lambda m: _seconds(m.detection)),
)


def side_by_side(runs: Sequence[tuple[str, Outcome, Measures]]) -> RenderableType:
    """A table with a column for each run."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style=STRONG)
    table.add_column("", style=MUTED, no_wrap=True)
    for name, _, _ in runs:
        table.add_column(name, justify="left", overflow="fold")
    for index, first in enumerate(runs[0][2].attainments):
        cells = [_attained(measures, index) for _, _, measures in runs]
        table.add_row(first.slo, *cells)
    for label, write in ROWS:
        cells = [write(measures) for _, _, measures in runs]
        if any(cell != NONE for cell in cells):
            table.add_row(label, *cells)
    most = max((m.peak for _, _, m in runs), default=1)
    sparks = [Spark(in_service(run, 10 * SPARK), "green", most, SPARK) for _, run, _ in runs]
    table.add_row("In service", *sparks)
    run = runs[0][1]
    rates = [point.requests / point.seconds for point in run.load]
    foot = Table.grid(padding=(0, 2, 0, 0))
    load = Spark(rates, "blue", 0.0, 60)
    foot.add_row(Text("Load", MUTED), load, f"over {clock(run.duration)} h")
    title = f"{run.requests.sent:,} requests of {run.traffic}, in virtual time"
    foot.add_row(Text("Prices", MUTED), words.prices([run for _, run, _ in runs]), "")
    return Group(Text(title, STRONG), "", table, "", foot)


def _attained(measures: Measures, index: int) -> str:
    each = measures.attainments[index]
    share = NONE if each.share is None else words.percent(each.share)
    return f"{'met' if each.met else 'not met'}, {share}"


def values(runs: Sequence[tuple[str, Outcome, Measures]]) -> dict[str, Any]:
    """The same as plain values, with their units in the names."""
    return {
        "schema": "understudy.simulation/1",
        "traffic": runs[0][1].traffic,
        "runs": [
            {
                "template": name,
                "activities_a_day": measures.activities_per_day,
                "reversals_an_hour": measures.reversals_per_hour,
                "usd_a_month": measures.usd_a_month,
                **msgspec.to_builtins(measures),
            }
            for name, _, measures in runs
        ],
    }
