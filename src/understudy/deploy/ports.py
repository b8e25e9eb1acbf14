"""What a deployment needs of the rest of the engine."""

from collections.abc import Mapping
from typing import Any, Protocol

from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.handler import Handler, ResourceType
from understudy.deploy.blueprint import Blueprints
from understudy.deploy.stack import Stack, StackResource, StacksState, Task

OWNER = "cloudformation"


class Services(Protocol):
    """The AWS operations that the engine performs itself, at once."""

    def offers(self, service: str) -> bool:
        """Whether the engine answers for a service; if not, the world is asked."""
        ...

    def call(self, service: str, operation: str, params: Params, turn: Turn) -> Params:
        """Perform an operation. Raises Fault."""
        ...


class Engine(Protocol):
    """What runs deployments: state, resource types, services, and handlers under way."""

    state: StacksState
    types: Mapping[str, ResourceType]
    services: Services
    blueprints: Blueprints
    handlers: dict[tuple[str, str], Handler]

    def typed(self, type_name: str, properties: Params) -> Params:
        """Properties with the types that the schema of their resource type asks for."""
        ...

    def schema(self, type_name: str) -> Mapping[str, Any] | None:
        """The registry schema of a type, or None where AWS has no such type."""
        ...

    def keeps(self, stack: Stack, task: Task, resource: StackResource) -> bool:
        """Whether a resource outlives its removal from the stack."""
        ...
