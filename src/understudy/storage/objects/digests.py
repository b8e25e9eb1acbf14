"""The checksums of S3, computed while bytes pass by, and put together from those of parts.

AWS: Checking object integrity in Amazon S3.
"""

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from awscrt import checksums as crt

DEFAULT = "CRC64NVME"
"""The algorithm of objects whose sender gave no checksum."""


class Digest(Protocol):
    """A checksum in the making."""

    def update(self, data: bytes, /) -> object:
        """Take in more bytes."""
        ...

    def digest(self) -> bytes:
        """The checksum of all bytes so far; asked for once."""
        ...


class Crc:
    """A cyclic redundancy check, most significant byte first."""

    __slots__ = ("_step", "_value", "_width")

    def __init__(self, step: Callable[[bytes, int], int], width: int) -> None:
        self._step = step
        self._width = width
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        """The check of all bytes so far."""
        return self._value.to_bytes(self._width, "big")


class XxHash:
    """An xxHash of the AWS common runtime."""

    __slots__ = ("_state",)

    def __init__(self, state: crt.XXHash) -> None:
        self._state = state

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        self._state.update(data)

    def digest(self) -> bytes:
        """The hash of all bytes; the state cannot be used afterwards."""
        return self._state.finalize()


def _md5() -> Digest:
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> Digest:
    return hashlib.sha1(usedforsecurity=False)


ALGORITHMS: Mapping[str, Callable[[], Digest]] = {
    "CRC32": lambda: Crc(zlib.crc32, 4),
    "CRC32C": lambda: Crc(crt.crc32c, 4),
    "CRC64NVME": lambda: Crc(crt.crc64nvme, 8),
    "SHA1": _sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": _md5,
    "XXHASH64": lambda: XxHash(crt.XXHash.new_xxhash64()),
    "XXHASH3": lambda: XxHash(crt.XXHash.new_xxhash3_64()),
    "XXHASH128": lambda: XxHash(crt.XXHash.new_xxhash3_128()),
}

_COMBINE: Mapping[str, Callable[[int, int, int], int]] = {
    "CRC32": crt.combine_crc32,
    "CRC32C": crt.combine_crc32c,
    "CRC64NVME": crt.combine_crc64nvme,
}

FULL_OBJECT_ALGORITHMS = frozenset(_COMBINE)
"""Those whose value for a whole upload follows from the values of its parts."""


def encode(digest: bytes) -> str:
    """A checksum as it stands in a header: base64.

    >>> encode(bytes.fromhex("cbf43926"))
    'y/Q5Jg=='
    """
    return b64encode(digest).decode()


def is_checksum(algorithm: str, text: str) -> bool:
    """Whether a text is base64 of as many bytes as the algorithm's checksum has.

    >>> is_checksum("CRC32", "y/Q5Jg=="), is_checksum("CRC32", "y/Q5"), is_checksum("CRC32", "?")
    (True, False, False)
    """
    try:
        return len(b64decode(text, validate=True)) == len(ALGORITHMS[algorithm]().digest())
    except ValueError:
        return False


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """The checksum of the checksums of parts, with their count: ``"<base64>-2"``."""
    digest, count = ALGORITHMS[algorithm](), 0
    for part in parts:
        digest.update(b64decode(part))
        count += 1
    return f"{encode(digest.digest())}-{count}"


def combined(algorithm: str, parts: Iterable[tuple[str, int]]) -> str:
    """The checksum of a whole from (checksum, size in bytes) of its parts, for a CRC."""
    combine, total, width = _COMBINE[algorithm], 0, len(ALGORITHMS[algorithm]().digest())
    for value, size in parts:
        total = combine(total, int.from_bytes(b64decode(value), "big"), size)
    return encode(total.to_bytes(width, "big"))
