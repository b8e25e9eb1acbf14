"""What the policies of a target would do now, and why not more."""

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from understudy.control.application_autoscaling.scaling import (
    breach_of,
    capacity_of,
    propose,
    with_prediction,
)
from understudy.control.application_autoscaling.state import target_key
from understudy.control.reasoning import Explanation, sentence
from understudy.control.signals import AlarmAction

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling


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
