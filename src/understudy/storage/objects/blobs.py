"""Files of bytes, each under an id of its own and never changed once they are written."""

import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from understudy.storage.objects.values import Segment

CHUNK = 1 << 20
"""How many bytes are read at once."""


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes ``start`` up to ``stop`` of a file."""

    blob: str
    start: int
    stop: int


def pieces(segments: Iterable[Segment], start: int, stop: int) -> tuple[Piece, ...]:
    """The pieces of files that hold bytes ``start`` up to ``stop`` of segments in a row."""
    found: list[Piece] = []
    begin = 0
    for segment in segments:
        low, high = max(start - begin, 0), min(stop - begin, segment.size)
        if low < high:
            found.append(Piece(segment.blob, low, high))
        begin += segment.size
    return tuple(found)


class Blobs:
    """A folder of files. ``lock`` is the one under which the rows that name the files are read.

    A file whose last row is gone stays for as long as a ``Reading`` of it is open.
    """

    def __init__(self, root: Path, lock: Lock) -> None:
        self._root = root
        self._lock = lock
        self._held: Counter[str] = Counter()
        self._doomed: set[str] = set()
        root.mkdir(exist_ok=True)

    def path(self, blob: str) -> Path:
        """Where a blob's file is."""
        return self._root / blob

    def sync_names(self) -> None:
        """Make the names of the files durable."""
        sync_directory(self._root)

    def create(self) -> "BlobWriter":
        """A new blob to write."""
        return BlobWriter(self)

    def copy(self, blob: str) -> str:
        """A second blob with the same bytes, durable; a link to the file where that is possible."""
        copy = secrets.token_hex(16)
        try:
            self.path(copy).hardlink_to(self.path(blob))
        except OSError:  # no links on this file system, or as many as it allows
            shutil.copyfile(self.path(blob), self.path(copy))
            with self.path(copy).open("rb") as file:
                os.fsync(file.fileno())
        self.sync_names()
        return copy

    def open(self, segments: Iterable[Segment], start: int, stop: int) -> "Reading":
        """Bytes ``start`` up to ``stop`` of segments; to be called with the lock held."""
        wanted = pieces(segments, start, stop)
        self._held.update({piece.blob for piece in wanted})
        return Reading(self, wanted)

    def release(self, blobs: set[str]) -> None:
        """A reading ended: remove those of its files that only it had kept."""
        with self._lock:
            self._held.subtract(blobs)
            free = {blob for blob in blobs if self._held[blob] == 0}
            for blob in free:
                del self._held[blob]
            gone = free & self._doomed
            self._doomed -= gone
        self._unlink(gone)

    def remove(self, blobs: Iterable[str]) -> None:
        """Remove files that no row names any more, at once or when their last reading ends."""
        named = set(blobs) - {""}
        with self._lock:
            kept = {blob for blob in named if blob in self._held}
            self._doomed |= kept
        self._unlink(named - kept)

    def sweep(self, named: set[str]) -> int:
        """Remove every file that no row names; how many there were."""
        left = [entry.name for entry in os.scandir(self._root) if entry.name not in named]
        self._unlink(left)
        return len(left)

    def _unlink(self, blobs: Iterable[str]) -> None:
        for blob in blobs:
            self.path(blob).unlink(missing_ok=True)


class BlobWriter:
    """A blob in the making. Its file exists from the first byte on; ``blob`` is empty before."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._file: BinaryIO | None = None
        self.blob = ""

    def write(self, data: bytes) -> None:
        """Append bytes."""
        if self._file is None:
            self.blob = secrets.token_hex(16)
            self._file = self._blobs.path(self.blob).open("xb", buffering=0)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def keep(self) -> None:
        """Make the bytes and the file's name durable."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._blobs.sync_names()

    def discard(self) -> None:
        """Remove what was written."""
        if self._file is not None:
            self._file.close()
            self._blobs.remove([self.blob])


class Reading:
    """A run of bytes of an object, whole whatever happens to the object meanwhile, until closed."""

    def __init__(self, blobs: Blobs, wanted: tuple[Piece, ...]) -> None:
        self._blobs = blobs
        self._wanted = wanted
        self._held = {piece.blob for piece in wanted}
        self.size = sum(piece.stop - piece.start for piece in wanted)

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._wanted:
            with self._blobs.path(piece.blob).open("rb", buffering=0) as file:
                yield from _chunks(file, piece)

    def read(self) -> bytes:
        """All of it at once; for what is known to be small."""
        return b"".join(self)

    def close(self) -> None:
        """Let go of the files; may be called twice."""
        held = set(self._held)
        self._held.clear()
        self._blobs.release(held)


def _chunks(file: BinaryIO, piece: Piece) -> Iterator[bytes]:
    file.seek(piece.start)
    left = piece.stop - piece.start
    while left:
        data = file.read(min(CHUNK, left))
        if not data:
            raise OSError(f"the file of object contents {piece.blob} is {left} bytes short")
        left -= len(data)
        yield data
