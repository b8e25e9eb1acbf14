"""Zone rebalancing: a steady service moves tasks from its fullest zones to its emptiest.

New tasks are started first; as many old ones are stopped once all of these are healthy. AWS:
Balancing an Amazon ECS service across Availability Zones; its event messages.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from understudy.control.ecs import messages, starting, tasks
from understudy.control.ecs.assessment import assess
from understudy.control.ecs.faults import bad_parameter
from understudy.control.ecs.keeping import limits_of, scaling_in
from understudy.control.ecs.placement import ZONE
from understudy.control.ecs.rolling import bounds
from understudy.control.ecs.state import Service, Task
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

SETTING = "availabilityZoneRebalancing"


def usual(settings: Params) -> str:
    """What holds for a new service that does not say: ENABLED if its settings allow it."""
    return "DISABLED" if _hindrance(settings) else "ENABLED"


def check(asked: Params, settings: Params) -> None:
    """Raises Fault where it is asked for and what the settings are altogether forbids it."""
    why = _hindrance(settings)
    if asked.get(SETTING) == "ENABLED" and why:
        raise bad_parameter(f"Availability Zone rebalancing is not supported with {why}.")


def _hindrance(settings: Params) -> str:
    """What forbids rebalancing, empty if nothing does."""
    if settings.get("schedulingStrategy") == "DAEMON":
        return "the DAEMON scheduling strategy"
    if settings.get("deploymentConfiguration", {}).get("maximumPercent", 200) <= 100:
        return "a maximumPercent of 100 or less"
    strategy: list[Params] = settings.get("placementStrategy", [])
    if strategy and not _spreads_zones(strategy[0]):
        return "a first placement strategy other than a spread over Availability Zones"
    return ""


def _spreads_zones(strategy: Params) -> bool:
    field: str = strategy.get("field", "")
    return strategy["type"] == "spread" and field.removeprefix("attribute:") == ZONE


def additions(zones: Mapping[str, int], movable: Mapping[str, int]) -> list[str]:
    """The zones in which to start a task each, so that no two differ by more than one.

    ``movable`` tasks of the fullest zone go for it. Of 4 and 0 two move; of 2 and 1 none.

    >>> additions({"a": 4, "b": 0}, {"a": 4})
    ['b', 'b']
    """
    left, free = dict(zones), dict(movable)
    found: list[str] = []
    while len(left) > 1:
        least = min(left, key=lambda zone: (left[zone], zone))
        most = max(left, key=lambda zone: (left[zone], zone))
        if left[most] - left[least] <= 1 or not free.get(most):
            break
        free[most] -= 1
        left[most] -= 1
        left[least] += 1
        found.append(least)
    return found


def spread(ecs: "Ecs", service: Service, there: Sequence[Task], turn: Turn) -> dict[str, int]:
    """How many tasks run in each zone in which the service may have some."""
    revision = service.revisions[service.primary.revision].params
    if on_fargate(there):
        zones = starting.zones_of(ecs, starting.subnets_of(revision), turn.region).values()
    else:
        zones = [
            instance.zone
            for instance in ecs.state.instances.values()
            if instance.cluster == service.cluster and instance.status == "ACTIVE"
        ]
    found = Counter(task.zone for task in there if task.live)
    return {zone: found[zone] for zone in sorted({*zones, *found})}


def on_fargate(there: Sequence[Task]) -> bool:
    """Whether tasks run on Fargate."""
    return all(task.launch_type == "FARGATE" for task in there)


def begin(ecs: "Ecs", service: Service, there: Sequence[Task], turn: Turn) -> None:
    """Start tasks in the emptiest zones of a steady service, as far as its maximum allows."""
    enabled = service.params.get(SETTING) == "ENABLED" and not _hindrance(service.params)
    if not enabled or turn.at < service.retry_at:
        return
    zones = spread(ecs, service, there, turn)
    movable = Counter(task.zone for task in there if task.protected_until <= turn.at)
    room = bounds(service.desired, *limits_of(service)).upper - len(there)
    chosen = Counter(additions(zones, movable)[: max(room, 0)])
    if chosen:
        messages.unbalanced(service, zones, turn)
    elif additions(zones, zones) and room > 0:
        kept = sum(task.protected_until > turn.at for task in there)
        messages.bound(service, service.primary.id, kept, turn)
    started: list[Task] = []
    for zone, number in chosen.items():
        started += starting.start_in(ecs, service, zone, number, turn)
    if started:
        service.moving, service.steady = tuple(task.arn for task in started), False


def advance(ecs: "Ecs", service: Service, members: Sequence[Task], turn: Turn) -> bool:
    """Stop as many tasks of the fullest zones as have been started, once these are healthy.

    Whether tasks are being moved: not any more where the service has become another meanwhile, or
    a task is lost.
    """
    moving = [task for task in members if task.arn in service.moving]
    whole = len(members) == service.desired + len(moving)
    if not whole or any(task.deployment != service.primary.id for task in members):
        service.moving = ()
    if not service.moving or not moving:
        return False
    conditions = assess(ecs, service, moving, turn.at)
    if all(each == "healthy" for each in conditions.values()):
        _stop(ecs, service, members, turn)
    return True


def _stop(ecs: "Ecs", service: Service, members: Sequence[Task], turn: Turn) -> None:
    left = list(members)
    going: dict[str, list[Task]] = {}
    for _ in service.moving:
        counts = Counter(task.zone for task in left)
        free = [
            task
            for task in left
            if task.arn not in service.moving and task.protected_until <= turn.at
        ]
        if not free:
            break
        chosen = max(free, key=lambda task: (counts[task.zone], task.created_at, task.arn))
        going.setdefault(chosen.zone, []).append(chosen)
        left.remove(chosen)
    for zone, stopped in going.items():
        for task in stopped:
            tasks.stop(ecs, task, tasks.BY_SCHEDULER, scaling_in(service.primary), turn)
        messages.stopped_in(service, zone, stopped, turn)
    service.moving = ()
    zones = spread(ecs, service, left, turn)
    if not additions(zones, zones):
        messages.balanced(service, zones, turn)
