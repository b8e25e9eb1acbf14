"""Bands of expected values: a stand-in for the models that CloudWatch trains.

CloudWatch does not publish its models. The one here is plain and stated: the expected value at a
time is the mean of the values of the same hour of the week in the two weeks of training, the band
reaches a number of standard deviations of those values to both sides. An hour of the week with
fewer than two values takes mean and deviation of all.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

TRAINING = 14 * 86400
"""Seconds of the past that a model learns from. Source: AWS, Using CloudWatch anomaly detection."""

ENOUGH = 30
"""How many values it takes for there to be a band at all."""


@dataclass(frozen=True, slots=True)
class Model:
    """Expected value and deviation by hour of the week, and of all hours."""

    hours: dict[int, tuple[float, float]]
    overall: tuple[float, float]
    zone: tzinfo = UTC

    def band(self, at: float, deviations: float) -> tuple[float, float]:
        """The lowest and the highest value that is expected at a time.

        >>> Model({}, (10.0, 2.0)).band(0.0, 3)
        (4.0, 16.0)
        """
        mean, deviation = self.hours.get(hour_of_week(at, self.zone), self.overall)
        return mean - deviations * deviation, mean + deviations * deviation


def hour_of_week(at: float, zone: tzinfo) -> int:
    """0 for the first hour of Monday, 167 for the last of Sunday."""
    local = datetime.fromtimestamp(at, zone)
    return local.weekday() * 24 + local.hour


def train(
    values: Iterable[tuple[float, float]],
    excluded: Sequence[tuple[float, float]] = (),
    zone: tzinfo = UTC,
) -> Model | None:
    """A model of values with their times, without those in excluded ranges.

    None if there are too few to say anything.
    """
    kept = [
        (at, value) for at, value in values if not any(start <= at < end for start, end in excluded)
    ]
    if len(kept) < ENOUGH:
        return None
    by_hour: dict[int, list[float]] = {}
    for at, value in kept:
        by_hour.setdefault(hour_of_week(at, zone), []).append(value)
    hours = {hour: _spread(each) for hour, each in by_hour.items() if len(each) > 1}
    return Model(hours, _spread([value for _, value in kept]), zone)


def _spread(values: Sequence[float]) -> tuple[float, float]:
    mean = statistics.fmean(values)
    return mean, statistics.pstdev(values, mean)
