"""GetMetricData. Source: AWS, GetMetricData; Using dynamic labels."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from understudy.base.fault import Fault, validation_error
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.labels import label_of, label_zone
from understudy.control.cloudwatch.queries import (
    Query,
    Range,
    Run,
    in_expression,
    labels_of,
    parse_queries,
)
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.metrics.expression import ExpressionError
from understudy.metrics.math import Array, TimeSeries
from understudy.metrics.window import rounded_start

MOST_QUERIES = 500
MOST_DATAPOINTS = 100_800


@dataclass(frozen=True, slots=True)
class Result:
    """A series that is returned, its points in the order that was asked for."""

    query: Query
    series: TimeSeries
    label: str
    points: Sequence[tuple[float, float]]


def get_metric_data(books: Books, params: Params, turn: Turn) -> Params:
    """The values of metrics and of expressions over them, in pages of ``MaxDatapoints``."""
    queries = _checked(params)
    start, end, now = params["StartTime"], params["EndTime"], turn.at
    span = Range(lambda period: rounded_start(start, period, now), end, now)
    run = Run(books, {query.id: query for query in queries}, span)
    results = _results(run, queries, params, turn)
    limit = params.get("MaxDatapoints", MOST_DATAPOINTS)
    if not 0 < limit <= MOST_DATAPOINTS:
        raise validation_error(f"MaxDatapoints must be between 1 and {MOST_DATAPOINTS}.")
    offsets = _offsets(params.get("NextToken"), len(results))
    ends = _ends(results, offsets, limit)
    shown = [
        _shown(result, offset, end)
        for result, offset, end in zip(results, offsets, ends, strict=True)
        if params.get("NextToken") is None or offset < len(result.points)
    ]
    answer: Params = {"MetricDataResults": shown, "Messages": []}
    unfinished = any(end < len(result.points) for result, end in zip(results, ends, strict=True))
    if unfinished and not any(query.expression for query in queries):
        answer["NextToken"] = json.dumps(ends, separators=(",", ":"))
    return answer


def _checked(params: Params) -> tuple[Query, ...]:
    if params["StartTime"] == params["EndTime"]:
        raise validation_error("The parameter StartTime must not equal parameter EndTime.")
    if params["StartTime"] > params["EndTime"]:
        raise validation_error("The parameter EndTime must be greater than StartTime.")
    asked = params["MetricDataQueries"]
    if not 0 < len(asked) <= MOST_QUERIES:
        raise validation_error(
            f"The collection MetricDataQueries must have between 1 and {MOST_QUERIES} members."
        )
    return parse_queries(asked, "MetricDataQueries")


def _results(run: Run, queries: Sequence[Query], params: Params, turn: Turn) -> list[Result]:
    """What is to be returned: metrics first, then expressions, each in the order of the request."""
    newest_first = params.get("ScanBy") != "TimestampAscending"
    zone = label_zone(params.get("LabelOptions", {}).get("Timezone", "+0000"))
    found: list[Result] = []
    for query in sorted(queries, key=lambda query: query.metric is None):
        value = _value(run, query)
        if not query.returned:
            continue
        many = isinstance(value, tuple)
        for series in value if isinstance(value, tuple) else (value,):
            ordered = sorted(series.points.items(), reverse=newest_first)
            label = label_of(query, series, turn.at, zone, own=_own(run, query, series), many=many)
            found.append(Result(query, series, label, ordered))
    return found


def _own(run: Run, query: Query, series: TimeSeries) -> str:
    """The label that a series has by itself."""
    if query.metric is None:
        return series.label or query.id
    name = query.metric.key[1]
    same = [
        each.metric.key
        for each in run.queries.values()
        if each.metric and each.metric.key[1] == name
    ]
    distinct = list(dict.fromkeys(same))
    if len(distinct) == 1:
        return name
    return labels_of(distinct)[distinct.index(query.metric.key)]


def _value(run: Run, query: Query) -> TimeSeries | Array:
    try:
        value = run.value(query.id)
    except ExpressionError as wrong:
        raise in_expression(query.id, wrong) from None
    if isinstance(value, (TimeSeries, tuple)):
        return value
    wrong = ExpressionError("The result must be a time series or an array of time series")
    raise in_expression(query.id, wrong)


def _offsets(token: str | None, count: int) -> list[int]:
    """Where each result goes on."""
    if token is None:
        return [0] * count
    refused = Fault("InvalidNextToken", "The next token specified is invalid.")
    try:
        offsets = json.loads(token)
    except ValueError:
        raise refused from None
    if not isinstance(offsets, list) or len(offsets) != count:  # pyright: ignore[reportUnknownArgumentType]
        raise refused
    return [int(offset) for offset in offsets]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _ends(results: Sequence[Result], offsets: Sequence[int], limit: int) -> list[int]:
    """Where each result stops for this page: the limit is filled result by result."""
    ends: list[int] = []
    for result, offset in zip(results, offsets, strict=True):
        end = min(len(result.points), offset + limit)
        limit -= end - offset
        ends.append(end)
    return ends


def _shown(result: Result, offset: int, end: int) -> Params:
    points = result.points[offset:end]
    complete = end == len(result.points)
    return {
        "Id": result.query.id,
        "Label": result.label,
        "Timestamps": [at for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete" if complete else "PartialData",
    }
