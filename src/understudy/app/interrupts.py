"""Ctrl-C and SIGTERM: raised in the work, only noted while something must not be cut in two."""

import ctypes
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1


class Interrupted(KeyboardInterrupt):
    """The user, or whoever started us, wants this to end. ``number`` is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Interrupts:
    """Takes the signals while it is entered. ``count`` is how many have come."""

    def __init__(self) -> None:
        self.count = 0
        self._held = 0
        self._noted = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> "Interrupts":
        self._before = {number: signal.signal(number, self._take) for number in SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        self._noted = number
        if not self._held:
            self._raise()

    def _raise(self) -> None:
        number, self._noted = self._noted, 0
        raise Interrupted(number)

    @contextmanager
    def held(self) -> Generator[None]:
        """Only note signals in this block; what was noted is raised at its end."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._noted and not self._held:
            self._raise()

    @contextmanager
    def last(self) -> Generator[None]:
        """Only note signals from now on: nothing is raised any more. ``count`` tells of them."""
        self._held += 1
        yield


def die_with(parent: int) -> None:
    """End, in order, when another process ends. It must be this process's parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
