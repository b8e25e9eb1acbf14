"""A metric alarm made ready for evaluation: its definition, its window, its values.

This runs for every alarm every minute, so what can be known before is computed once.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.queries import Query, Range, Run, key_of, parse_queries
from understudy.control.cloudwatch.state import MetricAlarm
from understudy.control.cloudwatch.transition import ACTIONS, is_scaling
from understudy.control.events import Params
from understudy.metrics.datapoint import MetricKey
from understudy.metrics.expression import ExpressionError
from understudy.metrics.math import TimeSeries
from understudy.metrics.statistics import Statistic, parse_statistic
from understudy.metrics.store import Memo
from understudy.metrics.window import sliding_end, wall_clock_edges
from understudy.scaling.alarm import (
    BAND_COMPARISONS,
    COMPARISONS,
    cadence,
    enough_samples,
    evaluation_range,
    evaluation_second,
)
from understudy.scaling.alarm_reason import Criteria

SAMPLE_COUNT = parse_statistic("SampleCount")

Values = list[float | None]


@dataclass(frozen=True, slots=True)
class Watched:
    """The metric, or the maths, that an alarm watches. One of ``key`` and ``queries`` is there."""

    period: int
    key: MetricKey | None = None
    statistic: Statistic | None = None
    unit: str | None = None
    queries: tuple[Query, ...] = ()
    band: str = ""

    def metrics(self) -> list[tuple[MetricKey, str | None]]:
        """The metrics that are read, each with its unit."""
        if self.key:
            return [(self.key, self.unit)]
        return [(each.metric.key, each.metric.unit) for each in self.queries if each.metric]


@dataclass(frozen=True, slots=True)
class Watch:
    """An alarm with everything that its evaluation needs. ``memo`` is what it has read lately."""

    alarm: MetricAlarm
    watched: Watched
    criteria: Criteria
    second: int
    step: int
    timer: tuple[str, ...]
    compare: Callable[[float, float], bool] | None
    threshold: float
    range: int
    scaling: dict[str, tuple[str, ...]]
    least_samples: float
    zone: str | None
    memo: Memo = field(default_factory=dict[float, Any])


def watch(alarm: MetricAlarm) -> Watch:
    """An alarm, made ready. Its parameters have been validated."""
    params = alarm.params
    watched = watched_by(params)
    scaling: dict[str, tuple[str, ...]] = {}
    if params["ActionsEnabled"]:
        for state, member in ACTIONS.items():
            scaling[state] = tuple(each for each in params[member] if is_scaling(each))
    ignored = params.get("EvaluateLowSampleCountPercentile") == "ignore" and watched.statistic
    window: Params | None = params.get("EvaluationWindow", {}).get("WallClockWindow")
    return Watch(
        alarm=alarm,
        watched=watched,
        criteria=_criteria(params, watched),
        second=second_of(params, watched),
        step=cadence(watched.period),
        timer=("alarm", alarm.name, alarm.incarnation),
        compare=COMPARISONS.get(params["ComparisonOperator"]),
        threshold=params.get("Threshold", 0.0),
        range=evaluation_range(params["EvaluationPeriods"]),
        scaling=scaling,
        least_samples=enough_samples(watched.statistic) if ignored and watched.statistic else 0.0,
        zone=None if window is None else window.get("Timezone", "UTC"),
    )


def watched_by(params: Params) -> Watched:
    """What an alarm's parameters say it watches. Raises the fault of a bad query."""
    if "Metrics" in params:
        queries = parse_queries(params["Metrics"], "Metrics")
        band = params.get("ThresholdMetricId", "")
        periods = [each.metric.period for each in queries if each.metric]
        periods += [each.period for each in queries if each.period]
        return Watched(max(periods, default=60), queries=queries, band=band)
    statistic = parse_statistic(params.get("Statistic") or params["ExtendedStatistic"])
    return Watched(params["Period"], key_of(params), statistic, params.get("Unit"))


def second_of(params: Params, watched: Watched | None = None) -> int:
    """The second of the minute at which an alarm with these parameters is evaluated."""
    return evaluation_second(_definition(params, watched or watched_by(params)))


def _definition(params: Params, watched: Watched) -> str:
    """What an alarm watches, as a text without the names that differ from stack to stack.

    The alarm's own name and the values of dimensions are left out: they often end in random
    letters, and the alarms of a stack that is made again shall be evaluated at the same seconds.
    """
    if watched.key and watched.statistic:
        what: object = [_kind(watched.key), watched.statistic.name]
    else:
        what = [
            (_kind(each.metric.key), each.metric.statistic.name) if each.metric else each.expression
            for each in watched.queries
        ]
    return json.dumps([what, params["ComparisonOperator"], watched.period])


def _kind(key: MetricKey) -> tuple[str, str, tuple[str, ...]]:
    """A metric without the values of its dimensions."""
    namespace, name, dimensions = key
    return namespace, name, tuple(dimension for dimension, _ in dimensions)


def _criteria(params: Params, watched: Watched) -> Criteria:
    treat = params.get("TreatMissingData", "missing")
    if params.get("Namespace") == "AWS/DynamoDB":
        treat = "ignore"
    return Criteria(
        comparison=params["ComparisonOperator"],
        threshold=params.get("Threshold"),
        evaluation_periods=params["EvaluationPeriods"],
        datapoints_to_alarm=params.get("DatapointsToAlarm"),
        treat_missing_data=treat,
        period=watched.period,
        statistic=watched.statistic.name if watched.statistic else "",
        unit=params.get("Unit", ""),
    )


def edges(books: Books, each: Watch, at: float) -> list[float]:
    """Where the periods of the evaluation range begin, and where the last one ends."""
    period, count = each.watched.period, each.range
    horizon = visible_until(books, each.watched, at)
    if each.zone is not None:
        return wall_clock_edges(horizon, period, count, books.zone(each.zone))
    end = sliding_end(horizon, period)
    return [end - back * period for back in range(count, -1, -1)]


def visible_until(books: Books, watched: Watched, at: float) -> float:
    """Up to when all metrics of an alarm can be seen. Those that do not exist do not count."""
    store = books.state.store
    horizon = at
    for key, unit in watched.metrics():
        series = store.series(key, unit)
        if series is not None:
            horizon = min(horizon, series.horizon(at))
    return horizon


def read(books: Books, each: Watch, at: float, statistic: Statistic, count: int) -> Values:
    """The values of a metric's latest ``count`` periods, oldest first, None where there is none."""
    key, unit, period = each.watched.key, each.watched.unit, each.watched.period
    series = books.state.store.series(key, unit) if key else None
    if series is None:
        return [None] * count
    if each.zone is None:
        end = sliding_end(series.horizon(at), period)
        return series.values(statistic, end - period * count, period, count, at, each.memo)
    values: Values = []
    for start, end in pairwise(edges(books, each, at)[-count - 1 :]):
        values += series.values(statistic, start, int(end - start), 1, at)
    return values


@dataclass(slots=True)
class Computed:
    """What maths gave for each period of the range; the band's edges where there is a band."""

    values: Values
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


def compute(books: Books, each: Watch, at: float) -> Computed:
    """The values of an alarm on maths. Raises ExpressionError where they cannot be computed."""
    starts = edges(books, each, at)
    end = starts.pop()
    watched = each.watched
    span = Range(lambda _: starts[0], end, at, visible_until(books, watched, at))
    run = Run(books, {query.id: query for query in watched.queries}, span)
    low: Values = [None] * len(starts)
    high = low
    if watched.band:
        band = run.value(watched.band)
        if not isinstance(band, tuple) or len(band) != 2:
            raise ExpressionError(f"'{watched.band}' is not an anomaly detection band")
        high, low = (_on(starts, series) for series in band)
    returned = next(each for each in watched.queries if each.returned and each.id != watched.band)
    series = run.value(returned.id)
    if isinstance(series, tuple) and len(series) == 1:
        series = series[0]
    if not isinstance(series, TimeSeries):
        raise ExpressionError(f"'{returned.id}' does not return a single time series")
    return Computed(_on(starts, series), low, high)


def _on(starts: Sequence[float], series: TimeSeries) -> Values:
    return [series.points.get(start) for start in starts]


def breaching(each: Watch, computed: Computed) -> list[bool | None]:
    """Which periods breach; None where the value, or the band to compare it with, is missing."""
    if each.compare is not None:
        compare, threshold = each.compare, each.threshold
        return [None if value is None else compare(value, threshold) for value in computed.values]
    outside = BAND_COMPARISONS[each.criteria.comparison]
    columns = zip(computed.values, computed.low, computed.high, strict=True)
    return [
        None if value is None or low is None or high is None else outside(value, low, high)
        for value, low, high in columns
    ]
