"""Programs with limits, ports and logs, whoever runs them: processes, or a container engine.

One interface for both: a program is started, stopped, asked whether it is well, and all are ended.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Program:
    """What to run.

    ``command`` is run in ``folder`` as a process, or as the command of ``image`` in a container
    (empty: the image's own). It listens at ``host``, at the ports that ``ports`` maps from the
    container's own to the host's. ``cpu`` counts processors, ``memory`` MiB, 0 is no limit. Its
    output is appended to ``log``. ``private`` gives it a root file system of its own in ``root``.
    Where there are several machines it runs on one of its Availability Zone, ``zone``.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    root: Path
    log: Path
    image: str = ""
    entry_point: tuple[str, ...] = ()
    folder: Path | None = None
    host: str = "127.0.0.1"
    ports: Mapping[int, int] = field(default_factory=dict[int, int])
    cpu: float = 0.0
    memory: int = 0
    private: bool = False
    note: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A program that runs. ``limited`` tells whether its limits are enforced.

    ``host`` and ``ports`` (as those of `Program`) are where it listens on another machine.
    """

    name: str
    limited: bool
    note: str = ""
    host: str = ""
    ports: Mapping[int, int] = field(default_factory=dict[int, int])


@dataclass(frozen=True, slots=True)
class Gone:
    """A program has ended: its exit code, or minus the signal that ended it."""

    name: str
    code: int
    starved: bool = False


class NotRun(Exception):  # noqa: N818 - it reports what the user's program did
    """A program could not be started. ``reason`` is one sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Programs(Protocol):
    """Runs programs. Each end is told to a callback, whether or not it was asked for."""

    async def start(self, program: Program) -> Running:
        """Run a program. Raises NotRun."""
        ...

    async def stop(self, name: str, grace: float) -> None:
        """SIGTERM a program, SIGKILL it after ``grace`` real seconds, return when it is gone."""
        ...

    async def well(self, name: str, command: tuple[str, ...], timeout: float) -> bool:
        """Whether a command ends with 0 in time, beside a program and in its environment."""
        ...

    async def close(self) -> None:
        """End every program at once."""
        ...


Ends = Callable[[Gone], None]
