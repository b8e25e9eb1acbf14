"""The statistics of CloudWatch: what one number says about the samples of a period.

Source: AWS, CloudWatch statistics definitions. Where the page is silent, percentiles are by nearest
rank: of n samples in order, the p-th percentile is sample ``ceil(p n / 100)``, and a range of
percentiles ``a%:b%`` keeps the samples after number ``ceil(a n / 100)`` up to ``ceil(b n / 100)``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from understudy.metrics import distribution
from understudy.metrics.datapoint import Datapoint, Row
from understudy.metrics.distribution import Distribution

BASIC: Mapping[str, Callable[[Row], float]] = {
    "SampleCount": itemgetter(1),
    "Average": lambda row: row[2] / row[1],
    "Sum": itemgetter(2),
    "Minimum": itemgetter(3),
    "Maximum": itemgetter(4),
}
"""The statistics that need no samples, as functions of a row."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A parsed statistic. ``low`` and ``high`` are percentiles or values, None where unbounded."""

    name: str
    kind: str
    low: float | None = None
    high: float | None = None
    percent: bool = False


_NUMBER = r"\d+(?:\.\d{0,10})?(?:[Ee][+-]?\d+)?"
_ONE = re.compile(r"(p|tm|tc|ts|wm)(\d{1,3}(?:\.\d{0,10})?)")
_RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\(({_NUMBER})?(%)?:({_NUMBER})?(%)?\)")


@lru_cache(maxsize=1024)
def parse_statistic(name: str) -> Statistic:
    """A statistic from its name: ``Average``, ``p99.9``, ``tm90``, ``TM(10%:90%)``, ``PR(:300)``.

    Raises ValueError for what is not a statistic.

    >>> parse_statistic("tm90")
    Statistic(name='tm90', kind='TM', low=None, high=90.0, percent=True)
    """
    if name in BASIC:
        return Statistic(name, name)
    if name == "IQM":
        return Statistic(name, "TM", 25.0, 75.0, percent=True)
    if match := _ONE.fullmatch(name):
        kind, number = match[1], float(match[2])
        if number <= 100:
            upper = "p" if kind == "p" else kind.upper()
            return Statistic(name, upper, None, number, percent=True)
    elif (match := _RANGE.fullmatch(name)) and (parsed := _range(name, match)):
        return parsed
    raise ValueError(f"{name} is not a statistic")


def _range(name: str, match: re.Match[str]) -> Statistic | None:
    kind, low, low_percent, high, high_percent = match.groups()
    known = [float(bound) for bound in (low, high) if bound]
    marks = [mark for bound, mark in ((low, low_percent), (high, high_percent)) if bound or mark]
    percent = marks == ["%"] * len(known)
    if not known or known != sorted(known) or not (percent or marks == [None] * len(known)):
        return None
    if percent and (kind == "PR" or known[-1] > 100):
        return None
    lower, upper = (float(bound) if bound else None for bound in (low, high))
    return Statistic(name, kind, lower, upper, percent)


def value(point: Datapoint, statistic: Statistic) -> float | None:
    """The statistic of a datapoint; None where it does not exist.

    All but the basic five need the samples and exist only if none of them is negative.
    """
    if basic := BASIC.get(statistic.kind):
        row = (point.timestamp, point.sample_count, point.sum, point.minimum, point.maximum)
        return basic(row)
    return of_samples(distribution.of_datapoint(point), point.minimum, statistic)


def of_samples(samples: Distribution | None, minimum: float, statistic: Statistic) -> float | None:
    """A statistic that needs the samples themselves; None where they are not known or negative."""
    if samples is None or minimum < 0:
        return None
    ordered = sorted((number, count) for number, count in samples.items() if count > 0)
    if not ordered:
        return None
    return _EXTENDED[statistic.kind](_Sorted(ordered), statistic)


class _Sorted:
    """Samples in order of their value, with their number."""

    def __init__(self, ordered: Sequence[tuple[float, float]]) -> None:
        self.ordered = ordered
        self.count = sum(count for _, count in ordered)

    def rank(self, percentile: float) -> float:
        """How many samples are up to a percentile."""
        return distribution.rank(percentile, self.count)

    def percentile(self, percentile: float) -> float:
        """The value of the last sample up to a percentile, of the first for percentile 0."""
        wanted, seen = self.rank(percentile), 0.0
        for number, count in self.ordered:
            seen += count
            if seen >= wanted:
                return number
        return self.ordered[-1][0]

    def kept(self, statistic: Statistic) -> list[tuple[float, float]]:
        """The samples in the statistic's range: value and count."""
        if not statistic.percent:
            low, high = statistic.low, statistic.high
            return [
                (number, count)
                for number, count in self.ordered
                if (low is None or number > low) and (high is None or number <= high)
            ]
        first = self.rank(statistic.low) if statistic.low else 0.0
        last = self.count if statistic.high is None else self.rank(statistic.high)
        kept: list[tuple[float, float]] = []
        seen = 0.0
        for number, count in self.ordered:
            share = min(seen + count, last) - max(seen, first)
            if share > 0:
                kept.append((number, share))
            seen += count
        return kept


def _count(kept: Sequence[tuple[float, float]]) -> float:
    return sum(count for _, count in kept)


def _sum(kept: Sequence[tuple[float, float]]) -> float:
    return sum(number * count for number, count in kept)


def _percentile(samples: _Sorted, statistic: Statistic) -> float | None:
    return samples.percentile(statistic.high or 0.0)


def _trimmed_mean(samples: _Sorted, statistic: Statistic) -> float | None:
    kept = samples.kept(statistic)
    return _sum(kept) / _count(kept) if kept else None


def _trimmed_count(samples: _Sorted, statistic: Statistic) -> float | None:
    return float(_count(samples.kept(statistic)))


def _trimmed_sum(samples: _Sorted, statistic: Statistic) -> float | None:
    return float(_sum(samples.kept(statistic)))


def _percentile_rank(samples: _Sorted, statistic: Statistic) -> float | None:
    return 100.0 * _count(samples.kept(statistic)) / samples.count


def _winsorized_mean(samples: _Sorted, statistic: Statistic) -> float | None:
    """The mean with what is outside of the range moved to its edge."""
    kept = samples.kept(statistic)
    low, high = statistic.low, statistic.high
    if statistic.percent:
        below = samples.rank(low) if low else 0.0
        low = samples.percentile(low) if low else None
        high = None if high is None else samples.percentile(high)
    else:
        below = _count([each for each in samples.ordered if low is not None and each[0] <= low])
    above = samples.count - below - _count(kept)
    return (below * (low or 0.0) + _sum(kept) + above * (high or 0.0)) / samples.count


_EXTENDED: Mapping[str, Callable[[_Sorted, Statistic], float | None]] = {
    "p": _percentile,
    "TM": _trimmed_mean,
    "TC": _trimmed_count,
    "TS": _trimmed_sum,
    "WM": _winsorized_mean,
    "PR": _percentile_rank,
}
