"""A stand-in for the forecasts of predictive scaling, whose algorithm AWS does not publish.

The load of an hour is the mean of the same hours of the week in the last 14 days. As long as fewer
than two such hours are known, it is blended with the mean of the same hour of every day. What AWS
documents holds: 14 days of history are used, 24 hours are the least, 48 hours are forecast.

AWS: How predictive scaling works.
"""

from collections.abc import Mapping
from math import ceil

from understudy.scaling.decision import average

HOUR = 3600
DAY_HOURS = 24
WEEK_HOURS = 7 * DAY_HOURS
HISTORY_HOURS = 14 * DAY_HOURS
HORIZON_HOURS = 48

Hourly = Mapping[int, float]
"""A value for each hour; hours are counted from the epoch."""


def blend(weekly: float, weekly_count: int, daily: float) -> float:
    """A forecast from the mean of the same hours of the week and that of the same hours of the day.

    Two samples of the week count fully, one counts half.

    >>> blend(weekly=40.0, weekly_count=1, daily=80.0)
    60.0
    """
    weight = min(weekly_count / 2, 1.0)
    return weight * weekly + (1 - weight) * daily


def forecast_load(history: Hourly, start: int, hours: int = HORIZON_HOURS) -> tuple[float, ...]:
    """The load of the hours from ``start`` on; empty while less than 24 hours are known.

    Only the 14 days before ``start`` are used.
    """
    known = {hour: load for hour, load in history.items() if start - HISTORY_HOURS <= hour < start}
    if len(known) < DAY_HOURS:
        return ()
    return tuple(_forecast_hour(known, hour) for hour in range(start, start + hours))


def _forecast_hour(known: Hourly, hour: int) -> float:
    daily = [load for past, load in known.items() if (hour - past) % DAY_HOURS == 0]
    weekly = [load for past, load in known.items() if (hour - past) % WEEK_HOURS == 0]
    typical = average(daily or list(known.values()))
    return blend(average(weekly) if weekly else typical, len(weekly), typical)


def metric_per_load(load: Hourly, metric: Hourly, capacity: Hourly) -> float:
    """How much of the scaling metric one unit of load makes on a single unit of capacity.

    Fitted over the hours that all three know: the sum of metric times capacity over the sum of
    load. 1.0 where nothing is known, that is, load and metric have the same unit.

    >>> metric_per_load({0: 6000.0}, {0: 25.0}, {0: 4.0})
    0.016666666666666666
    """
    hours = load.keys() & metric.keys() & capacity.keys()
    total = sum(load[hour] for hour in hours)
    return sum(metric[hour] * capacity[hour] for hour in hours) / total if total > 0 else 1.0


def capacity_for(load: float, per_load: float, target: float) -> int:
    """The units that keep the scaling metric at the target under a load.

    >>> capacity_for(load=6000.0, per_load=1 / 60, target=30.0)
    4
    """
    exact = load * per_load / target
    whole = round(exact)
    return whole if abs(exact - whole) <= 1e-9 * max(1.0, exact) else ceil(exact)
