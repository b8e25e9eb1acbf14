"""What AWS refuses in a scaling policy of a group.

AWS: API_PutScalingPolicy of Amazon EC2 Auto Scaling and the types it refers to.
"""

from understudy.base.fault import validation_error
from understudy.control.autoscaling.configuration import PREDICTIVE, SIMPLE, STEP, TRACKING
from understudy.control.events import Params
from understudy.control.policy_metrics import steps_of
from understudy.scaling.step import fault_in_steps

ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
AGGREGATIONS = ("Minimum", "Maximum", "Average")
MOST_STEPS = 20
LARGEST_TARGET = 2.0**360

_BELONGS = {
    SIMPLE: {
        "AdjustmentType",
        "ScalingAdjustment",
        "Cooldown",
        "MinAdjustmentMagnitude",
        "MinAdjustmentStep",
    },
    STEP: {
        "AdjustmentType",
        "StepAdjustments",
        "MinAdjustmentMagnitude",
        "MetricAggregationType",
        "EstimatedInstanceWarmup",
    },
    TRACKING: {"TargetTrackingConfiguration", "EstimatedInstanceWarmup"},
    PREDICTIVE: {"PredictiveScalingConfiguration"},
}
"""The members that go with each policy type."""


def check_policy(kind: str, params: Params) -> None:
    """Refuse a policy that a group cannot have. Raises Fault."""
    if kind not in _BELONGS:
        raise validation_error(
            f"Invalid policy type: {kind}. Valid types are: {', '.join(sorted(_BELONGS))}"
        )
    foreign = params.keys() - _BELONGS[kind] - {"Enabled"}
    if foreign:
        raise validation_error(f"{min(foreign)} is not supported for policies of type {kind}")
    if params.get("EstimatedInstanceWarmup", 0) < 0:
        raise validation_error("Estimated instance warmup cannot be negative")
    if kind == TRACKING:
        _check_tracking(params)
    elif kind == PREDICTIVE:
        _check_predictive(params)
    else:
        _check_adjustment(kind, params)


def _check_adjustment(kind: str, params: Params) -> None:
    adjustment = params.get("AdjustmentType")
    if adjustment not in ADJUSTMENTS:
        raise validation_error(
            f"Invalid adjustment type: {adjustment}. Valid types are: {', '.join(ADJUSTMENTS)}"
        )
    magnitude = params.get("MinAdjustmentMagnitude", params.get("MinAdjustmentStep"))
    if magnitude is not None and adjustment != "PercentChangeInCapacity":
        raise validation_error(
            "Min adjustment magnitude is only supported for adjustment type PercentChangeInCapacity"
        )
    if magnitude is not None and magnitude < 1:
        raise validation_error("Min adjustment magnitude must be greater than 0")
    if kind == SIMPLE:
        _check_simple(adjustment, params)
    else:
        _check_steps(adjustment, params)


def _check_simple(adjustment: str, params: Params) -> None:
    if "ScalingAdjustment" not in params:
        raise validation_error("You must specify a scaling adjustment for a SimpleScaling policy")
    if adjustment == "ExactCapacity" and params["ScalingAdjustment"] < 0:
        raise validation_error("Scaling adjustment cannot be negative for ExactCapacity")
    if params.get("Cooldown", 0) < 0:
        raise validation_error("Cooldown cannot be negative")


def _check_steps(adjustment: str, params: Params) -> None:
    steps = steps_of(params)
    problem = fault_in_steps(steps)
    if problem:
        raise validation_error(problem)
    if len(steps) > MOST_STEPS:
        raise validation_error(f"There can be at most {MOST_STEPS} step adjustments in a policy")
    if adjustment == "ExactCapacity" and any(step.adjustment < 0 for step in steps):
        raise validation_error("Scaling adjustment cannot be negative for ExactCapacity")
    aggregation = params.get("MetricAggregationType", "Average")
    if aggregation not in AGGREGATIONS:
        raise validation_error(
            f"Invalid metric aggregation type: {aggregation}. Valid types are: "
            f"{', '.join(AGGREGATIONS)}"
        )


def _check_tracking(params: Params) -> None:
    configuration: Params | None = params.get("TargetTrackingConfiguration")
    if configuration is None:
        raise validation_error("TargetTrackingConfiguration must be specified")
    if not 0 < configuration["TargetValue"] <= LARGEST_TARGET:
        raise validation_error("Target value must be greater than 0 and at most 2^360")
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if (predefined is None) == (customized is None):
        raise validation_error(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must "
            "be specified"
        )
    if predefined is not None:
        check_label(predefined, "ALBRequestCountPerTarget")
    elif customized is not None:
        _check_customized(customized)


def check_label(metric: Params, labelled: str) -> None:
    """Refuse a missing or needless resource label. Raises Fault."""
    kind, label = metric["PredefinedMetricType"], metric.get("ResourceLabel")
    if kind != labelled:
        if label is not None:
            raise validation_error(f"Resource label should not be specified for {kind}")
        return
    parts = (label or "").split("/")
    if len(parts) != 6 or parts[0] != "app" or parts[3] != "targetgroup" or not all(parts):
        raise validation_error(f"Invalid resource label '{label}' for {kind}")


def _check_customized(metric: Params) -> None:
    single = {"MetricName", "Namespace", "Statistic"} & metric.keys()
    if "Metrics" in metric:
        valid = bool(metric["Metrics"]) and not (single | {"Dimensions", "Unit"} & metric.keys())
    else:
        valid = len(single) == 3
    if not valid:
        raise validation_error("The customized metric specification is not valid.")
    if metric.get("Period", 60) not in {10, 30, 60}:
        raise validation_error("The period of a customized metric must be 10, 30 or 60 seconds.")


def _check_predictive(params: Params) -> None:
    configuration: Params | None = params.get("PredictiveScalingConfiguration")
    if configuration is None:
        raise validation_error("PredictiveScalingConfiguration must be specified")
    specifications: list[Params] = configuration["MetricSpecifications"]
    if len(specifications) != 1:
        raise validation_error("You must specify exactly one metric specification.")
    _check_pair(specifications[0])
    raises = configuration.get("MaxCapacityBreachBehavior") == "IncreaseMaxCapacity"
    if raises != ("MaxCapacityBuffer" in configuration):
        raise validation_error(
            "MaxCapacityBuffer is required with IncreaseMaxCapacity, and cannot be specified "
            "without it."
        )
    if not 0 <= configuration.get("SchedulingBufferTime", 300) < 3600:
        raise validation_error("SchedulingBufferTime must be between 0 and 3599 seconds.")


def _check_pair(specification: Params) -> None:
    pair = specification.get("PredefinedMetricPairSpecification")
    found = [
        [f"{kind}{role}MetricSpecification" in specification for kind in _KINDS]
        for role in ("Load", "Scaling")
    ]
    wanted = 0 if pair else 1
    if any(sum(each) != wanted for each in found):
        raise validation_error(
            "The metric specification is invalid. A policy must have either one scaling metric and "
            "one load metric or one metric pair."
        )


_KINDS = ("Predefined", "Customized")
