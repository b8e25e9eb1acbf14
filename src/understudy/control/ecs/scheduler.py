"""The service scheduler: what a service does when it looks at its tasks.

It looks when something has happened to them, and every few seconds while it has something to do:
tasks that shall stop are deregistered, missing ones started, unhealthy ones replaced, those of an
earlier deployment replaced as far as the deployment configuration allows.

AWS: Amazon ECS services, Service scheduler concepts; Rolling update.
"""

from typing import TYPE_CHECKING

from understudy.control.ecs import (
    blue_green,
    deployments,
    messages,
    rebalancing,
    starting,
    task_sets,
    tasks,
)
from understudy.control.ecs.assessment import assess, counts
from understudy.control.ecs.circuit_breaker import pause
from understudy.control.ecs.keeping import count_failure, keep, scaling_in, tasks_of
from understudy.control.ecs.state import OWNER, Service, Task
from understudy.control.signals import CapacityFulfilled
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

DIMENSION = "ecs:service:DesiredCount"


def wake(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Have a service look at its tasks, as soon as it may again."""
    if not service.ticking and service.status != "INACTIVE":
        service.ticking = True
        turn.schedule(service.ticked_at + ecs.config.look, OWNER, "look", service.key)


def look(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Look at the tasks of a service and do what is to be done."""
    service.ticking, service.ticked_at = False, turn.at
    if service.status == "INACTIVE":
        return
    if service.status == "DRAINING":
        _drain(ecs, service, turn)
        return
    _deregister(ecs, service, turn)  # those stopped at the last look: seen 10 s later on AWS
    _note_healthy(ecs, service, turn)
    if service.external:
        _look_at_sets(ecs, service, turn)
        return
    deployments.judge(ecs, service, turn)
    if blue_green.under_way(service):
        blue_green.advance(ecs, service, turn)
    else:
        _roll(ecs, service, turn)
    _conclude(ecs, service, turn)
    at_work = not service.steady and service.primary.rollout != "FAILED"
    if at_work or _leaving(ecs, service):
        wake(ecs, service, turn)


def _look_at_sets(ecs: "Ecs", service: Service, turn: Turn) -> None:
    task_sets.advance(ecs, service, turn)
    task_sets.conclude(ecs, service, turn)
    if not service.steady or _leaving(ecs, service):
        wake(ecs, service, turn)


def _leaving(ecs: "Ecs", service: Service) -> list[Task]:
    """The tasks that shall stop and are still targets."""
    return [task for task in tasks_of(ecs, service) if not task.live and task.targets]


def _deregister(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Deregister the targets of tasks that shall stop."""
    leaving = _leaving(ecs, service)
    for group in dict.fromkeys(ref.group for task in leaving for ref in task.targets):
        number = sum(ref.group == group for task in leaving for ref in task.targets)
        messages.deregistered(service, group, number, turn)
    tasks.deregister(ecs, leaving, turn)
    draining = sum(task.status == "DEACTIVATING" for task in leaving)
    if draining:
        messages.draining(service, service.primary.id, draining, turn)


def _drain(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """A service that is being deleted: it is inactive once its tasks are gone."""
    there = tasks_of(ecs, service)
    for task in there:
        tasks.stop(ecs, task, tasks.BY_SCHEDULER, scaling_in(service.primary), turn)
    _deregister(ecs, service, turn)
    if not there:
        service.status = "INACTIVE"
        service.deployments.clear()


def _note_healthy(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """A task that has become healthy resets the circuit breaker, unless that is switched off."""
    settings = service.params.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    for arn, found in assess(ecs, service, tasks_of(ecs, service), turn.at).items():
        task = ecs.state.tasks[arn]
        if found == "healthy" and not task.was_healthy:
            task.was_healthy = True
            service.retry_at = 0.0
            primary = service.primary
            primary.unstarted = 0
            if task.deployment == primary.id and settings.get("resetOnHealthyTask", True):
                primary.failures = 0


def _roll(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Bring a service nearer to its desired count, and to its latest deployment."""
    members = [task for task in tasks_of(ecs, service) if task.live]
    new = [task for task in members if task.deployment == service.primary.id]
    old = [task for task in members if task.deployment != service.primary.id]
    if not rebalancing.advance(ecs, service, members, turn):
        keep(ecs, service, service.primary, new, old, turn)


def ended(ecs: "Ecs", task: Task, turn: Turn) -> None:
    """A task has ended by itself: it counts for the circuit breaker unless it has been healthy."""
    service = ecs.state.services.get(task.service)
    if service is None or task.stop_code not in (tasks.FAILED, tasks.EXITED):
        return
    service.steady = False
    deployment = next((d for d in service.deployments if d.id == task.deployment), None)
    if deployment is not None and not task.was_healthy:
        count_failure(deployment, task)
    if deployment is not None and task.stop_code == tasks.FAILED:
        deployment.unstarted += 1
        wait = pause(deployment.unstarted)
        if wait:
            service.retry_at = turn.at + wait
            messages.impaired(service, turn)


def _conclude(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Whether the deployment is done and the service steady."""
    there = tasks_of(ecs, service)
    deployments.retire(service, there)
    conditions = assess(ecs, service, there, turn.at)
    primary = service.primary
    desired = starting.desired_of(ecs, service)
    found = counts(conditions[t.arn] for t in there if t.live and t.deployment == primary.id)
    full = found.healthy == found.total == desired
    if full:
        _fulfil(service, turn)
    alone = all(task.deployment == primary.id for task in there if task.status in _COUNTED)
    if primary.rollout == "IN_PROGRESS" and full and alone and not blue_green.under_way(service):
        deployments.complete(ecs, service, turn)
    leaving = any(not task.live and task.targets for task in there)
    was, service.steady = (
        service.steady,
        (full and alone and not leaving and primary.rollout != "IN_PROGRESS"),
    )
    if service.steady and not was:
        messages.steady(service, turn)
    if service.steady:
        rebalancing.begin(ecs, service, there, turn)


_COUNTED = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING")
"""The states in which a task of an earlier deployment keeps a deployment from completing."""


def _fulfil(service: Service, turn: Turn) -> None:
    if service.owes:
        service.owes = False
        turn.signal(CapacityFulfilled(DIMENSION, f"service/{service.key}"))
