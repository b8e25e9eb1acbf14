"""From an alarm to a new desired capacity of a group.

AWS: How Amazon EC2 Auto Scaling dynamic scaling works; Multiple dynamic scaling policies; Set the
default instance warmup; Scaling cooldowns.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from understudy.control.alarm_trigger import trigger
from understudy.control.autoscaling import causes
from understudy.control.autoscaling import group as groups
from understudy.control.autoscaling.capacity import LEAVING, PENDING, capacity_of
from understudy.control.autoscaling.configuration import (
    PREDICTIVE,
    SIMPLE,
    STEP,
    TRACKING,
    dynamic_policy,
)
from understudy.control.autoscaling.state import Group, ScalingPolicy
from understudy.control.events import Params
from understudy.control.signals import AlarmAction
from understudy.control.turn import Turn
from understudy.scaling import simple, step, target_tracking
from understudy.scaling.combine import Vote, agree_to_scale_in
from understudy.scaling.cooldown import Cooldown
from understudy.scaling.decision import Breach, Capacity, Decision, NotScaled, Outcome
from understudy.scaling.simple import GroupCooldown, SimpleScaling
from understudy.scaling.target_tracking import TargetTracking

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

FRESH = 60.0
"""An alarm still stands if it invoked its policy within this many seconds: it repeats each minute.

AWS: Using Amazon CloudWatch alarms, "Alarm actions".
"""


def on_alarm(service: "AutoScaling", action: AlarmAction, turn: Turn) -> str:
    """Execute the policy that an alarm names; what comes back is for the alarm's history."""
    owner = service.state.owners.get(action.action)
    if owner is None:
        return _failed("Scaling policy not found")
    group = service.state.groups[owner[0]]
    policy = group.policies[owner[1]]
    refused = refusal(group, policy, action)
    if refused:
        return _failed(refused)
    policy.breach, policy.invoked_at = breach_of(action), turn.at
    capacity = with_prediction(capacity_of(group, turn.at), group.predicted)
    outcome = propose(group, policy, capacity, turn.at)
    if isinstance(outcome, NotScaled):
        outcome = _at_the_same_time(group, policy, capacity, outcome)
    if isinstance(outcome, Decision):
        _carry_out(service, group, outcome, _invoking(service, action), turn)
    return f"Successfully executed action {action.action}"


def _failed(reason: str) -> str:
    return f"Failed to execute AutoScaling action: {reason}"


def refusal(group: Group, policy: ScalingPolicy, action: AlarmAction) -> str:
    """Why a policy cannot be executed by an alarm at all; empty if it can."""
    if policy.kind == PREDICTIVE:
        return "A predictive scaling policy takes no alarm"
    if not policy.params.get("Enabled", True):
        return "The scaling policy is disabled"
    if "AlarmNotification" in group.suspended:
        return "The AlarmNotification process is suspended"
    if policy.kind == SIMPLE:
        return ""
    if not action.datapoints:
        return "Metric data points must be provided"
    if policy.kind == STEP and action.threshold is None:
        return "A numeric alarm threshold must be provided"
    return ""


def breach_of(action: AlarmAction) -> Breach:
    """What a policy needs of an alarm."""
    return Breach(
        action.alarm_name,
        action.datapoints,
        action.threshold or 0.0,
        action.comparison.startswith("GreaterThan"),
        action.new_state,
    )


def with_prediction(capacity: Capacity, predicted: int | None) -> Capacity:
    """The bounds of dynamic scaling: a predicted capacity counts as a minimum for its hour."""
    return replace(capacity, minimum=capacity.clamp(predicted)) if predicted else capacity


def cooldown_of(group: Group, at: float) -> GroupCooldown:
    """When simple scaling may act again: not while instances start or drain."""
    busy = at < group.settle_at or any(
        each.lifecycle in PENDING or (each.lifecycle in LEAVING and not each.stopping_at)
        for each in group.instances.values()
    )
    return GroupCooldown(inf if busy else group.cooldown_until)


def answer(group: Group, policy: ScalingPolicy, capacity: Capacity, at: float) -> Outcome:
    """What one policy alone makes of the alarm that invoked it last."""
    rule, breach = dynamic_policy(policy, group), policy.breach
    assert rule is not None
    assert breach is not None
    if isinstance(rule, TargetTracking):
        return target_tracking.decide(rule, capacity, breach, at, Cooldown())[0]
    if isinstance(rule, SimpleScaling):
        return simple.decide(rule, capacity, breach, at, cooldown_of(group, at))[0]
    return step.decide(rule, capacity, breach, at, Cooldown())[0]


def propose(group: Group, policy: ScalingPolicy, capacity: Capacity, at: float) -> Outcome:
    """What a group does because of the alarm that invoked one of its policies, the others heard."""
    outcome = answer(group, policy, capacity, at)
    if not isinstance(outcome, Decision) or outcome.desired > capacity.desired:
        return outcome
    votes = list(_votes(group, policy, capacity, at))
    return agree_to_scale_in(outcome, votes, tracks=policy.kind == TRACKING)


def _votes(group: Group, asking: ScalingPolicy, capacity: Capacity, at: float) -> Iterator[Vote]:
    """How the other policies stand that alarms invoke."""
    for policy in group.policies.values():
        if policy is asking or policy.kind == PREDICTIVE or not policy.params.get("Enabled", True):
            continue
        configuration: Params = policy.params.get("TargetTrackingConfiguration", {})
        tracks = policy.kind == TRACKING and not configuration.get("DisableScaleIn", False)
        if policy.breach is None or at - policy.invoked_at >= FRESH:
            yield Vote(None, tracks)
            continue
        outcome = answer(group, policy, capacity, at)
        yield Vote(outcome, tracks, _direction(outcome, capacity) > 0)


def _direction(outcome: Outcome, capacity: Capacity) -> int:
    if isinstance(outcome, NotScaled):
        return outcome.direction
    return 1 if outcome.desired > capacity.desired else -1


def _at_the_same_time(
    group: Group, policy: ScalingPolicy, capacity: Capacity, refused: NotScaled
) -> Outcome:
    """A scale-in that is only refused because another one was decided at this very moment.

    Of simultaneous requests the largest capacity wins, so this one is weighed against that one from
    the capacity before it.
    """
    if group.scaled_in_at != refused.at or group.scaled_in_by == policy.name:
        return refused
    before = replace(capacity, desired=group.scaled_in_from)
    outcome = answer(group, policy, before, refused.at)
    if isinstance(outcome, Decision) and group.desired < outcome.desired < group.scaled_in_from:
        return outcome
    return refused


def _carry_out(
    service: "AutoScaling", group: Group, decision: Decision, invoking: list[Params], turn: Turn
) -> None:
    policy = group.policies[decision.policy]
    breach = policy.breach
    assert breach is not None
    if decision.desired < group.desired:
        group.scaled_in_at, group.scaled_in_from = turn.at, group.desired
        group.scaled_in_by = policy.name
    groups.demand(
        service,
        group,
        decision.desired,
        causes.alarm_triggered(breach.alarm, breach.state, policy.name),
        turn,
        policy=policy.name,
        invoking=invoking,
        warm_up=warm_up_of(policy),
        cooldown=cooldown_seconds(policy, group),
    )


def warm_up_of(policy: ScalingPolicy) -> float | None:
    """The warm-up that a policy asks for, in seconds; None leaves it to the group."""
    if policy.kind == SIMPLE:
        return 0.0
    value: int | None = policy.params.get("EstimatedInstanceWarmup")
    return None if value is None else float(value)


def cooldown_seconds(policy: ScalingPolicy, group: Group) -> float | None:
    """The cooldown that begins when what a policy asked for is done; None for the group's own."""
    rule = dynamic_policy(policy, group)
    return rule.cooldown if isinstance(rule, SimpleScaling) else None


def _invoking(service: "AutoScaling", action: AlarmAction) -> list[Params]:
    """The alarm as the details of an activity have it."""
    known = service.monitoring.definition(action.alarm_name)
    if known is None:
        return []
    params, changed_at = known
    return [
        {
            "AlarmArn": action.alarm_arn,
            "Trigger": trigger(params),
            "AlarmName": action.alarm_name,
            "AlarmDescription": params.get("AlarmDescription"),
            "AWSAccountId": action.alarm_arn.split(":")[4],
            "OldStateValue": action.old_state,
            "NewStateValue": action.new_state,
            "StateChangeTime": round(changed_at * 1000),
            "Region": action.alarm_arn.split(":")[3],
        }
    ]
