"""From an alarm to a new desired capacity, and from there to a cooldown."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.application_autoscaling import activities
from understudy.control.application_autoscaling.configuration import cooldowns, dynamic_policy
from understudy.control.application_autoscaling.dimensions import PREDICTIVE, STEP, TRACKING
from understudy.control.application_autoscaling.state import (
    ScalableTarget,
    ScalingPolicy,
    target_key,
)
from understudy.control.signals import AlarmAction, CapacityFailed, CapacityFulfilled
from understudy.control.turn import Turn
from understudy.scaling import step, target_tracking
from understudy.scaling.combine import Vote, agree_to_scale_in
from understudy.scaling.cooldown import Cooldown, abandoned, succeeded
from understudy.scaling.decision import (
    RECORDED,
    Breach,
    Capacity,
    Decision,
    NotScaled,
    Outcome,
    Reason,
)
from understudy.scaling.target_tracking import TargetTracking

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

FRESH = 60.0
"""An alarm still stands if it invoked its policy within this many seconds: it repeats each minute.

AWS: Using Amazon CloudWatch alarms, "Alarm actions".
"""


def on_alarm(service: "ApplicationAutoScaling", action: AlarmAction, turn: Turn) -> str:
    """Execute the policy that an alarm names.

    What comes back is the summary for the alarm's history in CloudWatch: the policy was executed,
    whatever it decided, or it could not be.
    """
    arn = action.action.partition(":createdBy/")[0]
    owner = service.state.owners.get(arn)
    if owner is None:
        return _failed("Scaling policy not found")
    if not action.datapoints:
        return _failed("Metric data points must be provided")
    target = service.state.targets[owner[0]]
    policy = target.policies[owner[1]]
    if policy.kind == PREDICTIVE:
        return _failed("A predictive scaling policy takes no alarm")
    if policy.kind == STEP and action.threshold is None:
        return _failed("A numeric alarm threshold must be provided")
    policy.breach = breach_of(action)
    policy.invoked_at = turn.at
    capacity = capacity_of(service, target)
    if capacity is None:
        return _failed(f"The resource {target.resource_id} does not exist")
    capacity = with_prediction(capacity, target.predicted)
    outcome, after = propose(service, target, policy, capacity, turn.at)
    if isinstance(outcome, NotScaled):
        outcome, after = _at_the_same_time(service, target, policy, capacity, outcome, after)
    _carry_out(service, target, outcome, after, capacity, turn)
    return f"Successfully executed action {action.action}"


def _failed(reason: str) -> str:
    return f"Failed to execute AutoScaling action: {reason}"


def breach_of(action: AlarmAction) -> Breach:
    """What a policy needs of an alarm."""
    return Breach(
        action.alarm_name,
        action.datapoints,
        action.threshold or 0.0,
        action.comparison.startswith("GreaterThan"),
        action.new_state,
    )


def capacity_of(service: "ApplicationAutoScaling", target: ScalableTarget) -> Capacity | None:
    """The capacity of a target with its bounds; None if the resource is gone."""
    now = service.capacity(target)
    if now is None:
        return None
    running = service.state.in_progress.get(target.key)
    return Capacity(
        target.minimum,
        target.maximum,
        now.desired,
        now.running,
        granted=running.desired or 0 if running else 0,
    )


def with_prediction(capacity: Capacity, predicted: int | None) -> Capacity:
    """The bounds of dynamic scaling: a predicted capacity counts as a minimum for its hour."""
    return replace(capacity, minimum=capacity.clamp(predicted)) if predicted else capacity


def propose(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    policy: ScalingPolicy,
    capacity: Capacity,
    at: float,
) -> tuple[Outcome, Cooldown]:
    """What a target does because of the alarm that invoked one of its policies.

    Suspension, the service's own refusal and the other policies of the target are weighed in. With
    it comes the cooldown that holds if the outcome is carried out.
    """
    state = Cooldown(policy.grant, target.scale_in_until)
    outcome, after = answer(target, policy, capacity, at, state)
    if not isinstance(outcome, Decision):
        return outcome, after
    if outcome.desired > capacity.desired:
        refused = Reason.SUSPENDED if target.suspended.scale_out else None
        return (_refuse(outcome, refused, 1) if refused else outcome), after
    if target.suspended.scale_in:
        return _refuse(outcome, Reason.SUSPENDED, -1), after
    now = service.capacity(target)
    if now is not None and now.unscalable:
        return _refuse(outcome, Reason.UNSCALABLE, -1), after
    votes = list(_votes(target, policy, capacity, at))
    return agree_to_scale_in(outcome, votes, tracks=policy.kind == TRACKING), after


def answer(
    target: ScalableTarget, policy: ScalingPolicy, capacity: Capacity, at: float, state: Cooldown
) -> tuple[Outcome, Cooldown]:
    """What one policy alone makes of the alarm that invoked it last, and its cooldown then."""
    rule, breach = dynamic_policy(policy, target.dimension), policy.breach
    assert rule is not None
    assert breach is not None
    if isinstance(rule, TargetTracking):
        return target_tracking.decide(rule, capacity, breach, at, state)
    return step.decide(rule, capacity, breach, at, state)


def _refuse(decision: Decision, reason: Reason, direction: int) -> NotScaled:
    return NotScaled(reason, decision.cause, decision.policy, decision.at, direction=direction)


def _votes(
    target: ScalableTarget, asking: ScalingPolicy, capacity: Capacity, at: float
) -> Iterator[Vote]:
    """How the other policies stand that alarms invoke."""
    for policy in target.policies.values():
        if policy is asking or policy.kind == PREDICTIVE:
            continue
        tracks = policy.kind == TRACKING and not policy.configuration.get("DisableScaleIn", False)
        if policy.breach is None or at - policy.invoked_at >= FRESH:
            yield Vote(None, tracks)
            continue
        state = Cooldown(policy.grant, target.scale_in_until)
        outcome, _ = answer(target, policy, capacity, at, state)
        yield Vote(outcome, tracks, _direction(outcome, capacity) > 0)


def _direction(outcome: Outcome, capacity: Capacity) -> int:
    if isinstance(outcome, NotScaled):
        return outcome.direction
    return 1 if outcome.desired > capacity.desired else -1


def _at_the_same_time(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    policy: ScalingPolicy,
    capacity: Capacity,
    refused: NotScaled,
    state: Cooldown,
) -> tuple[Outcome, Cooldown]:
    """A scale-in that is only refused because another one was begun at this very moment.

    Of simultaneous requests the largest capacity wins, so this one is weighed against that one from
    the capacity before it, unless that has been set by hand since.
    """
    if refused.reason is not Reason.COOLDOWN or refused.direction > 0:
        return refused, state
    begun = service.state.in_progress.get(target.key)
    if begun is None or begun.start != refused.at or begun.policy == policy.name:
        return refused, state
    if begun.desired != capacity.desired:
        return refused, state
    before = replace(capacity, desired=begun.previous, granted=0)
    earlier = replace(state, scale_in_until=-inf)
    outcome, after = answer(target, policy, before, refused.at, earlier)
    if isinstance(outcome, Decision) and outcome.desired > (begun.desired or 0):
        return outcome, after
    return refused, state


def _carry_out(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    outcome: Outcome,
    after: Cooldown,
    capacity: Capacity,
    turn: Turn,
) -> None:
    if isinstance(outcome, Decision):
        if scale(service, target, outcome, capacity, turn):
            target.scale_in_until = after.scale_in_until
            if after.scale_in_until != inf:
                target.policies[outcome.policy].grant = after.scale_out
    elif outcome.reason in RECORDED:
        activities.record_not_scaled(service, target, outcome, capacity, turn)


def scale(
    service: "ApplicationAutoScaling",
    target: ScalableTarget,
    decision: Decision,
    capacity: Capacity,
    turn: Turn,
) -> bool:
    """Set the desired capacity and record how that went; whether the service took it.

    What an overridden activity was granted is released.
    """
    overridden = service.state.in_progress.get(target.key)
    simultaneous = overridden is not None and overridden.start == turn.at
    previous = overridden.previous if overridden and simultaneous else capacity.desired
    started = activities.start(service, target, decision, previous, turn)
    if isinstance(started, Fault):
        now = service.capacity(target)
        if now is not None and now.unscalable:
            refusal = _refuse(decision, Reason.UNSCALABLE, 0)
            activities.record_not_scaled(service, target, refusal, capacity, turn)
        else:
            activities.record_failed(service, target, decision, started, turn)
        return False
    if overridden is not None:
        _release(target, overridden.policy)
    return True


def on_fulfilled(service: "ApplicationAutoScaling", signal: CapacityFulfilled, turn: Turn) -> None:
    """Close the activity in progress: its capacity is there, and its cooldown starts."""
    key = target_key(signal.dimension, signal.resource_id)
    activity = service.state.in_progress.get(key)
    if activity is None:
        return
    target = service.state.targets.get(key)
    scalable = service.scalables[signal.dimension]
    now = scalable.capacity(signal.resource_id)
    if now is not None and now.desired != activity.desired:
        activities.override(service, key, now.desired, turn.at)
        if target:
            _release(target, activity.policy)
        return
    message = f"Change successfully fulfilled by {scalable.label}."
    activities.settle(service, key, "Successful", message, turn.at)
    if target:
        _start_cooldown(target, activity.policy, turn.at)


def on_failed(service: "ApplicationAutoScaling", signal: CapacityFailed, turn: Turn) -> None:
    """Close the activity in progress: the service could not fulfill it, and no cooldown starts."""
    key = target_key(signal.dimension, signal.resource_id)
    if key not in service.state.in_progress:
        return
    activity = activities.settle(service, key, "Unfulfilled", f"Reason: {signal.reason}", turn.at)
    target = service.state.targets.get(key)
    if target:
        _release(target, activity.policy)


def _start_cooldown(target: ScalableTarget, name: str, at: float) -> None:
    policy = target.policies.get(name)
    rule = dynamic_policy(policy, target.dimension) if policy else None
    if policy is None or rule is None:
        _release(target, name)
        return
    state = succeeded(Cooldown(policy.grant, target.scale_in_until), at, *cooldowns(rule))
    policy.grant, target.scale_in_until = state.scale_out, state.scale_in_until


def _release(target: ScalableTarget, name: str) -> None:
    """Forget what the activity in progress was granted."""
    policy = target.policies.get(name)
    state = abandoned(Cooldown(policy.grant if policy else None, target.scale_in_until))
    target.scale_in_until = state.scale_in_until
    if policy:
        policy.grant = state.scale_out
