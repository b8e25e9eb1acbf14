"""The dependencies of a template's resources as a picture: layers from left to right."""

from collections.abc import Mapping, Sequence

from understudy.report import svg

Needs = Mapping[str, Sequence[str]]

STYLE = (
    "svg{background:#fff}.box{fill:#f6f8fa;stroke:#8c959f}.name{font-size:14px;fill:#1f2328}"
    ".kind{font-size:11px;fill:#59636e}.need{fill:none;stroke:#59636e;stroke-width:1.2}"
)
PADDING = 10


def placed(layers: Sequence[Sequence[str]], needs: Needs) -> list[list[str]]:
    """The layers with their members ordered so that fewer lines cross.

    Each is put at the mean place of what it needs, and then of those that need it (Sugiyama's
    barycentres), a few times over.

    >>> placed([["A", "B"], ["X", "Y"]], {"X": ["B"], "Y": ["A"]})
    [['A', 'B'], ['Y', 'X']]
    """
    users: dict[str, list[str]] = {}
    for name, wanted in needs.items():
        for need in wanted:
            users.setdefault(need, []).append(name)
    ordered = [list(layer) for layer in layers]
    for _ in range(4):
        for index in range(1, len(ordered)):
            _order(ordered, index, needs)
        for index in range(len(ordered) - 2, -1, -1):
            _order(ordered, index, users)
    for index in range(1, len(ordered)):
        _order(ordered, index, needs)
    return ordered


def _order(ordered: list[list[str]], index: int, neighbours: Needs) -> None:
    where = {name: place for layer in ordered for place, name in enumerate(layer)}

    def mean(name: str) -> float:
        found = [where[each] for each in neighbours.get(name, ()) if each in where]
        return sum(found) / len(found) if found else where[name]

    ordered[index].sort(key=lambda name: (mean(name), where[name]))


WIDTH, HEIGHT, ACROSS, DOWN, EDGE = 220, 44, 90, 18, 20
"""Pixels: of a box, between columns, between rows, and around everything."""


def dependency_picture(
    layers: Sequence[Sequence[str]], types: Mapping[str, str], needs: Needs
) -> str:
    """An SVG: a column for each layer, what is made first on the left, a line for each need."""
    columns = placed(layers, needs)
    tallest = max((len(column) for column in columns), default=0)
    width = EDGE * 2 + len(columns) * WIDTH + max(len(columns) - 1, 0) * ACROSS
    height = EDGE * 2 + tallest * HEIGHT + max(tallest - 1, 0) * DOWN
    places: dict[str, tuple[float, float]] = {}
    for index, column in enumerate(columns):
        used = len(column) * HEIGHT + (len(column) - 1) * DOWN
        top = (height - used) / 2
        for row, name in enumerate(column):
            places[name] = (EDGE + index * (WIDTH + ACROSS), top + row * (HEIGHT + DOWN))
    lines = [
        _curve(places[need], places[name])
        for name, wanted in needs.items()
        for need in wanted
        if name in places and need in places
    ]
    boxes = [_box(places[name], name, types[name]) for name in places]
    return svg.element(
        "svg",
        svg.title("What each resource needs: made from left to right"),
        svg.element("style", STYLE),
        *lines,
        *boxes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        font_family="system-ui, sans-serif",
    )


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    x, y = start[0] + WIDTH, start[1] + HEIGHT / 2
    to_x, to_y = end[0], end[1] + HEIGHT / 2
    bend = max((to_x - x) / 2, ACROSS / 2)
    points = (x, y, x + bend, y, to_x - bend, to_y, to_x, to_y)
    path = "M{} {}C{} {} {} {} {} {}".format(*map(svg.number, points))
    return svg.element("path", d=path, class_="need")


def _box(place: tuple[float, float], name: str, kind: str) -> str:
    x, y = place
    room = WIDTH - 2 * PADDING
    return svg.element(
        "g",
        svg.title(f"{name}: {kind}"),
        svg.element("rect", x=x, y=y, width=WIDTH, height=HEIGHT, rx=6.0, class_="box"),
        svg.text(svg.shortened(name, 14, room), x + PADDING, y + 19, "name"),
        svg.text(svg.shortened(kind.removeprefix("AWS::"), 11, room), x + PADDING, y + 35, "kind"),
    )
