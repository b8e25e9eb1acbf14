"""A PostgreSQL database that is spoken to as SQLite is, as far as the journal and ledger do."""

import sqlite3
from collections.abc import Sequence
from typing import Any, LiteralString, cast

from understudy.base.diagnostic import Diagnostic, InvalidInput

SCHEMES = ("postgresql://", "postgres://")
FORMAT = 1
"""Of the tables. Those of another format are refused, not guessed at."""
SCHEMA = "understudy"
PATIENCE = 5
"""Seconds in which the database hears of the end of an engine that was killed."""
TABLES = """
CREATE TABLE IF NOT EXISTS format (number INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS entries (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at DOUBLE PRECISION NOT NULL, event BYTEA NOT NULL, commands BYTEA NOT NULL
);
CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL, state BYTEA NOT NULL, hosting BYTEA NOT NULL
);
CREATE TABLE IF NOT EXISTS horizon (
    id INTEGER PRIMARY KEY CHECK (id = 1), at DOUBLE PRECISION NOT NULL
);
CREATE TABLE IF NOT EXISTS requests (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request BYTEA NOT NULL
);
INSERT INTO format SELECT 1 WHERE NOT EXISTS (SELECT * FROM format)
"""


class Postgres:
    """A connection. Of each ``purpose`` there is one at a time, over all engines.

    What is executed is durable on return, but for what stands between BEGIN and COMMIT. Raises
    InvalidInput where the database does not answer, belongs to another engine, or is none of ours.
    """

    def __init__(self, url: str, purpose: int) -> None:
        try:
            import psycopg
        except ImportError:
            raise _refused(
                url, "psycopg is missing", "pip install 'understudy[postgres]'"
            ) from None
        try:
            self._connection = psycopg.connect(url, autocommit=True)
        except psycopg.Error as error:
            raise _refused(
                url, str(error).strip(), "see that it runs, and who may use it"
            ) from None
        try:
            self._begin(url, purpose)
        except BaseException:
            self._connection.close()
            raise

    def _begin(self, url: str, purpose: int) -> None:
        import psycopg

        try:
            self.execute(f"SET lock_timeout = '{PATIENCE}s'")
            self.execute(f"SELECT pg_advisory_lock(hashtext('{SCHEMA}'), {purpose})")
        except psycopg.errors.LockNotAvailable:
            held = "it belongs to a running engine"
            raise _refused(url, held, "stop that, or use another one") from None
        self.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        self.execute(f"SET search_path TO {SCHEMA}")
        self.execute(TABLES)
        (number,) = self.execute("SELECT number FROM format").fetchone()
        if number != FORMAT:
            raise _refused(url, f"it has format {number}", "use the version that wrote it")

    def execute(self, query: str, values: Sequence[Any] = ()) -> Any:
        """A cursor over what a statement gives; its values stand where it has ``?``."""
        written = cast("LiteralString", query.replace("?", "%s"))
        return self._connection.execute(written, values or None)

    @property
    def in_transaction(self) -> bool:
        """Whether it is between BEGIN and COMMIT."""
        return bool(self._connection.info.transaction_status)

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


def inserted(database: sqlite3.Connection | Postgres, query: str, values: Sequence[Any]) -> int:
    """Insert a row and give its number, which SQLite knows without being asked to return it.

    To return something takes SQLite five times as long.
    """
    if isinstance(database, Postgres):
        (number,) = database.execute(f"{query} RETURNING number", values).fetchone()
        return number
    return database.execute(query, values).lastrowid or 0


def is_postgres(place: object) -> bool:
    """Whether a place is the URL of a database.

    >>> is_postgres("postgresql://localhost/understudy"), is_postgres("/tmp/state")
    (True, False)
    """
    return isinstance(place, str) and place.startswith(SCHEMES)


def _refused(url: str, why: str, action: str) -> InvalidInput:
    name = url.rpartition("@")[2]
    return InvalidInput((Diagnostic(f"The database {name} cannot be used: {why}.", action=action),))
