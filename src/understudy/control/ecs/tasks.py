"""The life of a task. It never goes back.

    PROVISIONING -> PENDING -> ACTIVATING -> RUNNING -> DEACTIVATING -> STOPPING -> DEPROVISIONING
    -> STOPPED

A task that has a place is launched; once its containers run it is registered with its service's
target groups, and runs. A task that is stopped is deregistered first and waits until its targets
have drained; then the world ends it. AWS: Amazon ECS task lifecycle.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.ecs import messages
from understudy.control.ecs.capacity import sizes
from understudy.control.ecs.launching import launch_command
from understudy.control.ecs.state import (
    ORDER,
    OWNER,
    Cluster,
    ContainerState,
    Service,
    TargetRef,
    Task,
    TaskDefinition,
)
from understudy.control.events import Params, StopTask, TaskEnded, TaskStarted
from understudy.control.signals import TargetTurned
from understudy.control.task import Exit
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

KEPT = 3600.0
"""Seconds for which a stopped task can still be described. AWS: Viewing stopped task errors."""

FAILED, EXITED = "TaskFailedToStart", "EssentialContainerExited"
BY_USER, BY_SCHEDULER = "UserInitiated", "ServiceSchedulerInitiated"


def create(
    ecs: "Ecs", cluster: Cluster, definition: TaskDefinition, task_group: str, turn: Turn
) -> Task:
    """A new task without a place; whoever wants it sets the rest, then lets it ``begin``."""
    arn = turn.arn("ecs", f"task/{cluster.name}/{turn.ids.hex(32)}")
    cpu, memory = sizes(definition)
    task = Task(
        arn,
        cluster.name,
        definition.name,
        task_group,
        turn.at,
        [_container(each, turn) for each in definition.params["containerDefinitions"]],
        cpu,
        memory,
        placed=False,
    )
    if definition.params["networkMode"] == "awsvpc":
        task.address = _address(ecs)
        ecs.located[task.address] = arn
    else:
        task.status = "PENDING"
    ecs.state.tasks[arn] = task
    return task


def _container(definition: Params, turn: Turn) -> ContainerState:
    return ContainerState(
        definition["name"],
        definition["image"],
        turn.ids.uuid(),
        definition["essential"],
        "healthCheck" in definition,
        definition.get("cpu", 0),
        definition.get("memory", 0),
    )


def _address(ecs: "Ecs") -> str:
    """A private IPv4 address that no task has had."""
    number = ecs.state.addresses
    ecs.state.addresses += 1
    rest, last = divmod(number, 250)
    return f"10.{rest // 256 % 256}.{rest % 256}.{last + 4}"


def begin(ecs: "Ecs", task: Task, turn: Turn) -> None:
    """Launch a task that has a place, once its network interface has been provisioned."""
    delay = ecs.config.provisioning if task.address else 0.0
    turn.schedule(turn.at + delay, OWNER, "launch", task.arn)


def launch(ecs: "Ecs", task: Task, turn: Turn) -> None:
    """Let the world run a task."""
    if task.live and task.status in ("PROVISIONING", "PENDING"):
        if task.status == "PROVISIONING":
            become(task, "PENDING")
        turn.emit(launch_command(ecs, task, turn))


def become(task: Task, status: str) -> None:
    """Move a task on. It never goes back."""
    if ORDER.index(status) <= ORDER.index(task.status):
        raise AssertionError(f"{task.id} cannot go from {task.status} to {status}")
    task.status = status
    task.version += 1


def on_started(ecs: "Ecs", task: Task, event: TaskStarted, turn: Turn) -> None:
    """All containers of a task run: register it with its target groups."""
    if not task.live or task.status not in ("PENDING", "RUNNING"):
        return
    task.bindings, task.stand_in = event.bindings, event.stand_in
    if task.running:  # after a restart: the same task, somewhere else
        index(ecs, task)
        for ref in task.targets:
            ecs.targets.moved(ref.group)
        return
    task.pull_started_at, task.pull_stopped_at = event.pull_started, event.pull_stopped
    task.started_at = turn.at
    for container in task.containers:
        if container.status != "STOPPED":
            container.status = "RUNNING"
    become(task, "ACTIVATING")
    index(ecs, task)
    _register(ecs, task, turn)
    become(task, "RUNNING")


def index(ecs: "Ecs", task: Task) -> None:
    """Let a task be found by its address, or by its instance and its ports there."""
    if task.address:
        ecs.located[task.address] = task.arn
    instance = ecs.state.instances.get(task.instance)
    for binding in task.bindings:
        if instance is not None and not task.address:
            ecs.located[f"{instance.instance_id}:{binding.port}"] = task.arn


def _register(ecs: "Ecs", task: Task, turn: Turn) -> None:
    service = ecs.state.services.get(task.service)
    if service is None:
        return
    refs = list(_refs(ecs, service, task))
    for ref in refs:
        ecs.targets.register(ref.group, ref.id, ref.port, task.zone, turn)
        messages.registered(service, ref.group, 1, turn)
    task.targets = tuple(refs)


def _refs(ecs: "Ecs", service: Service, task: Task) -> Sequence[TargetRef]:
    """The targets that a task is: by its address, or by its instance and the port there."""
    deployment = next((d for d in service.deployments if d.id == task.deployment), None)
    revision = service.revisions.get(deployment.revision) if deployment else None
    if revision is None:
        return ()
    instance = ecs.state.instances.get(task.instance)
    found: list[TargetRef] = []
    balancers: list[Params] = revision.params.get("loadBalancers", [])
    for balancer, group in zip(balancers, revision.groups, strict=True):
        port: int = balancer["containerPort"]
        if task.address:
            found.append(TargetRef(group, task.address, port))
            continue
        for binding in task.bindings:
            named = (binding.container, binding.container_port)
            if instance is not None and named == (balancer["containerName"], port):
                found.append(TargetRef(group, instance.instance_id, binding.port))
    return found


def stop(ecs: "Ecs", task: Task, code: str, reason: str, turn: Turn) -> None:
    """Let a task stop. One that is a target is deregistered at its service's next look."""
    if not task.live:
        return
    task.desired, task.stop_code, task.stop_reason = "STOPPED", code, reason
    task.stopping_at = turn.at
    task.version += 1
    if not task.targets:
        _end(ecs, task, turn)


def deregister(ecs: "Ecs", tasks: Sequence[Task], turn: Turn) -> None:
    """Deregister the targets of tasks that shall stop; those that drain wait for it."""
    for task in tasks:
        draining = [ref for ref in task.targets if _deregistered(ecs, ref, turn)]
        task.targets, task.draining = (), tuple(draining)
        become(task, "DEACTIVATING")
        if not draining:
            _end(ecs, task, turn)


def _deregistered(ecs: "Ecs", ref: TargetRef, turn: Turn) -> bool:
    return ecs.targets.deregister(ref.group, ref.id, ref.port, turn)


def drained(ecs: "Ecs", task: Task, turned: TargetTurned, turn: Turn) -> None:
    """A target of a task has drained; with the last one the task ends."""
    ref = TargetRef(turned.group, turned.target_id, turned.port)
    if ref in task.draining:
        task.draining = tuple(each for each in task.draining if each != ref)
        if not task.draining and task.status == "DEACTIVATING":
            _end(ecs, task, turn)


def _end(ecs: "Ecs", task: Task, turn: Turn) -> None:
    """Have the world end a task; one that it has never run is stopped at once."""
    launched = task.status != "PROVISIONING" and (
        task.started_at or task.status in ("PENDING", "STOPPING")
    )
    if launched and task.placed:
        become(task, "STOPPING")
        turn.emit(StopTask(turn.region, task.arn))
    else:
        _stopped(ecs, task, turn)


def on_ended(ecs: "Ecs", task: Task, event: TaskEnded, turn: Turn) -> None:
    """No container of a task runs any more."""
    if task.status in ("DEPROVISIONING", "STOPPED"):
        return
    for container in task.containers:
        container.status = "STOPPED"
    for each in event.exits:
        container_ended(task, each)
    if task.live:
        task.desired = "STOPPED"
        task.stop_code = EXITED if task.started_at else FAILED
        task.stop_reason = event.reason or "Essential container in task exited"
        task.stopping_at = turn.at
    for ref in task.targets:
        _deregistered(ecs, ref, turn)
    task.targets, task.draining = (), ()
    task.execution_stopped_at = turn.at
    become(task, "DEPROVISIONING")
    turn.schedule(turn.at + ecs.config.deprovisioning, OWNER, "stopped", task.arn)


def container_ended(task: Task, found: Exit) -> None:
    """Note how a container of a task has ended."""
    for container in task.containers:
        if container.name == found.container:
            container.status = "STOPPED"
            container.exit_code, container.reason = found.code, found.reason


def again(ecs: "Ecs", task: Task, turn: Turn) -> None:
    """Ask the world once more for what it was asked for before it forgot."""
    if task.live and task.status in ("PENDING", "RUNNING") and task.placed:
        turn.emit(launch_command(ecs, task, turn))
    elif task.status == "STOPPING":
        turn.emit(StopTask(turn.region, task.arn))


def _stopped(ecs: "Ecs", task: Task, turn: Turn) -> None:
    become(task, "STOPPED")
    task.stopped_at = turn.at
    for container in task.containers:
        container.status = "STOPPED"
    for where in [where for where, arn in ecs.located.items() if arn == task.arn]:
        del ecs.located[where]
    turn.schedule(turn.at + KEPT, OWNER, "forget", task.arn)


def finish(ecs: "Ecs", task: Task, turn: Turn) -> None:
    """What a task had is given back: it is stopped."""
    if task.status == "DEPROVISIONING":
        _stopped(ecs, task, turn)


def forget(ecs: "Ecs", task: Task) -> None:
    """A stopped task can be described no more."""
    del ecs.state.tasks[task.arn]
    ecs.state.tags.pop(task.arn, None)


def health(task: Task) -> str:
    """HEALTHY if all essential containers with a check are, UNKNOWN if none has one."""
    found = {each.health for each in task.containers if each.checked and each.essential}
    if not found or "UNHEALTHY" in found:
        return "UNHEALTHY" if found else "UNKNOWN"
    return "HEALTHY" if found == {"HEALTHY"} else "UNKNOWN"
