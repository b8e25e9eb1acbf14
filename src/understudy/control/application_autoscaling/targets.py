"""Scalable targets: register, describe, deregister.

AWS: API_RegisterScalableTarget, API_DescribeScalableTargets, API_DeregisterScalableTarget.
"""

from typing import TYPE_CHECKING

from understudy.base.arn import ACCOUNT
from understudy.base.fault import validation_exception
from understudy.control.application_autoscaling.alarms import delete_alarms
from understudy.control.application_autoscaling.dimensions import SERVICE_LINKED_ROLES, Dimension
from understudy.control.application_autoscaling.requests import page
from understudy.control.application_autoscaling.scaling import capacity_of, scale
from understudy.control.application_autoscaling.state import (
    ScalableTarget,
    Suspended,
    target_key,
)
from understudy.control.application_autoscaling.tags import check_tags
from understudy.control.events import Params
from understudy.control.signals import ScalableRemoved
from understudy.control.turn import Turn
from understudy.scaling.scheduled import enforce

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

_SUSPENDED = {
    "DynamicScalingInSuspended": "scale_in",
    "DynamicScalingOutSuspended": "scale_out",
    "ScheduledScalingSuspended": "scheduled",
}


def register_scalable_target(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """RegisterScalableTarget: register a target, or change what the request names of it.

    A capacity outside the bounds is then brought inside them.
    """
    dimension = service.dimension(params)
    _check_offered(service, dimension)
    known = service.known_target(params)
    if known is not None and "Tags" in params:
        raise validation_exception(
            "The scalable target that you tried to tag already exists. To update tags on an "
            "existing scalable target, use the TagResource API."
        )
    minimum, maximum = _bounds(dimension, known, params)
    role_arn = _role_arn(dimension, known, params)
    check_tags(params.get("Tags", {}))
    if service.scalables[dimension.name].capacity(params["ResourceId"]) is None:
        raise validation_exception(f"{dimension.noun} doesn't exist: {params['ResourceId']}")
    target = known or _create(service, dimension, params, turn)
    target.minimum, target.maximum, target.role_arn = minimum, maximum, role_arn
    target.suspended = _suspended(target.suspended, params.get("SuspendedState", {}))
    enforce_bounds(service, target, turn)
    return {"ScalableTargetARN": target.arn}


def _check_offered(service: "ApplicationAutoScaling", dimension: Dimension) -> None:
    if dimension.name not in service.scalables:
        offered = ", ".join(sorted(service.scalables)) or "none"
        raise validation_exception(
            f"Scalable dimension {dimension.name} is not offered here. Offered: {offered}"
        )


def _bounds(dimension: Dimension, known: ScalableTarget | None, params: Params) -> tuple[int, int]:
    minimum: int | None = params.get("MinCapacity", known.minimum if known else None)
    maximum: int | None = params.get("MaxCapacity", known.maximum if known else None)
    if minimum is None:
        raise validation_exception("Minimum capacity must be specified")
    if maximum is None:
        raise validation_exception("Maximum capacity must be specified")
    if minimum < dimension.minimum:
        raise validation_exception(f"Minimum capacity cannot be less than {dimension.minimum}")
    if maximum < minimum:
        raise validation_exception("Maximum capacity cannot be less than minimum capacity")
    return minimum, maximum


def _role_arn(dimension: Dimension, known: ScalableTarget | None, params: Params) -> str:
    """The service-linked role, whatever the request says; EMR has none and needs one given."""
    linked = SERVICE_LINKED_ROLES.get(dimension.namespace)
    if linked:
        path = f"aws-service-role/{dimension.namespace}.application-autoscaling.amazonaws.com"
        return (
            f"arn:aws:iam::{ACCOUNT}:role/{path}/AWSServiceRoleForApplicationAutoScaling_{linked}"
        )
    given: str = params.get("RoleARN", known.role_arn if known else "")
    if not given:
        raise validation_exception("Role ARN must be specified")
    return given


def _suspended(now: Suspended, change: Params) -> Suspended:
    values = {name: change.get(member, getattr(now, name)) for member, name in _SUSPENDED.items()}
    return Suspended(**values)


def _create(
    service: "ApplicationAutoScaling", dimension: Dimension, params: Params, turn: Turn
) -> ScalableTarget:
    target = ScalableTarget(
        dimension.name,
        params["ResourceId"],
        turn.arn("application-autoscaling", f"scalable-target/{turn.ids.hex(32)}"),
        turn.ids.uuid(),
        minimum=0,
        maximum=0,
        role_arn="",
        created_at=turn.at,
        tags=dict(params.get("Tags", {})),
    )
    service.state.targets[target.key] = target
    return target


def enforce_bounds(service: "ApplicationAutoScaling", target: ScalableTarget, turn: Turn) -> None:
    """Bring the capacity of a target inside its bounds, if it is outside."""
    capacity = capacity_of(service, target)
    decision = enforce(capacity, "", turn.at) if capacity else None
    if capacity and decision:
        scale(service, target, decision, capacity, turn)


def describe_scalable_targets(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """DescribeScalableTargets: the targets of a namespace, by resource id and dimension."""
    del turn
    found = service.targets(params)
    chosen, more = page(found, params, 50)
    return {"ScalableTargets": [_describe(target) for target in chosen], **more}


def _describe(target: ScalableTarget) -> Params:
    predicted = {} if target.predicted is None else {"PredictedCapacity": target.predicted}
    return {
        **target.identity(),
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        **predicted,
        "RoleARN": target.role_arn,
        "CreationTime": target.created_at,
        "SuspendedState": {
            member: getattr(target.suspended, name) for member, name in _SUSPENDED.items()
        },
        "ScalableTargetARN": target.arn,
    }


def deregister_scalable_target(
    service: "ApplicationAutoScaling", params: Params, turn: Turn
) -> Params:
    """DeregisterScalableTarget: policies with their alarms and scheduled actions go with it."""
    remove(service, service.target(params), turn)
    return {}


def on_removed(service: "ApplicationAutoScaling", signal: ScalableRemoved, turn: Turn) -> None:
    """Forget the target of a resource that is gone."""
    target = service.state.targets.get(target_key(signal.dimension, signal.resource_id))
    if target is not None:
        remove(service, target, turn)


def remove(service: "ApplicationAutoScaling", target: ScalableTarget, turn: Turn) -> None:
    """Forget a target with all that belongs to it, except its activities."""
    for policy in target.policies.values():
        delete_alarms(service, policy, turn)
        del service.state.owners[policy.arn]
    del service.state.targets[target.key]
