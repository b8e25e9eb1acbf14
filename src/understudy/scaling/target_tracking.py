"""Target tracking scaling: keep a metric near a target value.

AWS: How target tracking scaling for Application Auto Scaling works; Target tracking scaling
policies for Amazon EC2 Auto Scaling.
"""

from dataclasses import dataclass
from math import ceil

from understudy.scaling import cooldown
from understudy.scaling.cooldown import Cooldown, Request
from understudy.scaling.decision import Breach, Capacity, Outcome, Reason, average
from understudy.scaling.verdict import IN_AT_DESIRED, IN_DISABLED, IN_FLAPPING, ON_TARGET

LOW_RATIO = 0.9
"""Scale-in starts below this share of the target: 63 for a target of 70."""

SCALE_IN_PARTS = 10
"""A scale-in removes at most one unit in this many, and never less than one unit."""

LARGEST = 2**31 - 1
"""Capacities are 32-bit integers in the API."""


@dataclass(frozen=True, slots=True)
class TargetTracking:
    """A target tracking policy. Cooldowns are seconds.

    ``gradual`` is false for provisioned throughput (DynamoDB, Keyspaces), which is set to what the
    metric asks for in one activity; instances, tasks and copies leave a few at a time.
    ``reserves`` holds for metrics that say how much of the capacity is asked for, also while there
    is none (an ECS capacity provider's): no capacity then counts as one unit.
    """

    name: str
    target: float
    low_ratio: float = LOW_RATIO
    disable_scale_in: bool = False
    gradual: bool = True
    scale_out_cooldown: float = 300.0
    scale_in_cooldown: float = 300.0
    reserves: bool = False

    @property
    def low(self) -> float:
        """The metric below which the policy scales in."""
        return self.target * self.low_ratio


def desired_capacity(current: int, metric: float, target: float) -> int:
    """The units that bring the metric to the target, rounded up in both directions.

    A quotient within a billionth of a whole number is that number. Needing 1.5 more adds 2, needing
    1.5 less removes 1 (AWS: Target tracking scaling policies).

    >>> desired_capacity(10, 150.0, 100.0), desired_capacity(10, 70.0, 70.0)
    (15, 10)
    >>> desired_capacity(10, 115.0, 100.0), desired_capacity(10, 85.0, 100.0)
    (12, 9)
    """
    exact = current * metric / target
    if exact >= LARGEST:
        return LARGEST
    whole = round(exact)
    if abs(exact - whole) <= 1e-9 * max(1.0, abs(exact)):
        return whole
    return ceil(exact)


def scale_in_step(current: int) -> int:
    """The most units that one scale-in removes.

    >>> scale_in_step(4), scale_in_step(57)
    (1, 5)
    """
    return max(1, current // SCALE_IN_PARTS)


def anticipates_flapping(current: int, metric: float, target: float) -> bool:
    """Whether removing even one unit would push the metric back above the target.

    >>> anticipates_flapping(2, 40.0, 50.0), anticipates_flapping(3, 33.0, 50.0)
    (True, False)
    """
    return desired_capacity(current, metric, target) >= current


def group_low_ratio(current: int) -> float:
    """The share of the target below which an EC2 Auto Scaling group of this size scales in.

    Fitted to exported alarms: 0.7 in small groups, 0.85 at seven instances, 0.9 in large ones.

    >>> [group_low_ratio(size) for size in (1, 2, 7, 40)]
    [0.7, 0.7, 0.85, 0.9]
    """
    share = (current - 1) / current if current else 0.0
    return round(min(max(share, 0.7), 0.9) * 20) / 20


def tracked_out(
    metric: float,
    target: float,
    base: int,
    desired: int,
    minimum: int,
    maximum: int,
    granted: int,
    until: float,
    now: float,
) -> int:
    """The verdict on a metric above the target. ``base`` is what is computed from."""
    if metric <= target:
        return ON_TARGET
    # Nothing runs, so there is nothing to be proportional to: the smallest step, then the formula.
    wanted = desired_capacity(base, metric, target) if base > 0 else 1
    return cooldown.grown(wanted, desired, minimum, maximum, granted, until, now)


def tracked_in(
    metric: float,
    target: float,
    low: float,
    gradual: bool,  # noqa: FBT001 - compiled functions take no keywords
    current: int,
    desired: int,
    minimum: int,
    maximum: int,
    warming: int,
    until: float,
    now: float,
) -> int:
    """The verdict on a metric below the low threshold. ``current`` is what is computed from."""
    if metric >= low:
        return ON_TARGET
    wanted = desired_capacity(current, metric, target)
    if gradual:
        # What is terminating still bears load, but the next step starts from what is asked for:
        # recorded groups took one more out 20 to 60 seconds after another, still draining one.
        asked = min(current, desired)
        wanted = max(wanted, asked - scale_in_step(asked))
    flapping = anticipates_flapping(current, metric, target)
    unchanged = IN_FLAPPING if flapping else IN_AT_DESIRED
    return cooldown.shrunk(wanted, desired, minimum, maximum, warming, until, now, unchanged)


def decide(
    policy: TargetTracking, capacity: Capacity, breach: Breach, now: float, state: Cooldown
) -> tuple[Outcome, Cooldown]:
    """What the policy does when one of its alarms invokes it, and the cooldown afterwards.

    The mean of the evaluated datapoints is checked again: nothing happens at or below the target
    (high alarm), nor at or above the low threshold (low alarm).
    """
    request = Request(policy.name, breach.cause(policy.name), now)
    if not breach.datapoints:
        return request.refused(Reason.NO_DATA), state
    metric = average(breach.datapoints)
    base = cooldown.base_for_scale_out(capacity, state, now)
    if policy.reserves:
        base = max(base, 1)
    if breach.above:
        verdict = _out(policy, capacity, metric, base, now, state)
    else:
        verdict = _in(policy, capacity, metric, now, state)
    return cooldown.outcome(verdict, request, base, capacity, state)


def _out(
    policy: TargetTracking,
    capacity: Capacity,
    metric: float,
    base: int,
    now: float,
    state: Cooldown,
) -> int:
    grant = cooldown.grant_of(state)
    bounds = (capacity.desired, capacity.minimum, capacity.maximum)
    return tracked_out(metric, policy.target, base, *bounds, grant.desired, grant.until, now)


def _in(
    policy: TargetTracking, capacity: Capacity, metric: float, now: float, state: Cooldown
) -> int:
    if policy.disable_scale_in:
        return IN_DISABLED
    current = cooldown.base_for_scale_in(capacity)
    bounds = (capacity.desired, capacity.minimum, capacity.maximum)
    until = state.scale_in_until
    target, low, gradual = policy.target, policy.low, policy.gradual
    return tracked_in(metric, target, low, gradual, current, *bounds, capacity.warming, until, now)
