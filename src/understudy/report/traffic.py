"""What traffic is like, drawn in a terminal and as plain values."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from understudy.base.quantity import format_duration
from understudy.report.axes import clock
from understudy.report.spark import Spark
from understudy.report.terminal import BAD, GOOD, MUTED, STRONG, grid
from understudy.sim.character import Character, advice
from understudy.sim.traffic import Traffic

WIDTH = 60
DAY, HOUR = 86_400.0, 3600.0
EPOCH_FROM = 1e8
"""Earlier times are seconds from the start of a file without dates."""


def drawn(traffic: Traffic, found: Character) -> RenderableType:
    """The profile drawn, its figures, and which policies suit it."""
    return Group(
        Text(f"{traffic.name}: {_span(traffic)}", STRONG),
        "",
        _curves(traffic),
        "",
        _figures(traffic, found),
        "",
        Text("Which policies can follow it", STRONG),
        _families(found),
    )


def description(traffic: Traffic, found: Character) -> dict[str, Any]:
    """The same as plain values. Rates are requests per second, times seconds."""
    return {
        "schema": "understudy.traffic/1",
        "name": traffic.name,
        "start": traffic.start,
        "period_seconds": traffic.period,
        "duration_seconds": traffic.duration,
        "requests": traffic.total,
        **asdict(found),
        "families": [asdict(each) for each in advice(found)],
    }


def _span(traffic: Traffic) -> str:
    length = f"{traffic.total:,} requests in {clock(traffic.duration)} h"
    if traffic.start < EPOCH_FROM:
        return f"{length}, in periods of {format_duration(traffic.period)}"
    begin = datetime.fromtimestamp(traffic.start, UTC).strftime("%a %Y-%m-%d %H:%M UTC")
    return f"{length} from {begin}, in periods of {format_duration(traffic.period)}"


def _curves(traffic: Traffic) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style=MUTED, no_wrap=True)
    table.add_column(width=WIDTH)
    rates = (traffic.counts / traffic.period).tolist()
    table.add_row("Requests/s", Spark(rates, "blue"))
    table.add_row("", f"0:00{clock(traffic.duration):>{WIDTH - 4}}")
    if traffic.duration >= 2 * DAY:
        hourly = traffic.every(HOUR)
        hours = (np.arange(len(hourly.counts)) + int(traffic.start // HOUR)) % 24
        mean = [float(hourly.counts[hours == hour].mean()) / HOUR for hour in range(24)]
        table.add_row("Mean day", Spark([each for each in mean for _ in (0, 1)], "green"))
        table.add_row("", f"0 h{'24 h':>45}")
    return table


def _figures(traffic: Traffic, found: Character) -> Table:
    table, profile, bursts = grid(), found.profile, found.bursts
    table.add_row("Mean", f"{profile.mean:.4g} requests/s")
    table.add_row(
        "Peak", f"{profile.peak:.4g} requests/s, {profile.peak_to_mean:.1f} times the mean"
    )
    table.add_row(
        "Busiest min",
        f"{profile.busiest_minute_requests:,.0f} requests, at {clock(profile.busiest_minute)}",
    )
    table.add_row("Season", _season(found))
    table.add_row("Trend", f"the last quarter has {found.trend:.2f} times the first")
    if bursts.count:
        table.add_row(
            "Bursts",
            f"{bursts.count}, {format_duration(bursts.length)} long and {bursts.height:.1f} times "
            "the usual rate (medians)",
        )
    else:
        table.add_row("Bursts", "none")
    table.add_row(
        "Reaction",
        f"{format_duration(found.reaction)} from a rise until a one-minute alarm's instances serve",
    )
    return table


def _season(found: Character) -> str:
    parts = [
        f"{name} r = {value:.2f}"
        for name, value in (("daily", found.daily), ("weekly", found.weekly))
        if value is not None
    ]
    return ", ".join(parts) or "too short to tell: less than two days"


def _families(found: Character) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in advice(found):
        mark = Text("suits", GOOD) if each.suits else Text("no", BAD)
        table.add_row(mark, each.family, each.why)
    return table
