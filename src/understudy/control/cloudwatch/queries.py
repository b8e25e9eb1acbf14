"""Metric data queries: metrics and expressions over them, as GetMetricData and alarms take them.

Source: AWS, GetMetricData, MetricDataQuery; Using math expressions with CloudWatch metrics.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from understudy.base.fault import Fault, validation_error
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.detectors import find_detector, model_of
from understudy.control.events import Params
from understudy.metrics.datapoint import MetricKey, metric_key
from understudy.metrics.expression import ExpressionError, parse_expression
from understudy.metrics.functions import FUNCTIONS
from understudy.metrics.math import Array, Scope, TimeSeries, Value, evaluate
from understudy.metrics.search import SEARCH_LIMIT, found, parse_search
from understudy.metrics.statistics import Statistic, parse_statistic, value
from understudy.metrics.window import is_period

TWO_WEEKS = 14 * 86400


@dataclass(frozen=True, slots=True)
class MetricStat:
    """A metric with the statistic that is asked of it."""

    key: MetricKey
    statistic: Statistic
    period: int
    unit: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """One MetricDataQuery: either a metric or an expression."""

    id: str
    metric: MetricStat | None
    expression: str
    period: int | None
    label: str | None
    returned: bool


_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


def key_of(params: Params) -> MetricKey:
    """The metric that ``Namespace``, ``MetricName`` and ``Dimensions`` name."""
    dimensions = ((each["Name"], each["Value"]) for each in params.get("Dimensions", []))
    return metric_key(params.get("Namespace", ""), params.get("MetricName", ""), dimensions)


def parse_queries(params: Sequence[Params], member: str) -> tuple[Query, ...]:
    """Queries from their parameters. Raises the fault that says what is wrong with which."""
    queries = [
        _query(each, f"{member}.member.{index}") for index, each in enumerate(params, start=1)
    ]
    if len({query.id for query in queries}) < len(queries):
        raise validation_error(f"The values for parameter id in {member} are not unique.")
    return tuple(queries)


def _query(params: Params, place: str) -> Query:
    if not _ID.fullmatch(params["Id"]):
        raise validation_error(
            f"The value for parameter {place}.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    if "Expression" in params and "MetricStat" in params:
        raise validation_error(
            f"The parameters {place}.Expression and {place}.MetricStat are mutually exclusive and "
            "you have specified both."
        )
    if "Period" in params and "MetricStat" in params:
        raise validation_error(
            f"The parameters {place}.Period and {place}.MetricStat are mutually exclusive and you "
            "have specified both."
        )
    if "Expression" not in params and "MetricStat" not in params:
        raise validation_error(f"The parameter {place}.MetricStat is required.")
    stat = params.get("MetricStat")
    if "Expression" in params:
        try:
            parse_expression(params["Expression"])
        except ExpressionError as wrong:
            raise in_expression(params["Id"], wrong) from None
    return Query(
        id=params["Id"],
        metric=_metric_stat(stat, place) if stat else None,
        expression=params.get("Expression", ""),
        period=_period(params["Period"], f"{place}.Period") if "Period" in params else None,
        label=params.get("Label"),
        returned=params.get("ReturnData", True),
    )


def _metric_stat(stat: Params, place: str) -> MetricStat:
    try:
        statistic = parse_statistic(stat["Stat"])
    except ValueError:
        raise validation_error(
            f"The value {stat['Stat']} for parameter {place}.MetricStat.Stat is not supported."
        ) from None
    period = _period(stat["Period"], f"{place}.MetricStat.Period")
    return MetricStat(key_of(stat["Metric"]), statistic, period, stat.get("Unit"))


def _period(seconds: int, place: str) -> int:
    if not is_period(seconds):
        raise validation_error(
            f"The parameter {place} must be a value in the set [ 1, 5, 10, 20, 30 ] or a multiple "
            "of 60."
        )
    return seconds


def in_expression(query_id: str, wrong: ExpressionError) -> Fault:
    """The fault for a bad expression."""
    return validation_error(f"Error in expression '{query_id}': {wrong}")


@dataclass(frozen=True, slots=True)
class Range:
    """What of time a set of queries sees: from ``start`` (by period) to before ``end``.

    ``horizon`` is where visible data ends; alarms have one, people see all there is.
    """

    start: Callable[[int], float]
    end: float
    now: float
    horizon: float = math.inf

    def grid(self, period: int) -> Sequence[float]:
        """The timestamps of all periods in the range."""
        start = self.start(period)
        return [start + index * period for index in range(math.ceil((self.end - start) / period))]


@dataclass(slots=True)
class Run:
    """An evaluation of queries over a range; every query is evaluated once."""

    books: Books
    queries: Mapping[str, Query]
    range: Range
    values: dict[str, Value] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)

    def value(self, query_id: str) -> Value:
        """The value of a query. Raises ExpressionError."""
        if query_id not in self.values:
            query = self.queries.get(query_id)
            if query is None:
                raise ExpressionError(f"ID '{query_id}' not found")
            if query_id in self.pending:
                raise ExpressionError(f"Circular dependency involving '{query_id}'")
            self.pending.add(query_id)
            if query.metric:
                self.values[query_id] = self.read(query.metric, query.metric.key[1])
            else:
                self.values[query_id] = evaluate(query.expression, self.scope(query), FUNCTIONS)
        return self.values[query_id]

    def read(self, metric: MetricStat, label: str) -> TimeSeries:
        """The series of a metric over the range."""
        series = self.books.state.store.series(metric.key, metric.unit)
        points: dict[float, float] = {}
        if series:
            start = self.range.start(metric.period)
            end = min(self.range.end, self.range.horizon)
            for point in series.read(start, end, metric.period, self.range.now):
                number = value(point, metric.statistic)
                if number is not None:
                    points[point.timestamp] = number
        return TimeSeries(label, metric.period, points, is_metric=True)

    def scope(self, query: Query) -> Scope:
        """What the expression of a query can see."""
        period = query.period or shortest_period(self.queries.values())
        return Scope(
            period=period,
            grid=self.range.grid,
            resolve=self.value,
            metrics=self.metrics,
            search=lambda text, statistic, own: self.search(text, statistic, own or period),
            band=lambda series, deviations: self.band(query, series, deviations),
        )

    def metrics(self, text: str) -> Array:
        """The metrics of the request whose id contains a text."""
        ids = [each.id for each in self.queries.values() if each.metric and text in each.id]
        return tuple(series for each in ids if isinstance(series := self.value(each), TimeSeries))

    def search(self, text: str, statistic: str, period: int) -> Array:
        """The metrics that a search finds, of those with data in the last two weeks."""
        try:
            parsed, stat = parse_search(text), parse_statistic(statistic)
        except ValueError:
            raise ExpressionError(f"{statistic} is not a statistic") from None
        if not is_period(period):
            raise ExpressionError(f"{period} is not a period")
        recent = self.range.now - TWO_WEEKS
        metrics = self.books.state.store.metrics
        keys = [
            key
            for key, metric in metrics.items()
            if metric.published_at >= recent and found(parsed, key)
        ][:SEARCH_LIMIT]
        return tuple(
            self.read(MetricStat(key, stat, period, None), label)
            for key, label in zip(keys, labels_of(keys), strict=True)
        )

    def band(self, query: Query, series: TimeSeries, deviations: float) -> Array:
        """The band of expected values: first its upper edge, then its lower."""
        source = self._source(query, series)
        detector = find_detector(self.books, source.key, source.statistic.name)
        model = model_of(
            self.books, source.key, source.statistic, source.period, detector, self.range.now
        )
        if model is None:
            return series.over({}), series.over({})
        edges = {at: model.band(at, deviations) for at in self.range.grid(series.period)}
        high = replace(series.over({at: edge[1] for at, edge in edges.items()}), label="High")
        low = replace(series.over({at: edge[0] for at, edge in edges.items()}), label="Low")
        return high, low

    def _source(self, query: Query, series: TimeSeries) -> MetricStat:
        for each in self.queries.values():
            if each.metric and self.values.get(each.id) is series:
                return each.metric
        raise ExpressionError(
            f"ANOMALY_DETECTION_BAND in '{query.id}' is offered for metrics, not for expressions"
        )


def shortest_period(queries: Iterable[Query]) -> int:
    """The shortest period of the metrics in a request, 60 where there is none."""
    return min((each.metric.period for each in queries if each.metric), default=60)


def labels_of(keys: Sequence[MetricKey]) -> list[str]:
    """What tells metrics apart: values of dimensions in which they differ, and differing names."""
    names = {name for _, name, _ in keys}
    shared = set(keys[0][2]).intersection(*(key[2] for key in keys)) if keys else set[object]()
    labels: list[str] = []
    for _, name, dimensions in keys:
        parts = [text for pair in dimensions if pair not in shared for text in pair[1:]]
        if len(names) > 1 or not parts:
            parts.append(name)
        labels.append(" ".join(parts))
    return labels
