"""What a service with an EXTERNAL deployment controller does when it looks at its task sets.

Each keeps its part of the service's desired count, whatever the others do. AWS: API_TaskSet.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.ecs import messages, starting
from understudy.control.ecs.assessment import assess, counts
from understudy.control.ecs.keeping import keep, tasks_of
from understudy.control.ecs.state import Deployment, Service, Task
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs


def _mine(there: Sequence[Task], deployment: Deployment) -> list[Task]:
    return [task for task in there if task.deployment == deployment.id]


def advance(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Bring each task set nearer to its share; forget those that have drained."""
    for each in service.deployments:
        live = [task for task in _mine(tasks_of(ecs, service), each) if task.live]
        keep(ecs, service, each, live, [], turn)


def conclude(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Note which task sets are stable, and whether all are."""
    there = tasks_of(ecs, service)
    busy = {task.deployment for task in there}
    service.deployments[:] = [
        each for each in service.deployments if each.status != "DRAINING" or each.id in busy
    ]
    conditions = assess(ecs, service, there, turn.at)
    for each in service.deployments:
        mine = _mine(there, each)
        found = counts(conditions[task.arn] for task in mine if task.live)
        wanted = starting.wanted_of(ecs, service, each)
        stable = found.healthy == found.total == len(mine) == wanted
        if each.task_set is not None and each.task_set.stable != stable:
            each.task_set.stable, each.task_set.stable_at = stable, turn.at
    was = service.steady
    service.steady = all(each.task_set and each.task_set.stable for each in service.deployments)
    if service.steady and not was:
        messages.steady(service, turn)
