"""Scaling policies: put, describe, delete.

AWS: API_PutScalingPolicy, API_DescribeScalingPolicies, API_DeleteScalingPolicy.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_exception
from understudy.control.application_autoscaling.alarms import delete_alarms, replace_alarms
from understudy.control.application_autoscaling.configuration import CONFIGURATION
from understudy.control.application_autoscaling.dimensions import PREDICTIVE, STEP, TRACKING
from understudy.control.application_autoscaling.forecasts import begin_forecasts
from understudy.control.application_autoscaling.requests import not_found, page
from understudy.control.application_autoscaling.state import ScalableTarget, ScalingPolicy
from understudy.control.application_autoscaling.validation import (
    check_policy,
    chosen_configuration,
    missing_configuration,
)
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

MOST_POLICIES = 50
"""Scaling policies on a target (AWS: Quotas for Application Auto Scaling)."""

_METRIC = ("PredefinedMetricSpecification", "CustomizedMetricSpecification")


def put_scaling_policy(service: "ApplicationAutoScaling", params: Params, turn: Turn) -> Params:
    """PutScalingPolicy: create a policy, or update it and replace its alarms.

    The ARN of a policy stays when it is updated; its alarms get new names.
    """
    target = service.target(params)
    known = target.policies.get(params["PolicyName"])
    kind: str = params.get("PolicyType", known.kind if known else STEP)
    if known and known.kind != kind:
        raise validation_exception("The policy type of a scaling policy cannot be changed")
    if known is None and len(target.policies) >= MOST_POLICIES:
        raise Fault(
            "LimitExceededException",
            f"A scalable target can have at most {MOST_POLICIES} scaling policies",
        )
    configuration = _merged(known, chosen_configuration(params, kind), kind)
    check_policy(service, target, params["PolicyName"], kind, configuration)
    policy = known or _new_policy(target, params["PolicyName"], kind, turn)
    updated = _updated(policy, configuration)
    if kind == TRACKING:
        replace_alarms(service, updated, target, turn)
    target.policies[policy.name] = updated
    service.state.owners[policy.arn] = (target.key, policy.name)
    if kind == PREDICTIVE:
        begin_forecasts(service, target, updated, turn)
    return {"PolicyARN": policy.arn, "Alarms": _alarms(updated)}


def _merged(known: ScalingPolicy | None, given: Params | None, kind: str) -> Params:
    """The configuration that holds: the given one, with what it must have but omits kept."""
    if given is None:
        if known is None:
            raise missing_configuration(kind)
        return known.configuration
    kept = known.configuration if known else {}
    required = ("AdjustmentType", "StepAdjustments") if kind == STEP else ()
    if kind == TRACKING and not any(member in given for member in _METRIC):
        required = _METRIC
    return {name: kept[name] for name in required if name in kept} | given


def _new_policy(target: ScalableTarget, name: str, kind: str, turn: Turn) -> ScalingPolicy:
    resource = f"resource/{target.namespace}/{target.resource_id}"
    arn = turn.arn("autoscaling", f"scalingPolicy:{target.uuid}:{resource}:policyName/{name}")
    return ScalingPolicy(name, arn, kind, {}, turn.at, turn.ids.uuid())


def _updated(policy: ScalingPolicy, configuration: Params) -> ScalingPolicy:
    """The policy with a new configuration; what its old alarms said is forgotten."""
    return ScalingPolicy(
        policy.name,
        policy.arn,
        policy.kind,
        configuration,
        policy.created_at,
        policy.created_by,
        policy.alarms,
        policy.grant,
    )


def _alarms(policy: ScalingPolicy) -> list[Params]:
    return [{"AlarmName": alarm.name, "AlarmARN": alarm.arn} for alarm in policy.alarms]


def describe_scaling_policies(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """DescribeScalingPolicies: the policies of a namespace, by resource and name."""
    del turn
    found = [
        (target, policy)
        for target in service.targets(params)
        for name, policy in sorted(target.policies.items())
        if name in (params.get("PolicyNames") or (name,))
    ]
    chosen, more = page(found, params, 10)
    return {"ScalingPolicies": [_describe(*pair) for pair in chosen], **more}


def _describe(target: ScalableTarget, policy: ScalingPolicy) -> Params:
    return {
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        **target.identity(),
        "PolicyType": policy.kind,
        CONFIGURATION[policy.kind]: policy.configuration,
        "Alarms": _alarms(policy),
        "CreationTime": policy.created_at,
    }


def delete_scaling_policy(service: "ApplicationAutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteScalingPolicy: the alarms of a target tracking policy go with it."""
    name: str = params["PolicyName"]
    target = service.known_target(params)
    policy = target.policies.pop(name, None) if target else None
    if target is None or policy is None:
        raise not_found("No scaling policy found for", params, f"policy name: {name}")
    delete_alarms(service, policy, turn)
    del service.state.owners[policy.arn]
    if policy.kind == PREDICTIVE:
        target.predicted = None
    return {}
