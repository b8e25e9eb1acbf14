"""The folder in which an engine keeps everything, and whose it is while an engine runs on it."""

import fcntl
import os
import struct
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from understudy.base.diagnostic import Diagnostic, InvalidInput

LOCK, READY, LOG, JOURNAL, LEDGER, OBJECTS, SOCKET, AUTHORITY, FUNCTIONS = (
    "lock", "engine.json", "engine.log", "journal.db", "ledger.db", "s3", "control.sock",
    "authority", "functions",
)  # fmt: skip
_FLOCK = "hhqqi"
"""``struct flock``: type, whence, start, length, process id."""


class Ready(msgspec.Struct, frozen=True):
    """What a started engine says of itself; also kept in its state folder as ``engine.json``."""

    pid: int
    endpoint: str
    speed: float
    state: str
    real_epoch: float
    world_epoch: float
    startup_delay: float


def own_folder() -> Path:
    """The user's own state folder. XDG Base Directory Specification."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "understudy"


def opened(state: Path, name: str) -> BinaryIO:
    """A file of a state folder, to append to; both are made if need be.

    Raises InvalidInput where that is not possible.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        return (state / name).open("ab")
    except OSError as error:
        raise InvalidInput(
            (
                Diagnostic(
                    f"The state folder {state} cannot be used: {error.strerror}.",
                    action="choose another folder with --state",
                ),
            )
        ) from error


@contextmanager
def held(state: Path) -> Generator[None]:
    """Hold a state folder. Raises InvalidInput where another engine does, naming its process."""
    with opened(state, LOCK) as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidInput((_taken(state),)) from None
        yield


def _taken(state: Path) -> Diagnostic:
    return Diagnostic(
        f"The state folder {state} belongs to a running engine, process {holder(state)}.",
        action=f"use that engine, stop it with `understudy down --state {state}`, or choose "
        "another folder with --state",
    )


def holder(state: Path) -> int | None:
    """The process id of the engine that holds a state folder, None if none does.

    The kernel lets go of a lock when its process ends, in whatever way, so the answer is never
    about an engine that is gone. Not to be asked by the holder itself.
    """
    try:
        file = (state / LOCK).open("rb+")
    except OSError:
        return None
    with file:
        wish = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, wish))
    return None if kind == fcntl.F_UNLCK else pid


def last_words(state: Path) -> Ready | None:
    """What the last engine of a folder said of itself; None if it ended in order, or none ran."""
    try:
        return msgspec.json.decode((state / READY).read_bytes(), type=Ready)
    except (OSError, msgspec.DecodeError):
        return None


def log_tail(state: Path, lines: int = 5) -> str:
    """The last lines of a folder's engine log."""
    try:
        text = (state / LOG).read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
