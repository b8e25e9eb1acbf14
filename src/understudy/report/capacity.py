"""The panels of capacity: one run with its scaling activities, and two runs compared."""

from dataclasses import dataclass

from understudy.control.comparison import DESIRED, IN_SERVICE, Count, apart
from understudy.control.outcome import ActivityRecord, CapacityPoint, Outcome
from understudy.report import svg
from understudy.report.axes import Scale, ticks
from understudy.report.picture import LABEL, LEFT, Frame, Panel, blocks, empty, filled, value_axis

FLAG_HEIGHT, FLAG_LANES = 17, 5


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
        lanes = max((flag.lane + 1 for flag in flags), default=0)
        room = FLAG_HEIGHT * (lanes if lanes <= FLAG_LANES else 1)
        scale, axis = _count_axis(frame, run.capacity, top + room, bottom)
        above = _flags(flags, scale, top) if lanes <= FLAG_LANES else _marks(flags, top + 3)
        return axis + _stack(run, frame, scale) + above

    return Panel("Capacity", "instances, scaling activities above", legend, 170, draw)


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
    """A scaling activity on the picture: where its pole stands, where its cloth, in which lane."""

    activity: ActivityRecord
    x: float
    begin: float
    lane: int

    @property
    def text(self) -> str:
        """From which count to which."""
        return f"{self.activity.from_count}→{self.activity.to_count}"

    @property
    def width(self) -> float:
        """Pixels of the cloth."""
        return svg.width_of(self.text, LABEL) + 18

    @property
    def direction(self) -> str:
        """Out, in, or stuck where the capacity did not change."""
        activity = self.activity
        if activity.status == "Failed" or activity.to_count == activity.from_count:
            return "stuck"
        return "out" if activity.to_count > activity.from_count else "in"

    @property
    def hint(self) -> str:
        """What it says when pointed at."""
        return svg.title(f"{self.text} {self.activity.status}: {self.activity.cause}")


def _place_flags(run: Outcome, frame: Frame) -> list[_Flag]:
    """Flags in the uppermost lane where they do not overlap an earlier one."""
    free: list[float] = []
    placed: list[_Flag] = []
    for activity in run.activities:
        x = frame.x(activity.at - run.started_at)
        width = _Flag(activity, x, x, 0).width
        begin = min(x, frame.right - width)
        lane = next((index for index, end in enumerate(free) if end <= begin), len(free))
        free[lane : lane + 1] = [begin + width + 2]
        placed.append(_Flag(activity, x, begin, lane))
    return placed


def _flags(flags: list[_Flag], scale: Scale, top: float) -> str:
    poles = "".join(_pole(flag, scale, top + FLAG_HEIGHT * flag.lane) for flag in flags)
    return poles + "".join(_cloth(flag, top + FLAG_HEIGHT * flag.lane) for flag in flags)


def _pole(flag: _Flag, scale: Scale, y: float) -> str:
    foot = scale(max(flag.activity.from_count, flag.activity.to_count))
    return svg.line((flag.x, y), (flag.x, foot), "pole")


def _cloth(flag: _Flag, y: float) -> str:
    return svg.element(
        "g",
        flag.hint,
        svg.rect((flag.begin, y), flag.width, FLAG_HEIGHT - 3, "cloth"),
        svg.text(flag.text, flag.begin + flag.width / 2, y + 11, "flag-text", "middle"),
        class_=f"flag {flag.direction}",
    )


def _marks(flags: list[_Flag], y: float) -> str:
    """Where flags stand too close: a triangle up for out, down for in, a dash for no change."""
    shapes = {"out": "l4 8h-8z", "in": "m-4 0h8l-4 8z", "stuck": "m-4 4h8"}
    return "".join(
        svg.element(
            "path",
            flag.hint,
            d=f"M{svg.number(flag.x)} {svg.number(y)}{shapes[flag.direction]}",
            class_=f"mark {flag.direction}",
        )
        for flag in flags
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
