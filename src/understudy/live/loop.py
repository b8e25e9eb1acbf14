"""Driving the engine by the real clock: events in order, timers when due, everything journalled."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from understudy.base.fault import Fault
from understudy.control.events import AnyCommand, AnyEvent, ApiCalled, Params
from understudy.engine.engine import Engine
from understudy.live.clock import WorldClock
from understudy.storage.journal import Journal

log = logging.getLogger(__name__)

SNAPSHOT_EVERY = 5000
"""Events between two snapshots."""
LEAD_SECONDS = 4.0
"""How far (world time) the loop may run ahead of what the data plane has reported: less than the
shortest delay after which CloudWatch shows a datapoint, so no alarm can miss one."""
STALE_SECONDS = 1.0
"""Without a word from the data plane for so long (real time), the loop goes by the clock alone."""

Perform = Callable[[AnyCommand], None]


class LiveLoop:
    """The one place through which everything that happens reaches the engine.

    The loop's time follows the clock, but stays close to what the data plane has reported: an
    alarm is not evaluated before the requests of its period are counted.
    """

    def __init__(
        self, engine: Engine, journal: Journal, clock: WorldClock, *, keep_journal: bool = False
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.perform: Perform = _nothing
        self._journal = journal
        self._keep_journal = keep_journal
        self._pending: list[AnyCommand] = []
        self._unrecorded: list[AnyCommand] = []
        self._since_snapshot = 0
        self._last_number = 0
        self._wake: asyncio.TimerHandle | None = None
        self._watermark = float("inf")
        self._watermark_at = clock.now()

    def now(self) -> float:
        """The time up to which the world is known."""
        now = self.clock.now()
        if now - self._watermark_at > STALE_SECONDS * self.clock.speed:
            return max(now, self.engine.state.at)
        return max(min(now, self._watermark + LEAD_SECONDS), self.engine.state.at)

    def reported(self, watermark: float) -> None:
        """The data plane has reported everything up to this world time."""
        self._watermark = watermark
        self._watermark_at = self.clock.now()
        self.catch_up()

    def call(
        self, region: str, service: str, operation: str, params: Params, request_id: str
    ) -> Params:
        """Perform an operation that may change something; it is on disk when this returns.

        Raises Fault.
        """
        event = ApiCalled(self.now(), region, service, operation, params, request_id)
        answer = self.submit(event)
        if isinstance(answer, Fault):
            raise answer
        return answer or {}

    def query(self, region: str, service: str, operation: str, params: Params) -> Params:
        """Perform an operation that only reads. Raises Fault."""
        self.catch_up()
        return self.engine.query(region, self.now(), service, operation, params)

    def submit(self, event: AnyEvent) -> Params | Fault | None:
        """Give the engine an event, journal it, and have its commands performed."""
        self._fire_due(event.at)
        step = self.engine.handle(event)
        self._pending.extend(step.commands)
        self._commit(event)
        self._arrange_wake()
        return step.answer

    def catch_up(self) -> None:
        """Fire the timers that are due."""
        if self._fire_due(self.now()):
            self._flush()
        self._arrange_wake()

    def _fire_due(self, at: float) -> int:
        fired = 0
        while (due := self.engine.due()) is not None and due <= at:
            self._pending.extend(self.engine.fire())
            fired += 1
        return fired

    def _commit(self, event: AnyEvent) -> None:
        commands = self._take_pending()
        self._last_number = self._journal.append(event, [*self._unrecorded, *commands])
        self._unrecorded = []
        self._since_snapshot += 1
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self.save()
        self._perform_all(commands)

    def _flush(self) -> None:
        """Perform what timers gave rise to; it is written down with the next event.

        Nothing is lost with it before that: the timers fire again when the journal is replayed.
        """
        commands = self._take_pending()
        self._unrecorded.extend(commands)
        self._perform_all(commands)

    def _take_pending(self) -> list[AnyCommand]:
        commands, self._pending = self._pending, []
        return commands

    def _perform_all(self, commands: Sequence[AnyCommand]) -> None:
        for command in commands:
            self.perform(command)

    def save(self) -> None:
        """Let a snapshot stand for the journal so far."""
        self._journal.save_snapshot(
            self._last_number, self.engine.snapshot(), keep_entries=self._keep_journal
        )
        self._since_snapshot = 0

    def _arrange_wake(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        due = self.engine.due()
        if due is not None:
            delay = max(self.clock.real_until(due), 0.001)
            self._wake = asyncio.get_running_loop().call_later(delay, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self.catch_up()

    def close(self) -> None:
        """Stop firing timers and leave a snapshot behind."""
        if self._wake is not None:
            self._wake.cancel()
        self.save()


def _nothing(command: AnyCommand) -> None:
    log.warning("nobody performs %s", type(command).__name__)


def replay(engine: Engine, journal: Journal, after: int) -> int:
    """Bring an engine to where the journal ends; return the number of its last entry.

    Timers fire in between as they did. Commands are not performed: the world is brought in line
    by `EngineRestarted`.
    """
    last = after
    for entry in journal.entries(after):
        while (due := engine.due()) is not None and due <= entry.event.at:
            engine.fire()
        engine.handle(entry.event)
        last = entry.number
    return last
