"""The whole stand-in as one state machine: events in, commands out, for all regions.

The live and the simulated world drive the same engine. It has no clock: `handle` is given events
with their times, and `due` and `fire` its timers, in the order of time. Equal events give equal
commands, so a journal of events is all that has to be kept.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.cloudformation.schema import Schemas
from understudy.control.capacity.operations import EVERY_REGION, OPERATIONS, SERVICE
from understudy.control.capacity.usage import Used
from understudy.control.events import AnyCommand, AnyEvent, ApiCalled, Params
from understudy.control.plane import PlaneConfig
from understudy.control.purchasing.declared import regions_of
from understudy.control.turn import Timer, Turn
from understudy.deploy.handler import Invoke, ResourceType
from understudy.deploy.service import CloudFormation
from understudy.engine.region import Region, RegionState


class EngineState(msgspec.Struct):
    """Everything that the engine remembers. ``at`` is the time of the last event.

    ``everywhere`` are the operations on capacity that hold in every region, by name.
    """

    seed: int = 0
    ids: int = 0
    at: float = 0.0
    sequence: int = 0
    timers: list[Timer] = msgspec.field(default_factory=list[Timer])
    regions: dict[str, RegionState] = msgspec.field(default_factory=dict[str, RegionState])
    everywhere: dict[str, Params] = msgspec.field(default_factory=dict[str, Params])


ENDPOINT = "http://127.0.0.1:4566"
"""Where clients reach an engine that is not told otherwise."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event: commands for the world and, for an API call, its answer."""

    commands: tuple[AnyCommand, ...]
    answer: Params | Fault | None = None


@dataclass(frozen=True, slots=True)
class World:
    """What the engine is told of the world: parameters, resource types, AWS's schemas.

    ``schemas`` gives those of a region. ``endpoint`` is where clients reach the engine.
    """

    plane: PlaneConfig
    types: Mapping[str, ResourceType]
    schemas: Callable[[str], Schemas]
    endpoint: str = ENDPOINT


class Engine:
    """The state machine. Not thread-safe."""

    def __init__(self, world: World, state: EngineState | None = None) -> None:
        self.state = state or EngineState()
        self._world = world
        self._ids = Ids(self.state.seed, self.state.ids)
        self._regions = {
            name: self._region(name, region) for name, region in self.state.regions.items()
        }

    def _region(self, name: str, state: RegionState) -> Region:
        world = self._world
        schemas = world.schemas(name)
        region = Region(name, state, world.plane, world.types, schemas, world.endpoint)
        region.plane.costs.everywhere = self.used
        region.stacks.elsewhere = self.stacks
        return region

    def stacks(self, name: str) -> CloudFormation | None:
        """CloudFormation in a region, or None; a region that is not used has no stacks."""
        region = self._regions.get(name)
        return region.stacks if region else None

    def used(self, at: float) -> list[Used]:
        """What all regions have used: a bill is the account's."""
        return [region.used(at) for region in self._regions.values()]

    def region(self, name: str) -> Region:
        """A region; it comes into being when it is first used."""
        if name not in self._regions:
            state = self.state.regions.setdefault(name, RegionState())
            self._regions[name] = self._region(name, state)
            for operation, params in self.state.everywhere.items():
                turn = Turn(self.state.at, name, self._ids)
                OPERATIONS[operation](self._regions[name].plane.capacity, params, turn)
        return self._regions[name]

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that have been used."""
        return tuple(self._regions)

    def offers(self, service: str, operation: str) -> bool:
        """Whether the engine itself answers an operation."""
        return Region.answers(service, operation)

    def passes_on(self, service: str, operation: str, params: Params) -> bool:
        """Whether an operation is, with these parameters, about what is kept elsewhere."""
        return Region.passes_on(service, operation, params)

    def handle(self, event: AnyEvent) -> Step:
        """Take an event in. Timers that are due before it must have been fired."""
        if isinstance(event, ApiCalled) and _is_of_every_region(event):
            return self._in_every_region(event)
        return self._handle(event)

    def _in_every_region(self, event: ApiCalled) -> Step:
        """Change the capacity of all regions, and of those that are yet to be used.

        What is owned is of the regions that it names: they are used from then on.
        """
        names = dict.fromkeys((event.region, *self.regions, *sorted(regions_of(event.params))))
        steps = [self._handle(replace(event, region=name)) for name in names]
        fault = next((step.answer for step in steps if isinstance(step.answer, Fault)), None)
        if fault is None and event.operation in OPERATIONS:
            self.state.everywhere[event.operation] = event.params
        commands = tuple(command for step in steps for command in step.commands)
        return Step(commands, fault or steps[0].answer)

    def _handle(self, event: AnyEvent) -> Step:
        turn = self._turn(event.at, event.region)
        region = self.region(event.region)
        answer: Params | Fault | None = None
        if isinstance(event, ApiCalled):
            try:
                answer = region.call(event.service, event.operation, event.params, turn)
            except Fault as fault:
                answer = fault
        else:
            region.on_event(event, turn)
        return Step(self._close(region, turn), answer)

    def query(self, region: str, at: float, service: str, operation: str, params: Params) -> Params:
        """Answer an operation that only reads: nothing of it is remembered. Raises Fault."""
        ids = Ids(self.state.seed, self._ids.count)
        return self.region(region).call(service, operation, params, Turn(at, region, ids))

    def needs(
        self, region: str, at: float, service: str, operation: str, params: Params
    ) -> tuple[Invoke, ...]:
        """What has to be looked up before an operation can be answered: calls that only read.

        Each answer goes into the parameters by `with_found`; then ask again, until nothing is left.
        """
        ids = Ids(self.state.seed, self._ids.count)
        return self.region(region).needs(service, operation, params, Turn(at, region, ids))

    def due(self) -> float | None:
        """When the next timer is due."""
        return self.state.timers[0].at if self.state.timers else None

    def fire(self) -> tuple[AnyCommand, ...]:
        """Fire the next timer, at its own time."""
        timer = heapq.heappop(self.state.timers)
        turn = self._turn(timer.at, timer.region)
        region = self.region(timer.region)
        region.on_timer(timer, turn)
        return self._close(region, turn)

    def advance(self, until: float) -> tuple[AnyCommand, ...]:
        """Fire every timer that is due by a time, in their order."""
        commands: list[AnyCommand] = []
        while (due := self.due()) is not None and due <= until:
            commands.extend(self.fire())
        return tuple(commands)

    def _turn(self, at: float, region: str) -> Turn:
        self.state.at = max(self.state.at, at)
        return Turn(self.state.at, region, self._ids)

    def _close(self, region: Region, turn: Turn) -> tuple[AnyCommand, ...]:
        """End a turn, and those of the regions that it has sent messages to."""
        commands: list[AnyCommand] = []
        ending = [(region, turn)]
        for region, turn in ending:
            region.settle(turn)
            self._wish(turn)
            commands += turn.commands
            for message in turn.messages:
                told, next_turn = self.region(message.region), self._turn(turn.at, message.region)
                told.call(message.service, message.operation, message.params, next_turn)
                ending.append((told, next_turn))
        self.state.ids = self._ids.count
        return tuple(commands)

    def _wish(self, turn: Turn) -> None:
        for at, owner, key in turn.timers:
            self.state.sequence += 1
            timer = Timer(at, self.state.sequence, turn.region, owner, key)
            heapq.heappush(self.state.timers, timer)

    def snapshot(self) -> bytes:
        """The state as bytes, for `restore`."""
        self.state.ids = self._ids.count  # A turn that failed has used ids too.
        return msgspec.msgpack.encode(self.state)

    @staticmethod
    def restore(world: World, snapshot: bytes) -> "Engine":
        """An engine that stands where the snapshot was taken."""
        return Engine(world, msgspec.msgpack.decode(snapshot, type=EngineState))


def _is_of_every_region(call: ApiCalled) -> bool:
    return call.service == SERVICE and EVERY_REGION in call.params
