"""What a policy would do now, in one sentence, and why not more."""

from dataclasses import dataclass
from math import isinf

from understudy.base.quantity import format_duration
from understudy.scaling.decision import Capacity, Decision, Outcome, Reason

_SENTENCES = {
    Reason.FLAPPING: "Removing one more would push the metric back above its target.",
    Reason.UNSCALABLE: "The service does not let the resource be scaled in now.",
    Reason.AT_MAXIMUM: "It is at its maximum capacity of {0.maximum}.",
    Reason.AT_MINIMUM: "It is at its minimum capacity of {0.minimum}.",
    Reason.AT_DESIRED: "It has the capacity that the policy asks for: {0.desired}.",
    Reason.NO_DATA: "The alarm has no datapoints.",
    Reason.NO_STEP: "The metric falls into none of the policy's steps.",
    Reason.ON_TARGET: "The metric is near enough to its target.",
    Reason.SUSPENDED: "Scaling in this direction is suspended.",
    Reason.SCALE_IN_DISABLED: "Scale-in is disabled in the policy.",
    Reason.NOT_AGREED: "Another policy is not ready to scale in.",
    Reason.WARMING: "Instances are still warming up.",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One policy and one alarm of it: the alarm's state, the outcome, and the outcome in words.

    ``outcome`` is None where the alarm does not invoke the policy.
    """

    policy: str
    alarm: str
    state: str
    outcome: Outcome | None
    sentence: str


def sentence(outcome: Outcome | None, capacity: Capacity, state: str) -> str:
    """An outcome in one sentence for people."""
    if outcome is None:
        return f"The alarm is in state {state}."
    if isinstance(outcome, Decision):
        return f"It would change the capacity from {capacity.desired} to {outcome.desired}."
    if outcome.reason is not Reason.COOLDOWN:
        return _SENTENCES[outcome.reason].format(capacity)
    if outcome.until is None or isinf(outcome.until):
        return "It waits for the scaling activity in progress."
    kind = "scale-out" if outcome.direction > 0 else "scale-in"
    return f"The {kind} cooldown lasts {format_duration(outcome.until - outcome.at)} more."
