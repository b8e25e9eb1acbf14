"""Evaluating metric alarms: every minute, at the alarm's own second."""

from understudy.control.cloudwatch import watch as watches
from understudy.control.cloudwatch.books import OWNER, Books
from understudy.control.cloudwatch.state import MetricAlarm
from understudy.control.cloudwatch.transition import News, act, change
from understudy.control.cloudwatch.watch import SAMPLE_COUNT, Computed, Values, Watch
from understudy.control.turn import Turn
from understudy.metrics.expression import ExpressionError
from understudy.scaling.alarm import (
    INSUFFICIENT_DATA,
    MINUTE,
    alarm_state,
    evaluation_time,
)
from understudy.scaling.alarm_reason import Evaluated, state_reason, state_reason_data


def begin(alarm: MetricAlarm, turn: Turn) -> None:
    """Have a new or changed alarm evaluated from its next second on."""
    each = watches.watch(alarm)
    due = evaluation_time(turn.at, each.step, each.second) + each.step
    turn.schedule(due, OWNER, *each.timer)


def evaluate(books: Books, each: Watch, turn: Turn) -> None:
    """Look at the datapoints that an alarm can see now; change its state, or act once more on it.

    Scaling actions are invoked again every minute while the state stays. Source: AWS, Using Amazon
    CloudWatch alarms, Alarm actions.
    """
    alarm = each.alarm
    due = evaluation_time(turn.at, each.step, each.second)
    turn.schedule(due + each.step, OWNER, *each.timer)
    if alarm.warm_until and _warming(books, each, turn.at):
        return
    computed = _observed(books, each, turn)
    if computed is None:
        return
    alarm.evaluation_state = ""
    state = _state(books, each, turn.at, computed)
    if state != alarm.state:
        alarm.acted_at = due
        _enter(books, each, state, turn)
    elif (repeated := each.scaling.get(state)) and due - alarm.acted_at >= MINUTE:
        alarm.acted_at = due
        act(alarm, state, turn, _evaluated(each, computed.values), repeated)


def _observed(books: Books, each: Watch, turn: Turn) -> Computed | None:
    """What an alarm sees: of a metric only the periods that count, unless one is missing."""
    statistic = each.watched.statistic
    if statistic is None:
        return _computed(books, each, turn)
    values = watches.read(books, each, turn.at, statistic, each.criteria.evaluation_periods)
    if None in values:
        values = watches.read(books, each, turn.at, statistic, each.range)
    return Computed(values)


def _state(books: Books, each: Watch, at: float, computed: Computed) -> str:
    criteria, current = each.criteria, each.alarm.state
    if each.least_samples and _too_few_samples(books, each, at):
        return current
    return alarm_state(
        watches.breaching(each, computed),
        criteria.evaluation_periods,
        criteria.needed,
        criteria.treat_missing_data,
        current,
    )


def _evaluated(each: Watch, values: Values) -> tuple[float, ...]:
    """The real values that were evaluated, oldest first."""
    real = [value for value in values if value is not None]
    return tuple(real[-each.criteria.evaluation_periods :])


def _enter(books: Books, each: Watch, state: str, turn: Turn) -> None:
    criteria = each.criteria
    periods = _periods(books, each, turn.at)
    news = News(
        state,
        state_reason(criteria, state, periods),
        state_reason_data(criteria, state, periods, turn.at),
        _evaluated(each, [period.value for period in periods]),
    )
    change(books, each.alarm, news, turn)


def _periods(books: Books, each: Watch, at: float) -> list[Evaluated]:
    """The whole evaluation range as the reason of a state shows it."""
    starts = watches.edges(books, each, at)[:-1]
    nothing: Values = [None] * len(starts)
    if each.watched.statistic is None:
        computed, counts = watches.compute(books, each, at), nothing
    else:
        computed = Computed(watches.read(books, each, at, each.watched.statistic, each.range))
        counts = watches.read(books, each, at, SAMPLE_COUNT, each.range)
    breaching = watches.breaching(each, computed)
    low, high = computed.low or nothing, computed.high or nothing
    columns = zip(starts, computed.values, breaching, counts, low, high, strict=True)
    return [Evaluated(*column) for column in columns]


def _computed(books: Books, each: Watch, turn: Turn) -> Computed | None:
    """What maths gives; None, with the alarm in EVALUATION_ERROR, where it gives nothing."""
    try:
        return watches.compute(books, each, turn.at)
    except ExpressionError as wrong:
        if each.alarm.evaluation_state != "EVALUATION_ERROR":
            each.alarm.evaluation_state = "EVALUATION_ERROR"
            change(books, each.alarm, News(INSUFFICIENT_DATA, str(wrong)), turn)
        return None


def _warming(books: Books, each: Watch, at: float) -> bool:
    """Whether an alarm is still in its warm-up, which ends early once its window is full.

    Source: AWS, Alarm warm-up periods.
    """
    alarm = each.alarm
    waits = alarm.params["WarmUpConfiguration"].get("OnlyStartEvaluatingAfterWarmUpPeriodEnds")
    if at < alarm.warm_until and (waits or not _full(books, each, at)):
        return True
    alarm.warm_until = 0.0
    return False


def _full(books: Books, each: Watch, at: float) -> bool:
    """Whether there is a datapoint in each of the latest periods."""
    try:
        periods = _periods(books, each, at)
    except ExpressionError:
        return False
    latest = periods[-each.criteria.evaluation_periods :]
    return all(period.value is not None for period in latest)


def _too_few_samples(books: Books, each: Watch, at: float) -> bool:
    """Whether a percentile means little, because there are samples, but too few of them."""
    counts = watches.read(books, each, at, SAMPLE_COUNT, each.range)
    real = [count for count in counts if count is not None]
    return 0 < sum(real[-each.criteria.evaluation_periods :]) < each.least_samples
