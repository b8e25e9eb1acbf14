"""A request's body as S3 means it: without its aws-chunked encoding, with what was said of it.

AWS: Checking object integrity for data uploads in Amazon S3; Signature calculations for the
Authorization header (x-amz-content-sha256).
"""

import re
from collections.abc import AsyncIterator, Mapping

from understudy.api.http import Request
from understudy.api.s3.chunked import ChunkedDecoder, malformed_trailer
from understudy.base.fault import Fault
from understudy.storage.objects.digests import ALGORITHMS
from understudy.storage.s3 import faults
from understudy.storage.s3.body import Announced

_CHECKSUM = "x-amz-checksum-"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_UNSIGNED = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_SIGNED_STREAM = "STREAMING-AWS4-"
_ENCODING = "aws-chunked"

BODY_LIMIT = 2 << 20
"""Bytes of a request that is read whole: 1000 keys of 1024 bytes, in XML."""


def without_chunked(encoding: str | None) -> str | None:
    """A Content-Encoding without aws-chunked, which S3 does not keep; None where that was all.

    >>> without_chunked("aws-chunked,gzip"), without_chunked("aws-chunked")
    ('gzip', None)
    """
    kept = [part.strip() for part in (encoding or "").split(",")]
    return ",".join(part for part in kept if part and part != _ENCODING) or None


class Payload:
    """The body of a request. ``said`` is what its headers say of it.

    Raises the fault that S3 answers headers with which do not go together.
    """

    def __init__(self, request: Request, headers: Mapping[str, str]) -> None:
        self._stream = request.stream
        content = headers.get("x-amz-content-sha256", "")
        encoded = content.startswith("STREAMING-") or _ENCODING in headers.get(
            "content-encoding", ""
        )
        self._decoder = ChunkedDecoder() if encoded else None
        self._trailer = _trailer(headers)
        self.said = Announced(
            checksums=_checksums(headers),
            trailer=self._trailer,
            computed=_computed(headers, self._trailer),
            md5=headers.get("content-md5"),
            sha256=_signed_hash(content),
            size=_size(headers, "x-amz-decoded-content-length" if encoded else "content-length"),
        )

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the body. Raises IncompleteBody where its encoding is broken."""
        async for data in self._stream:
            if self._decoder is None:
                yield data
            else:
                for piece in self._decoder.feed(data):
                    yield piece
        if self._decoder is not None:
            self._decoder.finish()

    async def read(self) -> bytes:
        """The whole body. Raises MaxMessageLengthExceeded above 2 MiB."""
        parts: list[bytes] = []
        size = 0
        async for data in self.chunks():
            size += len(data)
            if size > BODY_LIMIT:
                raise Fault("MaxMessageLengthExceeded", "Your request was too big.", 400)
            parts.append(data)
        return b"".join(parts)

    def trailers(self) -> dict[str, str]:
        """The checksums that followed the body, by algorithm. Raises MalformedTrailerError."""
        if not self._trailer:
            return {}
        found = self._decoder.trailers if self._decoder is not None else {}
        value = found.get(_CHECKSUM + self._trailer.lower())
        if value is None:
            raise malformed_trailer()
        return {self._trailer: value}


def _checksums(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: headers[_CHECKSUM + name.lower()]
        for name in ALGORITHMS
        if headers.get(_CHECKSUM + name.lower())
    }


def _trailer(headers: Mapping[str, str]) -> str:
    name = headers.get("x-amz-trailer", "").strip().lower()
    if not name:
        return ""
    algorithm = name.removeprefix(_CHECKSUM).upper()
    if not name.startswith(_CHECKSUM) or algorithm not in ALGORITHMS:
        message = "The value specified in the x-amz-trailer header is not supported"
        raise faults.invalid_request(message)
    return algorithm


def _computed(headers: Mapping[str, str], trailer: str) -> str:
    named = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    if named and not trailer and not _checksums(headers):
        message = (
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
            "x-amz-trailer headers were found."
        )
        raise faults.invalid_request(message)
    return named


def _signed_hash(content: str) -> str:
    if not content or content in _UNSIGNED or content.startswith(_SIGNED_STREAM):
        return ""
    if not _SHA256.fullmatch(content):
        message = (
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, "
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
        )
        raise faults.invalid_argument(message, "x-amz-content-sha256", content)
    return content


def _size(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise faults.invalid_argument(f"{name} must be a number", name, text)
    return int(text)
