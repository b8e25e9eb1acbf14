"""Metrics with their datapoints, kept as long and as finely as CloudWatch keeps them."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct, field

from understudy.metrics import distribution
from understudy.metrics.datapoint import Datapoint, MetricKey, Row
from understudy.metrics.statistics import BASIC, Statistic, of_samples, value
from understudy.metrics.tier import Tier
from understudy.metrics.window import DAY, MINUTE, RETENTION, reach

AGING = 1200.0
"""How many seconds may pass until datapoints that are old enough become coarser."""


COLUMNS = {"SampleCount": 1, "Sum": 2, "Minimum": 3, "Maximum": 4}
"""Where in a row a statistic stands."""


def _tiers() -> list[Tier]:
    return [Tier(resolution) for resolution, _ in RETENTION]


Memo = dict[float, tuple[tuple[Row, ...], float | None]]
"""What a statistic came to by the start of its period, with the rows that it was worked out of."""

MEMO_PERIODS = 100


class Series(Struct):
    """What was published about one metric in one unit.

    A datapoint is in exactly one tier: in that of its resolution, later in a coarser one.
    ``resolution`` is how often the metric is reported, ``delay`` how long after the end of such a
    period it can be seen, both in seconds.
    """

    tiers: list[Tier] = field(default_factory=_tiers)
    resolution: int = MINUTE
    delay: float = 0.0
    aged_at: float = 0.0

    def add(self, point: Datapoint, now: float) -> None:
        """Keep a datapoint."""
        index = 1 if self.resolution >= MINUTE else 0
        while point.timestamp < now - RETENTION[index][1] and index < 3:
            index += 1
        self.tiers[index].add(point)
        if now >= self.aged_at + AGING:
            self.age(now)

    def age(self, now: float) -> None:
        """Make coarser what is old, and forget what is older than anything is kept."""
        self.aged_at = now
        for index, (_, kept) in enumerate(RETENTION):
            tier = self.tiers[index]
            if not tier or tier.first() >= now - kept:
                continue
            for point in tier.take_before(now - kept):
                if index < 3:
                    self.tiers[index + 1].add(point)

    def horizon(self, now: float) -> float:
        """Up to when all can be seen at ``now``: whole periods that ended long enough ago."""
        seen = now - self.delay
        return seen - seen % self.resolution

    def rows(self, start: float, end: float) -> Iterator[tuple[Tier, Row]]:
        """The rows of all tiers, coarsest (and so oldest) first, each with its tier."""
        for tier in reversed(self.tiers):
            if tier:
                for row in tier.between(start, end):
                    yield tier, row

    def read(self, start: float, end: float, period: int, now: float) -> list[Datapoint]:
        """Datapoints of ``period`` seconds from ``start`` on, oldest first, without empty ones.

        What is too old to be read at this period is left out.
        """
        return [_together(at, rows) for at, rows in self._slots(start, end, period, now)]

    def _slots(
        self, start: float, end: float, period: int, now: float
    ) -> list[tuple[float, list[tuple[Tier, Row]]]]:
        """The rows of each period that has any, with its start, oldest first."""
        slots: dict[int, list[tuple[Tier, Row]]] = {}
        for tier, row in self.rows(max(start, now - reach(period)), end):
            slots.setdefault(int((row[0] - start) // period), []).append((tier, row))
        return [(start + slot * period, slots[slot]) for slot in sorted(slots)]

    def values(
        self,
        statistic: Statistic,
        start: float,
        period: int,
        count: int,
        now: float,
        memo: Memo | None = None,
    ) -> list[float | None]:
        """A statistic of ``count`` periods from ``start`` on, None where there is no datapoint.

        This is what alarms call every minute; they end their windows where ``horizon`` is. A caller
        that asks for the same statistic of this series again and again keeps a ``memo``: what
        percentiles came to while nothing has changed is taken from it.
        """
        end, minutes = start + period * count, self.tiers[1]
        basic = BASIC.get(statistic.kind)
        if basic and period == MINUTE and not self.tiers[0] and start >= now - RETENTION[1][1]:
            first = minutes.unbroken(start, count)
            if first is not None:
                return [*self._column(statistic.kind, first, count)]
            found = [(row[0], basic(row)) for row in minutes.between(start, end)]
        else:
            slots = self._slots(start, end, period, now)
            found = [(at, _recalled(memo, statistic, at, rows)) for at, rows in slots]
        values: list[float | None] = [None] * count
        for at, each in found:
            values[int((at - start) // period)] = each
        return values

    def _column(self, kind: str, first: int, count: int) -> Sequence[float]:
        """A basic statistic of minutes that follow one another without a gap."""
        minutes = self.tiers[1]
        if kind == "Average":
            counts, sums = (minutes.column(index, first, count) for index in (1, 2))
            return [total / number for total, number in zip(sums, counts, strict=True)]
        return minutes.column(COLUMNS[kind], first, count)


def _recalled(
    memo: Memo | None, statistic: Statistic, at: float, rows: Sequence[tuple[Tier, Row]]
) -> float | None:
    """A statistic of a period, worked out only if its rows are not those remembered."""
    if memo is None:
        return _value(at, rows, statistic)
    seen = tuple(row for _, row in rows)
    known = memo.get(at)
    if known is not None and known[0] == seen:
        return known[1]
    if len(memo) >= MEMO_PERIODS:
        memo.clear()
    result = _value(at, rows, statistic)
    memo[at] = (seen, result)
    return result


def _value(at: float, rows: Sequence[tuple[Tier, Row]], statistic: Statistic) -> float | None:
    """A statistic of one datapoint; most often that is one row."""
    if len(rows) > 1 or statistic.kind in BASIC:
        return value(_together(at, rows), statistic)
    tier, row = rows[0]
    if statistic.kind == "p":
        found = tier.percentile(row, statistic.high or 0.0)
        if found is not None:
            return found
    return of_samples(tier.samples(row), row[3], statistic)


def _together(at: float, rows: Sequence[tuple[Tier, Row]]) -> Datapoint:
    """One datapoint of several rows."""
    counts, sums = sum(row[1] for _, row in rows), sum(row[2] for _, row in rows)
    minimum, maximum = min(row[3] for _, row in rows), max(row[4] for _, row in rows)
    samples = None
    if minimum != maximum:
        samples = distribution.merged(tier.samples(row) for tier, row in rows)
    samples = samples or {}
    return Datapoint(at, counts, sums, minimum, maximum, tuple(samples), tuple(samples.values()))


class Metric(Struct):
    """A metric: its series by unit, the unit first published first."""

    series: dict[str, Series] = field(default_factory=dict)
    published_at: float = 0.0

    def of_unit(self, unit: str | None) -> Series | None:
        """The series of a unit, or of the unit first published if none is named.

        CloudWatch does not say what it does with a metric of several units and no unit named.
        """
        if unit is None:
            return next(iter(self.series.values()), None)
        return self.series.get(unit)


@dataclass(slots=True)
class Roster:
    """Metrics that differ in the value of one dimension alone, at hand to publish all of them.

    ``known`` are those of a store that has forgotten none since ``forgotten_at``.
    """

    namespace: str
    name: str
    dimension: str
    unit: str
    known: dict[str, tuple[Metric, Series]] = dataclasses.field(default_factory=dict)
    forgotten_at: float = -1.0


class Store(Struct):
    """The metrics of one region."""

    metrics: dict[MetricKey, Metric] = field(default_factory=dict)
    forgotten_at: float = 0.0

    def publish(
        self,
        key: MetricKey,
        point: Datapoint,
        now: float,
        unit: str = "None",
        resolution: int = MINUTE,
        delay: float = 0.0,
    ) -> None:
        """Keep a datapoint of a metric, which begins to exist with its first one.

        ``resolution`` is 60, or less for a high-resolution metric; ``delay`` is as in ``Series``.
        """
        if point.sample_count > 0:
            self._published(key, now, unit, resolution, delay).add(point, now)

    def publish_samples(
        self,
        roster: Roster,
        samples: Iterable[tuple[str, float]],
        at: float,
        now: float,
        resolution: int = MINUTE,
        delay: float = 0.0,
    ) -> None:
        """Keep one sample of each of many metrics of a roster, all of the same recent period."""
        known = roster.known
        if roster.forgotten_at != self.forgotten_at:
            known.clear()
        tier = 1 if resolution >= MINUTE else 0
        start = at - at % RETENTION[tier][0]
        for name, sample in samples:
            found = known.get(name)
            if found is None:
                found = self._enlist(roster, name, now, resolution, delay)
            metric, series = found
            if series.resolution != resolution or series.delay != delay:
                series.resolution, series.delay = resolution, delay
            metric.published_at = now
            series.tiers[tier].add_sample(start, sample)
            if now >= series.aged_at + AGING:
                series.age(now)

    def _enlist(
        self, roster: Roster, name: str, now: float, resolution: int, delay: float
    ) -> tuple[Metric, Series]:
        """The metric of a name, at hand from now on; others may be forgotten meanwhile."""
        key = (roster.namespace, roster.name, ((roster.dimension, name),))
        series = self._published(key, now, roster.unit, resolution, delay)
        if roster.forgotten_at != self.forgotten_at:
            roster.known.clear()
            roster.forgotten_at = self.forgotten_at
        found = roster.known[name] = (self.metrics[key], series)
        return found

    def _published(
        self, key: MetricKey, now: float, unit: str, resolution: int, delay: float
    ) -> Series:
        """The series that a datapoint goes into."""
        metric = self.metrics.get(key)
        if metric is None:
            if now >= self.forgotten_at + DAY:
                self.forget(now)
            metric = self.metrics[key] = Metric()
        series = metric.series.get(unit)
        if series is None:
            series = metric.series[unit] = Series()
        series.resolution = resolution
        series.delay = delay
        metric.published_at = now
        return series

    def series(self, key: MetricKey, unit: str | None = None) -> Series | None:
        """The series of a metric in a unit, None if nothing like it was ever published."""
        metric = self.metrics.get(key)
        return metric.of_unit(unit) if metric else None

    def forget(self, now: float) -> None:
        """Let go of datapoints, and of metrics, that are older than anything is kept.

        It happens by itself once a day, when there is a new metric.
        """
        self.forgotten_at = now
        for key, metric in list(self.metrics.items()):
            for series in metric.series.values():
                series.age(now)
            if metric.published_at < now - RETENTION[-1][1]:
                del self.metrics[key]
