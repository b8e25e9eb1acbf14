"""What a deployment needs of the rest of the engine."""

from collections.abc import Mapping
from typing import Protocol

from understudy.cloudformation.schema import Schemas
from understudy.deploy.blueprint import Blueprints
from understudy.deploy.handler import Handler, ResourceType
from understudy.deploy.schedule import Schedule
from understudy.deploy.services import OWNER, Services
from understudy.deploy.stack import Stack, StacksState, Task

__all__ = ["OWNER", "Engine", "Services"]


class Engine(Protocol):
    """What runs deployments: state, resource types, services, and handlers under way."""

    state: StacksState
    types: Mapping[str, ResourceType]
    schemas: Schemas
    services: Services
    blueprints: Blueprints
    handlers: dict[tuple[str, str], Handler]

    def schedule(self, stack: Stack, tasks: dict[str, Task]) -> Schedule:
        """The order of a stack's tasks."""
        ...

    def macro(self, name: str) -> str | None:
        """The Lambda function of a macro, or None where no stack defines one of that name."""
        ...

    def wake(self, happening: str) -> None:
        """Go on with the tasks that wait for a happening, before the turn ends."""
        ...

    def forget(self, stack: Stack) -> None:
        """A stack is gone: its name is free."""
        ...

    def touch(self, stack: Stack) -> None:
        """Take a stack's operation further before the turn ends."""
        ...
