"""A picture: panels one below the other over one time axis.

Every function is pure. Colours come from the page's style sheet by class, so that pictures follow
light and dark; shape and text tell everything that colour tells.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from understudy.report import svg
from understudy.report.axes import AnyScale, clock, time_ticks

LEFT, RIGHT = 54, 14
HEAD, FOOT = 50, 40
WIDE_FROM = 700
LINES = frozenset({"desired", "simulated", "p50", "p99", "slo"})
"""What is drawn as a line, in the legend too."""
LABEL = 11
"""Pixels of the small text of a picture."""

Swatch = tuple[str, str]
"""A class of the style sheet and what it stands for."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The time axis that all panels of a picture share: seconds from the start onto pixels."""

    width: int
    duration: float

    @property
    def wide(self) -> bool:
        """Whether there is room for titles and legends on one line."""
        return self.width >= WIDE_FROM

    @property
    def right(self) -> float:
        """The pixel where the plots end."""
        return self.width - RIGHT

    def x(self, second: float) -> float:
        """The pixel of a time from the start, kept within the plots."""
        share = min(max(second / self.duration, 0.0), 1.0) if self.duration else 0.0
        return LEFT + share * (self.right - LEFT)

    def ticks(self) -> list[float]:
        """Times that are labelled."""
        return time_ticks(self.duration, 12 if self.wide else 5)


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot: what it shows in words, its legend, its inner height and how to draw it.

    ``draw`` is given the frame and the top and bottom pixel of the plot.
    """

    name: str
    unit: str
    legend: tuple[Swatch, ...]
    height: int
    draw: Callable[[Frame, float, float], str]


def picture(name: str, title: str, description: str, frame: Frame, panels: list[Panel]) -> str:
    """A picture with its panels one below the other and the time axis at its foot."""
    drawn: list[str] = []
    top = 0.0
    for panel in panels:
        plot = top + (HEAD if frame.wide else HEAD + 16)
        bottom = plot + panel.height
        grid = "".join(
            svg.line((frame.x(tick), plot), (frame.x(tick), bottom), "grid")
            for tick in frame.ticks()
        )
        drawn += [_heading(panel, frame, top), grid, panel.draw(frame, plot, bottom)]
        top = bottom
    drawn.append(_time_axis(frame, top))
    height = top + FOOT
    return svg.element(
        "svg",
        svg.element("title", title, id=f"{name}-title"),
        svg.element("desc", description, id=f"{name}-desc"),
        *drawn,
        svg.element("line", class_="cursor", x1=0, x2=0, y1=18, y2=top, visibility="hidden"),
        class_=f"picture {'wide' if frame.wide else 'narrow'}",
        viewBox=f"0 0 {frame.width} {svg.number(height)}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        data_left=LEFT,
        data_right=frame.right,
        data_duration=frame.duration,
    )


def _heading(panel: Panel, frame: Frame, top: float) -> str:
    y = top + 34
    heading = svg.element(
        "text",
        svg.element("tspan", panel.name, class_="name"),
        svg.element("tspan", panel.unit, class_="unit", dx=7),
        x=LEFT,
        y=y,
        class_="heading",
    )
    widths = [svg.width_of(label, LABEL) + 38 for _, label in panel.legend]
    x = frame.right - sum(widths) + 14 if frame.wide else LEFT
    line = y if frame.wide else y + 18
    swatches: list[str] = []
    for (class_, label), width in zip(panel.legend, widths, strict=True):
        swatches.append(_swatch(class_, x, line))
        swatches.append(svg.text(label, x + 21, line, "label"))
        x += width
    return heading + "".join(swatches)


def _swatch(class_: str, x: float, y: float) -> str:
    if class_ in LINES:
        return svg.line((x, y - 4), (x + 16, y - 4), f"outline {class_}")
    return svg.rect((x, y - 8), 16, 9, f"swatch {class_}")


def _time_axis(frame: Frame, y: float) -> str:
    labels = "".join(_time_label(frame, tick, y + 16) for tick in frame.ticks())
    name = svg.text("time from start, h:mm of world time", frame.right, y + 33, "label", "end")
    return svg.line((LEFT, y), (frame.right, y), "axis") + labels + name


def _time_label(frame: Frame, tick: float, y: float) -> str:
    x, half = frame.x(tick), svg.width_of(clock(tick), LABEL) / 2
    if x + half > frame.width:
        return svg.text(clock(tick), frame.width, y, "label", "end")
    return svg.text(clock(tick), x, y, "label", "middle")


def value_axis(
    frame: Frame,
    scale: AnyScale,
    values: list[float],
    write: Callable[[float], str] = "{:g}".format,
) -> str:
    """Level grid lines with their values at the left."""
    return "".join(
        svg.line((LEFT, scale(value)), (frame.right, scale(value)), "grid")
        + svg.text(write(value), LEFT - 7, scale(value) + 4, "label", "end")
        for value in values
    )


def empty(frame: Frame, top: float, bottom: float, why: str) -> str:
    """A plot without data says why."""
    middle = (LEFT + frame.right) / 2
    return svg.line((LEFT, bottom), (frame.right, bottom), "axis") + svg.text(
        why, middle, (top + bottom) / 2 + 4, "empty", "middle"
    )


def filled(points: list[svg.Point], end: float, foot: float, class_: str) -> str:
    """A step curve with the area under it."""
    outline = svg.steps(points, end)
    area = f"{outline}V{svg.number(foot)}H{svg.number(points[0][0])}Z"
    return svg.element("path", d=area, class_=f"area {class_}") + svg.element(
        "path", d=outline, class_=f"outline {class_}"
    )


Span = tuple[float, float, float, float]
"""A span of time and of values: begin and end in seconds from the start, low and high."""


def blocks(frame: Frame, scale: AnyScale, spans: Iterable[Span], class_: str) -> str:
    """Rectangles for the spans that have a height."""
    return "".join(
        svg.rect(
            (frame.x(begin), scale(high)),
            frame.x(end) - frame.x(begin),
            scale(low) - scale(high),
            f"block {class_}",
        )
        for begin, end, low, high in spans
        if high > low and end > begin
    )
