"""Pages of a list, as AWS's Describe and List operations give them."""

from collections.abc import Sequence
from typing import TypeVar

from understudy.base.fault import Fault

Item = TypeVar("Item")


def page(
    items: Sequence[Item], token: str | None, size: int, refused: Fault
) -> tuple[list[Item], str | None]:
    """One page of ``items`` and the token of the next, None where there is none.

    A token is the position of the page's first item. Raises ``refused`` for a foreign token.
    """
    if token is None:
        start = 0
    elif token.isdecimal():
        start = int(token)
    else:
        raise refused
    end = start + size
    return list(items[start:end]), str(end) if end < len(items) else None
