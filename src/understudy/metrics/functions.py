"""The functions of metric maths. Source: AWS, Functions supported for metric math."""

import math
import statistics
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from understudy.metrics.expression import ExpressionError
from understudy.metrics.math import Array, Function, Scope, TimeSeries, Value, mapped, number


def _wrong(name: str) -> ExpressionError:
    return ExpressionError(f"Invalid arguments for function '{name}'")


def _of_series(name: str, compute: Callable[[TimeSeries, Scope], TimeSeries]) -> Function:
    """A function of one series, or of each series of an array."""

    def function(scope: Scope, arguments: Sequence[Value]) -> Value:
        match arguments:
            case [TimeSeries() as series]:
                return compute(series, scope)
            case [tuple() as array]:
                return tuple(compute(series, scope) for series in array)
            case _:
                raise _wrong(name)

    return function


def _of_values(name: str, compute: Callable[[float], float]) -> Function:
    return _of_series(name, lambda series, _: mapped(series, compute))


def _aggregate(name: str, compute: Callable[[Sequence[float], int], float]) -> Function:
    """A number from one series, a series from an array of them.

    ``compute`` gets the values that are there and how many there could be.
    """

    def function(scope: Scope, arguments: Sequence[Value]) -> Value:
        match arguments:
            case [TimeSeries(points=points, period=period)]:
                values = [value for _, value in sorted(points.items())]
                result = number(compute, values, len(scope.grid(period)))
                return math.nan if result is None else result
            case [tuple() as array]:
                return _across(array, compute, scope)
            case _:
                raise _wrong(name)

    return function


def _across(array: Array, compute: Callable[..., float], scope: Scope) -> TimeSeries:
    points: dict[float, float] = {}
    for at in sorted({at for series in array for at in series.points}):
        values = [series.points[at] for series in array if at in series.points]
        result = number(compute, values, len(array))
        if result is not None:
            points[at] = result
    period = min((series.period for series in array), default=scope.period)
    return TimeSeries("", period, points)


def _mean(values: Sequence[float], size: int) -> float:
    """The mean with missing values counted as 0, as AWS says of AVG."""
    return sum(values) / (size if values else 0)


def _deviation(values: Sequence[float], _: int) -> float:
    return statistics.pstdev(values)


_AGGREGATES: Mapping[str, Callable[[Sequence[float], int], float]] = {
    "SUM": lambda values, _: math.fsum(values),
    "AVG": _mean,
    "MIN": lambda values, _: min(values),
    "MAX": lambda values, _: max(values),
    "STDDEV": _deviation,
    "DATAPOINT_COUNT": lambda values, _: float(len(values)),
}


def _differences(
    compute: Callable[[float, float], float],
) -> Callable[[TimeSeries, Scope], TimeSeries]:
    """A series of something about each point and the one before: of (value, seconds) steps."""

    def function(series: TimeSeries, _: Scope) -> TimeSeries:
        steps = pairwise(sorted(series.points.items()))
        return series.over(
            {at: compute(new - old, at - before) for (before, old), (at, new) in steps}
        )

    return function


def _running_sum(series: TimeSeries, _: Scope) -> TimeSeries:
    total, points = 0.0, dict[float, float]()
    for at, value in sorted(series.points.items()):
        total += value
        points[at] = total
    return series.over(points)


def _calendar(read: Callable[[datetime], float]) -> Callable[[TimeSeries, Scope], TimeSeries]:
    """A series without gaps of something about each timestamp, in UTC."""

    def function(series: TimeSeries, scope: Scope) -> TimeSeries:
        grid = scope.grid(series.period)
        return series.over({at: float(read(datetime.fromtimestamp(at, UTC))) for at in grid})

    return function


def _fill(scope: Scope, arguments: Sequence[Value]) -> Value:
    """Fill what is missing: with a number, another series, the value before, or a straight line."""
    match arguments:
        case [TimeSeries() as series, float() | TimeSeries() | "REPEAT" | "LINEAR" as filler]:
            return _filled(series, filler, scope)
        case [tuple() as array, float() | TimeSeries() | "REPEAT" | "LINEAR" as filler]:
            return tuple(_filled(series, filler, scope) for series in array)
        case _:
            raise _wrong("FILL")


def _filled(series: TimeSeries, filler: float | str | TimeSeries, scope: Scope) -> TimeSeries:
    missing = [at for at in scope.grid(series.period) if at not in series.points]
    if isinstance(filler, str):
        made = _FILLERS[filler](series.points, missing)
    elif isinstance(filler, TimeSeries):
        made = {at: filler.points[at] for at in missing if at in filler.points}
    else:
        made = dict.fromkeys(missing, filler)
    return series.over(dict(sorted({**series.points, **made}.items())))


def _repeated(points: Mapping[float, float], missing: Sequence[float]) -> dict[float, float]:
    ordered = sorted(points)
    before = {at: bisect_left(ordered, at) - 1 for at in missing}
    return {at: points[ordered[index]] for at, index in before.items() if index >= 0}


def _straight(points: Mapping[float, float], missing: Sequence[float]) -> dict[float, float]:
    ordered, made = sorted(points), dict[float, float]()
    for at in missing:
        index = bisect_left(ordered, at)
        if 0 < index < len(ordered):
            left, right = ordered[index - 1], ordered[index]
            share = (at - left) / (right - left)
            made[at] = points[left] + share * (points[right] - points[left])
    return made


_FILLERS = {"REPEAT": _repeated, "LINEAR": _straight}


def _if(scope: Scope, arguments: Sequence[Value]) -> Value:
    """IF(condition, then, otherwise). Source: AWS, Using IF expressions.

    True without a point in ``then`` gives 0; false without one in ``otherwise`` gives nothing.
    """
    if len(arguments) not in (2, 3) or any(isinstance(each, (tuple, str)) for each in arguments):
        raise _wrong("IF")
    condition, then = arguments[:2]
    otherwise = arguments[2] if len(arguments) == 3 else None
    if not isinstance(condition, TimeSeries):
        chosen = then if condition else otherwise
        return TimeSeries("", scope.period, {}) if chosen is None else chosen
    points: dict[float, float] = {}
    for at, value in condition.points.items():
        chosen = _at(then, at, 0.0) if value else _at(otherwise, at, None)
        if chosen is not None:
            points[at] = chosen
    return condition.over(points)


def _at(value: Value | None, at: float, missing: float | None) -> float | None:
    if isinstance(value, TimeSeries):
        return value.points.get(at, missing)
    return value if isinstance(value, float) else None


def _metrics(scope: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case []:
            return scope.metrics("")
        case [str() as text]:
            return scope.metrics(text)
        case _:
            raise _wrong("METRICS")


def _period(_: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [TimeSeries(is_metric=True, period=period)]:
            return float(period)
        case _:
            raise _wrong("PERIOD")


def _time_series(scope: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [float() as value]:
            points = dict.fromkeys(scope.grid(scope.period), value) if math.isfinite(value) else {}
            return TimeSeries("", scope.period, points)
        case _:
            raise _wrong("TIME_SERIES")


def _pick(name: str, index: int) -> Function:
    def function(scope: Scope, arguments: Sequence[Value]) -> Value:
        match arguments:
            case [tuple() as array]:
                return array[index] if array else TimeSeries("", scope.period, {})
            case _:
                raise _wrong(name)

    return function


def _metric_count(_: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [tuple() as array]:
            return float(len(array))
        case _:
            raise _wrong("METRIC_COUNT")


def _remove_empty(_: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [tuple() as array]:
            return tuple(series for series in array if series.points)
        case _:
            raise _wrong("REMOVE_EMPTY")


def _slice(_: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [tuple() as array, float() as first]:
            return array[int(first) :]
        case [tuple() as array, float() as first, float() as end]:
            return array[int(first) : int(end)]
        case _:
            raise _wrong("SLICE")


def _sort(_: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [tuple() as array, "AVG" | "MIN" | "MAX" | "SUM" as by, "ASC" | "DESC" as order]:
            limit = len(array)
        case [
            tuple() as array,
            "AVG" | "MIN" | "MAX" | "SUM" as by,
            "ASC" | "DESC" as order,
            float() as most,
        ]:
            limit = int(most)
        case _:
            raise _wrong("SORT")
    compute = _AGGREGATES[by]
    known = [series for series in array if series.points]
    empty = [series for series in array if not series.points]

    def rank(series: TimeSeries) -> float:
        return compute(list(series.points.values()), len(series.points))

    known.sort(key=rank, reverse=order == "DESC")
    return tuple([*known, *empty][:limit])


def _search(scope: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [str() as query, str() as statistic]:
            return scope.search(query, statistic, None)
        case [str() as query, str() as statistic, float() as period]:
            return scope.search(query, statistic, int(period))
        case _:
            raise _wrong("SEARCH")


def _band(scope: Scope, arguments: Sequence[Value]) -> Value:
    match arguments:
        case [TimeSeries() as series]:
            return scope.band(series, 2.0)
        case [TimeSeries() as series, float() as deviations]:
            return scope.band(series, deviations)
        case _:
            raise _wrong("ANOMALY_DETECTION_BAND")


FUNCTIONS: Mapping[str, Function] = {
    **{name: _aggregate(name, compute) for name, compute in _AGGREGATES.items()},
    "ABS": _of_values("ABS", abs),
    "CEIL": _of_values("CEIL", math.ceil),
    "FLOOR": _of_values("FLOOR", math.floor),
    "LOG": _of_values("LOG", math.log),
    "LOG10": _of_values("LOG10", math.log10),
    "DIFF": _of_series("DIFF", _differences(lambda step, _: step)),
    "DIFF_TIME": _of_series("DIFF_TIME", _differences(lambda _, seconds: seconds)),
    "RATE": _of_series("RATE", _differences(lambda step, seconds: step / seconds)),
    "RUNNING_SUM": _of_series("RUNNING_SUM", _running_sum),
    "MINUTE": _of_series("MINUTE", _calendar(lambda moment: moment.minute)),
    "HOUR": _of_series("HOUR", _calendar(lambda moment: moment.hour)),
    "DAY": _of_series("DAY", _calendar(lambda moment: moment.isoweekday())),
    "DATE": _of_series("DATE", _calendar(lambda moment: moment.day)),
    "MONTH": _of_series("MONTH", _calendar(lambda moment: moment.month)),
    "YEAR": _of_series("YEAR", _calendar(lambda moment: moment.year)),
    "EPOCH": _of_series("EPOCH", _calendar(lambda moment: moment.timestamp())),
    "FILL": _fill,
    "IF": _if,
    "METRICS": _metrics,
    "METRIC_COUNT": _metric_count,
    "PERIOD": _period,
    "TIME_SERIES": _time_series,
    "FIRST": _pick("FIRST", 0),
    "LAST": _pick("LAST", -1),
    "REMOVE_EMPTY": _remove_empty,
    "SLICE": _slice,
    "SORT": _sort,
    "SEARCH": _search,
    "ANOMALY_DETECTION_BAND": _band,
}
"""Every function that is offered. DB_PERF_INSIGHTS, INSIGHT_RULE_METRIC, LAMBDA and SERVICE_QUOTA,
which ask other services, are not."""
