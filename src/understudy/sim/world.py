"""The simulated world: virtual time, and a model of everything that the engine commands."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from math import inf

from understudy.base.fault import Fault
from understudy.control.events import (
    AnyCommand,
    AnyEvent,
    ApiCalled,
    BalancersServed,
    Call,
    CallAnswered,
    CallFailed,
    Concurrency,
    InstanceFailed,
    InstanceHealthy,
    InstancesMeasured,
    InstanceStopped,
    Launch,
    LaunchTask,
    Params,
    RemoveBalancer,
    RemoveRoute,
    RequestsCompleted,
    SetBalancer,
    SetRoute,
    Stop,
    StopTask,
    TargetsTurned,
    TasksMeasured,
)
from understudy.control.sagemaker.metrics import CONCURRENCY_SECONDS
from understudy.control.stand_ins import StandInModel, StandIns
from understudy.control.task import Measured
from understudy.deploy.outside import with_found
from understudy.engine.engine import Engine
from understudy.sim.answers import Answers
from understudy.sim.balanced import BalancedFleet
from understudy.sim.fleet import Fleet
from understudy.sim.start_up import DRAWN, StartUp, at_once

MINUTE = 60.0
SHORT = 20.0
"""Tasks are measured for so many seconds each time."""
FAILED_LAUNCH = "The instance failed to start."
UNHEALTHY = "The instance stopped answering its health check."


@dataclass(frozen=True, slots=True)
class WorldModel:
    """How long things take in the simulated world, in seconds, and what goes wrong in it.

    ``call`` is an AWS API call, ``stand_ins`` what tasks and the targets of load balancers take.
    """

    start_up: StartUp = field(default_factory=lambda: at_once(0.3))
    call: float = 0.05
    stand_ins: StandInModel = field(default_factory=StandInModel)


class SimulatedWorld:
    """Drives an engine through virtual time. ``now`` only moves in `run`.

    Launches fail only while it is ``armed``: what is rehearsed is scaling, not the deployment.
    """

    def __init__(self, engine: Engine, model: WorldModel, at: float, region: str) -> None:
        self.engine = engine
        self.now = at
        self.region = region
        self.commands: list[AnyCommand] = []
        self._follows = False
        self.launched = 0
        self.armed = False
        self._model = model
        self._answers = Answers()
        self._machines: set[str] = set()
        self._stand_ins = StandIns(model.stand_ins)
        self._events: list[tuple[float, int, AnyEvent]] = []
        self._sequence = 0
        self._fleet: Fleet | None = None
        self._balanced: BalancedFleet | None = None
        self._next_report = inf
        self._next_concurrency = inf
        self._next_used = inf

    def call(self, service: str, operation: str, params: Params) -> Params:
        """Call an operation now. Raises Fault."""
        params = self._looked_up(service, operation, params)
        event = ApiCalled(self.now, self.region, service, operation, params, "simulated")
        step = self.engine.handle(event)
        self._perform_all(step.commands)
        if isinstance(step.answer, Fault):
            raise step.answer
        return step.answer or {}

    def _looked_up(self, service: str, operation: str, params: Params) -> Params:
        """The parameters of a call with all that its answer needs to know of the world."""
        while needs := self.engine.needs(self.region, self.now, service, operation, params):
            for need in needs:
                call = Call(self.region, "", need.service, need.operation, need.params)
                try:
                    answer: Params | Fault = self._answers.answer(call)
                except Fault as fault:
                    answer = fault
                params = with_found(params, need, answer)
        return params

    def query(self, service: str, operation: str, params: Params) -> Params:
        """Call an operation that only reads. Raises Fault."""
        return self.engine.query(self.region, self.now, service, operation, params)

    def send(self, fleet: Fleet, *, concurrency: bool = False) -> None:
        """Let requests be sent to an endpoint from now on; report ``concurrency`` if it matters."""
        region = self.engine.region(self.region)
        endpoint = region.plane.sagemaker.state.endpoints[fleet.endpoint]
        fleet.route(SetRoute(self.region, fleet.endpoint, endpoint.route), self.now)
        self._fleet = fleet
        self._next_report = (self.now // MINUTE + 1) * MINUTE
        if concurrency:
            passed = self.now // CONCURRENCY_SECONDS
            self._next_concurrency = (passed + 1) * CONCURRENCY_SECONDS

    def balance(self, fleet: BalancedFleet, *, short: bool = False) -> None:
        """Let requests be sent to a load balancer from now on.

        What its targets use is told every minute, or every 20 seconds if ``short`` matters.
        """
        self._balanced = fleet
        for group in self.engine.region(self.region).plane.elbv2.state.groups.values():
            for target in group.targets.values():
                fleet.told(group.arn, target.id, target.port, target.state)
        told = (
            command.balancer
            for command in reversed(self.commands)
            if isinstance(command, SetBalancer) and command.balancer.arn == fleet.arn
        )
        for balancer in islice(told, 1):
            fleet.set(balancer, self.now)
        self._next_report = (self.now // MINUTE + 1) * MINUTE
        if short:
            self._next_used = (self.now // SHORT + 1) * SHORT

    def silence(self, task: str) -> None:
        """Let a task hang: it answers no health check from now on."""
        for event in self._stand_ins.silence(task, self.now):
            self._schedule(event)

    def report(self, event: AnyEvent) -> None:
        """Tell the engine now of something that happened in the world."""
        self._happens(event)

    def follow(self, events: Iterable[AnyEvent], until: float) -> None:
        """Let recorded events happen up to a time, with what the engine commands only noted.

        The model is not asked: what became of the commands is in the events.
        """
        self._follows = True
        for event in events:
            self._schedule(event)
        self.run(until)

    def run(self, until: float, *, stop: Callable[[], bool] | None = None) -> None:
        """Let time pass until a time, or until ``stop`` says so after something has happened."""
        engine, events = self.engine, self._events
        while True:
            due = engine.due()
            timer = inf if due is None else due
            event = events[0][0] if events else inf
            at = min(timer, event, self._next_report, self._next_concurrency, self._next_used)
            if at > until:
                break
            self.now = max(self.now, at)
            if timer <= at:  # a timer fires before an event of the same time, as in the live world
                self._perform_all(engine.fire())
            elif event <= at:
                self._happens(heapq.heappop(events)[2])
            else:
                self._report(at)
            if stop is not None and stop():
                return
        self.now = max(self.now, until)

    def _happens(self, event: AnyEvent) -> None:
        if isinstance(event, TargetsTurned) and self._balanced is not None:
            self._balanced.turned(event)
        self._perform_all(self.engine.handle(event).commands)

    def _report(self, at: float) -> None:
        """Tell what was served in the minute that ends now, or how many requests are in flight."""
        if self._balanced is not None:
            self._of_balancer(self._balanced, at)
            return
        fleet = self._fleet
        assert fleet is not None
        if at < self._next_report:
            self._next_concurrency += CONCURRENCY_SECONDS
            in_flight = fleet.in_flight(at)
            events: list[AnyEvent] = [
                Concurrency(at, self.region, fleet.endpoint, name, tuple(map(float, counts)))
                for name, counts in in_flight.items()
                if counts
            ]
        else:
            self._next_report += MINUTE
            served = fleet.report(at)
            events = [RequestsCompleted(at, self.region, served)] if served else []
        for event in events:
            self._perform_all(self.engine.handle(event).commands)

    def _of_balancer(self, balanced: BalancedFleet, at: float) -> None:
        """Tell what was served in the minute that ends now, and what targets used lately."""
        events: list[AnyEvent] = []
        short = self._next_used < inf
        if at >= self._next_report:
            self._next_report += MINUTE
            events.append(BalancersServed(at, self.region, balanced.report(at)))
            events += [] if short else self._used(balanced, at, MINUTE)
        if at >= self._next_used:
            self._next_used += SHORT
            events += self._used(balanced, at, SHORT)
        for event in events:
            self._perform_all(self.engine.handle(event).commands)

    def _used(self, balanced: BalancedFleet, at: float, seconds: float) -> list[AnyEvent]:
        """What the targets of a load balancer used of their processors in so many seconds.

        A target computes on all that it has while all its slots are busy, on half of it while half
        of them are: what a model that is bound by its processors shows.
        """
        busy = balanced.busy(at, seconds)
        tasks = self.engine.region(self.region).plane.ecs.state.tasks
        measured: list[Measured] = []
        instances: list[tuple[str, float]] = []
        for target in balanced.targets:
            name = self._stand_ins.task_at(target.host, target.host_port)
            task = tasks.get(name)
            if task is None:
                instances.append((target.id, 100.0 * busy))
            else:
                used = busy * task.cpu
                starts = range(int(at - seconds), int(at), int(SHORT))
                measured += [Measured(name, start, used) for start in starts]
        events: list[AnyEvent] = []
        if measured:
            events.append(TasksMeasured(at, self.region, tuple(measured)))
        if instances:
            cpu = ("CPUUtilization", "Percent")
            events.append(InstancesMeasured(at, self.region, *cpu, tuple(instances)))
        return events

    def _perform_all(self, commands: tuple[AnyCommand, ...]) -> None:
        self.commands.extend(commands)
        for command in () if self._follows else commands:
            self._perform(command)

    def _perform(self, command: AnyCommand) -> None:
        match command:
            case Launch():
                self._launch(command)
            case Stop():
                at = self.now
                if self._fleet is not None:
                    done = self._fleet.drained(command.instance_id, at)
                    at = min(done, at + command.drain)
                self._schedule(InstanceStopped(at, command.region, command.instance_id))
            case SetRoute() | RemoveRoute():
                if self._fleet is not None and self._fleet.endpoint == command.endpoint:
                    route = command if isinstance(command, SetRoute) else None
                    self._fleet.route(route, self.now)
            case SetBalancer() | RemoveBalancer() | LaunchTask() | StopTask():
                self._stand_in(command)
            case Call():
                self._schedule(self._answered(command))

    def _stand_in(self, command: SetBalancer | RemoveBalancer | LaunchTask | StopTask) -> None:
        fleet = self._balanced
        if isinstance(command, SetBalancer) and fleet and command.balancer.arn == fleet.arn:
            fleet.set(command.balancer, self.now)
        for event in self._stand_ins.perform(command, self.now):
            self._schedule(event)

    def _launch(self, command: Launch) -> None:
        """Start an instance: it becomes healthy, or does not, and may later fall ill.

        An EC2 instance starts in the same time, or sooner if it was stopped, and never fails.
        """
        if command.kind == "machine":
            again = command.instance_id in self._machines
            start = self._model.start_up.warmed if again else self._model.start_up
            at = self.now + float(start.seconds[self.launched % DRAWN])
            self._machines.add(command.instance_id)
            self.launched += 1
            self._schedule(InstanceHealthy(at, command.region, command.instance_id, "stand-in", 0))
            return
        start, number = self._model.start_up, self.launched % DRAWN
        self.launched += 1
        region, instance = command.region, command.instance_id
        if self.armed and start.failing[number] < inf:
            at = self.now + float(start.failing[number])
            self._schedule(InstanceFailed(at, region, instance, FAILED_LAUNCH))
        else:
            healthy = self.now + float(start.seconds[number])
            self._schedule(InstanceHealthy(healthy, region, instance, "simulated", 0))
            fails = healthy + float(start.lifetimes[number])
            if fails < inf:
                self._schedule(InstanceFailed(fails, region, instance, UNHEALTHY))

    def _answered(self, call: Call) -> AnyEvent:
        at = self.now + self._model.call
        try:
            output = self._answers.answer(call)
        except Fault as fault:
            return CallFailed(
                at, call.region, call.call_id, fault.code, fault.message, fault.status
            )
        return CallAnswered(at, call.region, call.call_id, output)

    def _schedule(self, event: AnyEvent) -> None:
        self._sequence += 1
        heapq.heappush(self._events, (event.at, self._sequence, event))
