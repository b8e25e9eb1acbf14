"""An account in virtual time for tests: the engine, a world around it, and its journal.

>>> account = Account(World(...), outside)                                   # doctest: +SKIP
>>> account.call("cloudformation", "CreateStack", StackName="app", TemplateBody=body)
>>> account.run(60)                                                          # doctest: +SKIP
"""

import heapq
from dataclasses import dataclass, field
from typing import Any, Protocol

from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.control.events import (
    AnyCommand,
    AnyEvent,
    ApiCalled,
    Call,
    CallAnswered,
    CallFailed,
    EngineRestarted,
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    Launch,
    Params,
    Stop,
)
from understudy.deploy.outside import with_found
from understudy.engine.engine import Engine, EngineState, World


class Outside(Protocol):
    """The services that the engine does not answer for."""

    def answer(self, call: Call) -> Params:
        """Perform a call. Raises Fault."""
        ...


@dataclass(slots=True)
class Pace:
    """How long things take, in seconds. ``broken`` instances, the next so many, do not start."""

    call: float = 0.05
    instance_start: float = 60.0
    instance_stop: float = 5.0
    broken: int = 0
    calls: dict[str, float] = field(default_factory=dict[str, float])


class Account:
    """Time starts at ``at`` and moves only in `run`. ``journal`` has all events with commands.

    ``region`` is the one whose operations are called.
    """

    def __init__(
        self, world: World, outside: Outside, at: float = 1_780_000_000.0, seed: int = 0
    ) -> None:
        self.world = world
        self.engine = Engine(world, EngineState(seed=seed))
        self.outside = outside
        self.region = DEFAULT_REGION
        self.now = at
        self.pace = Pace()
        self.journal: list[tuple[AnyEvent, tuple[AnyCommand, ...]]] = []
        self.commands: list[AnyCommand] = []
        self._unrecorded: tuple[AnyCommand, ...] = ()
        self._coming: list[tuple[float, int, AnyEvent]] = []
        self._sequence = 0

    def call(self, service: str, operation: str, /, region: str = "", **params: Any) -> Params:
        """Call an operation now, as a client does. Raises Fault."""
        region = region or self.region
        params = self._looked_up(region, service, operation, params)
        event = ApiCalled(self.now, region, service, operation, params, "request")
        answer = self._handle(event)
        if isinstance(answer, Fault):
            raise answer
        return answer or {}

    def _looked_up(self, region: str, service: str, operation: str, params: Params) -> Params:
        engine = self.engine
        while needs := engine.needs(region, self.now, service, operation, params):
            for need in needs:
                call = Call(region, "", need.service, need.operation, need.params)
                try:
                    answer: Params | Fault = self.outside.answer(call)
                except Fault as fault:
                    answer = fault
                params = with_found(params, need, answer)
        return params

    def ask(self, service: str, operation: str, /, region: str = "", **params: Any) -> Params:
        """Call an operation that only reads. Raises Fault."""
        region = region or self.region
        params = self._looked_up(region, service, operation, params)
        return self.engine.query(region, self.now, service, operation, params)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while (at := self.next()) <= end:
            self.step(at)
        self.now = end

    def next(self) -> float:
        """When something happens next; infinity if nothing does."""
        due = self.engine.due()
        coming = self._coming[0][0] if self._coming else float("inf")
        return min(due if due is not None else float("inf"), coming)

    def step(self, at: float) -> None:
        """Let the next thing happen: a timer before an event of the same time."""
        self.now = max(self.now, at)
        due = self.engine.due()
        if due is not None and due <= at:
            commands = self.engine.fire()
            self._unrecorded += commands
            self._perform_all(commands)
        else:
            self._handle(heapq.heappop(self._coming)[2])

    def restart(self) -> None:
        """The process dies and comes back: what was on its way to the engine is lost."""
        self.engine = Engine.restore(self.world, self.engine.snapshot())
        self._coming.clear()
        for region in self.engine.regions:
            self._handle(EngineRestarted(self.now, region))

    def replayed(self) -> tuple[Engine, list[tuple[AnyCommand, ...]]]:
        """A fresh engine given the journal, and the commands that each entry gave."""
        engine = Engine(self.world, EngineState(seed=self.engine.state.seed))
        given: list[tuple[AnyCommand, ...]] = []
        for event, _ in self.journal:
            commands: tuple[AnyCommand, ...] = ()
            while (due := engine.due()) is not None and due <= event.at:
                commands += engine.fire()
            given.append(commands + engine.handle(event).commands)
        return engine, given

    def _handle(self, event: AnyEvent) -> Params | Fault | None:
        step = self.engine.handle(event)
        self.journal.append((event, self._unrecorded + step.commands))
        self._unrecorded = ()
        self._perform_all(step.commands)
        return step.answer

    def _perform_all(self, commands: tuple[AnyCommand, ...]) -> None:
        self.commands.extend(commands)
        for command in commands:
            event = self._outcome(command)
            if event is not None:
                self._sequence += 1
                heapq.heappush(self._coming, (event.at, self._sequence, event))

    def _outcome(self, command: AnyCommand) -> AnyEvent | None:
        match command:
            case Call():
                return self._answered(command)
            case Launch():
                at = self.now + self.pace.instance_start
                if self.pace.broken:
                    self.pace.broken -= 1
                    reason = "The container did not answer."
                    return InstanceFailed(at, command.region, command.instance_id, reason)
                return InstanceHealthy(at, command.region, command.instance_id, "10.0.0.1", 8080)
            case Stop():
                at = self.now + self.pace.instance_stop
                return InstanceStopped(at, command.region, command.instance_id)
            case _:
                return None

    def _answered(self, call: Call) -> AnyEvent:
        at = self.now + self.pace.calls.get(call.operation, self.pace.call)
        try:
            output = self.outside.answer(call)
        except Fault as fault:
            return CallFailed(
                at, call.region, call.call_id, fault.code, fault.message, fault.status
            )
        return CallAnswered(at, call.region, call.call_id, output)
