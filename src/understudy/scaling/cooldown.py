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


def scale_out(
    request: Request, candidate: int, base: int, capacity: Capacity, state: Cooldown
) -> tuple[Outcome, Cooldown]:
    """Grant a scale-out to ``candidate`` units, computed from ``base``, or say why not.

    It must exceed both what is desired and, in a cooldown, what was granted before. A desired
    capacity below the minimum rises at least to the minimum.
    """
    grant = state.scale_out
    desired = capacity.clamp(candidate)
    granted = grant.desired if grant and request.at < grant.until else -1
    if desired > max(capacity.desired, granted):
        answer = Decision(desired, request.cause, request.policy, request.at)
        return answer, Cooldown(Grant(base, desired))
    if capacity.desired >= capacity.maximum:
        return request.refused(Reason.AT_MAXIMUM, 1), state
    if grant and request.at < grant.until:
        return request.refused(Reason.COOLDOWN, 1, grant.until), state
    return request.refused(Reason.AT_DESIRED, 1), state


def scale_in(
    request: Request,
    candidate: int,
    capacity: Capacity,
    state: Cooldown,
    unchanged: Reason = Reason.AT_DESIRED,
) -> tuple[Outcome, Cooldown]:
    """Allow a scale-in to ``candidate`` units, or say why not.

    Blocked in a scale-in cooldown and while instances warm up. A desired capacity above the maximum
    falls at least to the maximum; one at or below the minimum is left alone. ``unchanged`` is the
    reason where the candidate is not below what is desired.
    """
    desired = capacity.clamp(candidate)
    if capacity.desired <= capacity.minimum:
        return request.refused(Reason.AT_MINIMUM, -1), state
    if capacity.warming:
        return request.refused(Reason.WARMING, -1), state
    if request.at < state.scale_in_until:
        return request.refused(Reason.COOLDOWN, -1, state.scale_in_until), state
    if desired >= capacity.desired:
        return request.refused(unchanged, -1), state
    answer = Decision(desired, request.cause, request.policy, request.at)
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
