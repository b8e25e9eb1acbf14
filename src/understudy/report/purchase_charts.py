"""Pictures of a purchase: duration curves with levels, monthly cost, break-even, savings.

Every function is pure and gives SVG; colours come from the page's style sheet by class.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.app.commit import Advice
from understudy.pricing.bootstrap import Spread
from understudy.pricing.coverage import layers_of, levels_of
from understudy.pricing.market import Floats, Market, Pool
from understudy.pricing.optimise import Mix
from understudy.pricing.ways import Way, monthly
from understudy.report import svg
from understudy.report.axes import Scale, ticks
from understudy.report.commit import percent, usd

LEFT, RIGHT, HEAD, FOOT = 54, 14, 42, 34
MOST_PANELS = 6
POINTS = 240
LABEL = 11


@dataclass(frozen=True, slots=True)
class Curve:
    """A demand in falling order, with what was owned before and what is committed in all."""

    name: str
    unit: str
    demand: Floats
    owned: float
    level: float


def _picture(title: str, description: str, width: int, height: float, *drawn: str) -> str:
    narrow = "narrow" if width < 700 else "wide"
    return svg.element(
        "svg",
        svg.title(f"{title}. {description}"),
        *drawn,
        class_=f"picture {narrow}",
        viewBox=f"0 0 {width} {svg.number(height)}",
        role="img",
        aria_label=title,
    )


def curves(market: Market, mix: Mix) -> list[Curve]:
    """A curve of each pool, the dearest first, then one of each plan that is bought or owned."""
    rates = np.array([float(pool.rate) for pool in market.pools])
    spent = rates * market.units.sum(axis=1)
    levels = levels_of(market, mix.counts)
    found: list[Curve] = []
    order: list[int] = np.argsort(-spent, kind="stable")[:MOST_PANELS].tolist()
    for index in order:
        pool, demand = market.pools[index], market.units[index]
        name, weight = _smallest(pool)
        found.append(
            Curve(
                pool.name,
                f"instances of {name}",
                np.sort(demand)[::-1] / weight,
                market.owned[index] / weight,
                levels[index] / weight,
            )
        )
    return found + _plan_curves(market, mix, levels)


def _smallest(pool: Pool) -> tuple[str, int]:
    """The smallest size of a pool, in which its units are told."""
    weight = min(pool.weights)
    return pool.items[pool.weights.index(weight)].product, weight


def _plan_curves(market: Market, mix: Mix, levels: Sequence[int]) -> list[Curve]:
    left: Floats = np.maximum(market.units - np.array(levels, dtype=np.float64)[:, None], 0.0)
    found: list[Curve] = []
    for layer, plan, commitment in zip(
        layers_of(market), market.plans, mix.commitments, strict=True
    ):
        if not len(layer.pools):
            continue
        need = left[layer.pools] * layer.rates[:, None]
        reached = np.cumsum(need, axis=0)
        if commitment:
            name = f"{plan.terms.kind} plan {plan.family}".strip()
            total = np.sort(reached[-1])[::-1]
            owned = float(plan.owned or 0)
            found.append(Curve(name, "US dollars an hour", total, owned, float(commitment)))
        kept = np.minimum(np.maximum(reached - float(commitment), 0.0), need)
        left[layer.pools] = kept / layer.rates[:, None]
    return found


def duration_curves(advice: Advice, width: int) -> str:
    """Demand in falling order over the hours, with the committed level."""
    best = advice.answer.best
    x = Scale(0, 1, LEFT, width - RIGHT)
    drawn: list[str] = []
    top = 0.0
    for curve in curves(best.market, best.mix):
        drawn.append(_duration_panel(curve, x, top, width))
        top += HEAD + 120 + 22
    drawn.append(_share_axis(x, top - 10, "of the hours"))
    title = "Demand duration curve with the committed level"
    return _picture(title, "Hours in falling order of demand", width, top + FOOT, *drawn)


def _duration_panel(curve: Curve, x: Scale, top: float, width: int) -> str:
    plot, bottom = top + HEAD, top + HEAD + 120
    values = ticks(max(float(curve.demand.max(initial=0)), curve.level), 4)
    y = Scale(0, values[-1], bottom, plot)
    chosen = np.linspace(0, len(curve.demand) - 1, min(POINTS, len(curve.demand))).astype(int)
    points = [(x(n / len(curve.demand)), y(float(curve.demand[n]))) for n in chosen.tolist()]
    path = svg.steps(points, x(1))
    area = f"{path}V{svg.number(bottom)}H{svg.number(x(0))}Z"
    parts = [
        _heading(curve.name, curve.unit, top, (("load", "demand"), ("level", "committed")), width),
        _value_axis(x, y, values),
        svg.element("path", d=area, class_="area load"),
        svg.element("path", d=path, class_="outline load"),
    ]
    if curve.level:
        parts.append(svg.line((x(0), y(curve.level)), (x(1), y(curve.level)), "outline level"))
        share = float((curve.demand >= curve.level).mean())
        said = f"{curve.level:.4g}, reached in {percent(share)} of the hours"
        parts.append(svg.text(said, x(1) - 4, y(curve.level) - 5, "level-text", "end"))
    if curve.owned:
        parts.append(svg.line((x(0), y(curve.owned)), (x(1), y(curve.owned)), "outline owned"))
    return "".join(parts)


def _heading(
    name: str, unit: str, top: float, legend: Sequence[tuple[str, str]], width: int
) -> str:
    heading = svg.element(
        "text",
        svg.element("tspan", name, class_="name"),
        svg.element("tspan", unit, class_="unit", dx=7),
        x=LEFT,
        y=top + 26,
        class_="heading",
    )
    if width < 700:
        return heading
    widths = [svg.width_of(label, LABEL) + 38 for _, label in legend]
    at = width - RIGHT - sum(widths) + 14
    swatches: list[str] = []
    for (class_, label), wide in zip(legend, widths, strict=True):
        swatches.append(_swatch(class_, at, top + 26))
        swatches.append(svg.text(label, at + 21, top + 26, "label"))
        at += wide
    return heading + "".join(swatches)


def _swatch(class_: str, x: float, y: float) -> str:
    if class_ in ("level", "owned", "mark"):
        return svg.line((x, y - 4), (x + 16, y - 4), f"outline {class_}")
    return svg.rect((x, y - 9), 16, 10, f"swatch {class_}")


def _value_axis(x: Scale, y: Scale, values: Sequence[float]) -> str:
    return "".join(
        svg.line((x.begin, y(value)), (x.end, y(value)), "grid")
        + svg.text(f"{value:g}", x.begin - 6, y(value) + 4, "label", "end")
        for value in values
    )


def _share_axis(x: Scale, top: float, unit: str) -> str:
    labels = [
        svg.text(
            f"{share}%" + (f" {unit}" if share == 100 else ""),
            x(share / 100),
            top + 16,
            "label",
            "end" if share == 100 else "middle",
        )
        for share in (0, 25, 50, 75, 100)
    ]
    return "".join(labels)


BARS = (
    ("fixed", "committed, used"),
    ("unused", "committed, unused"),
    ("free", "on demand"),
    ("spot", "spot"),
)


def monthly_cost(advice: Advice, width: int) -> str:
    """A bar for each way to buy, in US dollars a month."""
    ways, hours = advice.answer.ways, advice.answer.demand.hours
    values = ticks(max(float(monthly(way.cost, hours)) for way in ways), 5)
    x = Scale(0, values[-1], 140 if width >= 700 else 96, width - 110)
    used = tuple(bar for bar in BARS if bar[0] != "spot" or advice.answer.spot)
    bottom = HEAD + 34.0 * len(ways)
    drawn = [_heading("Monthly cost", "US dollars a month", 0, used, width)]
    for value in values:
        drawn.append(svg.line((x(value), HEAD), (x(value), bottom), "grid"))
        drawn.append(
            svg.text(
                f"${value:,.4g}" if value < 1e4 else f"${value:,.0f}",
                x(value),
                bottom + 16,
                "label",
                "middle",
            )
        )
    for number, way in enumerate(ways):
        drawn.append(_bar(way, hours, x, HEAD + 34.0 * number + 6))
    return _picture("Monthly cost by way to buy", "", width, bottom + FOOT, *drawn)


def _bar(way: Way, hours: int, x: Scale, top: float) -> str:
    amounts = (way.fixed - way.unused, way.unused, way.on_demand, way.spot)
    parts = [svg.text(way.name, x.begin - 8, top + 15, "name-text", "end")]
    at = 0.0
    for (class_, label), amount in zip(BARS, amounts, strict=True):
        each = max(float(monthly(amount, hours)), 0.0)
        if each:
            hint = svg.title(f"{way.name}: {label} {usd(monthly(amount, hours))} a month")
            wide = x(at + each) - x(at)
            parts.append(svg.rect((x(at), top), wide, 22, f"area {class_}", hint))
            at += each
    parts.append(svg.text(usd(monthly(way.cost, hours)), x(at) + 6, top + 15, "name-text"))
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Even:
    """Of one way to commit: how much of it would be used, and from how much on it pays."""

    name: str
    used: float
    break_even: float
    bought: bool


def evens(market: Market, mix: Mix) -> list[Even]:
    """Of each pool its best reservation, as bought, else as if one of it were bought; and plans."""
    found: list[Even] = []
    levels = levels_of(market, mix.counts)
    for index, pool in enumerate(market.pools):
        options = [each for each in market.reservables if each.pool == index]
        if not options:
            continue
        best = min(options, key=lambda each: each.hourly / each.units)
        level = levels[index] or best.units
        used = float(np.minimum(market.units[index], level).mean() / level)
        pays = float(best.hourly / best.units / pool.rate)
        found.append(Even(f"{pool.name}, reserved", used, pays, bool(levels[index])))
    return sorted(found, key=lambda each: -each.used)[: 2 * MOST_PANELS]


def break_even(advice: Advice, width: int) -> str:
    """How much of what is committed is used, against the utilisation from which it pays."""
    best = advice.answer.best
    found = evens(best.market, best.mix)
    if not found:
        return ""
    x = Scale(0, 1, 170 if width >= 700 else 110, width - RIGHT - 40)
    bottom = HEAD + 28.0 * len(found)
    legend = (("fixed", "used, bought"), ("hollow", "used, not bought"), ("mark", "break-even"))
    drawn = [_heading("Break-even", "share of committed hours used", 0, legend, width)]
    shares = (0, 0.25, 0.5, 0.75, 1)
    drawn += [svg.line((x(share), HEAD), (x(share), bottom), "grid") for share in shares]
    for number, each in enumerate(found):
        top = HEAD + 28.0 * number + 5
        class_ = "fixed" if each.bought else "hollow"
        hint = svg.title(
            f"{each.name}: used {percent(each.used)}, pays from {percent(each.break_even)}"
        )
        drawn += [
            svg.text(each.name, x.begin - 8, top + 13, "name-text", "end"),
            svg.rect((x(0), top), x(each.used) - x(0), 18, f"area {class_}", hint),
            svg.line((x(each.break_even), top - 4), (x(each.break_even), top + 22), "outline mark"),
            svg.text(percent(each.used), x(max(each.used, each.break_even)) + 6, top + 13, "label"),
        ]
    drawn.append(_share_axis(x, bottom, "used"))
    return _picture("Break-even utilisation", "", width, bottom + FOOT, *drawn)


def spread_charts(spread: Spread, width: int) -> str:
    """What the samples save and regret, as two histograms."""
    saving = _histogram("Savings in samples", spread.saving, "fixed", 0, width)
    regret = _histogram("Regret in samples", spread.regret, "free", HEAD + 120.0, width)
    height = 2 * (HEAD + 120.0)
    return _picture("Savings and regret in samples", "", width, height, saving, regret)


def _histogram(name: str, values: Floats, class_: str, top: float, width: int) -> str:
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-6 * max(abs(high), 1.0):
        low, high = low - 0.5 if low < -1e-6 else max(low - 0.5, 0.0), high + 0.5
    counts, edges = np.histogram(values, bins=30, range=(low, high))
    x = Scale(low, high, LEFT, width - RIGHT)
    y = Scale(0, float(counts.max()), top + HEAD + 60, top + HEAD)
    bars = "".join(
        svg.rect(
            (x(begin) + 0.5, y(count)), x(end) - x(begin) - 1, y(0) - y(count), f"area {class_}"
        )
        for count, begin, end in zip(
            counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True
        )
        if count
    )
    labels = "".join(
        svg.text(f"${value:,.2f}", x(value), top + HEAD + 76, "label", anchor)
        for value, anchor in ((low, "start"), ((low + high) / 2, "middle"), (high, "end"))
    )
    return _heading(name, "US dollars a month", top, (), width) + bars + labels
