"""What every runtime offers: instances are started, stopped, and heard of when they exit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from understudy.runtimes.images import Kind


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """What to start.

    ``model_archive`` is a local model.tar.gz, ``root`` the folder that becomes the instance's own.
    ``speed`` is world seconds per real second, ``startup_timeout`` real seconds from launch to the
    first healthy ping. ``variant`` is the production variant, for the wording of failures.
    """

    instance_id: str
    variant: str
    image: str
    environment: Mapping[str, str]
    model_archive: Path | None
    root: Path
    startup_timeout: float
    speed: float = 1.0
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """An instance that answers its health check."""

    host: str
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Exited:
    """An instance that had started is gone though nobody stopped it.

    ``code`` is its exit code, or minus the signal that ended it; ``log_tail`` are the last lines
    of its log, oldest first.
    """

    instance_id: str
    code: int
    log_tail: tuple[str, ...]


class StartFailed(Exception):  # noqa: N818 - it reports what the user's container did
    """An instance did not start. ``reason`` is fit for an endpoint's FailureReason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Runtime(Protocol):
    """Starts and stops instances. Exits that nobody asked for go to a callback of the runtime."""

    async def warm(self, kind: Kind) -> None:
        """Prepare for instances of a kind, so that the first one starts sooner."""
        ...

    async def start(self, spec: InstanceSpec) -> Started:
        """Start an instance and wait until it is healthy. Raises StartFailed."""
        ...

    async def stop(self, instance_id: str, grace: float) -> None:
        """SIGTERM an instance, SIGKILL it after ``grace`` real seconds, return when it is gone."""
        ...

    async def close(self) -> None:
        """End every instance at once, and whatever the runtime itself has started."""
        ...
