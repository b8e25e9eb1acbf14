"""The aws-chunked content encoding, decoded as bytes come in.

AWS: Signature calculations for the Authorization header, "Transferring payload in multiple chunks";
"Chunked upload including trailing headers". The signatures of chunks are not verified.
"""

from enum import Enum, auto

from understudy.base.fault import Fault

_LINE_LIMIT = 8192


class _Expects(Enum):
    SIZE = auto()
    DATA = auto()
    LINE_END = auto()
    TRAILER = auto()
    NOTHING = auto()


class ChunkedDecoder:
    """Takes in an encoded body in any pieces and gives its bytes; ``trailers`` follow them."""

    def __init__(self) -> None:
        self._expects = _Expects.SIZE
        self._pending = b""
        self._left = 0
        self.trailers: dict[str, str] = {}

    def feed(self, data: bytes) -> list[bytes]:
        r"""The decoded bytes that further encoded bytes bring. Raises IncompleteBody.

        >>> ChunkedDecoder().feed(b"3;chunk-signature=0a\r\nabc\r\n0;chunk-signature=0b\r\n\r\n")
        [b'abc']
        """
        found: list[bytes] = []
        rest = self._pending + data
        while rest and self._expects is not _Expects.NOTHING:
            if self._expects is _Expects.DATA:
                piece, rest = rest[: self._left], rest[self._left :]
                self._left -= len(piece)
                found.append(piece)
                if self._left == 0:
                    self._expects = _Expects.LINE_END
                continue
            line, ended, after = rest.partition(b"\r\n")
            if not ended:
                if len(rest) > _LINE_LIMIT:
                    raise incomplete()
                break
            rest = after
            self._take_line(line)
        self._pending = b"" if self._expects is _Expects.NOTHING else rest
        return found

    def finish(self) -> None:
        """Raise IncompleteBody unless the body has come to its end."""
        at_end = self._expects is _Expects.TRAILER and not self._pending
        if self._expects is not _Expects.NOTHING and not at_end:
            raise incomplete()

    def _take_line(self, line: bytes) -> None:
        match self._expects:
            case _Expects.SIZE:
                self._left = _size(line)
                self._expects = _Expects.DATA if self._left else _Expects.TRAILER
            case _Expects.LINE_END:
                if line:
                    raise incomplete()
                self._expects = _Expects.SIZE
            case _ if line:
                name, colon, value = line.decode("latin-1").partition(":")
                if not colon:
                    raise malformed_trailer()
                self.trailers[name.strip().lower()] = value.strip()
            case _:
                self._expects = _Expects.NOTHING


def _size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise incomplete() from None


def incomplete() -> Fault:
    """What S3 answers to a body that is cut off or not encoded as announced."""
    return Fault("IncompleteBody", "The request body terminated unexpectedly", 400)


def malformed_trailer() -> Fault:
    """What S3 answers to trailing headers that are not as announced."""
    message = (
        "The request contained trailing data that was not well-formed or did not conform to our "
        "published schema."
    )
    return Fault("MalformedTrailerError", message, 400)
