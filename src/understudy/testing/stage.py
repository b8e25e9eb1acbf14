"""A region in virtual time for tests: machines, a heap of timers, a log of what they said.

It does for one or several machines what the engine does for all: turns, timers, signals.

>>> stage = Stage(at=instant("2026-01-01T00:00:00Z"))
>>> stage.add("cloudwatch", service, OPERATIONS)                  # doctest: +SKIP
>>> stage.call("cloudwatch", "PutMetricAlarm", AlarmName="busy")  # doctest: +SKIP
>>> stage.advance(300)                                            # doctest: +SKIP
>>> stage.signals                                                 # doctest: +SKIP
"""

import heapq
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from understudy.base.arn import DEFAULT_REGION
from understudy.base.identity import Ids
from understudy.control.events import AnyCommand, Params
from understudy.control.signals import Signal
from understudy.control.turn import Timer, Turn

Operation = Callable[[Any, Params, Turn], Params]
"""An operation of a service: ``(machine, params, turn) -> output``."""

Route = Callable[[Signal, Turn], None]
"""Where a signal goes, within the turn in which it was given."""


class Machine(Protocol):
    """A service that can be called back at a time it asked for."""

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """Do what was to be done at ``turn.at``."""
        ...


def instant(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time; one without an offset is UTC.

    >>> instant("2026-07-31T00:15:32Z")
    1785456932.0
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Stage:
    """One region that only moves when told to.

    ``now`` is its clock; ``signals`` and ``commands`` hold everything the machines gave, each with
    its time, oldest first. ``route`` may pass signals on to another machine.
    """

    def __init__(self, at: float, route: Route | None = None, seed: int = 0) -> None:
        self.now = at
        self.signals: list[tuple[float, Signal]] = []
        self.commands: list[tuple[float, AnyCommand]] = []
        self._ids = Ids(seed)
        self._route = route
        self._machines: dict[str, Machine] = {}
        self._operations: dict[str, Mapping[str, Operation]] = {}
        self._timers: list[Timer] = []
        self._sequence = 0

    def add(self, owner: str, machine: Machine, operations: Mapping[str, Operation]) -> None:
        """Put a machine on the stage under the name that it schedules its timers with."""
        self._machines[owner] = machine
        self._operations[owner] = operations

    def call(self, owner: str, operation: str, /, **params: Any) -> Params:
        """Call an AWS operation now; returns its output, raises its Fault."""
        with self.turn() as turn:
            return self._operations[owner][operation](self._machines[owner], params, turn)

    @contextmanager
    def turn(self) -> Generator[Turn]:
        """Open a turn at the present time, for calling a machine's own methods; settle it after."""
        turn = Turn(self.now, DEFAULT_REGION, self._ids)
        try:
            yield turn
        finally:
            self._settle(turn)

    def advance(self, seconds: float) -> None:
        """Let time pass, firing every timer on the way."""
        self.advance_to(self.now + seconds)

    def advance_to(self, at: float) -> None:
        """Let time pass until ``at``, firing every timer up to and at it."""
        while self._timers and self._timers[0].at <= at:
            timer = heapq.heappop(self._timers)
            self.now = max(self.now, timer.at)
            with self.turn() as turn:
                self._machines[timer.owner].on_timer(timer.key, turn)
        self.now = max(self.now, at)

    def given(self, kind: type[Signal]) -> list[tuple[float, Any]]:
        """Return the signals of one kind with their times."""
        return [(at, signal) for at, signal in self.signals if isinstance(signal, kind)]

    def _settle(self, turn: Turn) -> None:
        position = 0
        while position < len(turn.signals):
            signal = turn.signals[position]
            position += 1
            self.signals.append((turn.at, signal))
            if self._route:
                self._route(signal, turn)
        self.commands.extend((turn.at, command) for command in turn.commands)
        for at, owner, key in turn.timers:
            self._sequence += 1
            heapq.heappush(self._timers, Timer(at, self._sequence, turn.region, owner, key))
