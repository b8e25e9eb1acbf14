"""Periods and the windows of time that are made of them."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MINUTE = 60
HOUR = 3600
DAY = 86400

RETENTION = ((1, 3 * HOUR), (60, 15 * DAY), (300, 63 * DAY), (3600, 455 * DAY))
"""How long, in seconds, datapoints of a resolution are kept before they become coarser.

Source: AWS, Amazon CloudWatch concepts, Metrics retention.
"""

SHORT_PERIODS = (1, 5, 10, 20, 30)

ZoneLoader = Callable[[str], tzinfo]
"""Gives a time zone of the tz database by its name; raises KeyError or ValueError."""


def is_period(seconds: int) -> bool:
    """Whether a period is legal: 1, 5, 10, 20, 30 or a multiple of 60 seconds."""
    return seconds in SHORT_PERIODS or (seconds > 0 and seconds % MINUTE == 0)


def reach(period: int) -> int:
    """How far back, in seconds, datapoints of a period can be read.

    >>> [reach(period) for period in (30, 60, 300, 3600)] == [10800, 1296000, 5443200, 39312000]
    True
    """
    if period < MINUTE:
        return RETENTION[0][1]
    return max(kept for resolution, kept in RETENTION if period % resolution == 0)


def rounded_start(start: float, period: int, now: float) -> float:
    """A query's start time as CloudWatch rounds it down.

    To the minute; to 5 minutes if older than 15 days, to the hour if older than 63; for a period
    below a minute, to a multiple of it. Source: AWS, GetMetricStatistics, StartTime.
    """
    age = now - start
    if age > RETENTION[2][1]:
        step = HOUR
    elif age > RETENTION[1][1]:
        step = 300
    else:
        step = min(period, MINUTE)
    return float(math.floor(start / step) * step)


def sliding_end(horizon: float, period: int) -> float:
    """Where a sliding window ends that may use what is older than ``horizon``.

    On a minute, or on a multiple of the period if that is shorter: a window of 5 minutes sees
    minutes 1 to 5, then 2 to 6. Source: AWS, Alarm evaluation.

    >>> sliding_end(359.0, 300), sliding_end(360.0, 300), sliding_end(45.0, 10)
    (300.0, 360.0, 40.0)
    """
    step = min(period, MINUTE)
    return horizon - horizon % step


WALL_CLOCK_PERIODS = (60, 300, 3600, 86400, 604800)


def wall_clock_edges(horizon: float, period: int, count: int, zone: tzinfo) -> list[float]:
    """The edges of the last ``count`` complete periods on the clock of a zone, oldest first.

    Days begin at midnight and weeks on Monday there, so a period may last an hour more or less.
    Source: AWS, Alarm evaluation windows.
    """
    local = datetime.fromtimestamp(horizon, zone).replace(tzinfo=None)
    monday = datetime(1970, 1, 5)  # noqa: DTZ001 - a reading of the zone's clock
    step = timedelta(seconds=period)
    last = monday + (local - monday) // step * step
    edges = [last - back * step for back in range(count, -1, -1)]
    return [edge.replace(tzinfo=zone).timestamp() for edge in edges]


def fixed_zone(text: str) -> tzinfo | None:
    """A zone given as an offset, ``+05:30`` or ``UTC+05:30`` or ``UTC``; None for a name.

    Raises ValueError for an offset that is not a multiple of five minutes within a day.
    """
    if text in ("", "UTC", "Z"):
        return UTC
    offset = text.removeprefix("UTC").removeprefix("GMT")
    if not offset.startswith(("+", "-")):
        return None
    hours, _, minutes = offset[1:].partition(":")
    if not hours.isdecimal() or not (minutes or "0").isdecimal():
        raise ValueError(f"{text} is not an offset such as +05:30")
    seconds = int(hours) * HOUR + int(minutes or 0) * MINUTE
    if seconds >= DAY or seconds % 300:
        raise ValueError(f"{text} is not a multiple of five minutes within a day")
    return timezone(timedelta(seconds=seconds if offset[0] == "+" else -seconds))
