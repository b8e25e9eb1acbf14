"""Labels of GetMetricData, with ``${...}`` filled in. Source: AWS, Use dynamic labels."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo

from understudy.base.arn import ACCOUNT
from understudy.base.fault import validation_error
from understudy.control.cloudwatch.queries import Query
from understudy.metrics.math import TimeSeries

_DYNAMIC = re.compile(r"\$\{([^}]*)\}")
_ZONE = re.compile(r"([+-])(\d\d)(\d\d)")

Point = tuple[float, float]


def label_zone(text: str) -> tzinfo:
    """A zone of ``LabelOptions``, such as ``+0130``. Raises the fault of a bad one."""
    match = _ZONE.fullmatch(text)
    if match is None or int(match[2]) > 23:
        raise validation_error(f"The value {text} for parameter LabelOptions.Timezone is invalid.")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(offset if match[1] == "+" else -offset)


def label_of(
    query: Query, series: TimeSeries, now: float, zone: tzinfo, *, own: str, many: bool
) -> str:
    """The label of a returned series: the query's, or its ``own``; both where there are many."""
    label = query.label
    if label is None:
        return own if query.metric or many else query.id
    if many and "${" not in label:
        return f"{label} {own}".strip()
    values = _values(query, series, now, zone)
    return _DYNAMIC.sub(
        lambda match: values.get(match[1], lambda: _missing(match[1]))(),
        label.replace("${LABEL}", own),
    )


def _missing(name: str) -> str:
    if name.startswith("PROP('Dim."):
        return "--"
    return f"${{{name}}}"


def _values(
    query: Query, series: TimeSeries, now: float, zone: tzinfo
) -> Mapping[str, Callable[[], str]]:
    points = sorted(series.points.items())
    values: dict[str, Callable[[], str]] = {
        "DATAPOINT_COUNT": lambda: str(len(points)),
        "SUM": lambda: _number(points, sum),
        "AVG": lambda: _number(points, lambda numbers: sum(numbers) / len(numbers)),
        "PROP('AccountId')": lambda: ACCOUNT,
        "PROP('Period')": lambda: str(series.period),
    }
    picks: dict[str, Callable[[Sequence[Point]], Point]] = {
        "FIRST": lambda each: each[0],
        "LAST": lambda each: each[-1],
        "MIN": lambda each: min(each, key=lambda point: point[1]),
        "MAX": lambda each: max(each, key=lambda point: point[1]),
    }
    for name, pick in picks.items():
        values[name] = lambda pick=pick: _text(pick(points)[1]) if points else "--"
        values[f"{name}_TIME"] = lambda pick=pick: _time(points, pick, zone)
        values[f"{name}_TIME_RELATIVE"] = lambda pick=pick: _ago(points, pick, now)
    if query.metric:
        namespace, metric, dimensions = query.metric.key
        stat = query.metric.statistic.name
        values["PROP('MetricName')"] = lambda: metric
        values["PROP('Namespace')"] = lambda: namespace
        values["PROP('Stat')"] = lambda: stat
        for name, value in dimensions:
            values[f"PROP('Dim.{name}')"] = lambda value=value: value
    return values


def _text(number: float) -> str:
    return f"{number:.12g}"


def _number(points: Sequence[Point], compute: Callable[[Sequence[float]], float]) -> str:
    return _text(compute([value for _, value in points])) if points else "--"


def _time(points: Sequence[Point], pick: Callable[[Sequence[Point]], Point], zone: tzinfo) -> str:
    if not points:
        return "--"
    return datetime.fromtimestamp(pick(points)[0], zone).strftime("%Y-%m-%d %H:%M:%S")


def _ago(points: Sequence[Point], pick: Callable[[Sequence[Point]], Point], now: float) -> str:
    return f"{round(now - pick(points)[0])}s ago" if points else "--"
