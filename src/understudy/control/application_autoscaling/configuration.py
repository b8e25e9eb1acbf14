"""Scaling policies from their configurations, which keep AWS's member names."""

from understudy.control.application_autoscaling.dimensions import (
    DIMENSIONS,
    STEP,
    TRACKING,
)
from understudy.control.application_autoscaling.state import ScalingPolicy
from understudy.control.events import Params
from understudy.control.policy_metrics import steps_of
from understudy.scaling.predictive import PredictiveScaling
from understudy.scaling.step import StepScaling
from understudy.scaling.target_tracking import TargetTracking

CONFIGURATION = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
"""The member that configures each policy type."""

STEP_COOLDOWN = 300.0
"""The default cooldown of step scaling in seconds (AWS: API_StepScalingPolicyConfiguration)."""

DynamicPolicy = TargetTracking | StepScaling


def dynamic_policy(policy: ScalingPolicy, dimension: str) -> DynamicPolicy | None:
    """The policy that alarms invoke; None for a predictive policy."""
    if policy.kind == STEP:
        return step_scaling(policy.name, policy.configuration)
    if policy.kind == TRACKING:
        return target_tracking(policy.name, policy.configuration, dimension)
    return None


def step_scaling(name: str, configuration: Params) -> StepScaling:
    """A step scaling policy."""
    return StepScaling(
        name,
        configuration["AdjustmentType"],
        steps_of(configuration),
        configuration.get("MinAdjustmentMagnitude", 1),
        configuration.get("MetricAggregationType", "Average"),
        float(configuration.get("Cooldown", STEP_COOLDOWN)),
    )


def target_tracking(name: str, configuration: Params, dimension: str) -> TargetTracking:
    """A target tracking policy on a scalable dimension, whose default cooldowns it has."""
    scalable = DIMENSIONS[dimension]
    return TargetTracking(
        name,
        float(configuration["TargetValue"]),
        disable_scale_in=configuration.get("DisableScaleIn", False),
        gradual=scalable.gradual,
        scale_out_cooldown=float(configuration.get("ScaleOutCooldown", scalable.cooldown)),
        scale_in_cooldown=float(configuration.get("ScaleInCooldown", scalable.cooldown)),
    )


def predictive_scaling(name: str, configuration: Params) -> PredictiveScaling:
    """A predictive scaling policy."""
    return PredictiveScaling(
        name,
        float(configuration["MetricSpecifications"][0]["TargetValue"]),
        configuration.get("Mode", "ForecastOnly"),
        float(configuration.get("SchedulingBufferTime", 300)),
        configuration.get("MaxCapacityBreachBehavior", "HonorMaxCapacity"),
        configuration.get("MaxCapacityBuffer", 0),
    )


def cooldowns(policy: DynamicPolicy) -> tuple[float, float]:
    """The cooldowns in seconds after a scale-out and after a scale-in."""
    if isinstance(policy, StepScaling):
        return policy.cooldown, policy.cooldown
    return policy.scale_out_cooldown, policy.scale_in_cooldown
