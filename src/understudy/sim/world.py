"""The simulated world: virtual time, and a model of everything that the engine commands."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from understudy.base.fault import Fault
from understudy.control.events import (
    AnyCommand,
    AnyEvent,
    ApiCalled,
    Call,
    CallAnswered,
    CallFailed,
    InstanceHealthy,
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
)
from understudy.control.stand_ins import StandInModel, StandIns
from understudy.engine.engine import Engine
from understudy.sim.answers import Answers
from understudy.sim.fleet import Fleet

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class WorldModel:
    """How long things take in the simulated world, in seconds.

    ``instance_start`` is from launch to the first healthy answer, ``call`` an AWS API call,
    ``stand_ins`` what tasks and the targets of load balancers take.
    """

    instance_start: float = 0.3
    call: float = 0.05
    stand_ins: StandInModel = field(default_factory=StandInModel)


class SimulatedWorld:
    """Drives an engine through virtual time. ``now`` only moves in `run`."""

    def __init__(self, engine: Engine, model: WorldModel, at: float, region: str) -> None:
        self.engine = engine
        self.now = at
        self.region = region
        self.commands: list[AnyCommand] = []
        self._follows = False
        self._model = model
        self._answers = Answers()
        self._stand_ins = StandIns(model.stand_ins)
        self._events: list[tuple[float, int, AnyEvent]] = []
        self._sequence = 0
        self._fleet: Fleet | None = None
        self._next_report = float("inf")

    def call(self, service: str, operation: str, params: Params) -> Params:
        """Call an operation now. Raises Fault."""
        event = ApiCalled(self.now, self.region, service, operation, params, "simulated")
        step = self.engine.handle(event)
        self._perform_all(step.commands)
        if isinstance(step.answer, Fault):
            raise step.answer
        return step.answer or {}

    def query(self, service: str, operation: str, params: Params) -> Params:
        """Call an operation that only reads. Raises Fault."""
        return self.engine.query(self.region, self.now, service, operation, params)

    def send(self, fleet: Fleet) -> None:
        """Let requests be sent to an endpoint from now on."""
        region = self.engine.region(self.region)
        endpoint = region.plane.sagemaker.state.endpoints[fleet.endpoint]
        fleet.route(SetRoute(self.region, fleet.endpoint, endpoint.route), self.now)
        self._fleet = fleet
        self._next_report = (self.now // MINUTE + 1) * MINUTE

    def silence(self, task: str) -> None:
        """Let a task hang: it answers no health check from now on."""
        for event in self._stand_ins.silence(task, self.now):
            self._schedule(event)

    def report(self, event: AnyEvent) -> None:
        """Tell the engine now of something that happened in the world."""
        self._perform_all(self.engine.handle(event).commands)

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
        while (at := self._next()) <= until:
            self.now = max(self.now, at)
            self._happen(at)
            if stop is not None and stop():
                return
        self.now = max(self.now, until)

    def _next(self) -> float:
        due = self.engine.due()
        event = self._events[0][0] if self._events else float("inf")
        return min(due if due is not None else float("inf"), event, self._next_report)

    def _happen(self, at: float) -> None:
        """One thing happens: a timer before an event of the same time, as in the live world."""
        due = self.engine.due()
        if due is not None and due <= at:
            self._perform_all(self.engine.fire())
        elif self._events and self._events[0][0] <= at:
            _, _, event = heapq.heappop(self._events)
            self._perform_all(self.engine.handle(event).commands)
        else:
            self._report_served()

    def _report_served(self) -> None:
        end, self._next_report = self._next_report, self._next_report + MINUTE
        if self._fleet is not None:
            served = self._fleet.report(end)
            if served:
                event = RequestsCompleted(end, self.region, served)
                self._perform_all(self.engine.handle(event).commands)

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
                for event in self._stand_ins.perform(command, self.now):
                    self._schedule(event)
            case Call():
                self._schedule(self._answered(command))

    def _launch(self, command: Launch) -> None:
        """A model server is up after its start; a stand-in instance after a moment."""
        stand_in = command.kind == "stand-in"
        at = self.now + (0.0 if stand_in else self._model.instance_start)
        host = "stand-in" if stand_in else "simulated"
        self._schedule(InstanceHealthy(at, command.region, command.instance_id, host, 0))

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
