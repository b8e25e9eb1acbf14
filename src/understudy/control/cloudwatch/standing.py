"""How an alarm stands: what it compares, what it sees, and whether anybody publishes that."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from understudy.base.quantity import format_duration
from understudy.control.cloudwatch import watch as watches
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.state import AnyAlarm, CompositeAlarm, MetricAlarm
from understudy.control.cloudwatch.watch import Watch
from understudy.metrics.datapoint import MetricKey
from understudy.metrics.expression import ExpressionError

SYMBOLS = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside",
    "LessThanLowerThreshold": "below",
    "GreaterThanUpperThreshold": "above",
}
NEAREST = 0.4
"""How much two names of metrics must have in common for one to be suggested for the other."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm at a time.

    ``condition`` is what it compares in words, ``values`` are the datapoints that it evaluates,
    oldest first, and ``problem`` says what is wrong with its metric, if anything is.
    """

    alarm: AnyAlarm
    condition: str
    values: tuple[float, ...] = ()
    problem: str = ""


def standing(books: Books, alarm: AnyAlarm, at: float) -> Standing:
    """How an alarm stands. Nothing is changed."""
    if isinstance(alarm, CompositeAlarm):
        return Standing(alarm, alarm.params["AlarmRule"])
    each = watches.watch(alarm)
    values = _values(books, each, at)
    problem = "" if values else _problem(books, each, at)
    return Standing(alarm, _condition(alarm, each), values, problem)


def _values(books: Books, each: Watch, at: float) -> tuple[float, ...]:
    """The real datapoints that count now, oldest first; none where maths fails."""
    statistic = each.watched.statistic
    try:
        seen = (
            watches.compute(books, each, at).values
            if statistic is None
            else watches.read(books, each, at, statistic, each.range)
        )
    except ExpressionError:
        return ()
    real = [value for value in seen if value is not None]
    return tuple(real[-each.criteria.evaluation_periods :])


def _condition(alarm: MetricAlarm, each: Watch) -> str:
    """``CPUUtilization (Average) > 50 in 3 of 3 periods of 1m00s``."""
    criteria = each.criteria
    if each.watched.key and each.watched.statistic:
        what = f"{each.watched.key[1]} ({each.watched.statistic.name})"
    else:
        returned = next(query for query in each.watched.queries if query.returned)
        what = returned.expression or returned.id
    threshold = "its band" if criteria.threshold is None else f"{criteria.threshold:g}"
    symbol = SYMBOLS[criteria.comparison]
    periods = f"{criteria.needed} of {criteria.evaluation_periods} periods"
    if criteria.evaluation_periods == 1:
        periods = "1 period"
    del alarm
    return f"{what} {symbol} {threshold} in {periods} of {format_duration(criteria.period)}"


def _problem(books: Books, each: Watch, at: float) -> str:
    """Why there are no datapoints: nobody publishes the metric, or not lately."""
    for key, unit in each.watched.metrics():
        metric = books.state.store.metrics.get(key)
        if metric is None:
            return f"Nobody publishes {spoken(key)}.{_suggestion(books, key)}"
        if books.state.store.series(key, unit) is None:
            units = ", ".join(sorted(metric.series))
            return f"{spoken(key)} is not published in the unit {unit}, but in {units}."
        silent = at - metric.published_at
        if silent > each.watched.period * each.range:
            return f"{spoken(key)} was published last {format_duration(silent)} ago."
    return ""


def _suggestion(books: Books, key: MetricKey) -> str:
    """The nearest metric that there is: of the same name if possible."""
    known = {spoken(each): each for each in books.state.store.metrics}
    same = [text for text, each in known.items() if each[:2] == key[:2]]
    found = get_close_matches(spoken(key), same or known, 1, 0.0 if same else NEAREST)
    return f" The nearest metric that exists is {found[0]}." if found else ""


def spoken(key: MetricKey) -> str:
    """A metric as people write it.

    >>> spoken(("AWS/EC2", "CPUUtilization", (("AutoScalingGroupName", "web"),)))
    'AWS/EC2 CPUUtilization {AutoScalingGroupName=web}'
    """
    namespace, name, dimensions = key
    pairs: Any = ", ".join(f"{dimension}={value}" for dimension, value in dimensions)
    return f"{namespace} {name} {{{pairs}}}" if pairs else f"{namespace} {name}"
