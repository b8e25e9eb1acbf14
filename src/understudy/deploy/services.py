"""The services that the engine answers for, as handlers call them."""

from typing import Protocol

from understudy.control.events import Params
from understudy.control.turn import Turn

OWNER = "cloudformation"
"""Who has the timers of stacks, and which service handlers ask for what the stacks know."""


class Services(Protocol):
    """The AWS operations that the engine performs itself, at once."""

    def offers(self, service: str, operation: str, params: Params) -> bool:
        """Whether the engine answers an operation; if not, the world is asked."""
        ...

    def call(self, service: str, operation: str, params: Params, turn: Turn) -> Params:
        """Perform an operation. Raises Fault."""
        ...
