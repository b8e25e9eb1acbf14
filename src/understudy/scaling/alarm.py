"""When an alarm is in ALARM, OK or INSUFFICIENT_DATA, and when it is looked at.

Source: AWS, Using Amazon CloudWatch alarms: Alarm evaluation; Configuring how CloudWatch alarms
treat missing data; Percentile-based alarms and low data samples.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

from understudy.metrics.statistics import Statistic

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
"""Comparisons of a value (on the left) with a threshold."""

BAND_COMPARISONS: Mapping[str, Callable[[float, float, float], bool]] = {
    "LessThanLowerOrGreaterThanUpperThreshold": lambda value, low, high: (
        value < low or value > high
    ),
    "LessThanLowerThreshold": lambda value, low, _: value < low,
    "GreaterThanUpperThreshold": lambda value, _, high: value > high,
}
"""Comparisons of a value with a band of expected values."""

MINUTE = 60
SHORT_CADENCE = 10


def evaluation_range(evaluation_periods: int) -> int:
    """How many of the latest periods are fetched, so that some may be missing.

    AWS documents 5 for 3 evaluation periods only; the rest follows the same pattern.

    >>> [evaluation_range(periods) for periods in (1, 3, 15)]
    [3, 5, 20]
    """
    return evaluation_periods + max(2, evaluation_periods // 3)


def alarm_state(
    breaching: Sequence[bool | None],
    evaluation_periods: int,
    datapoints_to_alarm: int,
    treat_missing_data: str,
    current: str,
) -> str:
    """The state of an alarm from the periods of its evaluation range, oldest first.

    True is a breaching datapoint, False another, None a missing one. M of N datapoints must breach;
    missing ones are only filled in where fewer than N are there.

    >>> alarm_state([None, None, True, None, None], 3, 3, "missing", "OK")
    'ALARM'
    >>> alarm_state([False, None, True, None, None], 3, 2, "missing", "OK")
    'OK'
    """
    latest = breaching[-evaluation_periods:]
    if None not in latest:
        return ALARM if latest.count(True) >= datapoints_to_alarm else OK
    real = [each for each in breaching if each is not None]
    if len(real) >= evaluation_periods:
        latest = real[-evaluation_periods:]
        return ALARM if latest.count(True) >= datapoints_to_alarm else OK
    if not real:
        return {"ignore": current, "breaching": ALARM, "notBreaching": OK}.get(
            treat_missing_data, INSUFFICIENT_DATA
        )
    bad = real.count(True)
    if treat_missing_data == "breaching":
        bad += evaluation_periods - len(real)
    if bad >= datapoints_to_alarm:
        return ALARM
    if treat_missing_data in ("breaching", "notBreaching") or False in real:
        return OK
    if treat_missing_data == "ignore":
        return current
    oldest = len(breaching) - breaching.index(True)
    return ALARM if oldest >= datapoints_to_alarm else OK


def enough_samples(statistic: Statistic) -> float:
    """How many samples a percentile needs to mean something: 1000 for p99; 0 for other statistics.

    ``10 / (1 - p)`` from the median up, ``10 / p`` below it.
    """
    high = statistic.high
    if statistic.kind != "p" or not high or high >= 100:
        return 0.0
    return round(1000 / (100 - high if high >= 50 else high), 6)


def evaluation_second(definition: str) -> int:
    """The second of the minute at which an alarm is evaluated.

    It depends on what the alarm watches, not on its name, so that the same alarm made again, or
    made in another world, is evaluated at the same second.
    """
    return crc32(definition.encode()) % MINUTE


def cadence(period: int) -> int:
    """How many seconds there are between evaluations of an alarm with this period.

    A minute; 10 seconds for periods below a minute. Source: AWS, Alarm evaluation.
    """
    return MINUTE if period >= MINUTE else SHORT_CADENCE


def evaluation_time(at: float, step: int, second: int) -> float:
    """The last time up to ``at`` at which an alarm was due, if it is due every ``step`` seconds.

    >>> evaluation_time(125.0, 60, 32), evaluation_time(125.0, 10, 32)
    (92.0, 122.0)
    """
    return at - (at - second) % step
