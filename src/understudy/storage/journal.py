"""The journal: every event that cannot be recomputed, on disk before it is acknowledged.

SQLite in WAL mode. A commit survives the death of the process at any moment. A snapshot of the
engine's state stands for all entries before it, so that size and start-up stay flat.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from understudy.control.events import AnyCommand, AnyEvent

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, event BLOB NOT NULL, commands BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL, state BLOB NOT NULL
);
"""


class Entry(msgspec.Struct, frozen=True):
    """An event, and the commands that it and the timers before it gave rise to."""

    number: int
    event: AnyEvent
    commands: tuple[AnyCommand, ...]


class Journal:
    """An append-only file of events. One process writes at a time."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)
        self._encoder = msgspec.msgpack.Encoder()
        self._event_decoder = msgspec.msgpack.Decoder(AnyEvent)
        self._command_decoder = msgspec.msgpack.Decoder(tuple[AnyCommand, ...])

    def append(self, event: AnyEvent, commands: Sequence[AnyCommand]) -> int:
        """Write an event and what it led to; return its number. Durable on return."""
        encode = self._encoder.encode
        cursor = self._database.execute(
            "INSERT INTO entries (event, commands) VALUES (?, ?)",
            (encode(event), encode(tuple(commands))),
        )
        return cursor.lastrowid or 0

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a number, oldest first."""
        rows = self._database.execute(
            "SELECT number, event, commands FROM entries WHERE number > ? ORDER BY number", (after,)
        )
        for number, event, commands in rows:
            yield Entry(
                number, self._event_decoder.decode(event), self._command_decoder.decode(commands)
            )

    def save_snapshot(self, number: int, state: bytes, *, keep_entries: bool) -> None:
        """Let a state stand for all entries up to ``number``; drop them unless kept."""
        self._database.execute("BEGIN")
        self._database.execute(
            "INSERT OR REPLACE INTO snapshot (id, number, state) VALUES (1, ?, ?)", (number, state)
        )
        if not keep_entries:
            self._database.execute("DELETE FROM entries WHERE number <= ?", (number,))
        self._database.execute("COMMIT")

    def snapshot(self) -> tuple[int, bytes] | None:
        """The last snapshot and the number of the last entry that it stands for."""
        return self._database.execute("SELECT number, state FROM snapshot").fetchone()

    def close(self) -> None:
        """Write everything to the main file and close it."""
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()
