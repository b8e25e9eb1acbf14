"""How the samples of a period are spread: a value with its count, exact as long as they are few."""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate

from understudy.metrics.datapoint import Datapoint, Row

Distribution = dict[float, float]
"""Counts by value."""

UNKNOWN = b""
"""Stands for samples of which only a statistic set was published."""

EXACT_VALUES = 256
"""How many distinct values are kept as they are; beyond that they are rounded to steps of 1 %."""

STEP = math.log(1.01)


def of_row(row: Row) -> Distribution | None:
    """The samples behind a row that holds no distribution: known if all of them are equal.

    Source: AWS, CloudWatch statistics definitions: percentiles of a statistic set exist if its
    minimum equals its maximum and its sum is the minimum times the sample count.
    """
    _, count, total, minimum, maximum = row
    equal = minimum == maximum and math.isclose(total, minimum * count, rel_tol=1e-9, abs_tol=1e-12)
    return {minimum: count} if equal else None


def of_datapoint(point: Datapoint) -> Distribution | None:
    """The samples of a datapoint, None where they are not known."""
    if not point.values:
        if point.sample_count == 1.0 and point.sum == point.minimum == point.maximum:
            return {point.sum: 1.0}
        return of_row(
            (point.timestamp, point.sample_count, point.sum, point.minimum, point.maximum)
        )
    samples: Distribution = {}
    add(samples, zip(point.values, point.counts, strict=True))
    return samples


def add(samples: Distribution, more: Iterable[tuple[float, float]]) -> None:
    """Add values with their counts, in place."""
    for value, count in more:
        samples[value] = samples.get(value, 0.0) + count


def coarsen(samples: Distribution) -> Distribution:
    """The same samples with values rounded to steps of 1 %, so that each is within 0.5 %.

    >>> {round(value, 1): count for value, count in coarsen({0: 1.0, 100: 2.0, 100.2: 3.0}).items()}
    {0: 1.0, 100.2: 5.0}
    """
    coarse: Distribution = {}
    for value, count in samples.items():
        rounded = value
        if value:
            magnitude = math.exp(round(math.log(abs(value)) / STEP) * STEP)
            rounded = math.copysign(magnitude, value)
        coarse[rounded] = coarse.get(rounded, 0.0) + count
    return coarse


def pack(values: Iterable[float], counts: Iterable[float]) -> bytes:
    """A distribution in 16 bytes a value: all values, the smallest first, then all counts."""
    ordered, numbers = [*values], [*counts]
    if ordered != sorted(ordered):
        pairs = sorted(zip(ordered, numbers, strict=True))
        ordered, numbers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return array("d", ordered).tobytes() + array("d", numbers).tobytes()


def packed_percentile(packed: bytes, percentile: float) -> float:
    """The percentile of what ``pack`` packed, by nearest rank.

    >>> packed_percentile(pack([3.0, 1.0, 2.0], [1.0, 5.0, 4.0]), 90)
    2.0
    """
    numbers = array("d", packed)
    half = len(numbers) // 2
    running = [*accumulate(numbers[half:])]
    return numbers[bisect_left(running, rank(percentile, running[-1]))]


def rank(percentile: float, count: float) -> float:
    """How many of ``count`` samples are up to a percentile. Rounding hides the noise of floats.

    >>> rank(99.0, 250.0)
    248
    """
    return min(count, math.ceil(round(percentile * count / 100, 9)))


def unpack(packed: bytes) -> Distribution:
    """What ``pack`` packed."""
    numbers = array("d", packed)
    half = len(numbers) // 2
    values, counts = numbers[:half], numbers[half:]
    samples: Distribution = dict(zip(values, counts, strict=True))
    if len(samples) < half:
        samples = {}
        add(samples, zip(values, counts, strict=True))
    return samples


def merged(parts: Iterable[Mapping[float, float] | None]) -> Distribution | None:
    """All samples together, or None if those of any part are not known."""
    samples: Distribution = {}
    for part in parts:
        if part is None:
            return None
        add(samples, part.items())
    return samples
