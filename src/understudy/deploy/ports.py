"""What a deployment needs of the rest of the engine."""

from collections.abc import Mapping
from typing import Protocol

from understudy.cloudformation.schema import Schemas
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.blueprint import Blueprints
from understudy.deploy.handler import Handler, ResourceType
from understudy.deploy.stack import StacksState

OWNER = "cloudformation"


class Services(Protocol):
    """The AWS operations that the engine performs itself, at once."""

    def offers(self, service: str, operation: str) -> bool:
        """Whether the engine answers an operation; if not, the world is asked."""
        ...

    def call(self, service: str, operation: str, params: Params, turn: Turn) -> Params:
        """Perform an operation. Raises Fault."""
        ...


class Engine(Protocol):
    """What runs deployments: state, resource types, services, and handlers under way."""

    state: StacksState
    types: Mapping[str, ResourceType]
    schemas: Schemas
    services: Services
    blueprints: Blueprints
    handlers: dict[tuple[str, str], Handler]
