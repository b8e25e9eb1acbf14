"""Health checks: what the world reports of instances, and what load balancers think of them.

AWS: Health checks for instances in an Auto Scaling group.
"""

from typing import TYPE_CHECKING

from understudy.control.autoscaling.capacity import IN_SERVICE
from understudy.control.autoscaling.instances import in_grace
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

EVERY_SECONDS = 30.0
"""How often the load balancers of a group are asked. AWS does not state it."""

TIMER = "health"


def _asks(group: Group) -> bool:
    kinds: str = group.params.get("HealthCheckType", "EC2")
    return "ELB" in kinds or "VPC_LATTICE" in kinds


def watch(group: Group, turn: Turn) -> None:
    """Begin to ask the load balancers of a group, if it goes by their health checks."""
    if _asks(group) and not group.checks_health:
        group.checks_health = True
        wish_for(group, turn, turn.at + EVERY_SECONDS, TIMER)


def check(service: "AutoScaling", group: Group, turn: Turn) -> bool:
    """Mark the instances that fail their load balancers' checks; whether there is a new one.

    While HealthCheck is suspended nothing is marked.
    """
    group.checks_health = False
    watch(group, turn)
    if not group.sources or "HealthCheck" in group.suspended or not _asks(group):
        return False
    found = False
    for each in group.instances.values():
        if each.lifecycle != IN_SERVICE or not each.healthy or in_grace(group, each, turn.at):
            continue
        if not all(service.balancing.healthy(source, each.id) for source in group.sources):
            each.healthy, each.illness = False, "elb"
            found = True
    return found
