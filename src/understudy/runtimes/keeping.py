"""What the engine and the keeper of its programs say to each other."""

from msgspec import Struct

MARK = "UNDERSTUDY_PROGRAM"
"""The variable by which a process that has left its parent is known to belong to a program."""
OWN = "module:"


class Start(Struct, frozen=True, tag=True):
    """Run a program; ``Started`` or ``NotStarted`` follows, and some time later ``Ended``.

    Its output is appended to the file ``log``. ``cpu`` counts processors, ``memory`` MiB; 0 is no
    limit. ``note`` is given back to an engine that comes later. A program that begins with
    `OWN` is a module of ours: the keeper forks, and calls its ``main`` with the other words.
    """

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    log: str
    cpu: float = 0.0
    memory: int = 0
    note: str = ""


class Signal(Struct, frozen=True, tag=True):
    """Signal a program and all that it has started."""

    name: str
    number: int


class Leave(Struct, frozen=True, tag=True):
    """End everything, then the keeper itself."""


ToKeeper = Start | Signal | Leave


class Running(Struct, frozen=True, array_like=True):
    """A program that runs. ``limited`` tells whether its limits are enforced."""

    name: str
    pid: int
    limited: bool
    note: str


class Here(Struct, frozen=True, tag=True):
    """The keeper's first words to an engine: what runs."""

    running: tuple[Running, ...]


class Started(Struct, frozen=True, tag=True):
    """A program runs."""

    name: str
    pid: int
    limited: bool


class NotStarted(Struct, frozen=True, tag=True):
    """A program could not be run, and why."""

    name: str
    reason: str


class Ended(Struct, frozen=True, tag=True):
    """A program has ended: its exit code, or minus the signal that ended it.

    ``starved`` means that it was ended for using more memory than it may.
    """

    name: str
    code: int
    starved: bool = False


FromKeeper = Here | Started | NotStarted | Ended
