"""The cooldown rules of Application Auto Scaling.

AWS: How step scaling works, "Cooldown period"; How target tracking scaling works, "Define cooldown
periods". After a scale-out from a base to a desired capacity, a new request of the same policy is
computed from that base, and only what exceeds the earlier grant is added. After a scale-in every
scale-in of the target is blocked; a scale-out runs at once and ends that block. A cooldown is
counted from the success of its activity; while the activity is in progress it does not end.

EC2 Auto Scaling groups use warm-up instead: they pass an empty ``Cooldown`` each time.
"""

from dataclasses import dataclass, replace
from math import inf

from understudy.scaling.decision import Capacity, Decision, NotScaled, Outcome, Reason
from understudy.scaling.verdict import (
    IN_AT_MINIMUM,
    IN_COOLDOWN,
    IN_WARMING,
    OUT_AT_DESIRED,
    OUT_AT_MAXIMUM,
    OUT_COOLDOWN,
    REASONS,
    direction,
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A scale-out that one policy was granted, in force until a time (inf: still in progress)."""

    base: int
    desired: int
    until: float = inf


@dataclass(frozen=True, slots=True)
class Cooldown:
    """``scale_out`` is the last grant of this policy; ``scale_in_until`` holds for the target."""

    scale_out: Grant | None = None
    scale_in_until: float = -inf


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, why and when: what every outcome of a policy repeats."""

    policy: str
    cause: str
    at: float

    def refused(self, reason: Reason, direction: int = 0, until: float | None = None) -> NotScaled:
        """The outcome that leaves the capacity alone."""
        return NotScaled(reason, self.cause, self.policy, self.at, until, direction)


NO_GRANT = Grant(0, -1, -inf)


def bounded(units: int, minimum: int, maximum: int) -> int:
    """The number nearest to ``units`` inside the bounds.

    >>> bounded(9, 1, 4), bounded(0, 1, 4)
    (4, 1)
    """
    return min(max(units, minimum), maximum)


def scale_out_base(running: int, warming: int, base: int, until: float, now: float) -> int:
    """The capacity that a scale-out is computed from.

    While a grant is in force it is the base of that grant, else the warm part of what runs.

    >>> scale_out_base(running=12, warming=2, base=7, until=100.0, now=99.0)
    7
    >>> scale_out_base(running=12, warming=2, base=7, until=100.0, now=100.0)
    10
    """
    return base if now < until else running - warming


def scale_in_base(running: int, terminating: int, granted: int) -> int:
    """The capacity that a scale-in is computed from.

    Terminating instances still count, and so does what an activity in progress was granted.
    """
    return max(running + terminating, granted)


def base_for_scale_out(capacity: Capacity, state: Cooldown, now: float) -> int:
    """``scale_out_base`` of a capacity under a cooldown."""
    grant = state.scale_out
    if grant is None:
        return capacity.running - capacity.warming
    return scale_out_base(capacity.running, capacity.warming, grant.base, grant.until, now)


def base_for_scale_in(capacity: Capacity) -> int:
    """``scale_in_base`` of a capacity."""
    return scale_in_base(capacity.running, capacity.terminating, capacity.granted)


def grown(
    candidate: int,
    desired: int,
    minimum: int,
    maximum: int,
    granted: int,
    until: float,
    now: float,
) -> int:
    """The verdict on a scale-out to ``candidate`` units.

    It must exceed both what is desired and, in a cooldown, what was granted before. A desired
    capacity below the minimum rises at least to the minimum.
    """
    wanted = bounded(candidate, minimum, maximum)
    in_force = now < until
    if wanted > max(desired, granted if in_force else -1):
        return wanted
    if desired >= maximum:
        return OUT_AT_MAXIMUM
    return OUT_COOLDOWN if in_force else OUT_AT_DESIRED


def shrunk(
    candidate: int,
    desired: int,
    minimum: int,
    maximum: int,
    warming: int,
    until: float,
    now: float,
    unchanged: int,
) -> int:
    """The verdict on a scale-in to ``candidate`` units.

    Blocked in a scale-in cooldown and while instances warm up. A desired capacity above the maximum
    falls at least to the maximum; one at or below the minimum is left alone. ``unchanged`` is the
    verdict where the candidate is not below what is desired.
    """
    if desired <= minimum:
        return IN_AT_MINIMUM
    if warming > 0:
        return IN_WARMING
    if now < until:
        return IN_COOLDOWN
    wanted = bounded(candidate, minimum, maximum)
    return wanted if wanted < desired else unchanged


def grant_of(state: Cooldown) -> Grant:
    """The last grant of a policy; one that never was is over."""
    return state.scale_out or NO_GRANT


def outcome(
    verdict: int, request: Request, base: int, capacity: Capacity, state: Cooldown
) -> tuple[Outcome, Cooldown]:
    """A verdict as an outcome with its cooldown. ``base`` is what a scale-out was computed from."""
    wanted = direction(verdict, capacity.desired)
    if verdict < 0:
        until = None
        if REASONS[verdict] is Reason.COOLDOWN:
            until = grant_of(state).until if wanted > 0 else state.scale_in_until
        return request.refused(REASONS[verdict], wanted, until), state
    answer = Decision(verdict, request.cause, request.policy, request.at)
    if wanted > 0:
        return answer, Cooldown(Grant(base, verdict))
    return answer, replace(state, scale_in_until=inf)


def succeeded(state: Cooldown, now: float, scale_out: float, scale_in: float) -> Cooldown:
    """The state when the activity in progress succeeds: its cooldown, in seconds, starts now."""
    grant = state.scale_out
    return Cooldown(
        replace(grant, until=now + scale_out) if grant and grant.until == inf else grant,
        now + scale_in if state.scale_in_until == inf else state.scale_in_until,
    )


def abandoned(state: Cooldown) -> Cooldown:
    """The state when the activity in progress fails or is overridden: nothing was granted."""
    grant = state.scale_out
    return Cooldown(
        None if grant and grant.until == inf else grant,
        -inf if state.scale_in_until == inf else state.scale_in_until,
    )
