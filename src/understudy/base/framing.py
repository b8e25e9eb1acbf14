"""How processes of ours speak over a socket: msgpack, each message after its length.

The length is four bytes, big-endian. A message is a tagged `msgspec.Struct`.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, msgpack

PREFIX = 4
"""Bytes of a length."""
_ENCODER = msgpack.Encoder()


def framed(message: Struct) -> bytes:
    """A message as it goes over the line.

    >>> class Ping(Struct, tag=True, array_like=True): pass
    >>> framed(Ping()).hex(" ")
    '00 00 00 06 91 a4 50 69 6e 67'
    """
    body = _ENCODER.encode(message)
    return len(body).to_bytes(PREFIX, "big") + body


class Unframer:
    """Takes bytes as they come and gives back whole messages of a kind."""

    __slots__ = ("_decoder", "_pending")

    def __init__(self, kind: Any) -> None:
        self._decoder: msgpack.Decoder[Any] = msgpack.Decoder(kind)
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """The messages that are complete with this data. Raises msgspec.DecodeError."""
        self._pending += data
        while len(self._pending) >= PREFIX:
            end = PREFIX + int.from_bytes(self._pending[:PREFIX], "big")
            if len(self._pending) < end:
                return
            body = bytes(self._pending[PREFIX:end])
            del self._pending[:end]
            yield self._decoder.decode(body)
