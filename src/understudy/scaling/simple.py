"""Simple scaling of EC2 Auto Scaling groups: one adjustment, then wait for it and its cooldown.

AWS: Scaling cooldowns for Amazon EC2 Auto Scaling. After a scaling activity or a health replacement
has started, further requests wait for its completion and the cooldown after it. A request that
arrives meanwhile is dropped; it works later because the alarm invokes the policy every minute.
"""

from dataclasses import dataclass
from math import inf

from understudy.scaling.cooldown import Request
from understudy.scaling.decision import Breach, Capacity, Decision, Outcome, Reason
from understudy.scaling.step import AdjustmentType, step_delta


@dataclass(frozen=True, slots=True)
class SimpleScaling:
    """A simple scaling policy. The cooldown, in seconds, overrides the group's default of 300."""

    name: str
    adjustment_type: AdjustmentType
    adjustment: int
    minimum_magnitude: int = 1
    cooldown: float = 300.0


@dataclass(frozen=True, slots=True)
class GroupCooldown:
    """When the group takes simple scaling requests again; inf while an activity is in progress."""

    until: float = -inf


def started() -> GroupCooldown:
    """The state from the start of an activity or a health replacement."""
    return GroupCooldown(inf)


def completed(now: float, cooldown: float) -> GroupCooldown:
    """The state once the last instance of the activity has launched or terminated."""
    return GroupCooldown(now + cooldown)


def decide(
    policy: SimpleScaling, capacity: Capacity, breach: Breach, now: float, state: GroupCooldown
) -> tuple[Outcome, GroupCooldown]:
    """What the policy does when an alarm invokes it, and the group's cooldown afterwards."""
    request = Request(policy.name, breach.cause(policy.name), now)
    if now < state.until:
        return request.refused(Reason.COOLDOWN, until=state.until), state
    change = step_delta(
        policy.adjustment_type, capacity.desired, policy.adjustment, policy.minimum_magnitude
    )
    desired = capacity.clamp(capacity.desired + change)
    if desired != capacity.desired:
        return Decision(desired, request.cause, request.policy, now), started()
    return request.refused(_why_unchanged(change, capacity)), state


def _why_unchanged(change: int, capacity: Capacity) -> Reason:
    if change > 0 and capacity.desired >= capacity.maximum:
        return Reason.AT_MAXIMUM
    if change < 0 and capacity.desired <= capacity.minimum:
        return Reason.AT_MINIMUM
    return Reason.AT_DESIRED
