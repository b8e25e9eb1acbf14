"""What AWS refuses in a scaling policy, in its own words.

AWS: API_PutScalingPolicy, API_StepScalingPolicyConfiguration,
API_TargetTrackingScalingPolicyConfiguration, API_PredictiveScalingPolicyConfiguration.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_exception
from understudy.control.application_autoscaling.alarms import metrics_of
from understudy.control.application_autoscaling.configuration import CONFIGURATION
from understudy.control.application_autoscaling.dimensions import (
    DIMENSIONS,
    STEP,
    TRACKING,
    Dimension,
)
from understudy.control.application_autoscaling.state import ScalableTarget
from understudy.control.events import Params
from understudy.control.policy_metrics import steps_of
from understudy.scaling.step import fault_in_steps

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

MOST_STEPS = 20
LARGEST_TARGET = 2.0**360

_LOAD = ("PredefinedLoadMetricSpecification", "CustomizedLoadMetricSpecification")
_SCALING = ("PredefinedScalingMetricSpecification", "CustomizedScalingMetricSpecification")
_PAIRS = ("ALBRequestCount", "ECSServiceCPUUtilization", "ECSServiceMemoryUtilization")


def check_policy(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    name: str,
    kind: str,
    configuration: Params,
) -> None:
    """Refuse a policy that the target cannot have. Raises Fault."""
    dimension = DIMENSIONS[target.dimension]
    if kind not in dimension.policies:
        raise validation_exception(
            f"Policy type {kind} is not supported for scalable dimension {dimension.name}"
        )
    if kind == STEP:
        _check_step_scaling(configuration)
    elif kind == TRACKING:
        _check_target_tracking(dimension, configuration)
        _check_single_use(target, name, configuration)
    else:
        _check_predictive(service, dimension, configuration)


def chosen_configuration(params: Params, kind: str) -> Params | None:
    """The configuration member that goes with a policy type. Raises Fault if there are others."""
    given = [member for member in CONFIGURATION.values() if member in params]
    if given and given != [CONFIGURATION[kind]]:
        if CONFIGURATION[kind] not in given:
            raise missing_configuration(kind)
        raise validation_exception(
            "You must only provide a single scaling policy configuration, which must match the "
            "scaling policy type specified."
        )
    return params.get(CONFIGURATION[kind])


def missing_configuration(kind: str) -> Fault:
    """The fault of a new policy that has no configuration of its type."""
    return validation_exception(f"{kind} policy configuration must be specified")


def _check_step_scaling(configuration: Params) -> None:
    if "AdjustmentType" not in configuration:
        raise validation_exception("Adjustment type must be specified")
    kind = configuration["AdjustmentType"]
    if "MinAdjustmentMagnitude" in configuration and kind != "PercentChangeInCapacity":
        raise validation_exception(
            "Minimum adjustment magnitude is only allowed for adjustment type "
            "PercentChangeInCapacity"
        )
    if configuration.get("MinAdjustmentMagnitude", 1) < 1:
        raise validation_exception("Minimum adjustment magnitude must be greater than 0")
    steps = steps_of(configuration)
    problem = fault_in_steps(steps)
    if problem:
        raise validation_exception(problem)
    if len(steps) > MOST_STEPS:
        raise validation_exception(
            f"There can be at most {MOST_STEPS} step adjustments per scaling policy"
        )
    if kind == "ExactCapacity" and any(step.adjustment < 0 for step in steps):
        raise validation_exception(
            "Scaling adjustment cannot be less than 0 when adjustment type is ExactCapacity"
        )
    _check_cooldowns(configuration, "Cooldown")


def _check_cooldowns(configuration: Params, *members: str) -> None:
    for member in members:
        if configuration.get(member, 0) < 0:
            raise validation_exception(f"{member} cannot be less than 0")


def _check_target_tracking(dimension: Dimension, configuration: Params) -> None:
    target: float = configuration["TargetValue"]
    if not 0 < target <= LARGEST_TARGET:
        raise validation_exception("Target value must be greater than 0 and at most 2^360")
    _check_cooldowns(configuration, "ScaleOutCooldown", "ScaleInCooldown")
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if predefined and customized:
        raise validation_exception(
            "Only one of PredefinedMetricSpecification or CustomizedMetricSpecification can be "
            "set for target tracking scaling."
        )
    if predefined:
        _check_predefined(dimension, predefined)
    elif customized:
        _check_customized(dimension, customized)
    else:
        raise validation_exception(
            "PredefinedMetricSpecification or CustomizedMetricSpecification must be set for target "
            "tracking scaling."
        )


def _check_predefined(dimension: Dimension, metric: Params) -> None:
    kind, label = metric["PredefinedMetricType"], metric.get("ResourceLabel")
    allowed = metrics_of(dimension.name)
    if kind not in allowed:
        raise validation_exception(
            f"Scalable dimension {dimension.name} only supports the following predefined metric "
            f"types: {', '.join(allowed)}"
        )
    if kind != "ALBRequestCountPerTarget":
        if label is not None:
            raise validation_exception(
                f"Resource label should not be specified for predefined metric type {kind}"
            )
        return
    if label is None:
        raise validation_exception(
            f"Resource label should be specified for predefined metric type {kind}"
        )
    parts = label.split("/")
    if len(parts) != 6 or parts[0] != "app" or parts[3] != "targetgroup" or not all(parts):
        raise validation_exception(
            f"Invalid resource label '{label}' for predefined metric type {kind}"
        )


def _check_customized(dimension: Dimension, metric: Params) -> None:
    if not dimension.gradual:
        raise validation_exception(
            f"Scalable dimension {dimension.name} does not support CustomizedMetricSpecification."
        )
    single = {"MetricName", "Namespace", "Statistic"} & metric.keys()
    if "Metrics" in metric:
        valid = bool(metric["Metrics"]) and not (single | {"Dimensions", "Unit"} & metric.keys())
    else:
        valid = len(single) == 3
    if not valid:
        raise validation_exception("The customized metric specification is not valid.")


def _check_single_use(target: ScalableTarget, name: str, configuration: Params) -> None:
    """Two policies of a target may not track the same metric."""
    others = [
        _metric_identity(other.configuration)
        for other in target.policies.values()
        if other.name != name and other.kind == TRACKING
    ]
    if _metric_identity(configuration) in others:
        raise validation_exception(
            "Only one TargetTrackingScaling policy for a given metric specification is allowed."
        )


def _metric_identity(configuration: Params) -> Params:
    return {
        member: configuration.get(member)
        for member in ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
    }


def _check_predictive(
    service: "ApplicationAutoScaling", dimension: Dimension, configuration: Params
) -> None:
    if service.history is None:
        raise validation_exception(
            "Predictive scaling is not offered here: no metrics to learn from"
        )
    specifications: list[Params] = configuration["MetricSpecifications"]
    if len(specifications) != 1:
        raise validation_exception("You must specify one metric specification.")
    _check_metric_pair(dimension, specifications[0])
    raises = configuration.get("MaxCapacityBreachBehavior") == "IncreaseMaxCapacity"
    if raises and "MaxCapacityBuffer" not in configuration:
        raise validation_exception(
            "You must specify MaxCapacityBuffer when using IncreaseMaxCapacity."
        )
    if not raises and "MaxCapacityBuffer" in configuration:
        raise validation_exception(
            "You cannot specify MaxCapacityBuffer when using HonorMaxCapacity."
        )


def _check_metric_pair(dimension: Dimension, specification: Params) -> None:
    pair = specification.get("PredefinedMetricPairSpecification")
    load = [member for member in _LOAD if member in specification]
    scaling = [member for member in _SCALING if member in specification]
    if (len(load), len(scaling)) != ((0, 0) if pair else (1, 1)):
        raise validation_exception(
            "The metric specification is invalid. A policy must have either one scaling metric and "
            "one load metric or one metric pair."
        )
    if pair and pair["PredefinedMetricType"] not in _PAIRS:
        raise validation_exception(
            f"The predefined metric pair type for scalable dimension {dimension.name} isn't valid. "
            "The supported values are: ECSServiceMemoryUtilization, ALBRequestCount and "
            "ECSServiceCPUUtilization."
        )
