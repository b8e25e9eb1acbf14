"""An HTTP request and an HTTP answer, as the protocol layers see them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. ``path`` and ``query`` are as on the wire (percent-encoded).

    Header names are lower case. ``stream`` yields the body once, in chunks.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    stream: AsyncIterator[bytes]

    async def body(self) -> bytes:
        """The whole body; for requests whose size AWS limits to a few megabytes."""
        return b"".join([chunk async for chunk in self.stream])


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer. A body that is an iterator is sent chunk by chunk.

    An iterator's length must be given as a ``content-length`` header where it is known.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | AsyncIterator[bytes] = b""
