"""Warm pools: instances that are prepared, and wait outside of the group's capacity.

AWS: Warm pools for Amazon EC2 Auto Scaling.
"""

from typing import TYPE_CHECKING

from understudy.control.autoscaling import activities, causes, entering, leaving
from understudy.control.autoscaling.capacity import IN_SERVICE, WARMED, WARMED_PENDING
from understudy.control.autoscaling.launching import (
    Plan,
    configuration_of,
    next_placement,
    options_of,
    plan_of,
)
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import Stop
from understudy.control.turn import Turn
from understudy.scaling.warm_pool import warm_pool_size

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def members(group: Group) -> list[Instance]:
    """The instances that are in the warm pool or on their way into it."""
    there = WARMED | WARMED_PENDING
    return [each for each in group.instances.values() if each.lifecycle in there]


def ready(group: Group) -> list[Instance]:
    """The instances that can be taken out of the warm pool, longest there first."""
    if group.warm_pool is None:
        return []
    return [e for e in group.instances.values() if e.lifecycle in WARMED and not e.stopping_at]


def take(candidates: list[Instance], plan: Plan) -> Instance:
    """The next instance to take out: from the zone with the fewest; it leaves the candidates."""
    chosen = min(candidates, key=lambda each: plan.zones.get(each.zone, 0))
    candidates.remove(chosen)
    return chosen


def wanted(group: Group) -> int:
    """How many instances the warm pool shall have."""
    pool = group.warm_pool
    if pool is None or pool.deleting:
        return 0
    return warm_pool_size(group.maximum, group.desired, pool.prepared, pool.minimum)


def takes_back(group: Group, instance: Instance) -> bool:
    """Whether an instance that scale-in takes out returns to the warm pool."""
    pool = group.warm_pool
    reuses = pool is not None and pool.reuse and not pool.deleting
    return reuses and instance.lifecycle == IN_SERVICE and len(members(group)) < wanted(group)


def give_back(
    service: "AutoScaling", group: Group, instance: Instance, cause: str, turn: Turn
) -> None:
    """Return an instance to the warm pool instead of terminating it."""
    entering.succeeded(service, group, instance, turn)
    leaving.deregister(service, group, instance, turn)
    instance.lifecycle, instance.in_service_at = f"{entering.POOLED}Pending", 0.0
    description = "Returning EC2 instance to warm pool"
    activities.begin(group, instance, description, cause, "InProgress", turn)
    group.cooldown_until = turn.at + group.cooldown
    entering.go_on(service, group, instance, turn)


def settle(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Fill the warm pool, or empty it as far as it is too large."""
    if group.warm_pool is None:
        return
    there, size = members(group), wanted(group)
    if len(there) < size:
        _fill(service, group, len(there), size, turn)
    elif "Terminate" not in group.suspended:
        resting = [each for each in there if each.lifecycle in WARMED and not each.stopping_at]
        for each in resting[: len(there) - size]:
            leaving.terminate(service, group, each, _sentence(turn, len(there), size), turn)
    pooled = any(each.lifecycle.startswith("Warmed:") for each in group.instances.values())
    if group.warm_pool.deleting and not pooled:
        group.warm_pool = None


def _sentence(turn: Turn, before: int, after: int) -> str:
    """Why the warm pool changes. AWS does not publish its words."""
    verb = "increasing" if after > before else "shrinking"
    return causes.at(
        turn.at,
        "a difference between desired and actual warm pool capacity, "
        f"{verb} the warm pool capacity from {before} to {after}",
    )


def _fill(service: "AutoScaling", group: Group, there: int, size: int, turn: Turn) -> None:
    if "Launch" in group.suspended or turn.at < group.retry_at:
        return
    plan, options = plan_of(service, group), options_of(service, configuration_of(group))
    plan.add_all(members(group))
    cause = _sentence(turn, there, size)
    for _ in range(size - there):
        placement = next_placement(service, group, plan, options, turn.at)
        if placement is None:
            break
        plan.add(placement.pool, placement.purchase)
        entering.launch(service, group, placement, cause, turn, pooled=True)


def restart(group: Group, instance: Instance, turn: Turn) -> None:
    """Stop an instance of the pool again whose stop was lost with the world."""
    turn.emit(Stop(turn.region, instance.id, 0.0))
    wish_for(group, turn, turn.at, "settle")
