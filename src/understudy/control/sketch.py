"""A distribution as a value, and as a datapoint."""

from msgspec import Struct

from understudy.metrics.datapoint import Datapoint


class Sketch(Struct, frozen=True, array_like=True):
    """A distribution as values with counts, good for any percentile.

    Values are rounded to steps of 1 %, so percentiles are within 0.5 %; sum, minimum and maximum
    are exact.
    """

    values: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()
    total: float = 0.0
    minimum: float = 0.0
    maximum: float = 0.0

    @property
    def count(self) -> float:
        """How many samples are in it; a sampled request stands for several."""
        return sum(self.counts)


def of_sketch(at: float, sketch: Sketch) -> Datapoint:
    """A datapoint of the samples in a sketch."""
    return Datapoint(
        at,
        sketch.count,
        sketch.total,
        sketch.minimum,
        sketch.maximum,
        sketch.values,
        sketch.counts,
    )
