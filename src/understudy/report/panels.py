"""The panels of load, latency and alarms."""

from collections.abc import Callable

from understudy.control.outcome import LoadPoint, Outcome
from understudy.control.slo import LatencySlo, parse_slo
from understudy.report import svg
from understudy.report.axes import (
    AnyScale,
    LogScale,
    Scale,
    clock,
    decades,
    milliseconds,
    ticks,
)
from understudy.report.picture import (
    LABEL,
    LEFT,
    Frame,
    Panel,
    Swatch,
    blocks,
    empty,
    filled,
    value_axis,
)

LOG_FROM = 30
"""A logarithmic axis serves where the largest latency is so many times the smallest."""
LANE = 38


def load_panel(run: Outcome) -> Panel:
    """Requests per second of world time, failed ones at the foot."""
    failures = any(point.failed for point in run.load)
    legend: tuple[Swatch, ...] = (("load", "arriving"),) if run.load else ()
    if failures:
        legend += (("failed", "of them failed"),)

    def draw(frame: Frame, top: float, bottom: float) -> str:
        if not any(point.requests for point in run.load):
            return empty(frame, top, bottom, "No request was sent.")
        values = ticks(max(point.requests / point.seconds for point in run.load))
        scale = Scale(0, values[-1], bottom, top)
        begins = [point.at - run.started_at for point in run.load]
        ends = [begin + point.seconds for begin, point in zip(begins, run.load, strict=True)]
        arriving = [
            (frame.x(begin), scale(point.requests / point.seconds))
            for begin, point in zip(begins, run.load, strict=True)
        ]
        failed = (
            (begin, end, 0.0, point.failed / point.seconds)
            for begin, end, point in zip(begins, ends, run.load, strict=True)
        )
        return (
            value_axis(frame, scale, values)
            + filled(arriving, frame.x(ends[-1]), scale(0), "load")
            + blocks(frame, scale, failed, "failed")
        )

    return Panel("Load", "requests per second", legend, 110, draw)


def latency_panel(run: Outcome) -> Panel:
    """Median and 99th percentile of the requests that succeeded, objectives as dashed lines."""
    slos = [parse_slo(each.slo) for each in run.requests.attainments]
    limits = [slo for slo in slos if isinstance(slo, LatencySlo)]
    medians = [point.p50_ms for point in run.load if point.p50_ms is not None]
    highest = [point.p99_ms for point in run.load if point.p99_ms is not None]
    log = bool(medians) and max(highest) > LOG_FROM * max(min(medians), 1e-3)
    legend: tuple[Swatch, ...] = (("p99", "p99"), ("p50", "p50")) if medians else ()
    if limits and medians:
        legend += (("slo", "objective"),)

    def draw(frame: Frame, top: float, bottom: float) -> str:
        if not medians:
            return empty(frame, top, bottom, "No request succeeded, so there is no latency.")
        ends = [max(highest), *(slo.limit_ms for slo in limits)]
        if log:
            low, high = max(min([*medians, *ends]), 1e-3) / 1.5, max(ends) * 1.2
            values = decades(low, high)
            scale: AnyScale = LogScale(low, high, bottom, top)
        else:
            values = ticks(max(ends))
            scale = Scale(0, values[-1], bottom, top)
        return (
            value_axis(frame, scale, values, milliseconds)
            + _latency_line(run, frame, scale, "p99", lambda point: point.p99_ms)
            + _latency_line(run, frame, scale, "p50", lambda point: point.p50_ms)
            + "".join(_limit(frame, scale, slo) for slo in limits)
        )

    return Panel("Latency", "of a request" + (", logarithmic" if log else ""), legend, 130, draw)


def _latency_line(
    run: Outcome,
    frame: Frame,
    scale: AnyScale,
    class_: str,
    value: Callable[[LoadPoint], float | None],
) -> str:
    """A line through the middles of the spans, broken where nothing succeeded."""
    parts: list[list[svg.Point]] = [[]]
    for point in run.load:
        found = value(point)
        if found is None:
            parts.append([])
        else:
            middle = point.at + point.seconds / 2 - run.started_at
            parts[-1].append((frame.x(middle), scale(found)))
    return "".join(
        svg.element("path", d=svg.polyline(part), class_=f"outline {class_}")
        if len(part) > 1
        else svg.element("circle", cx=part[0][0], cy=part[0][1], r=2, class_=f"dot {class_}")
        for part in parts
        if part
    )


def _limit(frame: Frame, scale: AnyScale, slo: LatencySlo) -> str:
    y = scale(slo.limit_ms)
    return svg.line((LEFT, y), (frame.right, y), "outline slo") + svg.text(
        str(slo), frame.right - 4, y - 4, "slo-text", "end"
    )


def alarm_panel(run: Outcome) -> Panel:
    """One lane for each alarm that changed its state, with the state written in it."""
    names = sorted({each.alarm for each in run.alarms})
    legend: tuple[Swatch, ...] = (("OK", "OK"), ("ALARM", "ALARM"))
    if any("INSUFFICIENT_DATA" in (each.from_state, each.to_state) for each in run.alarms):
        legend += (("INSUFFICIENT_DATA", "insufficient data"),)

    def draw(frame: Frame, top: float, bottom: float) -> str:
        if not names:
            return empty(frame, top, bottom, "No alarm changed its state.")
        return "".join(
            _lane(run, frame, name, top + index * LANE) for index, name in enumerate(names)
        )

    return Panel("Alarms", "state", legend if names else (), LANE * max(len(names), 1), draw)


def _lane(run: Outcome, frame: Frame, name: str, top: float) -> str:
    turns = [each for each in run.alarms if each.alarm == name]
    edges = [run.started_at, *(each.at for each in turns), run.ended_at]
    states = [turns[0].from_state, *(each.to_state for each in turns)]
    reasons = ["since before the start", *(each.reason for each in turns)]
    bars = "".join(
        _state(frame, state, reason, (begin - run.started_at, end - run.started_at), top + 17)
        for state, reason, begin, end in zip(states, reasons, edges[:-1], edges[1:], strict=True)
        if end > begin
    )
    label = svg.shortened(name, LABEL, frame.right - LEFT)
    return svg.element("g", svg.title(name), svg.text(label, LEFT, top + 11, "label"), bars)


def _state(frame: Frame, state: str, reason: str, span: tuple[float, float], y: float) -> str:
    begin, end = frame.x(span[0]), frame.x(span[1])
    bar = svg.rect((begin, y), end - begin, 14, f"state {state}")
    fits = svg.width_of(state, LABEL) + 8 <= end - begin
    label = svg.text(state, begin + 5, y + 11, f"state-text {state}") if fits else ""
    hint = f"{state} from {clock(span[0])} to {clock(span[1])}: {reason}"
    return svg.element("g", svg.title(hint), bar, label)
