"""What PutMetricAlarm refuses. Source: AWS, PutMetricAlarm."""

import math
import re
from collections.abc import Callable, Sequence

from understudy.base.fault import Fault, validation_error
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.queries import Query, in_expression
from understudy.control.cloudwatch.transition import ACTIONS, is_scaling
from understudy.control.cloudwatch.watch import Watched, watched_by
from understudy.control.events import Params
from understudy.metrics.expression import ExpressionError, functions, names
from understudy.metrics.statistics import parse_statistic
from understudy.metrics.window import WALL_CLOCK_PERIODS
from understudy.scaling.alarm import BAND_COMPARISONS, COMPARISONS

METRIC_MEMBERS = (
    "MetricName",
    "Namespace",
    "Dimensions",
    "Period",
    "Unit",
    "Statistic",
    "ExtendedStatistic",
)
MOST_METRICS = 10
DAY, WEEK, HOUR = 86400, 604800, 3600


Check = Callable[[Params], str | None]


def validate(books: Books, params: Params) -> None:
    """Refuse what AWS refuses, with the first thing that is wrong."""
    for check in _CHECKS:
        if wrong := check(params):
            raise validation_error(wrong)
    if "Metrics" in params:
        watched = watched_by(params)
        _check_queries(params, watched)
    else:
        _check_statistic(params)
        watched = watched_by(params)
    _check_periods(params, watched)
    _check_window(books, params, watched)


def _what(params: Params) -> str | None:
    if "EvaluationCriteria" in params or "EvaluationInterval" in params:
        return "Alarms on PromQL queries are not offered here."
    if "Metrics" in params:
        for member in METRIC_MEMBERS:
            if member in params and params[member] != []:
                return f"{member} should not be set if list of Metrics is set."
        return None if params["Metrics"] else "Metrics must not be empty"
    for member in ("MetricName", "Namespace", "Period"):
        if member not in params:
            return f"{member} must not be null"
    return None


def _name(params: Params) -> str | None:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in params["AlarmName"]):
        return "AlarmName must not contain ASCII Control characters"
    return None


def _comparison(params: Params) -> str | None:
    comparison = params.get("ComparisonOperator")
    if comparison not in COMPARISONS and comparison not in BAND_COMPARISONS:
        return "PutMetricAlarm request should have a valid ComparisonOperator parameter"
    if comparison in BAND_COMPARISONS:
        if "ThresholdMetricId" not in params:
            return f"{comparison} is only used with a ThresholdMetricId"
        return (
            "Threshold should not be set with ThresholdMetricId" if "Threshold" in params else None
        )
    if "ThresholdMetricId" in params:
        return f"{comparison} cannot be used with a ThresholdMetricId"
    threshold = params.get("Threshold")
    if threshold is None or not math.isfinite(threshold):
        return "PutMetricAlarm request should have valid Threshold parameter"
    return None


def _datapoints(params: Params) -> str | None:
    if "EvaluationPeriods" not in params:
        return "PutMetricAlarm request should have an EvaluationPeriods parameter"
    if params.get("DatapointsToAlarm", 1) > params["EvaluationPeriods"]:
        return "DatapointsToAlarm must be less than or equal to EvaluationPeriods"
    return None


def _missing_data(params: Params) -> str | None:
    treat = params.get("TreatMissingData", "missing")
    if treat in ("breaching", "notBreaching", "ignore", "missing"):
        return None
    return (
        f"Option {treat} is not supported. Supported options for parameter TreatMissingData are "
        "breaching, notBreaching, ignore and missing."
    )


_ARN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[^:\s]*:[^:\s]*:\S.*")
_EC2 = re.compile(r"arn:[^:]+:(automate:[^:]*:ec2:|swf:)")


def check_actions(params: Params) -> str | None:
    """What is wrong with the actions of an alarm, None if nothing is."""
    for action in _actions(params):
        if not _ARN.fullmatch(action):
            return f"Invalid arn syntax: {action}"
        if "ThresholdMetricId" in params and is_scaling(action):
            return "Alarms based on anomaly detection models cannot have Auto Scaling actions."
        if "Metrics" in params and _EC2.match(action):
            return "EC2 actions are not supported for alarms on metric math expressions."
    return None


def _instance(params: Params) -> str | None:
    """An alarm that does something to an instance watches one."""
    if not any(map(_EC2.match, _actions(params))):
        return None
    dimensions: Sequence[Params] = params.get("Dimensions") or ()
    if any(each["Name"] == "InstanceId" for each in dimensions):
        return None
    return (
        "Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring an "
        "EC2 instance."
    )


def _actions(params: Params) -> Sequence[str]:
    return [action for member in ACTIONS.values() for action in params[member]]


_CHECKS: Sequence[Check] = (
    _name,
    _what,
    _comparison,
    _datapoints,
    _missing_data,
    check_actions,
    _instance,
)

_ALARM_STATISTIC = re.compile(r"(?:p|tm|tc|ts|wm)\d.*|IQM|PR\(.*\)|(?:TM|TC|TS|WM)\((.+)%:(.+)%\)")


def _check_statistic(params: Params) -> None:
    both = "Statistic" in params and "ExtendedStatistic" in params
    if both:
        raise validation_error(
            "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic "
            "parameters. Only one of them should be present"
        )
    extended = params.get("ExtendedStatistic")
    if extended is None and "Statistic" not in params:
        raise validation_error("PutMetricAlarm request should have a Statistic parameter")
    if extended is not None and not _alarm_statistic(extended):
        raise Fault(
            "InvalidParameterValue",
            f"The value {extended} for parameter ExtendedStatistic is not supported.",
        )
    low = params.get("EvaluateLowSampleCountPercentile")
    if low is None:
        return
    if low not in ("evaluate", "ignore"):
        raise validation_error(
            f"Option {low} is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
    if extended is None or not extended.startswith("p"):
        raise validation_error(
            "Option evaluateLowSampleCountPercentile can not be applied with statistic "
            f"{extended or params['Statistic']}. This option is enabled only for percentile "
            "statistics."
        )


def _alarm_statistic(name: str) -> bool:
    """Whether an alarm can watch an extended statistic: ranges go from 10 to 90 percent."""
    match = _ALARM_STATISTIC.fullmatch(name)
    if match is None:
        return False
    try:
        parsed = parse_statistic(name)
    except ValueError:
        return False
    if match[1] is None or parsed.low is None or parsed.high is None:
        return match[1] is None
    return parsed.low >= 10 and parsed.high <= 90


def _check_queries(params: Params, watched: Watched) -> None:
    """The rules of alarms on metric math."""
    queries = watched.queries
    metrics = [each for each in queries if each.metric]
    if len(metrics) > MOST_METRICS or len(queries) - len(metrics) > MOST_METRICS:
        raise validation_error(
            f"An alarm can watch at most {MOST_METRICS} metrics and {MOST_METRICS} expressions."
        )
    returned = [each.id for each in queries if each.returned]
    if watched.band:
        bands = [each for each in queries if each.id == watched.band and each.returned]
        if len(bands) != 1 or "ANOMALY_DETECTION_BAND" not in functions(bands[0].expression):
            raise validation_error(
                "Metrics list must contain exactly one metric matching the ThresholdMetricId "
                "parameter"
            )
        returned.remove(watched.band)
    if len(returned) != 1:
        raise validation_error("Exactly one element of the metrics list should return data.")
    if len({each.metric.period for each in metrics if each.metric}) > 1:
        raise validation_error("Metrics list must contain metrics with the same period.")
    if params.get("EvaluateLowSampleCountPercentile"):
        raise validation_error(
            "EvaluateLowSampleCountPercentile can not be applied to alarms on metric math."
        )
    _check_references(queries)


def _check_references(queries: Sequence[Query]) -> None:
    known = {each.id for each in queries}
    for each in queries:
        if not each.expression:
            continue
        if "SEARCH" in functions(each.expression):
            raise validation_error("SEARCH is not supported on Metric Alarms.")
        if unknown := sorted(names(each.expression) - known):
            raise in_expression(each.id, ExpressionError(f"ID '{unknown[0]}' not found"))


def _check_periods(params: Params, watched: Watched) -> None:
    period, total = watched.period, watched.period * params["EvaluationPeriods"]
    if period not in (10, 20, 30) and period % 60:
        raise validation_error("Period must be 10, 20, 30 or a multiple of 60")
    if period < HOUR and total > DAY:
        raise validation_error(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be "
            "<= 86400) for alarms using period < 3600"
        )
    if total > WEEK:
        raise validation_error(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be "
            "<= 604800) for alarms using period >= 3600"
        )


def _check_window(books: Books, params: Params, watched: Watched) -> None:
    window = params.get("EvaluationWindow", {}).get("WallClockWindow")
    if window is None:
        return
    books.zone(window.get("Timezone", "UTC"))
    if watched.period not in WALL_CLOCK_PERIODS:
        allowed = ", ".join(map(str, WALL_CLOCK_PERIODS))
        raise validation_error(f"A wall clock window needs a Period of one of [{allowed}]")
