"""The advice of ``understudy commit`` for a terminal, and as plain values for JSON."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from understudy.app.commit import Advice
from understudy.base.quantity import format_usd
from understudy.pricing.application import micro_dollars
from understudy.pricing.demand import Demand
from understudy.pricing.offer import YEAR_HOURS
from understudy.pricing.purchase import Purchase
from understudy.pricing.ways import MONTH_HOURS, Way, monthly
from understudy.report.prices import table
from understudy.report.terminal import STRONG, grid

SCHEMA = "understudy.commit/1"


def usd(amount: Fraction) -> str:
    """An exact amount as people read it."""
    return format_usd(micro_dollars(amount))


def percent(share: float) -> str:
    """A share as a percentage: whole from ten percent on.

    >>> percent(0.1234), percent(0.0123), percent(0.0)
    ('12%', '1.2%', '0%')
    """
    digits = 0 if share >= 0.0995 or not share else 1
    return f"{share * 100:.{digits}f}%"


def demand_said(advice: Advice) -> str:
    """The demand in one sentence."""
    demand = advice.answer.demand
    counts = demand.instance_hours.sum(axis=1)
    names = ", ".join(sorted({item.product for item in demand.items})[:4])
    more = len({item.product for item in demand.items}) - 4
    types = f"{names} and {more} more" if more > 0 else names
    return (
        f"{demand.hours:,} hours{_from(demand)} of {types} in {', '.join(demand.regions)}: "
        f"{counts.mean():.1f} instances on average, {counts.max():g} at the peak ({advice.source})"
    )


def _from(demand: Demand) -> str:
    if demand.start < YEAR_HOURS:  # Counted from the start of a run.
        return ""
    begin = datetime.fromtimestamp(demand.start * 3600, UTC)
    return f" from {begin:%Y-%m-%d}"


def availability(way: Way) -> str:
    """Which part of the work has its capacity kept, and which can be taken away."""
    parts = [f"{percent(way.guaranteed)} can be kept by zone"] if way.guaranteed else []
    if way.interruptible:
        parts.append(f"{percent(way.interruptible)} can be interrupted")
    rest = 1 - way.guaranteed - way.interruptible
    if rest > 0.0005:
        parts.append(f"{percent(rest)} takes what is free")
    return ", ".join(parts)


def control(way: Way) -> str:
    """Which part of the bill is known beforehand, and what of it is wasted."""
    fixed = float(way.fixed / way.cost) if way.cost else 0.0
    if not fixed:
        return "all of the bill moves with use"
    wasted = float(way.unused / way.cost)
    return f"{percent(fixed)} of the bill is fixed, {percent(wasted)} unused"


def scalability(way: Way) -> str:
    """How the bill follows the demand."""
    halved, doubled = float(way.halved / way.cost), float(way.doubled / way.cost)
    return f"half the demand costs {percent(halved)}, twice {percent(doubled)}"


def rows(advice: Advice) -> list[dict[str, str]]:
    """The ways to buy, in words."""
    hours = advice.answer.demand.hours
    used = Fraction(int(advice.answer.demand.seconds.sum()), 3600)
    base = advice.answer.ways[0].cost
    found: list[dict[str, str]] = []
    for way in advice.answer.ways:
        saved = float(1 - way.cost / base) if base else 0.0
        found.append(
            {
                "name": way.name,
                "monthly": usd(monthly(way.cost, hours)),
                "saving": percent(saved) if saved >= 0 else f"-{percent(-saved)}",
                "each": f"{float(way.cost / used):.4f}",
                "upfront": usd(way.upfront),
                "availability": availability(way),
                "control": control(way),
                "scalability": scalability(way),
            }
        )
    return found


def certificate(advice: Advice) -> str:
    """How far the best mix can be from the best there is."""
    gap = advice.answer.best.mix.gap
    return f"No purchase costs less by more than {gap:.1e} of the bill (proven by a linear bound)."


def sureness(advice: Advice) -> str:
    """What the samples say, in one sentence."""
    spread = advice.spread
    if spread is None:
        return ""
    low, middle, high = (spread.percentile(spread.saving, each) for each in (5, 50, 95))
    regret = spread.percentile(spread.regret, 95)
    return (
        f"In {len(spread.cost)} samples of the demand by blocks of {spread.block} hours the best "
        f"mix saves {_dollars(middle)} a month ({_dollars(low)} to {_dollars(high)} in 90%), and "
        f"costs more than on demand in {percent(spread.losing)}; its regret is at most "
        f"{_dollars(regret)} a month in 95%."
    )


def _dollars(amount: float) -> str:
    return format_usd(Decimal(str(round(amount, 4))))


def advice_view(advice: Advice, files: Iterable[object] = ()) -> RenderableType:
    """The whole advice for a terminal."""
    facts = grid()
    facts.add_row("Demand", demand_said(advice))
    facts.add_row("Prices", f"{advice.vintage.said(advice.today)}")
    parts: list[RenderableType] = [facts, "", _ways(advice), "", _measured(advice), ""]
    parts += [*_bought(advice.purchases), ""]
    parts += [Text(line) for line in (sureness(advice), certificate(advice)) if line]
    parts += [Text(f"- {note}") for note in advice.notes]
    written = [str(each) for each in files]
    if written:
        parts += ["", Text(f"Written: {', '.join(written)}")]
    return Group(*parts)


def _ways(advice: Advice) -> RenderableType:
    shown = table("", ">a month", ">saves", ">an instance-hour", ">upfront")
    best = advice.answer.best.name
    for row in rows(advice):
        style = STRONG if row["name"] == best else ""
        shown.add_row(
            Text(row["name"], style),
            row["monthly"],
            row["saving"],
            f"${row['each']}",
            row["upfront"],
        )
    return shown


def _measured(advice: Advice) -> RenderableType:
    lines: list[RenderableType] = []
    for what in ("availability", "control", "scalability"):
        facts = table("", "")
        facts.show_header = False
        for row in rows(advice):
            facts.add_row(f"  {row['name']}", row[what])
        title = {"control": "Cost control"}.get(what, what.capitalize())
        lines += [Text(title, "dim"), facts]
    return Group(*lines)


def _bought(purchases: Iterable[Purchase]) -> list[RenderableType]:
    shown = table("buy", ">count", "terms", ">an hour", ">upfront", "price of")
    found = list(purchases)
    if not found:
        return [Text("Buy nothing: on demand is cheapest.")]
    for each in found:
        upfront = "not told" if each.upfront is None else format_usd(each.upfront)
        count = str(each.count) if each.count else ""
        cells = (each.what, count, str(each.terms), f"${each.hourly:.4f}", upfront)
        shown.add_row(*cells, each.as_of)
    return [shown]


def document(advice: Advice) -> dict[str, Any]:
    """The advice as plain values. Amounts are US dollars as text, shares 0 to 1."""
    hours = advice.answer.demand.hours
    spread = advice.spread
    percentiles = (5, 25, 50, 75, 95)
    return {
        "schema": SCHEMA,
        "source": advice.source,
        "hours": hours,
        "month_hours": MONTH_HOURS,
        "prices": advice.vintage.said(advice.today),
        "price_sources": list(advice.vintage.sources),
        "ways": [
            {
                "name": way.name,
                "monthly_usd": str(micro_dollars(monthly(way.cost, hours))),
                "usd": str(micro_dollars(way.cost)),
                "fixed_usd": str(micro_dollars(way.fixed)),
                "unused_usd": str(micro_dollars(way.unused)),
                "on_demand_usd": str(micro_dollars(way.on_demand)),
                "spot_usd": str(micro_dollars(way.spot)),
                "upfront_usd": str(micro_dollars(way.upfront)),
                "guaranteed": way.guaranteed,
                "interruptible": way.interruptible,
                "gap": way.mix.gap,
            }
            for way in advice.answer.ways
        ],
        "purchases": [
            {**msgspec.to_builtins(each), "terms": str(each.terms)} for each in advice.purchases
        ],
        "samples": None
        if spread is None
        else {
            "count": len(spread.cost),
            "block_hours": spread.block,
            "saving_usd": {str(p): spread.percentile(spread.saving, p) for p in percentiles},
            "regret_usd": {str(p): spread.percentile(spread.regret, p) for p in percentiles},
            "losing": spread.losing,
        },
        "notes": list(advice.notes),
        "warnings": [each.summary for each in advice.warnings],
    }
