"""Tasks and load balancers that are only taken to run: the honest stand-in for what runs nowhere.

A world that has no processes or sockets for a command asks what would come of it: events, each at
its time. Who sees them is told that they are a stand-in's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, inf

from understudy.balancing.health import Health, Probe, State, load_balancer, probes_until_change
from understudy.control.balancer import BalancedGroup, Balancer, HealthCheck, Turned
from understudy.control.events import (
    AnyCommand,
    AnyEvent,
    BalancerReached,
    LaunchTask,
    RemoveBalancer,
    SetBalancer,
    StopTask,
    TargetsTurned,
    TaskEnded,
    TaskHealthChanged,
    TaskStarted,
)
from understudy.control.task import Binding, Exit

TIMED_OUT = ("Target.Timeout", "Request timed out")
MISMATCH = ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
EXITED = "Essential container in task exited"


@dataclass(frozen=True, slots=True)
class TaskModel:
    """How long the tasks of an image take, in seconds.

    ``start`` is from launch until the containers run, ``ready`` from then until they answer health
    checks (inf: they never do), ``lasts`` until they exit by themselves with ``exit_code``, and
    ``stop`` from SIGTERM to the end. With a ``failure`` they never run; that is its reason.
    """

    start: float = 0.5
    ready: float = 0.0
    stop: float = 0.1
    lasts: float = inf
    exit_code: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class StandInModel:
    """The tasks of all images but some, and how soon after a target's registration it is probed."""

    tasks: TaskModel = field(default_factory=TaskModel)
    by_image: Mapping[str, TaskModel] = field(default_factory=dict[str, TaskModel])
    first_probe: float = 1.0

    def of(self, launch: LaunchTask) -> TaskModel:
        """How a task behaves: as its first container that has a model of its own."""
        named = (each.image for each in launch.containers if each.image in self.by_image)
        image = next(named, None)
        return self.tasks if image is None else self.by_image[image]


@dataclass(slots=True)
class _Running:
    """A task that is taken to run, and from when on it answers health checks."""

    launch: LaunchTask
    ready_at: float
    silent_from: float = inf


class StandIns:
    """What would come of commands. ``silence`` lets a task hang."""

    def __init__(self, model: StandInModel | None = None) -> None:
        self._model = model or StandInModel()
        self._tasks: dict[str, _Running] = {}
        self._addresses: dict[tuple[str, int], str] = {}
        self._balancers: dict[str, tuple[str, Balancer]] = {}
        self._probed: dict[tuple[str, str, int], float] = {}

    def perform(self, command: AnyCommand, at: float) -> list[AnyEvent]:
        """The events that come of a command at a time; none of a command that is not for us."""
        match command:
            case LaunchTask():
                return self._launch(command, at)
            case StopTask():
                return self._stop(command, at)
            case SetBalancer():
                return self._set(command, at)
            case RemoveBalancer():
                self._balancers.pop(command.arn, None)
                return []
            case _:
                return []

    def silence(self, task: str, at: float) -> list[AnyEvent]:
        """What comes of a task that hangs from now on: its targets turn unhealthy."""
        self._tasks[task].silent_from = at
        events: list[AnyEvent] = []
        for region, balancer in self._balancers.values():
            for group in balancer.groups:
                for target in group.targets:
                    if self._addresses.get((target.host, target.host_port)) == task:
                        turned = Turned(group.arn, target.id, target.port, "unhealthy", *TIMED_OUT)
                        due = self._fails(group, target.id, target.port, at)
                        events.append(TargetsTurned(due, region, (turned,)))
        return events

    def task_at(self, host: str, port: int) -> str:
        """The task that listens at an address, empty if none does."""
        return self._addresses.get((host, port), "")

    def _fails(self, group: BalancedGroup, target: str, port: int, at: float) -> float:
        """When the probes of a target that answers no more have failed often enough."""
        first = self._probed.get((group.arn, target, port), at)
        check = group.check
        missed = first + ceil(max(at - first, 0.0) / check.interval) * check.interval
        return missed + (check.unhealthy - 1) * check.interval + check.timeout

    def _launch(self, command: LaunchTask, at: float) -> list[AnyEvent]:
        model, task, region = self._model.of(command), command.task, command.region
        begun = at + model.start
        if model.failure:
            exits = tuple(Exit(each.name, None, model.failure) for each in command.containers)
            return [TaskEnded(begun, region, task, exits, model.failure)]
        self._tasks[task] = _Running(command, begun + model.ready)
        bindings = tuple(self._bind(command))
        started = TaskStarted(begun, region, task, bindings, at, at, stand_in=True)
        events: list[AnyEvent] = [started, *self._healthy(command, begun + model.ready)]
        if model.lasts < inf:
            exits = tuple(Exit(each.name, model.exit_code) for each in command.containers)
            events.append(TaskEnded(begun + model.lasts, region, task, exits, EXITED))
        return events

    def _bind(self, command: LaunchTask) -> list[Binding]:
        """The ports of a task, at its own address or, on an instance, at that instance's."""
        host = command.address or command.instance_id
        bindings: list[Binding] = []
        for container in command.containers:
            for mapping in container.ports:
                port = mapping.host_port or 32768 + len(self._addresses)
                self._addresses[host, port] = command.task
                bindings.append(Binding(container.name, mapping.container_port, host, port))
        return bindings

    def _healthy(self, command: LaunchTask, ready: float) -> list[AnyEvent]:
        """The first successful health checks of containers that have one."""
        return [
            TaskHealthChanged(
                ready + each.check.interval, command.region, command.task, each.name, "HEALTHY"
            )
            for each in command.containers
            if each.check is not None and ready < inf
        ]

    def _stop(self, command: StopTask, at: float) -> list[AnyEvent]:
        running = self._tasks.pop(command.task, None)
        if running is None:
            return [TaskEnded(at, command.region, command.task)]
        stop = self._model.of(running.launch).stop
        exits = tuple(Exit(each.name, 0) for each in running.launch.containers)
        return [TaskEnded(at + stop, command.region, command.task, exits)]

    def _set(self, command: SetBalancer, at: float) -> list[AnyEvent]:
        balancer = command.balancer
        events: list[AnyEvent] = []
        if balancer.arn not in self._balancers:
            events.append(BalancerReached(at, command.region, balancer.arn))
        self._balancers[balancer.arn] = (command.region, balancer)
        for group in balancer.groups:
            for target in group.targets:
                key = (group.arn, target.id, target.port)
                if target.draining:
                    self._probed.pop(key, None)
                elif key not in self._probed and group.check.enabled:
                    self._probed[key] = at + self._model.first_probe
                    ready = self._ready_at(target.host, target.host_port)
                    for due, turned in self._probes(group, key, ready):
                        events.append(TargetsTurned(due, command.region, (turned,)))
        return events

    def _ready_at(self, host: str, port: int) -> float:
        """From when on a target answers; a target that is no task of ours always does."""
        running = self._tasks.get(self._addresses.get((host, port), ""))
        return running.ready_at if running else 0.0

    def _probes(
        self, group: BalancedGroup, key: tuple[str, str, int], ready: float
    ) -> list[tuple[float, Turned]]:
        """What the first probes of a target come to, by the state machine of health."""
        first, check = self._probed[key], group.check
        failing = _before(first, ready, check)
        limit = _probes(State.INITIAL, Probe.FAILURE, check)
        turns: list[tuple[float, Turned]] = []
        successes = _probes(State.INITIAL, Probe.SUCCESS, check)
        if failing >= limit:
            due = first + (limit - 1) * check.interval
            turns.append((due, Turned(*key, "unhealthy", *MISMATCH)))
            successes = _probes(State.UNHEALTHY, Probe.SUCCESS, check)
        if ready < inf:
            due = first + (failing + successes - 1) * check.interval
            turns.append((due, Turned(*key, "healthy")))
        return turns


def _before(first: float, ready: float, check: HealthCheck) -> float:
    """How many probes are sent before a target is ready."""
    return inf if ready == inf else max(0, ceil((ready - first) / check.interval))


def _probes(state: State, probe: Probe, check: HealthCheck) -> int:
    thresholds = load_balancer(check.healthy, check.unhealthy)
    return probes_until_change(Health(state), probe, thresholds) or 0
