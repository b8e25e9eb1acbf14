"""The events of a service, in the scheduler's words; the last hundred are kept.

AWS: Amazon ECS service event messages; recorded from live services where the page is silent.
"""

from collections.abc import Iterable, Mapping

from understudy.control.ecs.state import Service, ServiceEvent, Task
from understudy.control.turn import Turn

KEPT = 100
REPEATED_AFTER = 6 * 3600.0
"""Seconds until a message is repeated whose cause has not been resolved."""

GUIDE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def say(service: Service, message: str, turn: Turn, deployment: str = "") -> None:
    """Add an event: ``(service web) has reached a steady state.``.

    Some name a deployment, which they call a task set.
    """
    task_set = f", taskSet {deployment}" if deployment else ""
    text = f"(service {service.name}{task_set}) {message}"
    service.events.insert(0, ServiceEvent(turn.ids.uuid(), turn.at, text))
    del service.events[KEPT:]


def say_once(service: Service, cause: str, message: str, turn: Turn) -> None:
    """Add an event unless the same cause has been told of in the last six hours."""
    if service.said.get(cause, float("-inf")) <= turn.at - REPEATED_AFTER:
        service.said[cause] = turn.at
        say(service, message, turn)


def resolved(service: Service, cause: str) -> None:
    """The cause is gone; when it comes again, it is told of again."""
    service.said.pop(cause, None)


def _named(tasks: Iterable[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)


def started(service: Service, tasks: list[Task], turn: Turn) -> None:
    """Tasks have been started."""
    say(service, f"has started {len(tasks)} tasks: {_named(tasks)}.", turn)


def _zones(tasks: Mapping[str, int]) -> str:
    """``3 tasks in us-east-1a, 1 tasks in us-east-1b``: fullest first, as seen on AWS."""
    ordered = sorted(tasks.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{number} tasks in {zone}" for zone, number in ordered)


def unbalanced(service: Service, tasks: Mapping[str, int], turn: Turn) -> None:
    """Zones have different numbers of tasks, which begins to change."""
    text = f"is not AZ balanced with {_zones(tasks)}. AZ Rebalancing in progress."
    say_once(service, "zones", text, turn)


def balanced(service: Service, tasks: Mapping[str, int], turn: Turn) -> None:
    """Zones have as many tasks each as can be."""
    resolved(service, "zones")
    resolved(service, "zone protection")
    say(service, f"is AZ balanced with {_zones(tasks)}.", turn)


def started_in(service: Service, zone: str, tasks: list[Task], turn: Turn) -> None:
    """Tasks have been started in a zone that has fewer than others."""
    number = len(tasks)
    say(service, f"has started {number} tasks in {zone} to AZ Rebalance: {_named(tasks)}.", turn)


def stopped_in(service: Service, zone: str, tasks: list[Task], turn: Turn) -> None:
    """Tasks have been told to stop in a zone that has more than others."""
    number = len(tasks)
    text = f"has stopped {number} running tasks in {zone} due to AZ rebalancing: {_named(tasks)}."
    say(service, text, turn)


def unplaced_in(service: Service, zone: str, reason: str, turn: Turn) -> None:
    """A zone that has fewer tasks than others has no place for more."""
    on_instances = reason not in (NO_CAPACITY, NO_QUOTA)
    why = " because no container instance met all of its requirements" if on_instances else ""
    say_once(service, f"placement in {zone}", f"is unable to place a task in {zone}{why}.", turn)


def bound(service: Service, deployment: str, count: int, turn: Turn) -> None:
    """Zones stay as they are because tasks are protected from scale-in."""
    text = f"was unable to AZ Rebalance because {_held(deployment, count)}"
    say_once(service, "zone protection", text, turn)


def _held(deployment: str, count: int) -> str:
    noun = "task" if count == 1 else "tasks"
    return (
        f"(taskSet {deployment}) was unable to scale in due to (reason {count} {noun} under "
        "protection)"
    )


def stopped(service: Service, tasks: list[Task], turn: Turn) -> None:
    """Tasks have been told to stop."""
    say(service, f"has stopped {len(tasks)} running tasks: {_named(tasks)}.", turn)


def registered(service: Service, group: str, count: int, turn: Turn) -> None:
    """Targets have been registered."""
    say(service, f"registered {count} targets in (target-group {group})", turn)


def deregistered(service: Service, group: str, count: int, turn: Turn) -> None:
    """Targets have been deregistered."""
    say(service, f"deregistered {count} targets in (target-group {group})", turn)


def draining(service: Service, deployment: str, count: int, turn: Turn) -> None:
    """Tasks of a deployment drain."""
    say(service, f"has begun draining connections on {count} tasks.", turn, deployment)


def unhealthy_target(
    service: Service, task: Task, port: int, group: str, reason: str, turn: Turn
) -> None:
    """A task is stopped because its target is unhealthy."""
    text = (
        f"(task {task.id}) (port {port}) is unhealthy in (target-group {group}) due to (reason "
        f"{reason})."
    )
    say(service, text, turn)


def unhealthy_container(service: Service, task: Task, turn: Turn) -> None:
    """A task is stopped because a container of it is unhealthy."""
    say(service, f"(task {task.id}) failed container health checks.", turn)


def steady(service: Service, turn: Turn) -> None:
    """The service has all its tasks, and they are healthy."""
    say(service, "has reached a steady state.", turn)


def completed(service: Service, deployment: str, turn: Turn) -> None:
    """A deployment is done."""
    say(service, f"(deployment {deployment}) deployment completed.", turn)


def failed(service: Service, deployment: str, reason: str, turn: Turn) -> None:
    """A deployment has failed: ``tasks failed to start.``."""
    say(service, f"(deployment {deployment}) deployment failed: {reason}", turn)


def rolling_back(service: Service, deployment: str, turn: Turn) -> None:
    """The service goes back to an earlier deployment."""
    say(service, f"rolling back to deployment {deployment}.", turn)


def impaired(service: Service, turn: Turn) -> None:
    """Tasks failed to start again and again."""
    say_once(service, "start", "is unable to consistently start tasks successfully.", turn)


FARGATE = "fargate"
"""What Fargate's capacity is called where pools are limited."""
NO_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different availability "
    "zone"
)
"""Why Fargate has no place. AWS: Troubleshooting service event messages."""


NO_QUOTA = "You've reached the limit on the number of tasks you can run concurrently"
"""Why Fargate starts no more tasks. AWS: Service event messages."""


def unplaced(service: Service, reason: str, turn: Turn) -> None:
    """A task found no place. ``reason`` is ``Reason: ...`` or ``The closest matching ...``."""
    if reason in (NO_CAPACITY, NO_QUOTA):
        text = f"was unable to place a task. Reason: {reason}."
        say_once(service, "placement", text, turn)
        return
    text = (
        "was unable to place a task because no container instance met all of its requirements. "
        f"{reason} {GUIDE}"
    )
    say_once(service, "placement", text, turn)


def stuck(service: Service, turn: Turn) -> None:
    """The deployment configuration leaves no room to replace a task."""
    text = (
        "was unable to stop or start tasks during a deployment because of the service deployment "
        "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
    )
    say_once(service, "bounds", text, turn)


def protected(service: Service, deployment: str, count: int, turn: Turn) -> None:
    """Tasks are not stopped because they are protected from scale-in."""
    text = f"was unable to reach steady state because {_held(deployment, count)}"
    say_once(service, "protection", text, turn)
