"""What ``understudy.toml`` says to run for images, machine images and launch templates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mapped:
    """What is run for the names that a pattern (``*``, ``?``) matches: one of three.

    ``command`` is a shell's, run in ``folder``; ``container`` an image; ``stand_in`` a service
    time. It listens at ``port``, or at ``$PORT`` where that is 0.
    """

    pattern: str
    command: str = ""
    container: str = ""
    stand_in: str = ""
    folder: Path | None = None
    port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def mapped(mappings: Sequence[Mapped], names: Iterable[str]) -> Mapped | None:
    """The first mapping that one of the names meets; empty names meet none."""
    there = [name for name in names if name]
    return next((m for m in mappings if any(fnmatchcase(n, m.pattern) for n in there)), None)
