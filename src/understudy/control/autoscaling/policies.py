"""Scaling policies of groups: put, describe, delete, execute.

AWS: API_PutScalingPolicy, API_DescribePolicies, API_DeletePolicy and API_ExecutePolicy of Amazon
EC2 Auto Scaling.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import validation_error
from understudy.control.autoscaling import alarms, forecasts
from understudy.control.autoscaling import group as groups
from understudy.control.autoscaling.capacity import capacity_of
from understudy.control.autoscaling.configuration import (
    PREDICTIVE,
    SIMPLE,
    STEP,
    TRACKING,
    dynamic_policy,
)
from understudy.control.autoscaling.policy_validation import check_policy
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.scaling import cooldown_of, cooldown_seconds, warm_up_of
from understudy.control.autoscaling.service import in_progress
from understudy.control.autoscaling.state import Group, ScalingPolicy
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling import simple, step
from understudy.scaling.cooldown import Cooldown
from understudy.scaling.decision import Breach, Decision, Outcome, Reason
from understudy.scaling.simple import GroupCooldown, SimpleScaling
from understudy.scaling.step import StepScaling

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

_MEMBERS = (
    "AdjustmentType",
    "MinAdjustmentStep",
    "MinAdjustmentMagnitude",
    "ScalingAdjustment",
    "Cooldown",
    "MetricAggregationType",
    "StepAdjustments",
    "EstimatedInstanceWarmup",
    "TargetTrackingConfiguration",
    "PredictiveScalingConfiguration",
)


def put_scaling_policy(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """PutScalingPolicy: create a policy, or put it anew with new alarms under the same ARN."""
    group = service.group(params["AutoScalingGroupName"])
    name = params["PolicyName"]
    known = group.policies.get(name)
    kind: str = params.get("PolicyType") or (known.kind if known else SIMPLE)
    if known is not None and known.kind != kind:
        raise validation_error("Policy type cannot be changed for an existing policy")
    kept = {member: params[member] for member in _MEMBERS if member in params}
    kept["Enabled"] = params.get("Enabled", True)
    check_policy(kind, kept)
    policy = known or _new(group, name, kind, turn)
    policy.params, policy.breach = kept, None
    if kind == STEP:
        policy.params.setdefault("MetricAggregationType", "Average")
    if kind == TRACKING:
        alarms.replace(service, group, policy, turn)
    group.policies[name] = policy
    service.state.owners[policy.arn] = (group.name, name)
    if kind == PREDICTIVE:
        forecasts.begin(service, group, policy, turn)
    return {"PolicyARN": policy.arn, "Alarms": _alarms(policy, turn)}


def _new(group: Group, name: str, kind: str, turn: Turn) -> ScalingPolicy:
    uuid = turn.ids.uuid()
    resource = f"scalingPolicy:{uuid}:autoScalingGroupName/{group.name}:policyName/{name}"
    return ScalingPolicy(name, turn.arn("autoscaling", resource), kind, {}, uuid)


def _alarms(policy: ScalingPolicy, turn: Turn) -> list[Params]:
    return [
        {"AlarmName": name, "AlarmARN": turn.arn("cloudwatch", f"alarm:{name}")}
        for name in policy.alarms.values()
    ]


def describe_policies(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribePolicies: by group, by names or ARNs, and by types."""
    wanted: str | None = params.get("AutoScalingGroupName")
    groups_found = [service.group(wanted)] if wanted else list(service.state.groups.values())
    names: list[str] = params.get("PolicyNames") or []
    kinds: list[str] = params.get("PolicyTypes") or []
    found = [
        _shown(group, policy, turn)
        for group in sorted(groups_found, key=lambda each: each.name)
        for policy in sorted(group.policies.values(), key=lambda each: each.name)
        if (not names or policy.name in names or policy.arn in names)
        and (not kinds or policy.kind in kinds)
    ]
    return paged("ScalingPolicies", found, params)


def _shown(group: Group, policy: ScalingPolicy, turn: Turn) -> Params:
    return {
        "AutoScalingGroupName": group.name,
        "PolicyName": policy.name,
        "PolicyARN": policy.arn,
        "PolicyType": policy.kind,
        "StepAdjustments": [],
        "Alarms": _alarms(policy, turn),
        **policy.params,
    }


def _find(service: "AutoScaling", params: Params) -> tuple[Group, ScalingPolicy]:
    """The policy that a request names, by ARN or by group and name. Raises Fault."""
    name, of = params["PolicyName"], params.get("AutoScalingGroupName")
    if name.startswith("arn:"):
        owner = service.state.owners.get(name)
        if owner is not None and of in {None, owner[0]}:
            group = service.state.groups[owner[0]]
            return group, group.policies[owner[1]]
    elif of is None:
        raise validation_error("Group name is required when a policy is named without its ARN.")
    else:
        group = service.group(of)
        if name in group.policies:
            return group, group.policies[name]
    raise validation_error(f"No policy found for policy name: {name}")


def delete_policy(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeletePolicy: the alarms of a target tracking policy go with it."""
    group, policy = _find(service, params)
    alarms.delete(service, policy, turn)
    del service.state.owners[policy.arn]
    del group.policies[policy.name]
    if policy.kind == PREDICTIVE:
        group.predicted = None
    return {}


def execute_policy(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """ExecutePolicy: what the policy does, as if its alarm had invoked it."""
    group, policy = _find(service, params)
    outcome = _executed(group, policy, params, turn.at)
    if isinstance(outcome, Decision):
        groups.demand(
            service,
            group,
            outcome.desired,
            f"a user request executed policy {policy.name}",
            turn,
            policy=policy.name,
            warm_up=warm_up_of(policy),
            cooldown=cooldown_seconds(policy, group),
        )
    elif outcome.reason is Reason.NO_STEP:
        raise validation_error(
            "No step adjustment found for metric value "
            f"{params['MetricValue']} and breach threshold {params['BreachThreshold']}"
        )
    elif outcome.reason is Reason.COOLDOWN:
        raise in_progress("Scaling activity is in progress or the cooldown period is not over.")
    return {}


def _executed(group: Group, policy: ScalingPolicy, params: Params, at: float) -> Outcome:
    rule, capacity = dynamic_policy(policy, group), capacity_of(group, at)
    if isinstance(rule, SimpleScaling):
        waits = cooldown_of(group, at) if params.get("HonorCooldown") else GroupCooldown()
        return simple.decide(rule, capacity, Breach("", (), 0.0, above=True), at, waits)[0]
    if not isinstance(rule, StepScaling):
        raise validation_error(f"Policies of type {policy.kind} cannot be executed.")
    if "MetricValue" not in params or "BreachThreshold" not in params:
        raise validation_error(
            "MetricValue and BreachThreshold are required for policies of type StepScaling."
        )
    value, threshold = float(params["MetricValue"]), float(params["BreachThreshold"])
    breach = Breach("", (value,), threshold, above=value >= threshold)
    return step.decide(rule, capacity, breach, at, Cooldown())[0]
