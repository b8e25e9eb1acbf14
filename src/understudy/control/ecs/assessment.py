"""What a service's scheduler knows of its tasks: which are pending, starting, healthy, unhealthy.

AWS: Amazon ECS services, task health; healthCheckGracePeriodSeconds; DeploymentConfiguration,
minimumHealthyPercent: when a task counts as healthy.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from understudy.control.ecs import tasks
from understudy.control.ecs.rolling import Counts
from understudy.control.ecs.state import Service, TargetRef, Task

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

Condition = Literal["pending", "starting", "healthy", "unhealthy"]
BAD = "unhealthy"
SERVING = frozenset({"healthy", "unavailable", "unused"})
"""States of a target that do not hold a task back; a group that nothing uses checks nothing."""


def condition(ecs: "Ecs", service: Service, task: Task, at: float) -> Condition:
    """How a task of a service does.

    Without any health check it is healthy 40 seconds after it runs. In the grace period a task that
    fails its checks is still starting.
    """
    if not task.running:
        return "pending"
    container = tasks.health(task)
    failing = failing_target(ecs, task, at)
    if container == "UNHEALTHY" or failing is not None:
        return "starting" if in_grace(service, task, at) else BAD
    checked = any(each.checked and each.essential for each in task.containers)
    if checked and container != "HEALTHY":
        return "starting"
    if not all(_serves(ecs, ref, at) for ref in task.targets):
        return "starting"
    settled = checked or task.targets or at >= task.started_at + ecs.config.settling
    return "healthy" if settled else "starting"


def in_grace(service: Service, task: Task, at: float) -> bool:
    """Whether failed health checks of a task do not count yet."""
    grace = service.params.get("healthCheckGracePeriodSeconds") or 0
    return at < task.started_at + grace


def failing_target(ecs: "Ecs", task: Task, at: float) -> TargetRef | None:
    """A target of a task that is unhealthy."""
    for ref in task.targets:
        if ecs.targets.health(ref.group, ref.id, ref.port, at).state == BAD:
            return ref
    return None


def _serves(ecs: "Ecs", ref: TargetRef, at: float) -> bool:
    return ecs.targets.health(ref.group, ref.id, ref.port, at).state in SERVING


def assess(
    ecs: "Ecs", service: Service, members: Sequence[Task], at: float
) -> dict[str, Condition]:
    """The condition of each live task by its ARN."""
    return {task.arn: condition(ecs, service, task, at) for task in members if task.live}


def counts(conditions: Iterable[Condition]) -> Counts:
    """How many tasks are in each condition."""
    numbers = Counter(conditions)
    return Counts(numbers["pending"], numbers["starting"], numbers["healthy"], numbers[BAD])


def first_to_stop(members: Sequence[Task], conditions: dict[str, Condition]) -> list[Task]:
    """Tasks in the order in which they are stopped: those that serve least first.

    Then those of the zone with most tasks, of the fullest instance, and the newest. AWS: Service
    auto scaling, scale-in; task scale-in protection is the caller's.
    """
    rank = {"pending": 0, BAD: 1, "starting": 2, "healthy": 3}
    left = list(members)
    order: list[Task] = []
    while left:
        zones = Counter(task.zone for task in left)
        places = Counter(task.instance for task in left)
        chosen = min(
            left,
            key=lambda task: (
                rank[conditions[task.arn]],
                -zones[task.zone],
                -places[task.instance],
                -task.created_at,
                task.arn,
            ),
        )
        left.remove(chosen)
        order.append(chosen)
    return order
