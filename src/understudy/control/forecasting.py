"""What predictive scaling of both scaling services has in common: forecasts and their queries.

AWS: How predictive scaling works. A forecast covers 48 hours and is made anew every six hours.
"""

from collections.abc import Mapping, Sequence
from math import floor

from msgspec import Struct

from understudy.control.events import Params
from understudy.scaling.forecast import (
    HISTORY_HOURS,
    HOUR,
    capacity_for,
    forecast_load,
    metric_per_load,
)

REFRESH = 6 * 3600.0
LONGEST = 30 * 86400.0
"""The longest time that one request may ask for, and for which past forecasts are kept."""

Series = Mapping[float, float]
"""Values by the start of their hour, seconds since the epoch."""


class Forecast(Struct, frozen=True):
    """What a predictive policy expects: load and capacity by hour, counted from the epoch."""

    made_at: float
    load: dict[int, float]
    capacity: dict[int, int]


def history_span(now: float) -> tuple[float, float]:
    """The whole hours from which a forecast is made."""
    hour = floor(now / HOUR)
    return float((hour - HISTORY_HOURS) * HOUR), float(hour * HOUR)


def updated(
    past: Forecast | None, measured: Sequence[Series], target: float, now: float
) -> Forecast | None:
    """A new forecast from what was measured; the past one while under 24 hours are known.

    ``measured`` are load, scaling metric and capacity. Hours that the past forecast was about are
    kept for 30 days.
    """
    this_hour = floor(now / HOUR)
    hourly = [{floor(at / HOUR): value for at, value in each.items()} for each in measured]
    loads = forecast_load(hourly[0], this_hour)
    if not loads:
        return past
    per_load = metric_per_load(*hourly)
    expected = dict(enumerate(loads, this_hour))
    units = {hour: capacity_for(value, per_load, target) for hour, value in expected.items()}
    oldest = this_hour - LONGEST / HOUR
    known = past or Forecast(now, {}, {})
    return Forecast(
        now,
        {hour: value for hour, value in known.load.items() if hour >= oldest} | expected,
        {hour: value for hour, value in known.capacity.items() if hour >= oldest} | units,
    )


def hourly_queries(
    namespace: str, name: str, dimensions: Sequence[Params], statistic: str, expression: str
) -> list[Params]:
    """GetMetricData's queries for ``expression`` over a metric by the hour, called ``total``."""
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": list(dimensions)}
    stat = {"Metric": metric, "Period": HOUR, "Stat": statistic}
    if expression == "total":
        return [{"Id": "total", "MetricStat": stat, "ReturnData": True}]
    return [
        {"Id": "total", "MetricStat": stat, "ReturnData": False},
        {"Id": "result", "Expression": expression, "ReturnData": True},
    ]


def answer(forecast: Forecast | None, specification: Params, params: Params, now: float) -> Params:
    """GetPredictiveScalingForecast's output for the hours that a request asks for."""
    known = forecast or Forecast(now, {}, {})
    start, end = float(params["StartTime"]), float(params["EndTime"])
    load = _between(known.load, start, end)
    return {
        "LoadForecast": [{**load, "MetricSpecification": specification}],
        "CapacityForecast": _between(known.capacity, start, end),
        "UpdateTime": known.made_at,
    }


def _between(values: Mapping[int, float], start: float, end: float) -> Params:
    hours = [hour for hour in sorted(values) if start <= hour * HOUR < end]
    return {
        "Timestamps": [float(hour * HOUR) for hour in hours],
        "Values": [float(values[hour]) for hour in hours],
    }
