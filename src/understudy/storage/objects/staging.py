"""Bytes on their way into the store: written to a file and checksummed as they pass."""

from collections.abc import Iterable

from understudy.storage.objects.blobs import BlobWriter
from understudy.storage.objects.digests import ALGORITHMS, encode
from understudy.storage.objects.values import Segment


class Staging:
    """A segment in the making. Whoever began it keeps or discards it."""

    def __init__(self, writer: BlobWriter, algorithms: Iterable[str]) -> None:
        self._writer = writer
        self._md5 = ALGORITHMS["MD5"]()
        self._digests = {name: ALGORITHMS[name]() for name in algorithms}
        self._kept = False
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append bytes."""
        if data:
            self._writer.write(data)
            self._md5.update(data)
            for digest in self._digests.values():
                digest.update(data)
            self.size += len(data)

    def segment(self) -> Segment:
        """What was written, with its checksums; asked for once, after the last byte."""
        return Segment(
            blob=self._writer.blob,
            size=self.size,
            md5=self._md5.digest().hex(),
            checksums={name: encode(digest.digest()) for name, digest in self._digests.items()},
        )

    def keep(self) -> None:
        """Make it durable. It is a leftover until a transaction has named it."""
        self._writer.keep()
        self._kept = True

    def discard(self) -> None:
        """Remove what was written, unless it was kept."""
        if not self._kept:
            self._writer.discard()
