"""The ledger: acknowledged calls of the kept services, kept before they are answered."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from understudy.base.ledger import BookRequest
from understudy.storage.postgresql import Postgres, inserted

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY, request BLOB NOT NULL)
"""
PURPOSE = 2
"""Of its connection to PostgreSQL."""


class Ledger:
    """An append-only file of requests, or a table of PostgreSQL by its URL.

    It is written from one thread at a time.
    """

    def __init__(self, place: Path | str) -> None:
        self._database = Postgres(place, PURPOSE) if isinstance(place, str) else _opened(place)

    def append(self, request: BookRequest) -> int:
        """Keep a request; return its number. Durable on return, or on leaving `together`."""
        row = (msgspec.msgpack.encode(request),)
        return inserted(self._database, "INSERT INTO requests (request) VALUES (?)", row)

    @contextmanager
    def together(self) -> Generator[None]:
        """Write what is appended meanwhile at once. Durable on leaving."""
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.execute("COMMIT")

    def requests(self) -> Iterator[tuple[int, BookRequest]]:
        """All requests with their numbers, oldest first."""
        for number, request in self._database.execute(
            "SELECT number, request FROM requests ORDER BY number"
        ).fetchall():
            yield number, msgspec.msgpack.decode(request, type=BookRequest)

    def close(self) -> None:
        """Let go of it."""
        self._database.close()


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(SCHEMA)
    return database
