"""Predictive scaling: learn from the hourly load, forecast, and raise capacity before each hour.

AWS: Predictive scaling for Application Auto Scaling; API_GetPredictiveScalingForecast. A forecast
covers 48 hours and is made anew every six hours.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import validation_exception
from understudy.control.application_autoscaling.alarms import (
    PREDEFINED,
    resource_dimensions,
)
from understudy.control.application_autoscaling.configuration import predictive_scaling
from understudy.control.application_autoscaling.dimensions import PREDICTIVE
from understudy.control.application_autoscaling.scaling import capacity_of, scale
from understudy.control.application_autoscaling.state import (
    OWNER,
    ScalableTarget,
    ScalingPolicy,
)
from understudy.control.events import Params
from understudy.control.forecasting import (
    LONGEST,
    REFRESH,
    Forecast,
    Series,
    answer,
    history_span,
    hourly_queries,
    updated,
)
from understudy.control.policy_metrics import label_dimensions
from understudy.control.turn import Turn
from understudy.scaling import predictive
from understudy.scaling.decision import Decision
from understudy.scaling.forecast import HOUR

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

TIMER = "predictive"
"""The first part of the keys of their timers; then come target key, policy name and due time."""

_PAIRS = {
    "ECSServiceCPUUtilization": "ECSServiceAverageCPUUtilization",
    "ECSServiceMemoryUtilization": "ECSServiceAverageMemoryUtilization",
    "ALBRequestCount": "ALBRequestCountPerTarget",
}
"""The scaling metric of each predefined pair; the load is the same metric over all tasks."""

_LOADS = {
    "ECSServiceTotalCPUUtilization": "ECSServiceAverageCPUUtilization",
    "ECSServiceTotalMemoryUtilization": "ECSServiceAverageMemoryUtilization",
    "TotalALBRequestCount": "ALBRequestCountPerTarget",
}


def begin_forecasts(
    service: "ApplicationAutoScaling", target: ScalableTarget, policy: ScalingPolicy, turn: Turn
) -> None:
    """Make the first forecast of a policy and set its timer."""
    policy.forecast = make_forecast(service, target, policy, turn)
    _set_timer(target, policy, turn)


def _set_timer(target: ScalableTarget, policy: ScalingPolicy, turn: Turn) -> None:
    buffer = predictive_scaling(policy.name, policy.configuration).scheduling_buffer_time
    policy.due = predictive.next_hour(turn.at, buffer) - buffer
    turn.schedule(policy.due, OWNER, TIMER, target.key, policy.name, repr(policy.due))


def run(
    service: "ApplicationAutoScaling", target: ScalableTarget, name: str, due: str, turn: Turn
) -> None:
    """Prepare for the coming hour: forecast anew if it is time, raise capacity, set the timer."""
    policy = target.policies.get(name)
    if policy is None or policy.due is None or repr(policy.due) != due:
        return
    rule = predictive_scaling(policy.name, policy.configuration)
    hour = round((policy.due + rule.scheduling_buffer_time) / HOUR)
    if policy.forecast is None or turn.at - policy.forecast.made_at >= REFRESH:
        policy.forecast = make_forecast(service, target, policy, turn)
    forecast = policy.forecast.capacity.get(hour) if policy.forecast else None
    capacity = capacity_of(service, target)
    if forecast is not None and capacity is not None:
        outcome, bounds = predictive.decide(rule, capacity, forecast, turn.at)
        if rule.mode == "ForecastAndScale":
            target.maximum, target.predicted = bounds.maximum, forecast
        if isinstance(outcome, Decision):
            scale(service, target, outcome, bounds, turn)
    _set_timer(target, policy, turn)


def make_forecast(
    service: "ApplicationAutoScaling", target: ScalableTarget, policy: ScalingPolicy, turn: Turn
) -> Forecast | None:
    """The load and capacity of the next 48 hours; None while fewer than 24 hours are known.

    Hours that an earlier forecast of the policy was about are kept for 30 days.
    """
    assert service.history is not None
    start, end = history_span(turn.at)
    specification: Params = policy.configuration["MetricSpecifications"][0]
    measured: list[Series] = [
        service.history.hourly(queries, start, end, turn) if queries else {}
        for queries in metric_queries(specification, target.resource_id)
    ]
    return updated(policy.forecast, measured, specification["TargetValue"], turn.at)


def metric_queries(
    specification: Params, resource_id: str
) -> tuple[list[Params], list[Params], list[Params]]:
    """The queries for load, scaling metric (per unit) and capacity of a metric specification.

    No queries for the capacity mean that load and scaling metric have the same unit.
    """
    pair = specification.get("PredefinedMetricPairSpecification")
    load: Params | None = specification.get("PredefinedLoadMetricSpecification", pair)
    scaling: Params | None = specification.get("PredefinedScalingMetricSpecification", pair)
    customized = [
        specification.get(f"Customized{name}MetricSpecification", {}).get("MetricDataQueries", [])
        for name in ("Load", "Scaling", "Capacity")
    ]
    predefined: Params = load or scaling or {}
    label: str | None = predefined.get("ResourceLabel")
    found = label_dimensions(label) if label else resource_dimensions(resource_id)
    return (
        _load_queries(load["PredefinedMetricType"], found) if load else customized[0],
        _scaling_queries(scaling["PredefinedMetricType"], found) if scaling else customized[1],
        _capacity_queries(load["PredefinedMetricType"], found) if load else customized[2],
    )


def _load_queries(kind: str, dimensions: list[Params]) -> list[Params]:
    metric = PREDEFINED[_PAIRS.get(kind) or _LOADS[kind]]
    name = metric.name.removesuffix("PerTarget")
    return hourly_queries(metric.namespace, name, dimensions, "Sum", "total")


def _scaling_queries(kind: str, dimensions: list[Params]) -> list[Params]:
    metric = PREDEFINED[_PAIRS.get(kind, kind)]
    # Requests per target are counted by the minute, utilisation is an average already.
    expression = "total/60" if metric.statistic == "Sum" else "total"
    return hourly_queries(metric.namespace, metric.name, dimensions, metric.statistic, expression)


def _capacity_queries(kind: str, dimensions: list[Params]) -> list[Params]:
    metric = PREDEFINED[_PAIRS.get(kind) or _LOADS[kind]]
    if metric.statistic == "Sum":
        return hourly_queries(metric.namespace, "HealthyHostCount", dimensions, "Average", "total")
    # Every task sends one sample of its utilisation a minute.
    return hourly_queries(metric.namespace, metric.name, dimensions, "SampleCount", "total/60")


def get_predictive_scaling_forecast(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """GetPredictiveScalingForecast: load and capacity by hour, from StartTime up to EndTime."""
    start, end = float(params["StartTime"]), float(params["EndTime"])
    if not start < end or end - start > LONGEST:
        raise validation_exception("EndTime must be after StartTime, and at most 30 days after it")
    target = service.known_target(params)
    policy = target.policies.get(params["PolicyName"]) if target else None
    if policy is None or policy.kind != PREDICTIVE:
        raise validation_exception(
            f"No predictive scaling policy found: {params['PolicyName']} of {params['ResourceId']}"
        )
    specification = policy.configuration["MetricSpecifications"][0]
    return answer(policy.forecast, specification, params, turn.at)
