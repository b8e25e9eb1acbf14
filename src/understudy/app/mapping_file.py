"""``understudy.toml``: what images, machine images and launch templates run on this machine.

    [run."ami-web*"]                       # an AMI, launch template, group, image or task family
    command = "python3 server.py"          # a shell's; it listens at $HOST and $PORT
    folder = "server"                      # where it runs, from this file's folder
    port = 8080                            # where it listens, if not at $PORT
    environment = { MODEL = "digits" }

Instead of ``command`` there may be ``container`` (an image) or ``stand_in`` (a service time).
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.service_time import parse_service_time
from understudy.runtimes.mappings import Mapped

NAME = "understudy.toml"
KINDS = ("command", "container", "stand_in")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file."""

    command: str = ""
    container: str = ""
    stand_in: str = ""
    folder: str = "."
    port: int = 0
    environment: dict[str, str] = {}


def mappings_in(*folders: Path) -> tuple[Mapped, ...]:
    """What the file says in the first folder that has it; nothing where none does.

    Raises InvalidInput with all that is wrong in it.
    """
    for folder in folders:
        path = folder / NAME
        if path.is_file():
            return read(path)
    return ()


def read(path: Path) -> tuple[Mapped, ...]:
    """The mappings of a file. Raises InvalidInput."""
    try:
        content = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InvalidInput((Diagnostic(f"{path} cannot be read: {error}."),)) from error
    tables: Mapping[str, Any] = content.get("run", {})
    found: list[Mapped] = []
    problems: list[Diagnostic] = []
    for pattern, table in tables.items():
        try:
            entry = msgspec.convert(table, Entry)
        except msgspec.ValidationError as error:
            problems.append(Diagnostic(f'{path}: [run."{pattern}"]: {error}.'))
            continue
        problems += [Diagnostic(f'{path}: [run."{pattern}"]: {each}') for each in _wrong(entry)]
        found.append(_mapped(pattern, entry, path.parent))
    if problems:
        raise InvalidInput(tuple(problems))
    return tuple(found)


def _wrong(entry: Entry) -> Iterator[str]:
    said = [kind for kind in KINDS if getattr(entry, kind)]
    if len(said) != 1:
        yield f"say one of {', '.join(KINDS)}; {len(said)} are said."
    if not 0 <= entry.port <= 65535:
        yield f"port {entry.port} is out of range."
    if entry.stand_in:
        try:
            parse_service_time(entry.stand_in)
        except ValueError as error:
            yield f"stand_in: {error}."


def _mapped(pattern: str, entry: Entry, folder: Path) -> Mapped:
    return Mapped(
        pattern,
        entry.command,
        entry.container,
        entry.stand_in,
        (folder / entry.folder).resolve(),
        entry.port,
        entry.environment,
    )
