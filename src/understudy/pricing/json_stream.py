"""Reading a JSON document of any size piece by piece, in memory that does not grow with it."""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

Path = tuple[str, ...]
"""Where a value stands: member names, and positions in lists as numbers."""

EACH = "*"
"""Any member or position."""

MOST_PENDING = 64 * 2**20
"""Characters of one value above which a document is taken to be broken."""

_SPACE = " \t\n\r"


class BrokenJsonError(ValueError):
    """The document is not JSON, or ends too soon."""


def pieces(chunks: Iterable[bytes], opened: Iterable[Path]) -> Iterator[tuple[Path, Any]]:
    """The values of a document with their paths, in order.

    ``opened`` are the containers to look into, with ``EACH`` for any name; what lies in them comes
    one by one, everything else as a whole. Raises BrokenJsonError.

    >>> document = b'{"version": "1", "products": {"A": {"x": 1}, "B": {"x": 2}}}'
    >>> list(pieces([document[:30], document[30:]], [(), ("products",)]))
    [(('version',), '1'), (('products', 'A'), {'x': 1}), (('products', 'B'), {'x': 2})]
    """
    return _Reader(chunks, frozenset(opened)).value(())


class _Reader:
    def __init__(self, chunks: Iterable[bytes], opened: frozenset[Path]) -> None:
        self._chunks = iter(chunks)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._parse = json.JSONDecoder().raw_decode
        self._opened = opened
        self._text = ""
        self._at = 0

    def _more(self) -> bool:
        """Take in the next chunk and drop what has been read; False at the end."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._text = self._text[self._at :] + self._decode(chunk)
        self._at = 0
        if len(self._text) > MOST_PENDING:
            raise BrokenJsonError("a value is too large to be one of a price list")
        return True

    def _next(self) -> str:
        """The next character that is not white space, left where it is."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                raise BrokenJsonError("the document ends too soon")

    def _expect(self, wanted: str) -> str:
        found = self._next()
        if found not in wanted:
            raise BrokenJsonError(f"{' or '.join(wanted)} was expected and {found!r} found")
        self._at += 1
        return found

    def _whole(self) -> Any:
        """The next value, as a whole."""
        self._next()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise BrokenJsonError(str(error)) from error
                continue
            if end == len(self._text) and self._more():
                continue
            self._at = end
            return value

    def value(self, path: Path) -> Iterator[tuple[Path, Any]]:
        """The value that begins here, opened if it is to be."""
        first = self._next()
        if first in "{[" and self._is_opened(path):
            self._at += 1
            yield from self._members(path) if first == "{" else self._elements(path)
        else:
            yield path, self._whole()

    def _is_opened(self, path: Path) -> bool:
        return any(
            len(pattern) == len(path)
            and all(part in (EACH, name) for part, name in zip(pattern, path, strict=True))
            for pattern in self._opened
        )

    def _members(self, path: Path) -> Iterator[tuple[Path, Any]]:
        if self._next() == "}":
            self._at += 1
            return
        while True:
            name = self._whole()
            self._expect(":")
            yield from self.value((*path, name))
            if self._expect(",}") == "}":
                return

    def _elements(self, path: Path) -> Iterator[tuple[Path, Any]]:
        if self._next() == "]":
            self._at += 1
            return
        position = 0
        while True:
            yield from self.value((*path, str(position)))
            position += 1
            if self._expect(",]") == "]":
                return
