"""The store: a folder with the contents of objects and the database that names them.

An object becomes durable in this order: its bytes, the name of their file, the row that names the
file. So a crash leaves at most files that no row names; they go when the store is opened again.
"""

import fcntl
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TextIO

from understudy.storage.objects import uploads, versions
from understudy.storage.objects.blobs import Blobs, Reading, sync_directory
from understudy.storage.objects.database import Database
from understudy.storage.objects.staging import Staging
from understudy.storage.objects.values import Segment


@dataclass(frozen=True, slots=True)
class Transaction:
    """A change of the store. ``freed`` are the files that no row names once it is committed."""

    rows: Connection
    freed: list[str] = field(default_factory=list[str])

    def free(self, segments: Iterable[Segment]) -> None:
        """These segments lost their row."""
        self.freed.extend(segment.blob for segment in segments)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The store at one moment. Readings opened in it stay whole after it has ended."""

    rows: Connection
    blobs: Blobs

    def open(self, segments: Iterable[Segment], start: int, stop: int) -> Reading:
        """Bytes ``start`` up to ``stop`` of an object's segments; the caller closes the reading."""
        return self.blobs.open(segments, start, stop)


def _locked(path: Path) -> TextIO:
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


class Store:
    """Buckets and objects in a folder, used by any number of threads of one process.

    ``heard`` is called with what buckets tell of changes, in the thread that has made them.
    Raises BlockingIOError when another process has the folder open.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(root / "lock")
        self.heard: Callable[[Any], None] | None = None
        self._database = Database(root / "objects.sqlite")
        self.blobs = Blobs(root / "contents", self._database.reading)
        sync_directory(root)
        with self.read() as snapshot:
            named = versions.blobs(snapshot.rows) | uploads.blobs(snapshot.rows)
        self.blobs.sweep(named)

    @contextmanager
    def read(self) -> Generator[Snapshot]:
        """Look at one moment of the store; to be short, for one block looks at a time."""
        with self._database.read() as rows:
            yield Snapshot(rows, self.blobs)

    @contextmanager
    def write(self, *staged: Segment) -> Generator[Transaction]:
        """Change the store: durable when the block has ended, nothing when it raises.

        ``staged`` are kept segments that the block gives rows to; they go where it raises.
        """
        committing = False
        transaction: Transaction | None = None
        try:
            with self._database.write() as rows:
                transaction = Transaction(rows)
                yield transaction
                committing = True
        except BaseException:
            # Where the commit itself failed it may yet be on disk: the next start decides.
            if not committing:
                self.blobs.remove(segment.blob for segment in staged)
            raise
        self.blobs.remove(transaction.freed)

    def stage(self, algorithms: Iterable[str] = ()) -> Staging:
        """Take in bytes, computing these checksums and the MD5."""
        return Staging(self.blobs.create(), algorithms)

    def close(self) -> None:
        """Close the store; readings must have ended."""
        self._database.close()
        self._lock.close()
