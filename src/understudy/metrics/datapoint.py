"""What is published about a metric, and what a metric is."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, sorted, so that equal sets are equal tuples."""

MetricKey = tuple[str, str, Dimensions]
"""What a metric is: its namespace, its name, its exact set of dimensions.

Source: AWS, Amazon CloudWatch concepts, Dimensions: each set of dimensions is a metric of its own.
"""

Row = tuple[float, float, float, float, float]
"""Timestamp, sample count, sum, minimum, maximum."""


class Datapoint(Struct, frozen=True, array_like=True):
    """Samples of one metric in one period, which begins at ``timestamp`` (seconds).

    ``values`` with ``counts`` are the samples themselves, where they are known: percentiles need
    them. They may be left out where all samples are equal.
    """

    timestamp: float
    sample_count: float
    sum: float
    minimum: float
    maximum: float
    values: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()


def metric_key(namespace: str, name: str, dimensions: Iterable[tuple[str, str]]) -> MetricKey:
    """The identity of a metric, whatever the order of its dimensions."""
    return namespace, name, tuple(sorted(dimensions))


def of_value(timestamp: float, value: float, count: float = 1.0) -> Datapoint:
    """One value, seen ``count`` times."""
    return Datapoint(timestamp, count, value * count, value, value)


def of_samples(timestamp: float, samples: Sequence[float]) -> Datapoint:
    """Several values, at least one, each seen once.

    >>> of_samples(0.0, [2.0, 5.0]).sum
    7.0
    """
    count = len(samples)
    ones = (1.0,) * count
    return Datapoint(
        timestamp, float(count), sum(samples), min(samples), max(samples), tuple(samples), ones
    )


def of_values(timestamp: float, values: Sequence[float], counts: Sequence[float]) -> Datapoint:
    """Several values, each with how often it was seen.

    >>> of_values(0.0, [2.0, 5.0], [1.0, 3.0]).sum
    17.0
    """
    seen = [(value, count) for value, count in zip(values, counts, strict=True) if count > 0]
    if not seen:
        return Datapoint(timestamp, 0.0, 0.0, 0.0, 0.0)
    return Datapoint(
        timestamp,
        sum(count for _, count in seen),
        sum(value * count for value, count in seen),
        min(value for value, _ in seen),
        max(value for value, _ in seen),
        tuple(value for value, _ in seen),
        tuple(count for _, count in seen),
    )
