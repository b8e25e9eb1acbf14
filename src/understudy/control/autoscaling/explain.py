"""What the policies of a group would do now, and why not more."""

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from understudy.control.autoscaling.capacity import capacity_of
from understudy.control.autoscaling.configuration import PREDICTIVE
from understudy.control.autoscaling.scaling import breach_of, propose, refusal, with_prediction
from understudy.control.autoscaling.state import Group, ScalingPolicy
from understudy.control.reasoning import Explanation, sentence
from understudy.control.signals import AlarmAction
from understudy.scaling.decision import Capacity

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def explain(
    service: "AutoScaling", name: str, at: float, alarms: Sequence[AlarmAction]
) -> tuple[Explanation, ...]:
    """What each policy of a group would do at a time if its alarms invoked it. Nothing is changed.

    ``alarms`` are the alarms that name the policies, each in its state and with its latest
    datapoints. A policy with none of them is explained as such.
    """
    group = deepcopy(service.state.groups[name])
    capacity = with_prediction(capacity_of(group, at), group.predicted)
    own = {
        policy.name: [alarm for alarm in alarms if alarm.action == policy.arn]
        for policy in group.policies.values()
    }
    for policy in group.policies.values():
        standing = [alarm for alarm in own[policy.name] if alarm.new_state == "ALARM"]
        policy.breach = breach_of(standing[-1]) if standing else None
        policy.invoked_at = at
    found: list[Explanation] = []
    for policy in sorted(group.policies.values(), key=lambda each: each.name):
        found += [_on(group, policy, alarm, capacity, at) for alarm in own[policy.name]]
        if not own[policy.name]:
            found.append(Explanation(policy.name, "", "", None, _silent(policy)))
    return tuple(found)


def _on(
    group: Group, policy: ScalingPolicy, alarm: AlarmAction, capacity: Capacity, at: float
) -> Explanation:
    """What a policy would do because of one alarm."""
    identity = (policy.name, alarm.alarm_name, alarm.new_state)
    if alarm.new_state != "ALARM":
        return Explanation(*identity, None, sentence(None, capacity, alarm.new_state))
    refused = refusal(group, policy, alarm)
    if refused:
        return Explanation(*identity, None, f"{refused}.")
    policy.breach = breach_of(alarm)
    outcome = propose(group, policy, capacity, at)
    return Explanation(*identity, outcome, sentence(outcome, capacity, alarm.new_state))


def _silent(policy: ScalingPolicy) -> str:
    if policy.kind == PREDICTIVE:
        return "It acts on its forecast before each hour, not on alarms."
    if not policy.params.get("Enabled", True):
        return "The policy is disabled."
    return "No alarm names this policy."
