"""The live fleets for the terminal: two lines for each, its name and its numbers."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from understudy.control.views import FleetRow
from understudy.report.axes import milliseconds

NAMES = {"endpoint": "endpoint", "service": "service", "autoScalingGroup": "group"}
HEADINGS = ("desired", "in service", "warming", "leaving", "req/s", "latency", "CPU", "$/h")
WIDTHS = (10, 10, 7, 7, 6, 7, 4, 8)


def top(rows: Sequence[FleetRow], at: str, speed: float) -> RenderableType:
    """Each fleet with its capacity, load, latency, CPU and cost."""
    fast = f", {speed:g} world seconds a second" if speed != 1 else ""
    parts: list[RenderableType] = [Text(f"{at}{fast}", style="dim"), _line(HEADINGS, "dim")]
    for row in rows:
        parts += [Text.assemble((name(row), "bold"), (f"  {row.instance_type}", "dim"))]
        parts.append(_line(cells(row), ""))
    if not rows:
        parts.append(Text("Nothing is deployed."))
    return Group(*parts)


def _line(texts: Sequence[str], style: str) -> Table:
    line = Table.grid(padding=(0, 2, 0, 0))
    for width in WIDTHS:
        line.add_column(justify="right", no_wrap=True, min_width=width, style=style)
    line.add_row(*texts)
    return line


def name(row: FleetRow) -> str:
    """What a fleet is called.

    >>> name(FleetRow("endpoint/digits/variant/A", "ml.m5.large", 1, 1, 0, 0, 1, 4))
    'endpoint digits A'
    """
    kind, _, rest = row.resource.partition("/")
    return f"{NAMES.get(kind, kind)} {rest.replace('/variant/', ' ')}"


def cells(row: FleetRow) -> list[str]:
    """The numbers of a fleet; a dash where nothing is known.

    >>> cells(FleetRow("service/default/web", "Fargate 0.5 vCPU 1 GB", 2, 1, 1, 0, 1, 4, 12.5))
    ['2 of 1-4', '1', '1', '-', '12.5', '-', '-', '-']
    """
    bounds = f" of {row.minimum}-{row.maximum}" if row.minimum != row.maximum else ""
    return [
        f"{row.desired}{bounds}",
        str(row.in_service),
        str(row.pending or "-"),
        str(row.terminating or "-"),
        "-" if row.requests_per_second is None else f"{row.requests_per_second:.3g}",
        "-" if row.latency_ms is None else milliseconds(row.latency_ms),
        "-" if row.cpu_percent is None else f"{row.cpu_percent:.0f}%",
        "-" if row.usd_per_hour is None else f"{row.usd_per_hour:.4f}",
    ]
