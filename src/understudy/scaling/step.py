"""Step scaling: adjust the capacity by how far the metric is from the alarm's threshold.

AWS: Step scaling policies for Application Auto Scaling; Step and simple scaling policies for Amazon
EC2 Auto Scaling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Literal

from understudy.scaling import cooldown
from understudy.scaling.cooldown import Cooldown, Request
from understudy.scaling.decision import Breach, Capacity, Outcome, Reason, average
from understudy.scaling.verdict import IN_AT_DESIRED, UNCHANGED

AdjustmentType = Literal["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]
Aggregation = Literal["Average", "Minimum", "Maximum"]


@dataclass(frozen=True, slots=True)
class Step:
    """An adjustment for a range of differences between metric and threshold.

    A bound that AWS calls null is infinite.
    """

    adjustment: int
    lower: float = -inf
    upper: float = inf


@dataclass(frozen=True, slots=True)
class StepScaling:
    """A step scaling policy. The cooldown is in seconds and holds for both directions."""

    name: str
    adjustment_type: AdjustmentType
    steps: tuple[Step, ...]
    minimum_magnitude: int = 1
    aggregation: Aggregation = "Average"
    cooldown: float = 300.0


def aggregate(kind: Aggregation, values: Sequence[float]) -> float:
    """One metric value for at least one datapoint."""
    if kind == "Minimum":
        return min(values)
    return max(values) if kind == "Maximum" else average(values)


def in_step(
    difference: float,
    lower: float,
    upper: float,
    above: bool,  # noqa: FBT001 - compiled functions take no keywords
) -> bool:
    """Whether a difference from the threshold falls into a step.

    Above the threshold the lower bound is inclusive, below it the upper bound is. At the threshold
    itself the alarm's comparison operator decides.

    >>> in_step(10.0, 10.0, 20.0, True), in_step(-10.0, -20.0, -10.0, False)
    (True, True)
    """
    if difference > 0 or (difference == 0 and above):
        return lower <= difference < upper
    return lower < difference <= upper


def percent_delta(base: int, percent: int, minimum_magnitude: int) -> int:
    """The units in a percentage of a base: toward zero, but at least one and the minimum.

    AWS: 12.7 becomes 12, 0.67 becomes 1, -0.58 becomes -1, -6.67 becomes -6; 25 percent of 4 with a
    minimum of 2 adds 2.

    >>> percent_delta(4, 25, 2), percent_delta(29, -2, 1), percent_delta(127, 10, 1)
    (2, -1, 12)
    """
    hundredths = base * percent
    if hundredths == 0:
        return 0
    size = max(abs(hundredths) // 100, minimum_magnitude, 1)
    return size if hundredths > 0 else -size


CHANGE, PERCENT, EXACT = 0, 1, 2
KINDS: Mapping[AdjustmentType, int] = {
    "ChangeInCapacity": CHANGE,
    "PercentChangeInCapacity": PERCENT,
    "ExactCapacity": EXACT,
}
"""The adjustment types as numbers."""


def step_delta(kind: AdjustmentType, base: int, adjustment: int, minimum_magnitude: int) -> int:
    """The change in units that an adjustment makes of a base.

    >>> step_delta("ExactCapacity", 3, 5, 1), step_delta("ChangeInCapacity", 3, 5, 1)
    (2, 5)
    """
    return change_in_units(KINDS[kind], base, adjustment, minimum_magnitude)


def change_in_units(kind: int, base: int, adjustment: int, minimum_magnitude: int) -> int:
    """`step_delta` in numbers: ``kind`` is one of `KINDS`."""
    if kind == CHANGE:
        return adjustment
    if kind == EXACT:
        return adjustment - base
    return percent_delta(base, adjustment, minimum_magnitude)


def find_step(steps: Sequence[Step], difference: float, *, above: bool) -> Step | None:
    """The step that a difference falls into, if any."""
    lowers, uppers = [step.lower for step in steps], [step.upper for step in steps]
    index = step_index(lowers, uppers, difference, above)
    return steps[index] if index >= 0 else None


def step_index(
    lowers: Sequence[float],
    uppers: Sequence[float],
    difference: float,
    above: bool,  # noqa: FBT001 - compiled functions take no keywords
) -> int:
    """The index of the step that a difference falls into, -1 if there is none."""
    for index in range(len(lowers)):
        if in_step(difference, lowers[index], uppers[index], above):
            return index
    return -1


def stepped(
    kind: int,
    adjustment: int,
    minimum_magnitude: int,
    base: int,
    current: int,
    desired: int,
    minimum: int,
    maximum: int,
    granted: int,
    granted_until: float,
    warming: int,
    blocked_until: float,
    now: float,
) -> int:
    """The verdict on an adjustment. More is computed from ``base``, less from ``current``."""
    change = change_in_units(kind, base, adjustment, minimum_magnitude)
    if change > 0:
        wanted = base + change
        return cooldown.grown(wanted, desired, minimum, maximum, granted, granted_until, now)
    change = change_in_units(kind, current, adjustment, minimum_magnitude)
    if change < 0:
        wanted = current + change
        return cooldown.shrunk(
            wanted, desired, minimum, maximum, warming, blocked_until, now, IN_AT_DESIRED
        )
    return UNCHANGED


def decide(
    policy: StepScaling, capacity: Capacity, breach: Breach, now: float, state: Cooldown
) -> tuple[Outcome, Cooldown]:
    """What the policy does when an alarm invokes it, and the cooldown afterwards."""
    request = Request(policy.name, breach.cause(policy.name), now)
    if not breach.datapoints:
        return request.refused(Reason.NO_DATA), state
    difference = aggregate(policy.aggregation, breach.datapoints) - breach.threshold
    step = find_step(policy.steps, difference, above=breach.above)
    if step is None:
        return request.refused(Reason.NO_STEP), state
    base, grant = cooldown.base_for_scale_out(capacity, state, now), cooldown.grant_of(state)
    verdict = stepped(
        KINDS[policy.adjustment_type],
        step.adjustment,
        policy.minimum_magnitude,
        base,
        cooldown.base_for_scale_in(capacity),
        capacity.desired,
        capacity.minimum,
        capacity.maximum,
        grant.desired,
        grant.until,
        capacity.warming,
        state.scale_in_until,
        now,
    )
    return cooldown.outcome(verdict, request, base, capacity, state)


def fault_in_steps(steps: Sequence[Step]) -> str:
    """What is wrong with a set of steps, in AWS's words, or an empty string.

    AWS: API_StepAdjustment.
    """
    if not steps:
        return "There must be at least one step adjustment"
    if any(step.lower == -inf and step.upper == inf for step in steps):
        return "Both lower and upper bounds of a step adjustment cannot be left unspecified"
    for side, bounds in (
        ("lower", [step.lower for step in steps]),
        ("upper", [step.upper for step in steps]),
    ):
        if sum(bound in (-inf, inf) for bound in bounds) > 1:
            return f"At most one step adjustment may have an unspecified {side} bound"
    if any(step.lower >= step.upper for step in steps):
        return "The upper bound of a step adjustment must be greater than its lower bound"
    return _fault_in_order(sorted(steps, key=lambda step: step.lower))


def _fault_in_order(ordered: Sequence[Step]) -> str:
    for below, step in pairwise(ordered):
        if below.upper > step.lower:
            return "Step adjustment intervals cannot overlap"
        if below.upper < step.lower:
            return "Step adjustment intervals cannot have gaps between them"
    unspecified = "There must be a step adjustment with an unspecified"
    if -inf < ordered[0].lower < 0:
        return f"{unspecified} lower bound when one step adjustment has a negative lower bound"
    if 0 < ordered[-1].upper < inf:
        return f"{unspecified} upper bound when one step adjustment has a positive upper bound"
    return ""
