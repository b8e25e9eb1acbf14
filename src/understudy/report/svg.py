"""SVG as text: elements, numbers and paths."""

from collections.abc import Iterable
from html import escape

Point = tuple[float, float]
Value = str | float | None


def number(value: float) -> str:
    """A coordinate with at most one decimal, which is finer than any screen shows."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, *children: str, **attributes: Value) -> str:
    """An element; ``class_`` is written class, an underscore as a dash, None not at all."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(children)
    return f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)


def text(content: str, x: float, y: float, class_: str, anchor: str = "start") -> str:
    """A line of text whose baseline is at y."""
    return element("text", escape(content), x=x, y=y, class_=class_, text_anchor=anchor)


def title(content: str) -> str:
    """What a browser shows when the pointer rests on the element, and screen readers say."""
    return element("title", escape(content))


def line(start: Point, end: Point, class_: str) -> str:
    """A straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def rect(corner: Point, width: float, height: float, class_: str, *children: str) -> str:
    """A rectangle by its upper left corner."""
    return element(
        "rect", *children, x=corner[0], y=corner[1], width=width, height=height, class_=class_
    )


def polyline(points: Iterable[Point]) -> str:
    """Path data through points."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def steps(points: list[Point], end: float) -> str:
    """Path data of a step curve: each y holds until the x of the next point, the last until end."""
    x, y = points[0]
    rest = "".join(f"H{number(x)}V{number(y)}" for x, y in points[1:])
    return f"M{number(x)} {number(y)}{rest}H{number(end)}"


def width_of(content: str, size: float) -> float:
    """About how wide a text is in a sans-serif font of so many pixels."""
    return 0.58 * size * len(content)


def shortened(content: str, size: float, width: float) -> str:
    """A text that fits a width; what is too long loses its middle, for names differ at their ends.

    >>> shortened("TargetTracking-endpoint/digits-AlarmHigh", 10, 120)
    'TargetTra…-AlarmHigh'
    """
    fits = int(width / width_of("x", size))
    if len(content) <= fits:
        return content
    head, tail = (fits - 1) // 2, fits - 1 - (fits - 1) // 2
    return f"{content[:head]}…{content[-tail:]}"
