"""One region of the engine: its control planes and its stacks."""

from collections.abc import Mapping

from msgspec import Struct, field

from understudy.cloudformation.schema import Schemas
from understudy.control.capacity.usage import Used, used
from understudy.control.ec2.operations import are_ours
from understudy.control.events import (
    AnyEvent,
    CallAnswered,
    CallFailed,
    EngineRestarted,
    Params,
)
from understudy.control.plane import OPERATIONS, Plane, PlaneConfig, PlaneState
from understudy.control.turn import Timer, Turn
from understudy.deploy import operations as deploying
from understudy.deploy.handler import Invoke, ResourceType
from understudy.deploy.needs import needs
from understudy.deploy.ports import OWNER as STACKS
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import StacksState
from understudy.deploy.stack_sets import errands


class RegionState(Struct):
    """Everything that one region remembers."""

    plane: PlaneState = field(default_factory=PlaneState)
    stacks: StacksState = field(default_factory=StacksState)


class Region:
    """The services of a region, wired to each other."""

    def __init__(
        self,
        name: str,
        state: RegionState,
        config: PlaneConfig,
        types: Mapping[str, ResourceType],
        schemas: Schemas,
        endpoint: str,
    ) -> None:
        self.name = name
        self.state = state
        self.plane = Plane(name, state.plane, config)
        self.stacks = CloudFormation(name, state.stacks, types, schemas, self, endpoint)

    @staticmethod
    def answers(service: str, operation: str) -> bool:
        """Whether an operation is answered here for clients."""
        if service == STACKS:
            return operation in deploying.OPERATIONS
        return operation in OPERATIONS.get(service, {})

    @staticmethod
    def passes_on(service: str, operation: str, params: Params) -> bool:
        """Whether an operation of ours is, this time, about what is kept elsewhere."""
        return service == "ec2" and not are_ours(operation, params)

    @staticmethod
    def offers(service: str, operation: str, params: Params) -> bool:
        """Whether an operation is answered here for handlers, and not by the world."""
        if Region.passes_on(service, operation, params):
            return False
        return Region.answers(service, operation) or (
            service == STACKS and operation in deploying.OWN
        )

    def call(self, service: str, operation: str, params: Params, turn: Turn) -> Params:
        """Perform an operation. Raises Fault."""
        if service == STACKS:
            perform = deploying.OPERATIONS.get(operation) or deploying.OWN[operation]
            return perform(self.stacks, params, turn)
        return self.plane.call(service, operation, params, turn)

    def needs(self, service: str, operation: str, params: Params, turn: Turn) -> tuple[Invoke, ...]:
        """What has to be looked up before an operation can be answered."""
        return needs(self.stacks, operation, params, turn) if service == STACKS else ()

    def on_event(self, event: AnyEvent, turn: Turn) -> None:
        """Take in what the world reports."""
        if isinstance(event, CallAnswered | CallFailed):
            if not self.plane.on_answer(event, turn) and not errands.on_answer(
                self.stacks, event, turn
            ):
                self.stacks.on_answer(event, turn)
            return
        if isinstance(event, EngineRestarted):
            self.stacks.on_restart(turn)
            errands.on_restart(self.stacks, turn)
        self.plane.on_event(event, turn)

    def on_timer(self, timer: Timer, turn: Turn) -> None:
        """A time that a service wished for has come."""
        if timer.owner == STACKS:
            self.stacks.on_timer(timer.key, turn)
        else:
            self.plane.on_timer(timer.owner, timer.key, turn)

    def used(self, at: float) -> Used:
        """What the region has used until a time, and what is owned in it."""
        return used(self.plane.capacity.state, self.plane.purchasing, self.name, at)

    def settle(self, turn: Turn) -> None:
        """Pass signals on, and take stacks further, until there is nothing left to do now."""
        self.plane.settle(turn)
        if self.stacks.settle(turn):
            self.plane.settle(turn)
        errands.settle(self.stacks, turn)
