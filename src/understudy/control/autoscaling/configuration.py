"""Scaling policies of groups from their parameters, which keep AWS's member names."""

from understudy.control.autoscaling.state import Group, ScalingPolicy
from understudy.control.events import Params
from understudy.control.policy_metrics import steps_of
from understudy.scaling.predictive import PredictiveScaling
from understudy.scaling.simple import SimpleScaling
from understudy.scaling.step import StepScaling
from understudy.scaling.target_tracking import TargetTracking, group_low_ratio

SIMPLE, STEP, TRACKING = "SimpleScaling", "StepScaling", "TargetTrackingScaling"
PREDICTIVE = "PredictiveScaling"

RESERVATION = ("AWS/ECS/ManagedScaling", "CapacityProviderReservation")
"""The metric of ECS capacity providers, which is 200 for a group of no instances."""

DynamicPolicy = TargetTracking | StepScaling | SimpleScaling


def dynamic_policy(policy: ScalingPolicy, group: Group) -> DynamicPolicy | None:
    """The policy that alarms invoke; None for a predictive policy."""
    if policy.kind == TRACKING:
        return target_tracking(policy, group.desired)
    if policy.kind == STEP:
        return step_scaling(policy)
    return simple_scaling(policy, group) if policy.kind == SIMPLE else None


def target_tracking(policy: ScalingPolicy, desired: int) -> TargetTracking:
    """A target tracking policy of a group of this size, on which its low threshold depends."""
    configuration: Params = policy.params["TargetTrackingConfiguration"]
    custom: Params = configuration.get("CustomizedMetricSpecification", {})
    return TargetTracking(
        policy.name,
        float(configuration["TargetValue"]),
        group_low_ratio(desired),
        disable_scale_in=configuration.get("DisableScaleIn", False),
        reserves=(custom.get("Namespace"), custom.get("MetricName")) == RESERVATION,
    )


def step_scaling(policy: ScalingPolicy) -> StepScaling:
    """A step scaling policy."""
    params = policy.params
    return StepScaling(
        policy.name,
        params["AdjustmentType"],
        steps_of(params),
        params.get("MinAdjustmentMagnitude", 1),
        params.get("MetricAggregationType") or "Average",
    )


def simple_scaling(policy: ScalingPolicy, group: Group) -> SimpleScaling:
    """A simple scaling policy; without a cooldown of its own it has the group's."""
    params = policy.params
    magnitude = params.get("MinAdjustmentMagnitude", params.get("MinAdjustmentStep", 1))
    return SimpleScaling(
        policy.name,
        params["AdjustmentType"],
        params["ScalingAdjustment"],
        magnitude,
        float(params.get("Cooldown", group.default_cooldown)),
    )


def predictive_scaling(policy: ScalingPolicy) -> PredictiveScaling:
    """A predictive scaling policy."""
    configuration: Params = policy.params["PredictiveScalingConfiguration"]
    return PredictiveScaling(
        policy.name,
        float(configuration["MetricSpecifications"][0]["TargetValue"]),
        configuration.get("Mode", "ForecastOnly"),
        float(configuration.get("SchedulingBufferTime", 300)),
        configuration.get("MaxCapacityBreachBehavior", "HonorMaxCapacity"),
        configuration.get("MaxCapacityBuffer", 0),
    )
