"""Calling back at a time to within some 0.1 ms; the timers of asyncio's loops round to 1 ms."""

import asyncio
import ctypes
import heapq
import os
import time
from collections.abc import Callable
from itertools import count

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK, _TFD_CLOEXEC, _TFD_TIMER_ABSTIME = 0o4000, 0o2000000, 1

_LONGEST_LEAD = 0.00025
"""Seconds; a processor that sleeps takes about half of it to wake."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Itimerspec(ctypes.Structure):
    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


class PreciseTimer:
    """Callbacks at times of the monotonic clock, on a Linux timerfd that the loop reads.

    It is set as much earlier as the process has lately woken late, and what is then left of the
    time is spun away, some 0.05 ms. Where there is no timerfd the loop's own timers serve instead.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = count()
        self._armed = float("inf")
        self._lead = 0.0
        self._fd = _timerfd()
        if self._fd is not None:
            loop.add_reader(self._fd, self._expired)

    def call_at(self, when: float, callback: Callable[[], None]) -> None:
        """Call back at a time of ``time.monotonic``, or as soon as can be if it has passed."""
        if self._fd is None:
            self._loop.call_later(max(0.0, when - time.monotonic()), callback)
            return
        heapq.heappush(self._due, (when, next(self._sequence), callback))
        self._arm()

    def close(self) -> None:
        """Forget what is still due."""
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None
        self._due.clear()

    def _arm(self) -> None:
        """Set the timer to shortly before the earliest time, unless it is."""
        earliest = self._due[0][0] if self._due else float("inf")
        if earliest == self._armed or earliest == float("inf"):
            return
        self._armed = earliest
        # A time of zero would disarm the timer, so one nanosecond is the least.
        seconds, nanoseconds = divmod(max(1, int((earliest - self._lead) * 1e9)), 1_000_000_000)
        spec = _Itimerspec(0, 0, seconds, nanoseconds)
        if _libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(spec), None) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def _expired(self) -> None:
        assert self._fd is not None
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return  # It was set to another time after the loop had seen it expire.
        now = time.monotonic()
        woken_late = now - (self._armed - self._lead)
        self._lead += (min(woken_late, _LONGEST_LEAD) - self._lead) / 16
        self._armed = float("inf")
        try:
            self._call_until(now + self._lead)
        finally:
            self._arm()

    def _call_until(self, end: float) -> None:
        while self._due and self._due[0][0] <= end:
            when, _, callback = heapq.heappop(self._due)
            while time.monotonic() < when:
                pass
            callback()


def _timerfd() -> int | None:
    create = getattr(_libc, "timerfd_create", None)
    fd = create(_CLOCK_MONOTONIC, _TFD_NONBLOCK | _TFD_CLOEXEC) if create else -1
    return fd if fd >= 0 else None
