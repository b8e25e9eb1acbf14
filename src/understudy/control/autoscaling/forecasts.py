"""Predictive scaling: learn from the hourly load, forecast, and raise capacity before each hour.

AWS: Predictive scaling for Amazon EC2 Auto Scaling; API_GetPredictiveScalingForecast. A forecast
covers 48 hours and is made anew every six hours.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import validation_error
from understudy.control.autoscaling import group as groups
from understudy.control.autoscaling.alarms import metric_params
from understudy.control.autoscaling.capacity import capacity_of
from understudy.control.autoscaling.configuration import PREDICTIVE, predictive_scaling
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, ScalingPolicy
from understudy.control.events import Params
from understudy.control.forecasting import (
    LONGEST,
    REFRESH,
    Series,
    answer,
    history_span,
    hourly_queries,
    updated,
)
from understudy.control.turn import Turn
from understudy.scaling import predictive
from understudy.scaling.decision import Decision
from understudy.scaling.forecast import HOUR

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

TIMER = "predictive"
"""The kind of their timers; then come the policy and the due time."""

_TRACKED = {
    "ASGCPUUtilization": "ASGAverageCPUUtilization",
    "ASGNetworkIn": "ASGAverageNetworkIn",
    "ASGNetworkOut": "ASGAverageNetworkOut",
    "ALBRequestCount": "ALBRequestCountPerTarget",
    "ASGTotalCPUUtilization": "ASGAverageCPUUtilization",
    "ASGTotalNetworkIn": "ASGAverageNetworkIn",
    "ASGTotalNetworkOut": "ASGAverageNetworkOut",
    "ALBTargetGroupRequestCount": "ALBRequestCountPerTarget",
}
"""The metric per instance behind each pair and each load; the load is its sum over the group."""


def begin(service: "AutoScaling", group: Group, policy: ScalingPolicy, turn: Turn) -> None:
    """Make the first forecast of a policy and set its timer."""
    forecast(service, group, policy, turn)
    _set_timer(group, policy, turn)


def _set_timer(group: Group, policy: ScalingPolicy, turn: Turn) -> None:
    buffer = predictive_scaling(policy).scheduling_buffer_time
    policy.due = predictive.next_hour(turn.at, buffer) - buffer
    wish_for(group, turn, policy.due, TIMER, policy.name, repr(policy.due))


def run(service: "AutoScaling", group: Group, name: str, due: str, turn: Turn) -> None:
    """Prepare for the coming hour: forecast anew if it is time, raise capacity, set the timer."""
    policy = group.policies.get(name)
    if policy is None or policy.due is None or repr(policy.due) != due:
        return
    rule = predictive_scaling(policy)
    hour = round((policy.due + rule.scheduling_buffer_time) / HOUR)
    if policy.forecast is None or turn.at - policy.forecast.made_at >= REFRESH:
        forecast(service, group, policy, turn)
    expected = policy.forecast.capacity.get(hour) if policy.forecast else None
    if expected is not None:
        outcome, bounds = predictive.decide(rule, capacity_of(group, turn.at), expected, turn.at)
        if rule.mode == "ForecastAndScale":
            group.maximum, group.predicted = bounds.maximum, expected
        if isinstance(outcome, Decision):
            what = f"a predictive scaling policy {policy.name} forecast a capacity of {expected}"
            groups.demand(service, group, outcome.desired, what, turn)
    _set_timer(group, policy, turn)


def forecast(service: "AutoScaling", group: Group, policy: ScalingPolicy, turn: Turn) -> None:
    """Forecast the load and capacity of the next 48 hours; nothing while under 24 are known."""
    start, end = history_span(turn.at)
    specification = _specification(policy)
    measured: list[Series] = [
        service.monitoring.hourly(queries, start, end, turn) if queries else {}
        for queries in metric_queries(specification, group.name)
    ]
    policy.forecast = updated(policy.forecast, measured, specification["TargetValue"], turn.at)


def _specification(policy: ScalingPolicy) -> Params:
    return policy.params["PredictiveScalingConfiguration"]["MetricSpecifications"][0]


def metric_queries(
    specification: Params, group: str
) -> tuple[list[Params], list[Params], list[Params]]:
    """The queries for load, scaling metric (per instance) and capacity of a specification.

    Without queries for the capacity, load and scaling metric have the same unit.
    """
    pair = specification.get("PredefinedMetricPairSpecification")
    load: Params | None = specification.get("PredefinedLoadMetricSpecification", pair)
    scaling: Params | None = specification.get("PredefinedScalingMetricSpecification", pair)
    custom = [
        specification.get(f"Customized{role}MetricSpecification", {}).get("MetricDataQueries", [])
        for role in ("Load", "Scaling", "Capacity")
    ]
    return (
        _load_queries(load, group) if load else _hourly(custom[0]),
        _scaling_queries(scaling, group) if scaling else _hourly(custom[1]),
        _capacity_queries(load, group) if load else _hourly(custom[2]),
    )


def _hourly(queries: list[Params]) -> list[Params]:
    return [
        {**query, "MetricStat": {**query["MetricStat"], "Period": HOUR}}
        if "MetricStat" in query
        else query
        for query in queries
    ]


def _tracked(metric: Params, group: str) -> Params:
    kind = metric["PredefinedMetricType"]
    specification = {**metric, "PredefinedMetricType": _TRACKED.get(kind, kind)}
    return metric_params({"PredefinedMetricSpecification": specification}, group)


def _load_queries(metric: Params, group: str) -> list[Params]:
    params = _tracked(metric, group)
    return _queries(params, params["MetricName"].removesuffix("PerTarget"), "Sum", "total")


def _scaling_queries(metric: Params, group: str) -> list[Params]:
    params = _tracked(metric, group)
    # Requests per target are counted by the minute, utilisation is an average already.
    by_minute = params["Statistic"] == "Sum"
    expression = "total/60" if by_minute else "total"
    return _queries(params, params["MetricName"], params["Statistic"], expression)


def _capacity_queries(metric: Params, group: str) -> list[Params]:
    params = _tracked(metric, group)
    if params["Statistic"] == "Sum":
        return _queries(params, "HealthyHostCount", "Average", "total")
    # Every instance sends one sample a minute.
    return _queries(params, params["MetricName"], "SampleCount", "total/60")


def _queries(params: Params, name: str, statistic: str, expression: str) -> list[Params]:
    namespace, dimensions = params["Namespace"], params["Dimensions"]
    return hourly_queries(namespace, name, dimensions, statistic, expression)


def get_predictive_scaling_forecast(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """GetPredictiveScalingForecast: load and capacity by hour, from StartTime up to EndTime."""
    start, end = float(params["StartTime"]), float(params["EndTime"])
    if not start < end or end - start > LONGEST:
        raise validation_error("EndTime must be after StartTime, and at most 30 days after it")
    group = service.group(params["AutoScalingGroupName"])
    policy = group.policies.get(params["PolicyName"])
    if policy is None or policy.kind != PREDICTIVE:
        raise validation_error(
            f"No predictive scaling policy found: {params['PolicyName']} of {group.name}"
        )
    return answer(policy.forecast, _specification(policy), params, turn.at)
