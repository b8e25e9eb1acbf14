"""A page of a listing in key order, with keys rolled up under their common prefixes.

AWS: Organizing objects using prefixes.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar


class Keyed(Protocol):
    """A row of a listing."""

    @property
    def key(self) -> str:
        """The key that orders it."""
        ...


T = TypeVar("T", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows and common prefixes (texts) in the order of their keys, and whether more follow."""

    entries: tuple[T | str, ...]
    truncated: bool

    @property
    def rows(self) -> list[T]:
        """The rows alone."""
        return [entry for entry in self.entries if not isinstance(entry, str)]

    @property
    def prefixes(self) -> list[str]:
        """The common prefixes alone."""
        return [entry for entry in self.entries if isinstance(entry, str)]

    @property
    def last(self) -> T | str | None:
        """The last row or common prefix, after which the next page goes on."""
        return self.entries[-1] if self.entries else None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which keys a listing shows: those with a prefix, rolled up at a delimiter, after a key."""

    prefix: str = ""
    delimiter: str = ""
    after: str = ""

    def start(self) -> bytes:
        """The first key that can be in the listing: right after ``after``, or the prefix."""
        after = self.after.encode() + b"\0" if self.after else b""
        return max(self.prefix.encode(), after)


def page(
    scope: Scope, limit: int, first: Iterable[T], seek: Callable[[bytes], Iterable[T]]
) -> Page[T]:
    """Up to ``limit`` entries. ``first`` are the rows to begin with, ``seek`` those from a key on.

    A common prefix stands once and counts as one entry. One that ``after`` lies in was shown on the
    page before and is passed over.
    """
    walk = _walk(scope, first, seek)
    entries = tuple(islice(walk, limit + 1)) if limit else ()
    walk.close()
    return Page(entries[:limit], len(entries) > limit)


def _walk(
    scope: Scope, first: Iterable[T], seek: Callable[[bytes], Iterable[T]]
) -> Generator[T | str]:
    rows = iter(first)
    while (row := next(rows, None)) is not None:
        if not row.key.startswith(scope.prefix):
            return
        common = _common_prefix(row.key, scope)
        if not common:
            yield row
            continue
        # No key has the byte 0xff in it, so this is above every key with the common prefix.
        rows = iter(seek(common.encode() + b"\xff"))
        if not scope.after.startswith(common):
            yield common


def _common_prefix(key: str, scope: Scope) -> str:
    if not scope.delimiter:
        return ""
    end = key.find(scope.delimiter, len(scope.prefix))
    return key[: end + len(scope.delimiter)] if end >= 0 else ""
