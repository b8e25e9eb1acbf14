"""Elastic Container Service of one region: its events, timers, and what others need of it."""

from collections.abc import Callable
from dataclasses import dataclass

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.ecs import (
    container_instances,
    managed_scaling,
    metrics,
    scheduler,
    tasks,
)
from understudy.control.ecs.keeping import tasks_of
from understudy.control.ecs.scheduler import DIMENSION
from understudy.control.ecs.state import EcsState, Service, Task
from understudy.control.events import (
    ContainerEnded,
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    Params,
    TaskEnded,
    TaskHealthChanged,
    TasksMeasured,
    TaskStarted,
)
from understudy.control.networks import Networks, ZonesByOrder
from understudy.control.ports import Located, Publisher, ScalableCapacity, Targets
from understudy.control.signals import ScalableRemoved, TargetTurned
from understudy.control.turn import Turn

UNSCALABLE = "TargetServicePutResourceAsUnscalable"


@dataclass(frozen=True, slots=True)
class EcsConfig:
    """Parameters of the world, in seconds.

    ``provisioning`` and ``deprovisioning`` are what a task's network interface takes (some 10 s on
    AWS), ``look`` how often a service looks at its tasks while it has something to do, ``settling``
    after how long a task without any health check counts as healthy.
    """

    provisioning: float = 0.0
    deprovisioning: float = 0.0
    look: float = 5.0
    settling: float = 40.0


@dataclass(frozen=True, slots=True)
class Host:
    """An EC2 instance that could be a container instance.

    ``cluster`` is what its user data names, ``group`` its Auto Scaling group; both may be empty.
    """

    instance_type: str
    zone: str
    group: str = ""
    cluster: str = ""


def _no_host(instance_id: str) -> Host | None:
    del instance_id
    return None


def _endless(kind: str, zone: str, purchase: str, at: float) -> int | None:
    del kind, zone, purchase, at
    return None


def _no_quota(key: str) -> int | None:
    del key
    return None


def _no_groups(operation: str, params: Params, turn: Turn) -> Params:
    del operation, params, turn
    raise Fault("ValidationError", "AutoScalingGroup name not found")


class Ecs:
    """The service of one region. Also the ``Scalable`` of its services.

    ``host`` tells what is known of an EC2 instance, ``groups`` calls an operation of EC2 Auto
    Scaling. ``located`` finds tasks by their address, or by instance and port. ``limit_of`` tells
    how many tasks Fargate runs in a zone, ``quota_of`` how many vCPUs a quota allows (by its
    key), None without end.
    """

    label = "ecs"
    quantity = "desired count"

    def __init__(
        self, state: EcsState, publisher: Publisher, targets: Targets, config: EcsConfig
    ) -> None:
        self.state = state
        self.publisher = publisher
        self.targets = targets
        self.config = config
        self.networks: Networks = ZonesByOrder()
        self.host: Callable[[str], Host | None] = _no_host
        self.groups: Callable[[str, Params, Turn], Params] = _no_groups
        self.limit_of: Callable[[str, str, str, float], int | None] = _endless
        self.quota_of: Callable[[str], int | None] = _no_quota
        self.located: dict[str, str] = {}
        for task in state.tasks.values():
            if task.status != "STOPPED":
                tasks.index(self, task)

    def locate(self, target_id: str, port: int) -> Located | None:
        """Where a target really listens that is one of our tasks; None if it is none."""
        arn = self.located.get(target_id) or self.located.get(f"{target_id}:{port}")
        task = self.state.tasks.get(arn) if arn else None
        if task is None:
            return None
        for binding in task.bindings:
            if port == (binding.container_port if task.address else binding.port):
                return Located(binding.host, binding.port, task.zone)
        return Located("", 0, task.zone)

    def on_started(self, event: TaskStarted, turn: Turn) -> None:
        """All containers of a task run."""
        if task := self.state.tasks.get(event.task):
            tasks.on_started(self, task, event, turn)
            self._wake(task, turn)

    def on_ended(self, event: TaskEnded, turn: Turn) -> None:
        """No container of a task runs any more."""
        if task := self.state.tasks.get(event.task):
            tasks.on_ended(self, task, event, turn)
            scheduler.ended(self, task, turn)
            self._wake(task, turn)

    def on_health(self, event: TaskHealthChanged, turn: Turn) -> None:
        """The health check of a container has found out something new."""
        task = self.state.tasks.get(event.task)
        for container in task.containers if task else ():
            if task is not None and container.name == event.container:
                container.health = event.status
                self._wake(task, turn)

    def on_container_ended(self, event: ContainerEnded, turn: Turn) -> None:
        """A container has ended, and its task goes on."""
        del turn
        if task := self.state.tasks.get(event.task):
            tasks.container_ended(task, event.exit)

    def on_measured(self, event: TasksMeasured, turn: Turn) -> None:
        """Tasks have been measured."""
        metrics.publish_measured(self, event, turn)

    def on_target(self, turned: TargetTurned, turn: Turn) -> None:
        """The health of a target has changed, or it has drained."""
        arn = self.located.get(turned.target_id) or self.located.get(
            f"{turned.target_id}:{turned.port}"
        )
        task = self.state.tasks.get(arn) if arn else None
        if task is None:
            return
        if turned.state == "unused":
            tasks.drained(self, task, turned, turn)
        self._wake(task, turn)

    def on_healthy(self, event: InstanceHealthy, turn: Turn) -> None:
        """An EC2 instance runs: it may be a container instance."""
        container_instances.on_healthy(self, event.instance_id, turn)

    def on_gone(self, event: InstanceFailed | InstanceStopped, turn: Turn) -> None:
        """An EC2 instance is gone, and with it what ran on it."""
        container_instances.on_gone(self, event.instance_id, turn)

    def _wake(self, task: Task, turn: Turn) -> None:
        if service := self.state.services.get(task.service):
            scheduler.wake(self, service, turn)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A time that was wished for has come."""
        kind, name, *rest = key
        if kind == "look":
            if service := self.state.services.get(name):
                scheduler.look(self, service, turn)
        elif kind == "provider":
            managed_scaling.on_minute(self, name, turn)
        elif kind == "minute":
            metrics.on_minute(self, name, int(rest[0]), turn)
        elif task := self.state.tasks.get(name):
            _TASK_TIMERS[kind](self, task, turn)

    def on_restart(self, turn: Turn) -> None:
        """The world has forgotten its tasks: those that shall run are launched again."""
        for task in list(self.state.tasks.values()):
            tasks.again(self, task, turn)
        for service in self.state.services.values():
            scheduler.wake(self, service, turn)

    def service(self, resource_id: str) -> Service | None:
        """The active service of a resource id: ``service/cluster/name``."""
        _, _, key = resource_id.partition("/")
        service = self.state.services.get(key)
        return service if service is not None and service.status == "ACTIVE" else None

    def capacity(self, resource_id: str) -> ScalableCapacity | None:
        """The capacity of a service, by its running tasks. While it deploys it does not scale in.

        None where nothing scales it: a daemon, task sets.

        AWS: Application Auto Scaling, Amazon ECS and Application Auto Scaling.
        """
        service = self.service(resource_id)
        if service is None or service.daemon or service.external:
            return None
        there = sum(task.live and task.running for task in tasks_of(self, service))
        running = min(there, service.desired)
        deploying = service.primary.rollout == "IN_PROGRESS" and bool(service.completed)
        return ScalableCapacity(service.desired, running, UNSCALABLE if deploying else "")

    def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
        """Set the desired count of a service. Raises Fault where there is none."""
        service = self.service(resource_id)
        if service is None:
            raise Fault("ServiceNotFoundException", "Service not found.")
        service.desired, service.owes, service.steady = desired, True, False
        scheduler.wake(self, service, turn)

    def removed(self, service: Service, turn: Turn) -> None:
        """A service is gone; so is what scales it."""
        resource = f"service/{service.cluster}/{last_name(service.arn)}"
        turn.signal(ScalableRemoved(DIMENSION, resource))


def _forget(ecs: Ecs, task: Task, turn: Turn) -> None:
    del turn
    tasks.forget(ecs, task)


_TASK_TIMERS: dict[str, Callable[[Ecs, Task, Turn], None]] = {
    "launch": tasks.launch,
    "stopped": tasks.finish,
    "forget": _forget,
}
