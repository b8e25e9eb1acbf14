"""How an engine is started."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec

from understudy.app.capacity import Settings
from understudy.base.diagnostic import Diagnostic
from understudy.runtimes.mappings import Mapped
from understudy.storage.postgresql import is_postgres

DEFAULT_PORT = 4566
DEFAULT_HOST = "127.0.0.1"
FASTEST = 3600.0
"""World seconds per real second up to which a live world keeps up."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Where an engine listens and keeps its state, and how fast its world runs.

    ``startup_delay`` is the least time from an instance's launch to its service, in seconds of
    world time. ``keep_journal`` keeps every event, for replay. ``lives_with`` is a process id:
    when that process ends, the engine does too. ``strict`` refuses types that are only recorded.
    ``mappings`` say what images run, ``settings`` what capacity there is and what is owned.
    ``database`` is the URL of the PostgreSQL database that keeps what happens, else ``state`` does.
    """

    state: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    speed: float = 1.0
    seed: int = 0
    startup_delay: float = 0.0
    keep_journal: bool = False
    lives_with: int = 0
    strict: bool = False
    mappings: tuple[Mapped, ...] = ()
    settings: Settings = field(default_factory=Settings)
    database: str = ""


def problems(config: EngineConfig) -> list[Diagnostic]:
    """What is wrong with a configuration, under the names of the command line."""
    found: list[Diagnostic] = []
    if not 0 <= config.port <= 65535:
        found.append(
            Diagnostic(
                f"--port {config.port} is out of range.",
                action="choose a port from 1 to 65535, or 0 for any that is free",
            )
        )
    if config.database and not is_postgres(config.database):
        found.append(
            Diagnostic(
                f"--database {config.database} is no URL of PostgreSQL.",
                action="give one such as postgresql://user@host/name",
            )
        )
    found += speed_problems(config.speed)
    found += delay_problems(config.startup_delay)
    return found


def speed_problems(speed: float) -> list[Diagnostic]:
    """What is wrong with a speed: world seconds per real second."""
    if 0 < speed <= FASTEST:
        return []
    return [
        Diagnostic(
            f"--speed {speed:g} is out of range.",
            action=f"choose a speed above 0 and up to {FASTEST:g}, such as 60",
        )
    ]


def delay_problems(seconds: float) -> list[Diagnostic]:
    """What is wrong with a start-up delay."""
    if 0 <= seconds < float("inf"):
        return []
    return [
        Diagnostic(
            f"--startup-delay {seconds:g} is out of range.",
            action="give seconds of world time, 0 or more",
        )
    ]


def is_local(host: str) -> bool:
    """Whether a host name or address is this machine's loopback, without asking anybody.

    >>> [is_local(host) for host in ("127.0.0.1", "::1", "localhost", "s3.localhost")]
    [True, True, True, True]
    >>> [is_local(host) for host in ("127.0.0.1.example.com", "0.0.0.0", "localhost.example.com")]
    [False, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def encoded(config: EngineConfig) -> str:
    """A configuration as an argument of the engine's process."""
    return msgspec.json.encode(config, enc_hook=str).decode()


def decoded(text: str) -> EngineConfig:
    """The configuration in an argument."""
    return msgspec.json.decode(text, type=EngineConfig, dec_hook=_path)


def _path(kind: type, value: Any) -> Any:
    return kind(value)
