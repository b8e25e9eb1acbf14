"""The SQLite file of a store: a connection that writes and one that reads, shared by threads."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket (
    name TEXT PRIMARY KEY, region TEXT NOT NULL, created REAL NOT NULL,
    versioning TEXT NOT NULL, object_lock INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS setting (
    bucket TEXT NOT NULL REFERENCES bucket ON DELETE CASCADE, kind TEXT NOT NULL,
    value BLOB NOT NULL, PRIMARY KEY (bucket, kind)
) STRICT;
CREATE TABLE IF NOT EXISTS version (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL REFERENCES bucket, key BLOB NOT NULL, id TEXT NOT NULL,
    latest INTEGER NOT NULL, marker INTEGER NOT NULL, modified REAL NOT NULL, size INTEGER NOT NULL,
    etag TEXT NOT NULL, checksum BLOB NOT NULL, attributes BLOB NOT NULL, tags BLOB NOT NULL,
    parts INTEGER NOT NULL, segments BLOB NOT NULL, UNIQUE (bucket, key, id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS latest ON version (bucket, key) WHERE latest;
CREATE INDEX IF NOT EXISTS history ON version (bucket, key, sequence DESC);
CREATE TABLE IF NOT EXISTS upload (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    bucket TEXT NOT NULL REFERENCES bucket, key BLOB NOT NULL, initiated REAL NOT NULL,
    attributes BLOB NOT NULL, tags BLOB NOT NULL, algorithm TEXT NOT NULL,
    checksum_type TEXT NOT NULL, disturbed INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS uploads ON upload (bucket, key, sequence);
CREATE TABLE IF NOT EXISTS part (
    upload TEXT NOT NULL REFERENCES upload (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    modified REAL NOT NULL, algorithm TEXT NOT NULL, segment BLOB NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT;
"""


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL makes every commit wait for the disk; NORMAL would only promise not to corrupt the file.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


class Database:
    """A file with the tables above. Keys are bytes, whose order is the order of S3 listings."""

    def __init__(self, path: Path) -> None:
        self._writer = _connect(path)
        self._writer.executescript(SCHEMA)
        self._reader = _connect(path)
        self._writing = Lock()
        self.reading = Lock()

    @contextmanager
    def write(self) -> Generator[sqlite3.Connection]:
        """A transaction: committed and durable when the block ends, undone when it raises."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Generator[sqlite3.Connection]:
        """One snapshot of what is committed; ``reading`` is held for as long as it is looked at."""
        with self.reading:
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.execute("COMMIT")

    def close(self) -> None:
        """Close both connections, after whatever uses them has ended."""
        with self._writing, self.reading:
            self._reader.close()
            self._writer.close()
