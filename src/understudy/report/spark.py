"""A series drawn in one line of a terminal."""

from collections.abc import Sequence
from itertools import pairwise

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:-=+*%@"


def resampled(values: Sequence[float], width: int) -> list[float]:
    """At most so many values, each the largest of its share.

    >>> resampled([1, 5, 2, 3, 9, 1], 3)
    [5, 3, 9]
    """
    if len(values) <= width:
        return list(values)
    edges = [index * len(values) // width for index in range(width + 1)]
    return [max(values[begin:end]) for begin, end in pairwise(edges)]


def spark(
    values: Sequence[float], width: int, highest: float = 0.0, *, ascii_only: bool = False
) -> str:
    """A bar for each value, from 0 to ``highest`` or to the largest where that is more.

    What is more than nothing shows at least a trace.

    >>> spark([0, 1, 4, 8], 4), spark([0, 1, 4, 8], 4, ascii_only=True), spark([0, 0], 4)
    (' ▁▄█', ' .=@', '  ')
    """
    ramp = _ASCII if ascii_only else _BLOCKS
    shown = resampled(values, width)
    highest = max([*shown, highest])
    if highest <= 0:
        return " " * len(shown)
    steps = len(ramp) - 1
    return "".join(ramp[max(round(steps * value / highest), int(value > 0))] for value in shown)


class Spark:
    """A series as wide as its place, in blocks, or in ASCII where that is all the terminal has."""

    def __init__(
        self, values: Sequence[float], style: str = "", highest: float = 0.0, width: int = 60
    ) -> None:
        self.values = values
        self.style = Style.parse(style)
        self.highest = highest
        self.width = width

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        width = min(self.width, options.max_width, max(len(self.values), 1))
        return Measurement(min(width, 10), width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, self.width)
        text = spark(self.values, width, self.highest, ascii_only=options.ascii_only)
        yield Segment(text, self.style)
        yield Segment.line()
