"""GetMetricStatistics. Source: AWS, GetMetricStatistics."""

import math
from collections.abc import Iterator, Mapping

from understudy.base.fault import Fault
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.queries import key_of
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint
from understudy.metrics.statistics import Statistic, parse_statistic, value
from understudy.metrics.store import Series
from understudy.metrics.window import is_period, rounded_start

MOST_DATAPOINTS = 1440
VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"


def get_metric_statistics(books: Books, params: Params, turn: Turn) -> Params:
    """Statistics of a metric over periods, oldest first, each unit by itself."""
    _check(params)
    period = params["Period"]
    start = rounded_start(params["StartTime"], period, turn.at)
    asked = math.ceil((params["EndTime"] - start) / period)
    if asked > MOST_DATAPOINTS:
        raise Fault(
            COMBINATION,
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of "
            f"{MOST_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, "
            "or decreasing the time range.",
        )
    statistics = [parse_statistic(name) for name in params.get("Statistics", [])]
    extended = [_extended(name) for name in params.get("ExtendedStatistics", [])]
    metric = books.state.store.metrics.get(key_of(params))
    datapoints: list[Params] = []
    for unit, series in _wanted(metric.series if metric else {}, params.get("Unit")):
        for point in series.read(start, params["EndTime"], period, turn.at):
            shown = _shown(point, statistics, extended)
            if shown:
                datapoints.append({"Timestamp": point.timestamp, "Unit": unit, **shown})
    datapoints.sort(key=lambda each: each["Timestamp"])
    return {"Label": params["MetricName"], "Datapoints": datapoints}


def _check(params: Params) -> None:
    if params["StartTime"] == params["EndTime"]:
        raise Fault(VALUE, "The parameter StartTime must not equal parameter EndTime.")
    if params["StartTime"] > params["EndTime"]:
        raise Fault(VALUE, "The parameter StartTime must be less than the parameter EndTime.")
    if not is_period(params["Period"]):
        raise Fault(VALUE, "The parameter Period must be a multiple of 60.")
    if "Statistics" in params and "ExtendedStatistics" in params:
        raise Fault(
            COMBINATION,
            "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have "
            "specified both.",
        )
    if "Statistics" not in params and "ExtendedStatistics" not in params:
        raise Fault(COMBINATION, "Must specify either Statistics or ExtendedStatistics")


def _extended(name: str) -> Statistic:
    try:
        return parse_statistic(name)
    except ValueError:
        raise Fault(
            VALUE, f"The value {name} for parameter ExtendedStatistics is not supported."
        ) from None


def _wanted(series: Mapping[str, Series], unit: str | None) -> Iterator[tuple[str, Series]]:
    for name, each in series.items():
        if unit in (None, name):
            yield name, each


def _shown(point: Datapoint, statistics: list[Statistic], extended: list[Statistic]) -> Params:
    shown: Params = {each.name: value(point, each) for each in statistics}
    numbers = {each.name: value(point, each) for each in extended}
    known = {name: number for name, number in numbers.items() if number is not None}
    return shown | ({"ExtendedStatistics": known} if known else {})
