"""The panels of capacity: one run with its scaling activities, and two runs compared."""

from dataclasses import dataclass

from understudy.control.comparison import DESIRED, IN_SERVICE, Count, apart
from understudy.control.outcome import ActivityRecord, CapacityPoint, Outcome
from understudy.report import svg
from understudy.report.axes import Scale, ticks
from understudy.report.picture import LABEL, LEFT, Frame, Panel, blocks, empty, filled, value_axis

FLAG_HEIGHT, FLAG_LANES = 17, 6


def _all(point: CapacityPoint) -> int:
    return point.in_service + point.pending + point.terminating


def capacity_panel(run: Outcome) -> Panel:
    """Instances in service, and on top of them pending and terminating; desired as a line."""
    shown = [
        ("in-service", "in service", any(point.in_service for point in run.capacity)),
        ("pending", "pending", any(point.pending for point in run.capacity)),
        ("terminating", "terminating", any(point.terminating for point in run.capacity)),
        ("desired", "desired", bool(run.capacity)),
    ]
    legend = tuple((class_, label) for class_, label, present in shown if present)

    def draw(frame: Frame, top: float, bottom: float) -> str:
        if not run.capacity:
            return empty(frame, top, bottom, "No capacity was recorded.")
        flags = _place_flags(run, frame)
        lanes = [FLAG_LANES if flag.lane is None else flag.lane + 1 for flag in flags]
        room = FLAG_HEIGHT * max(lanes, default=0)
        scale, axis = _count_axis(frame, run.capacity, top + room, bottom)
        return axis + _stack(run, frame, scale) + _flags(flags, scale, top)

    return Panel("Capacity", "instances, flags are scaling activities", legend, 170, draw)


def _count_axis(
    frame: Frame, points: tuple[CapacityPoint, ...], top: float, bottom: float
) -> tuple[Scale, str]:
    highest = max(max(point.desired, _all(point)) for point in points)
    values = ticks(highest, 5, whole=True)
    scale = Scale(0, values[-1], bottom, top)
    return scale, value_axis(frame, scale, values)


def _curve(run: Outcome, frame: Frame, scale: Scale, count: Count) -> list[svg.Point]:
    return [(frame.x(p.at - run.started_at), scale(count(p))) for p in run.capacity]


def _stack(run: Outcome, frame: Frame, scale: Scale) -> str:
    """In service from the ground, pending on top of it, terminating on top of both."""
    begins = [point.at - run.started_at for point in run.capacity]
    spans = list(zip(run.capacity, begins, [*begins[1:], run.duration], strict=True))
    pending = (
        (begin, end, point.in_service, point.in_service + point.pending)
        for point, begin, end in spans
    )
    terminating = (
        (begin, end, point.in_service + point.pending, _all(point)) for point, begin, end in spans
    )
    return (
        _filled_curve(run, frame, scale, IN_SERVICE)
        + blocks(frame, scale, pending, "pending")
        + blocks(frame, scale, terminating, "terminating")
        + _step_line(run, frame, scale, DESIRED, "desired")
    )


def _filled_curve(run: Outcome, frame: Frame, scale: Scale, count: Count) -> str:
    curve = _curve(run, frame, scale, count)
    return filled(curve, frame.x(run.duration), scale(0), "in-service")


def _step_line(run: Outcome, frame: Frame, scale: Scale, count: Count, class_: str) -> str:
    path = svg.steps(_curve(run, frame, scale, count), frame.x(run.duration))
    return svg.element("path", d=path, class_=f"outline {class_}")


@dataclass(frozen=True, slots=True)
class _Flag:
    """A scaling activity on the picture; ``lane`` is None where flags stand too close for one."""

    activity: ActivityRecord
    x: float
    begin: float
    lane: int | None

    @property
    def text(self) -> str:
        """From which count to which."""
        return f"{self.activity.from_count}→{self.activity.to_count}"


def _flag_width(activity: ActivityRecord) -> float:
    return svg.width_of(f"{activity.from_count}→{activity.to_count}", LABEL) + 18


def _place_flags(run: Outcome, frame: Frame) -> list[_Flag]:
    """Flags in the uppermost lane where they do not overlap an earlier one."""
    free = [0.0] * FLAG_LANES
    placed: list[_Flag] = []
    for activity in run.activities:
        x, width = frame.x(activity.at - run.started_at), _flag_width(activity)
        begin = min(x, frame.right - width)
        lane = next((index for index, end in enumerate(free) if end <= begin), None)
        if lane is not None:
            free[lane] = begin + width + 2
        placed.append(_Flag(activity, x, begin, lane))
    return placed


def _flags(flags: list[_Flag], scale: Scale, top: float) -> str:
    poles = "".join(_pole(flag, scale, top) for flag in flags)
    return poles + "".join(_cloth(flag, top) for flag in flags if flag.lane is not None)


def _direction(activity: ActivityRecord) -> str:
    if activity.status == "Failed" or activity.to_count == activity.from_count:
        return "stuck"
    return "out" if activity.to_count > activity.from_count else "in"


def _pole(flag: _Flag, scale: Scale, top: float) -> str:
    activity = flag.activity
    foot = scale(max(activity.from_count, activity.to_count))
    head = top + FLAG_HEIGHT * (FLAG_LANES if flag.lane is None else flag.lane)
    return svg.line((flag.x, min(head, foot)), (flag.x, foot), f"pole {_direction(activity)}")


def _cloth(flag: _Flag, top: float) -> str:
    y = top + FLAG_HEIGHT * (flag.lane or 0)
    activity, width = flag.activity, _flag_width(flag.activity)
    return svg.element(
        "g",
        svg.title(f"{flag.text} {activity.status}: {activity.cause}"),
        svg.rect((flag.begin, y), width, FLAG_HEIGHT - 3, "cloth"),
        svg.text(flag.text, flag.begin + width / 2, y + 11, "flag-text", "middle"),
        class_=f"flag {_direction(activity)}",
    )


def compared_panel(live: Outcome, simulated: Outcome, name: str, count: Count) -> Panel:
    """One count of both runs, each on its own time from its start."""
    legend = (("in-service", "live"), ("simulated", "simulated"))

    def draw(frame: Frame, top: float, bottom: float) -> str:
        if not (live.capacity and simulated.capacity):
            return empty(frame, top, bottom, "One of the runs has no capacity recorded.")
        scale, axis = _count_axis(frame, live.capacity + simulated.capacity, top, bottom)
        own = _filled_curve(live, frame, scale, count)
        return axis + own + _step_line(simulated, frame, scale, count, "simulated")

    return Panel(name, "instances", legend, 110, draw)


def difference_panel(live: Outcome, simulated: Outcome) -> Panel:
    """Live minus simulated instances in service, above or below a line of none."""
    edges, values = apart(live, simulated, IN_SERVICE)
    largest = max((abs(int(value)) for value in values), default=0)

    def draw(frame: Frame, top: float, bottom: float) -> str:
        if not largest:
            return empty(frame, top, bottom, "No difference at any time.")
        scale = Scale(-largest, largest, bottom, top)
        spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), values.tolist(), strict=True))
        more = ((begin, end, 0, value) for begin, end, value in spans)
        fewer = ((begin, end, value, 0) for begin, end, value in spans)
        return (
            value_axis(frame, scale, [-largest, 0, largest])
            + blocks(frame, scale, more, "more")
            + blocks(frame, scale, fewer, "fewer")
            + svg.line((LEFT, scale(0)), (frame.right, scale(0)), "axis")
        )

    legend = (("more", "live has more"), ("fewer", "live has fewer"))
    return Panel("Difference in service", "instances", legend, 70, draw)
