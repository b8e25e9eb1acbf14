"""What the policies of a target would do now, and why not more."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import isinf
from typing import TYPE_CHECKING

from understudy.base.quantity import format_duration
from understudy.control.application_autoscaling.scaling import (
    breach_of,
    capacity_of,
    propose,
    with_prediction,
)
from understudy.control.application_autoscaling.state import target_key
from understudy.control.signals import AlarmAction
from understudy.scaling.decision import Capacity, Decision, Outcome, Reason

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

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


def explain(
    service: "ApplicationAutoScaling",
    dimension: str,
    resource_id: str,
    at: float,
    alarms: Sequence[AlarmAction],
) -> tuple[Explanation, ...]:
    """What each policy of a target would do at a time if its alarms invoked it. Nothing is changed.

    ``alarms`` are the alarms that name the policies, each in its state and with its latest
    datapoints. A policy with none of them is explained as such; without a target or its resource
    the result is empty.
    """
    known = service.state.targets.get(target_key(dimension, resource_id))
    capacity = capacity_of(service, known) if known else None
    if known is None or capacity is None:
        return ()
    target, bounded = deepcopy(known), with_prediction(capacity, known.predicted)
    own = {
        name: [alarm for alarm in alarms if alarm.action.startswith(policy.arn)]
        for name, policy in sorted(target.policies.items())
    }
    for name, policy in target.policies.items():
        standing = [alarm for alarm in own[name] if alarm.new_state == "ALARM"]
        policy.breach = breach_of(standing[-1]) if standing else None
        policy.invoked_at = at
    found: list[Explanation] = []
    for name, policy in sorted(target.policies.items()):
        for alarm in own[name]:
            outcome = None
            if alarm.new_state == "ALARM":
                policy.breach = breach_of(alarm)
                outcome, _ = propose(service, target, policy, bounded, at)
            text = sentence(outcome, bounded, alarm.new_state)
            found.append(Explanation(name, alarm.alarm_name, alarm.new_state, outcome, text))
        if not own[name]:
            found.append(Explanation(name, "", "", None, "No alarm names this policy."))
    return tuple(found)


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
