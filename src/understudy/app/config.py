"""How an engine is started."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

DEFAULT_PORT = 4566
DEFAULT_HOST = "127.0.0.1"
LOOPBACK = ("127.", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Where an engine listens and keeps its state, and how fast its world runs.

    ``startup_delay`` is the least time from an instance's launch to its service, in seconds of
    world time. ``keep_journal`` keeps every event, for replay. ``lives_with`` is a process id:
    when that process ends, the engine does too.
    """

    state: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    speed: float = 1.0
    seed: int = 0
    startup_delay: float = 0.0
    keep_journal: bool = False
    lives_with: int = 0


def is_local(host: str) -> bool:
    """Whether a host name or address is this machine's loopback."""
    return host.startswith(LOOPBACK) or host.endswith(".localhost")


def encoded(config: EngineConfig) -> str:
    """A configuration as an argument of the engine's process."""
    return msgspec.json.encode(config, enc_hook=str).decode()


def decoded(text: str) -> EngineConfig:
    """The configuration in an argument."""
    return msgspec.json.decode(text, type=EngineConfig, dec_hook=_path)


def _path(kind: type, value: Any) -> Any:
    return kind(value)
