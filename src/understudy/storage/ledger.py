"""The ledger: acknowledged calls of the kept services, on disk before they are answered."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from understudy.base.ledger import BookRequest

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY, request BLOB NOT NULL)
"""


class Ledger:
    """An append-only file of requests, written from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(SCHEMA)

    def append(self, request: BookRequest) -> int:
        """Keep a request; return its number. Durable on return, or on leaving `together`."""
        cursor = self._database.execute(
            "INSERT INTO requests (request) VALUES (?)", (msgspec.msgpack.encode(request),)
        )
        return cursor.lastrowid or 0

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
