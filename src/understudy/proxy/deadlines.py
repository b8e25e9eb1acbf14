"""Many equal time limits with one timer."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")


class Deadlines(Generic[Waiting]):
    """Calls ``expired`` with whatever has waited ``seconds``.

    All wait equally long, so the first to come is the first to go: there is a timer for the oldest
    alone, and coming and going cost no more than an entry in a dictionary.
    """

    __slots__ = ("_entries", "_expired", "_seconds", "_timer")

    def __init__(self, seconds: float, expired: Callable[[Waiting], None]) -> None:
        self._seconds = seconds
        self._expired = expired
        self._entries: dict[Waiting, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, waiting: Waiting, now: float) -> None:
        """Let something wait from ``now`` (``time.monotonic()``)."""
        self._entries[waiting] = now + self._seconds
        if self._timer is None:
            self._arm(self._seconds)

    def remove(self, waiting: Waiting) -> None:
        """It has come to its end, or never waited."""
        self._entries.pop(waiting, None)

    def _arm(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = monotonic()
        while self._entries:
            oldest, due = next(iter(self._entries.items()))
            if due > now:
                # Whatever expired just now may have added something and armed the timer.
                if self._timer is None:
                    self._arm(due - now)
                return
            del self._entries[oldest]
            self._expired(oldest)
