"""The journal: every event that cannot be recomputed, kept before it is acknowledged.

SQLite in WAL mode: a commit survives the death of the process at any moment; or PostgreSQL. A
snapshot of the engine's state stands for all entries before it, so that size and start-up stay
flat.
"""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.control.events import AnyCommand, AnyEvent
from understudy.storage.postgresql import Postgres, inserted

FORMAT = 1
"""Of the file. A file of another format is refused, not guessed at."""

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL, event BLOB NOT NULL, commands BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL, state BLOB NOT NULL, hosting BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS horizon (id INTEGER PRIMARY KEY CHECK (id = 1), at REAL NOT NULL);
PRAGMA user_version = {FORMAT};
"""

PURPOSE = 1
"""Of its connection to PostgreSQL."""
AnyCommands = tuple[AnyCommand, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened at a time, and the commands that it and the timers before it gave rise to.

    Without an event only timers fired.
    """

    number: int
    at: float
    event: AnyEvent | None
    commands: AnyCommands


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The engine's state after entry ``number``; ``hosting`` is how the world was set up then."""

    number: int
    state: bytes
    hosting: bytes


class Journal:
    """An append-only file of entries, or tables of PostgreSQL by their URL. One process writes.

    Raises InvalidInput where they are none of ours.
    """

    def __init__(self, place: Path | str) -> None:
        self._database = Postgres(place, PURPOSE) if isinstance(place, str) else _opened(place)
        self._encoder = msgspec.msgpack.Encoder()
        self._events = msgspec.msgpack.Decoder(AnyEvent | None)
        self._commands = msgspec.msgpack.Decoder(AnyCommands)

    def encoded(self, event: AnyEvent) -> bytes:
        """An event as `append` takes it. Raises ValueError or TypeError if it cannot be kept."""
        return self._encoder.encode(event)

    def append(self, at: float, event: bytes, commands: Sequence[AnyCommand]) -> int:
        """Write an encoded event, or none, and what came of it; give its number.

        Durable on return.
        """
        row = (at, event or NO_EVENT, self._encoder.encode(commands))
        query = "INSERT INTO entries (at, event, commands) VALUES (?, ?, ?)"
        return inserted(self._database, query, row)

    @contextmanager
    def together(self) -> Generator[None]:
        """Write what is appended meanwhile at once. Durable on leaving."""
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.execute("COMMIT")

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, oldest first."""
        rows = self._database.execute(
            "SELECT number, at, event, commands FROM entries WHERE number > ? ORDER BY number",
            (after,),
        )
        for number, at, event, commands in rows:
            yield Entry(number, at, self._events.decode(event), self._commands.decode(commands))

    @property
    def last_number(self) -> int:
        """The number of the last entry ever written."""
        found = self._database.execute(
            "SELECT max(number) FROM (SELECT max(number) AS number FROM entries "
            "UNION ALL SELECT number FROM snapshot) AS all_numbers"
        )
        return found.fetchone()[0] or 0

    def save_snapshot(self, snapshot: Snapshot, *, keep_entries: bool) -> None:
        """Let a state stand for all entries up to its number; drop them unless kept."""
        began = not self._database.in_transaction
        if began:
            self._database.execute("BEGIN")
        self._database.execute(
            "INSERT INTO snapshot VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "number = excluded.number, state = excluded.state, hosting = excluded.hosting",
            (snapshot.number, snapshot.state, snapshot.hosting),
        )
        if not keep_entries:
            self._database.execute("DELETE FROM entries WHERE number <= ?", (snapshot.number,))
        if began:
            self._database.execute("COMMIT")

    def snapshot(self) -> Snapshot | None:
        """The last snapshot."""
        row = self._database.execute("SELECT number, state, hosting FROM snapshot").fetchone()
        return Snapshot(*row) if row else None

    def reach(self, horizon: float) -> None:
        """Allow the world to show times up to here. Durable on return."""
        self._database.execute(
            "INSERT INTO horizon VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at",
            (horizon,),
        )

    @property
    def horizon(self) -> float:
        """No later time than this has ever been shown."""
        row = self._database.execute("SELECT at FROM horizon").fetchone()
        return row[0] if row else 0.0

    def close(self) -> None:
        """Write everything to the main file and close it."""
        if isinstance(self._database, sqlite3.Connection):
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        _prepare(database)
    except sqlite3.DatabaseError as error:
        database.close()
        raise unreadable(path, error) from error
    return database


def _prepare(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version not in (0, FORMAT):
        raise sqlite3.DatabaseError(f"it has format {version}")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    if version == 0:
        database.executescript(SCHEMA)


NO_EVENT = msgspec.msgpack.encode(None)


def unreadable(path: Path | str, error: Exception) -> InvalidInput:
    """What to say of a file that cannot be read, or not by this version."""
    return InvalidInput(
        (
            Diagnostic(
                f"{path} cannot be read by this version of Understudy: {error}.",
                action="use the version that wrote it, or another folder with --state",
            ),
        )
    )
