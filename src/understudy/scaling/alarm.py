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

AT_LEAST, ABOVE, BELOW, AT_MOST = range(4)
COMPARISON_NUMBERS: Mapping[str, int] = {name: index for index, name in enumerate(COMPARISONS)}
"""The comparisons as numbers, for `breaches`."""


def breaches(value: float, comparison: int, threshold: float) -> bool:
    """Whether a datapoint breaches. The comparison is one of `COMPARISON_NUMBERS`.

    >>> breaches(5.0, ABOVE, 5.0), breaches(5.0, AT_LEAST, 5.0)
    (False, True)
    """
    if comparison == ABOVE:
        return value > threshold
    if comparison == BELOW:
        return value < threshold
    return value >= threshold if comparison == AT_LEAST else value <= threshold


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
    real = [each for each in breaching if each is not None]
    evaluated = real[-evaluation_periods:]
    oldest = len(breaching) - breaching.index(True) if True in real else 0
    treat = TREATMENTS.get(treat_missing_data, MISSING)
    found = state_by_counts(
        len(real), evaluated.count(True), oldest, evaluation_periods, datapoints_to_alarm, treat
    )
    return current if found == STAYS else STATES[found]


STATES = (OK, ALARM, INSUFFICIENT_DATA)
IS_OK, IS_ALARM, IS_INSUFFICIENT, STAYS = range(4)
"""The states as numbers, the last for the one that the alarm is in."""
MISSING, IGNORE, BREACHING, NOT_BREACHING = range(4)
TREATMENTS: Mapping[str, int] = {
    "missing": MISSING,
    "ignore": IGNORE,
    "breaching": BREACHING,
    "notBreaching": NOT_BREACHING,
}


def state_by_counts(
    real: int,
    bad: int,
    oldest: int,
    evaluation_periods: int,
    datapoints_to_alarm: int,
    treat: int,
) -> int:
    """`alarm_state` in numbers: of the evaluation range ``real`` periods have a datapoint.

    ``bad`` are the breaching ones among the latest of them, as many as are evaluated. ``oldest`` is
    how many periods ago the oldest breaching one began.
    """
    if real >= evaluation_periods:
        return IS_ALARM if bad >= datapoints_to_alarm else IS_OK
    if treat == BREACHING:
        bad += evaluation_periods - real
    if bad >= datapoints_to_alarm:
        return IS_ALARM
    if treat in (BREACHING, NOT_BREACHING) or bad < real:
        return IS_OK
    if treat == IGNORE:
        return STAYS
    if real == 0:
        return IS_INSUFFICIENT
    return IS_ALARM if oldest >= datapoints_to_alarm else IS_OK


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
