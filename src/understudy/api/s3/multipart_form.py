"""A multipart/form-data body taken apart as it comes in: its fields, then the bytes of its file.

RFC 7578; AWS: POST Object ("the file must be the last field in the form").
"""

import re
from enum import Enum, auto

from understudy.base.fault import Fault

FIELDS_LIMIT = 20_000
"""Bytes of everything before the file. AWS: MaxPostPreDataLengthExceededError."""

_NAME = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class _Expects(Enum):
    DELIMITER = auto()
    CONTENT = auto()
    HEADERS = auto()
    NOTHING = auto()


class FormDecoder:
    """Takes in a form in any pieces. ``fields`` are by lower-case name.

    ``filename`` is None until the file begins; from then on ``fields`` has all that count.
    """

    def __init__(self, content_type: str) -> None:
        boundary = re.search(r'boundary="?([^";,]+)', content_type)
        if boundary is None:
            raise _malformed()
        self._delimiter = b"\r\n--" + boundary[1].strip().encode("latin-1")
        self._expects = _Expects.CONTENT
        self._pending = b"\r\n"
        self._name = ""
        self._field = b""
        self._in_file = False
        self.fields: dict[str, str] = {}
        self.filename: str | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The bytes of the file that further bytes of the form bring."""
        self._pending += data
        found: list[bytes] = []
        while self._step(found):
            pass
        if self.filename is None and len(self._pending) + len(self._field) > FIELDS_LIMIT:
            message = "Your POST request fields preceding the upload file were too large."
            raise Fault("MaxPostPreDataLengthExceeded", message, 400)
        return found

    def finish(self) -> None:
        """Raise MalformedPOSTRequest unless the form has come to its end, with a file."""
        if self._expects is not _Expects.NOTHING:
            raise _malformed()
        if self.filename is None:
            message = "POST requires exactly one file upload per request."
            raise Fault("IncorrectNumberOfFilesInPostRequest", message, 400)

    def _step(self, found: list[bytes]) -> bool:
        """Take one thing off what is pending; whether there was one."""
        match self._expects:
            case _Expects.CONTENT:
                return self._take_content(found)
            case _Expects.DELIMITER:
                return self._take_delimiter()
            case _Expects.HEADERS:
                return self._take_headers()
            case _Expects.NOTHING:
                return False

    def _take_content(self, found: list[bytes]) -> bool:
        content, delimiter, rest = self._pending.partition(self._delimiter)
        if not delimiter:
            # The end may be the beginning of the delimiter.
            keep = len(self._delimiter) - 1
            content, rest = self._pending[:-keep], self._pending[-keep:]
        if self._in_file and content:
            found.append(content)
        elif not self._in_file:
            self._field += content
        self._pending = rest
        if delimiter:
            self._end_part()
        return bool(delimiter)

    def _end_part(self) -> None:
        if self._name and not self._in_file and self.filename is None:
            self.fields[self._name] = self._field.decode("utf-8", "replace")
        self._name, self._field, self._in_file = "", b"", False
        self._expects = _Expects.DELIMITER

    def _take_delimiter(self) -> bool:
        if len(self._pending) < 2:
            return False
        mark, self._pending = self._pending[:2], self._pending[2:]
        if mark not in (b"--", b"\r\n"):
            raise _malformed()
        self._expects = _Expects.NOTHING if mark == b"--" else _Expects.HEADERS
        return True

    def _take_headers(self) -> bool:
        head, ended, rest = self._pending.partition(b"\r\n\r\n")
        if not ended:
            return False
        self._pending = rest
        named = dict(_NAME.findall(head.decode("utf-8", "replace")))
        self._name = named.get("name", "").lower()
        if self._name == "file" and self.filename is None:
            self._in_file = True
            self.filename = named.get("filename", "").replace("\\", "/").rsplit("/", 1)[-1]
        self._expects = _Expects.CONTENT
        return True


def _malformed() -> Fault:
    message = "The body of your POST request is not well-formed multipart/form-data."
    return Fault("MalformedPOSTRequest", message, 400)
