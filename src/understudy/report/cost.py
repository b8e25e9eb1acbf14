"""The cost of a stack for a terminal."""

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.text import Text

from understudy.app.cost import CostReport, ResourceCost
from understudy.base.quantity import format_usd
from understudy.pricing.serverless import DATA_IN, DATA_OUT
from understudy.report.prices import table
from understudy.report.terminal import STRONG

MOST_ACTIVITIES = 12
LEAST_SHOWN = 0.001
"""Fewer units than this run in no table."""


def _money(amount: Decimal | None) -> str:
    return "price missing" if amount is None else format_usd(amount)


def cost_view(report: CostReport, stack: str) -> RenderableType:
    """What was spent so far and is spent a month at this rate, and what moved it."""
    shown = table("resource", "running now", ">used", ">so far", ">a month")
    for each in report.resources:
        name = each.resource if stack or not each.stack else f"{each.stack}/{each.resource}"
        cells = (_running(each), _used(each), _money(each.so_far), _money(each.monthly))
        shown.add_row(name, *cells)
    total = (_money(report.so_far), _money(report.monthly))
    shown.add_row(Text("on demand", STRONG), "", "", *(Text(each, STRONG) for each in total))
    title = f"Cost of {stack or 'everything'} in {report.region} until {report.at}"
    parts: list[RenderableType] = [Text(title, STRONG), "", shown]
    if report.fees:
        parts += ["", _commitments(report)]
    if report.activities:
        parts += ["", _activities(report)]
    if report.elsewhere:
        parts.append(Text(f"Used beside it: {', '.join(report.elsewhere)}; see them by --region."))
    missing = sorted({name for each in report.resources for name in each.missing})
    if missing:
        parts.append(Text(f"No price is known of {', '.join(missing)}."))
    return Group(*parts, "", Text(f"{report.prices}. A month is 730 hours at the present rate."))


def _running(each: ResourceCost) -> str:
    shown = {name: units for name, units in each.running.items() if units >= LEAST_SHOWN}
    return ", ".join(f"{_count(units)} {name}" for name, units in shown.items()) or "nothing"


def _count(units: float) -> str:
    return f"{units:.3g}"


def _used(each: ResourceCost) -> str:
    return ", ".join(f"{amount:.3f} {_unit(name)}" for name, amount in each.hours.items())


def _unit(product: str) -> str:
    return "GB" if product in (DATA_IN, DATA_OUT) else "h"


def _commitments(report: CostReport) -> RenderableType:
    return Text(
        f"With commitments the bill of all regions is {_money(report.billed)} so far: "
        f"{format_usd(report.fees)} of fees, {format_usd(report.unused)} of them unused."
    )


def _activities(report: CostReport) -> RenderableType:
    shown = table("moved by", "", "")
    for each in report.activities[-MOST_ACTIVITIES:]:
        shown.add_row(each.at, f"{each.description} {each.status}", each.cause)
    return shown
