"""Scheduled actions: new bounds, and for EC2 a new desired capacity, at set times.

AWS: Scheduled scaling for Application Auto Scaling; Scheduled scaling for Amazon EC2 Auto Scaling.
Scheduled actions ignore cooldowns. Earlier values do not come back at the end time.
"""

from dataclasses import dataclass, replace

from understudy.scaling.decision import Capacity, Decision, NotScaled, Outcome, Reason


@dataclass(frozen=True, slots=True)
class ScheduledAction:
    """What a scheduled action sets. What is None stays as it is."""

    name: str
    minimum: int | None = None
    maximum: int | None = None
    desired: int | None = None


def enforce(capacity: Capacity, policy: str, now: float) -> Decision | None:
    """The decision that brings the desired capacity inside the bounds, if it is outside.

    The cause is worded as Application Auto Scaling does it: ``minimum capacity was set to 3``.
    """
    desired = capacity.clamp(capacity.desired)
    if desired == capacity.desired:
        return None
    bound = "minimum" if desired > capacity.desired else "maximum"
    return Decision(desired, f"{bound} capacity was set to {desired}", policy, now)


def decide(action: ScheduledAction, capacity: Capacity, now: float) -> tuple[Outcome, Capacity]:
    """What a scheduled action does at its time, and the capacity with its new bounds.

    The desired capacity is what the action names, else what it is; then it is brought inside the
    bounds. A new minimum above the maximum that stays, or the other way round, changes nothing.
    """
    cause = f"scheduled action name {action.name} was triggered"
    minimum = capacity.minimum if action.minimum is None else action.minimum
    maximum = capacity.maximum if action.maximum is None else action.maximum
    if minimum > maximum:
        return NotScaled(Reason.BOUNDS_CROSSED, cause, action.name, now), capacity
    bounded = replace(capacity, minimum=minimum, maximum=maximum)
    if action.desired is not None and bounded.clamp(action.desired) != capacity.desired:
        return Decision(bounded.clamp(action.desired), cause, action.name, now), bounded
    forced = enforce(bounded, action.name, now) if action.desired is None else None
    return forced or NotScaled(Reason.AT_DESIRED, cause, action.name, now), bounded
