"""Keeping a deployment at its desired count: what is missing is started, what is too much stopped.

Unhealthy tasks are replaced, and those of an earlier deployment as far as the deployment
configuration allows. AWS: Rolling update; DeploymentConfiguration; Task scale-in protection.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.ecs import messages, starting, tasks
from understudy.control.ecs.assessment import (
    BAD,
    Condition,
    assess,
    counts,
    failing_target,
    first_to_stop,
)
from understudy.control.ecs.rolling import Counts, Moves, bounds, moves
from understudy.control.ecs.state import Deployment, Service, Task
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs


def tasks_of(ecs: "Ecs", service: Service) -> list[Task]:
    """The tasks of a service that are not stopped yet."""
    return [
        task
        for task in ecs.state.tasks.values()
        if task.service == service.key and task.status != "STOPPED"
    ]


def limits_of(service: Service) -> tuple[int, int]:
    """The minimum healthy and the maximum percent of a service. A daemon's maximum is 100."""
    configuration = service.params.get("deploymentConfiguration", {})
    low, high = (0, 100) if service.daemon else (100, 200)
    return (
        configuration.get("minimumHealthyPercent", low),
        configuration.get("maximumPercent", high),
    )


def keep(
    ecs: "Ecs",
    service: Service,
    deployment: Deployment,
    new: Sequence[Task],
    old: Sequence[Task],
    turn: Turn,
) -> None:
    """Let a deployment have the desired number of healthy tasks, in place of ``old`` ones."""
    desired = starting.wanted_of(ecs, service, deployment)
    conditions = assess(ecs, service, [*new, *old], turn.at)
    ours, theirs = _counts(new, conditions), _counts(old, conditions)
    limits = bounds(desired, *limits_of(service))
    if not old:  # nothing is replaced but unhealthy tasks, one of them at least
        limits = bounds(desired, limits_of(service)[0], max(limits_of(service)[1], 100))
    found = moves(desired, limits, ours, theirs)
    if found.stuck:
        messages.stuck(service, turn)
    _replace_unhealthy(ecs, service, deployment, new, conditions, found, turn)
    _stop(ecs, service, deployment, first_to_stop(old, conditions)[: found.stop_old], turn)
    excess = [task for task in new if task.live]
    _stop_excess(ecs, service, deployment, excess, conditions, found, turn)
    if found.start and deployment.rollout != "FAILED":
        starting.start(ecs, service, deployment, found.start, turn)


def _counts(members: Sequence[Task], conditions: dict[str, Condition]) -> Counts:
    return counts(conditions[task.arn] for task in members)


def _replace_unhealthy(
    ecs: "Ecs",
    service: Service,
    deployment: Deployment,
    new: Sequence[Task],
    conditions: dict[str, Condition],
    found: Moves,
    turn: Turn,
) -> None:
    """Say which tasks are unhealthy, and stop those that can be done without."""
    for task in [task for task in new if conditions[task.arn] == BAD][: found.stop_unhealthy]:
        ref = failing_target(ecs, task, turn.at)
        if ref is None:
            reason = "Task failed container health checks"
            messages.unhealthy_container(service, task, turn)
        else:
            health = ecs.targets.health(ref.group, ref.id, ref.port, turn.at)
            reason = f"Task failed ELB health checks in (target-group {ref.group})"
            why = health.description or health.reason
            messages.unhealthy_target(service, task, ref.port, ref.group, why, turn)
        count_failure(deployment, task)
        tasks.stop(ecs, task, tasks.BY_SCHEDULER, reason, turn)
        messages.stopped(service, [task], turn)


def _stop_excess(
    ecs: "Ecs",
    service: Service,
    deployment: Deployment,
    members: Sequence[Task],
    conditions: dict[str, Condition],
    found: Moves,
    turn: Turn,
) -> None:
    """Scale in, but for protected tasks."""
    free = [task for task in members if task.protected_until <= turn.at]
    chosen = first_to_stop(free, conditions)[: found.stop_excess]
    _stop(ecs, service, deployment, chosen, turn)
    if len(chosen) < found.stop_excess:
        messages.protected(service, deployment.id, found.stop_excess - len(chosen), turn)


def _stop(
    ecs: "Ecs", service: Service, deployment: Deployment, chosen: Sequence[Task], turn: Turn
) -> None:
    if not chosen:
        return
    for task in chosen:
        tasks.stop(ecs, task, tasks.BY_SCHEDULER, scaling_in(deployment), turn)
    messages.stopped(service, list(chosen), turn)
    if any(task.targets for task in chosen):
        service.steady = False


def scaling_in(deployment: Deployment) -> str:
    """Why the scheduler stops a task."""
    return f"Scaling activity initiated by (deployment {deployment.id})"


def count_failure(deployment: Deployment, task: Task) -> None:
    """Count a task that has failed; one that was healthy before is no fault of the deployment."""
    if not task.was_healthy:
        deployment.failures += 1
