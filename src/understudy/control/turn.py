"""One event being handled: when it is, fresh ids, and what it gives rise to."""

from msgspec import Struct

from understudy.base.arn import arn
from understudy.base.identity import Ids
from understudy.control.events import AnyCommand, Params
from understudy.control.signals import Signal


class Timer(Struct, frozen=True, array_like=True, order=True):
    """A machine's wish to be called at a time. ``key`` means something to its owner alone.

    ``sequence`` breaks ties, so that equal times fire in the order in which they were wished for.
    """

    at: float
    sequence: int
    region: str
    owner: str
    key: tuple[str, ...]


class Message(Struct, frozen=True):
    """What one region of the account wants done in another: an operation of a service."""

    region: str
    service: str
    operation: str
    params: Params


class Turn:
    """What a machine sees of the world while it handles one event.

    ``at`` is the only clock and ``ids`` the only source of ids. Commands go to the world, signals
    to the other machines of the same region before the turn ends, messages to other regions when it
    has ended, timers come back later.
    """

    __slots__ = ("at", "commands", "ids", "messages", "region", "signals", "timers")

    def __init__(self, at: float, region: str, ids: Ids) -> None:
        self.at = at
        self.region = region
        self.ids = ids
        self.commands: list[AnyCommand] = []
        self.signals: list[Signal] = []
        self.messages: list[Message] = []
        self.timers: list[tuple[float, str, tuple[str, ...]]] = []

    def emit(self, command: AnyCommand) -> None:
        """Ask the world to do something."""
        self.commands.append(command)

    def signal(self, signal: Signal) -> None:
        """Tell the other machines of the region."""
        self.signals.append(signal)

    def tell(self, region: str, service: str, operation: str, params: Params) -> None:
        """Have an operation performed in a region, at the same time; it must not be refused."""
        self.messages.append(Message(region, service, operation, params))

    def schedule(self, at: float, owner: str, *key: str) -> None:
        """Call ``owner`` back at a time, or at once if that has passed."""
        self.timers.append((max(at, self.at), owner, key))

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this region."""
        return arn(service, self.region, resource)
