"""What an instance can learn of itself, beyond what it was launched as.

AWS: Instance metadata categories; Spot Instance interruption notices; EC2 instance rebalance
recommendations; Retrieve the target lifecycle state through instance metadata.
"""

from dataclasses import dataclass

from understudy.control.capacity.service import NOTICE_SECONDS
from understudy.control.ec2.instance import Instance
from understudy.control.plane import Plane


@dataclass(frozen=True, slots=True)
class SelfKnowledge:
    """An instance now. Times are 0, and ``target`` is empty, where there is nothing to tell.

    ``target`` is the lifecycle state that its Auto Scaling group has it go to.
    """

    instance: Instance
    target: str
    rebalance_at: float
    ends_at: float


def self_knowledge(plane: Plane, instance_id: str) -> SelfKnowledge | None:
    """What an instance can learn of itself, None if there is no such instance."""
    instance = plane.ec2.find(instance_id)
    if instance is None:
        return None
    found = plane.groups.find(instance_id)
    target = ""
    if found is not None:
        group, member = found
        target = target_of(member.lifecycle, group.warm_pool.state if group.warm_pool else "")
    life = plane.capacity.state.held.get(instance_id)
    ends_at = life.notice_at + NOTICE_SECONDS if life and life.notice_at else 0.0
    return SelfKnowledge(instance, target, life.rebalance_at if life else 0.0, ends_at)


def target_of(lifecycle: str, rest: str) -> str:
    """Where an instance in a lifecycle state goes to; ``rest`` is the state of the warm pool.

    >>> target_of("Pending:Wait", "Stopped"), target_of("Warmed:Pending:Wait", "Stopped")
    ('InService', 'Warmed:Stopped')
    """
    if "Terminat" in lifecycle:
        return "Warmed:Terminated" if lifecycle.startswith("Warmed") else "Terminated"
    if lifecycle.startswith("Warmed"):
        return f"Warmed:{rest}"
    for word, state in (("Detach", "Detached"), ("Standby", "Standby")):
        if word in lifecycle:
            return state
    return "InService"
