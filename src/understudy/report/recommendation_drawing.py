"""The pictures of a recommendation: capacity against load, and cost against missed objectives."""

from understudy.recommend.recommendation import Recommendation
from understudy.recommend.sweep import Curve
from understudy.report import svg
from understudy.report.axes import AnyScale, Scale, ticks
from understudy.report.picture import (
    LEFT,
    RIGHT,
    Frame,
    Panel,
    filled,
    picture,
    value_axis,
)

MOST_MISSED = 4.0
"""Candidates that miss more than so many times what is allowed are not drawn."""
HEIGHT, TOP, FOOT = 320, 34, 46


def capacity(found: Recommendation, width: int) -> str:
    """Load, and the instances of the choice, the default and the bound, over the part not seen."""
    frame = Frame(width, found.unseen_hours * 3600)
    panels = [_load(found), *_instances(found)]
    said = "Requests per second, and instances in service by the recommended policy, the default "
    return picture(
        "capacity", "Capacity against load", f"{said}advice and the bound.", frame, panels
    )


def _load(found: Recommendation) -> Panel:
    def draw(frame: Frame, top: float, bottom: float) -> str:
        values = ticks(max(found.load.instances))
        scale = Scale(0, values[-1], bottom, top)
        return value_axis(frame, scale, values) + _filled(frame, scale, found.load, "load")

    return Panel("Load", "requests/s", (("load", "arriving"),), 110, draw)


def _instances(found: Recommendation) -> list[Panel]:
    chosen, default = found.chosen.curve, found.default.curve
    most = max(
        max(each.instances) for each in (chosen, default, found.bound_curve) if each is not None
    )
    panels: list[Panel] = []
    for name, curve in (("Recommended", chosen), ("Default advice", default)):
        if curve is not None:
            panels.append(_panel(name, curve, found.bound_curve, most))
    return panels


def _panel(name: str, curve: Curve, bound: Curve, most: float) -> Panel:
    def draw(frame: Frame, top: float, bottom: float) -> str:
        values = ticks(most, whole=True)
        scale = Scale(0, values[-1], bottom, top)
        points = _points(frame, scale, bound)
        best = svg.element("path", d=svg.steps(points, frame.right), class_="outline simulated")
        return value_axis(frame, scale, values) + _filled(frame, scale, curve, "in-service") + best

    legend = (("in-service", "in service"), ("simulated", "best possible"))
    return Panel(name, "instances", legend, 120, draw)


def _points(frame: Frame, scale: AnyScale, curve: Curve) -> list[svg.Point]:
    pairs = zip(curve.seconds, curve.instances, strict=True)
    return [(frame.x(at), scale(value)) for at, value in pairs]


def _filled(frame: Frame, scale: AnyScale, curve: Curve, class_: str) -> str:
    return filled(_points(frame, scale, curve), frame.right, scale(0), class_)


def pareto(found: Recommendation, width: int) -> str:
    """All candidates by cost and by what they miss; those that no other one beats are joined."""
    tried = [each for each in found.tried if each[1] <= MOST_MISSED]
    best = [each for each in found.pareto if each[1] <= MOST_MISSED]
    points = [*tried, *best]
    if not points:
        return ""
    costs = ticks(max(x for x, _ in points))
    across = Scale(0, costs[-1], LEFT, width - RIGHT)
    values = ticks(max(y for _, y in points), 4)
    up = Scale(0, values[-1], HEIGHT - FOOT, TOP)
    frame = Frame(width, 1.0)
    drawn = [value_axis(frame, up, values)]
    drawn += [_dot(across(x), up(y), 2.5, "load area") for x, y in tried]
    line = [(across(x), up(y)) for x, y in best]
    drawn.append(svg.element("path", d=svg.polyline(line), class_="outline p99"))
    drawn += [_dot(x, y, 4, "p99 dot") for x, y in line]
    if values[-1] >= 1:
        drawn.append(svg.line((LEFT, up(1)), (width - RIGHT, up(1)), "outline slo"))
        drawn.append(svg.text("objectives met below", LEFT + 6, up(1) - 6, "slo-text"))
    places = 0 if costs[1] >= 1 else 2
    drawn += [
        svg.text(f"${x:,.{places}f}", across(x), HEIGHT - FOOT + 16, "label", "middle")
        for x in costs
    ]
    foot = "cost on the part that was tuned on, US dollars on demand"
    drawn.append(svg.text(foot, width - RIGHT, HEIGHT - 8, "label", "end"))
    drawn.append(svg.text("missed, in units of what the objectives allow", LEFT, 18, "label"))
    return svg.element(
        "svg",
        svg.element("title", "Cost against missed objectives", id="pareto-title"),
        svg.element("desc", "Each dot is a candidate.", id="pareto-desc"),
        *drawn,
        class_=f"picture {'wide' if frame.wide else 'narrow'}",
        viewBox=f"0 0 {width} {HEIGHT}",
        role="img",
        aria_labelledby="pareto-title pareto-desc",
    )


def _dot(x: float, y: float, radius: float, class_: str) -> str:
    return svg.element("circle", cx=x, cy=y, r=radius, class_=class_)
