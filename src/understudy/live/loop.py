"""Driving the engine by the real clock: events in order, timers when due, everything journalled."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from understudy.base.fault import Fault
from understudy.control.events import AnyCommand, AnyEvent, ApiCalled, EngineRestarted, Params
from understudy.deploy.handler import Invoke
from understudy.engine.engine import Engine
from understudy.live.clock import WorldClock
from understudy.storage.journal import Entry, Journal, Snapshot

log = logging.getLogger(__name__)

SNAPSHOT_EVERY = 5000
"""Entries between two snapshots."""
LEAD_SECONDS = 4.0
"""How far (world time) the loop may run ahead of what the data plane has reported: less than the
shortest delay after which CloudWatch shows a datapoint, so no alarm can miss one."""
RENEW_SECONDS, AHEAD_SECONDS = 1.0, 3.0
"""How often, and for how long ahead, the journal is asked to allow times to be shown; real time."""
INTERNAL = "An internal error has occurred. The engine's log says more."

Perform = Callable[[AnyCommand], None]
Answer = Params | Fault | None


class LiveLoop:
    """The one place through which everything that happens reaches the engine.

    The loop's time follows the clock, but neither runs ahead of what the data plane has reported
    (an alarm is not evaluated before the requests of its period are counted) nor of what the
    journal allows (after a restart the world must not show an earlier time than before).

    ``broken`` is done with an exception when the journal can no longer be written.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        clock: WorldClock,
        *,
        hosting: bytes = b"",
        keep_journal: bool = False,
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.perform: Perform = _nothing
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._journal = journal
        self._hosting = hosting
        self._keep_journal = keep_journal
        self._since_snapshot = 0
        self._last_number = journal.last_number
        self._wake: asyncio.TimerHandle | None = None
        self._watermark = clock.world_epoch
        self._horizon = 0.0
        self._renew()

    def now(self) -> float:
        """The time up to which the world is known."""
        bound = min(self._watermark + LEAD_SECONDS, self._horizon)
        return max(min(self.clock.now(), bound), self.engine.state.at)

    def _renew(self) -> None:
        self._horizon = self.clock.now() + AHEAD_SECONDS * self.clock.speed
        self._journal.reach(self._horizon)
        loop = asyncio.get_running_loop()
        self._renewal = loop.call_later(RENEW_SECONDS, self._renew)

    def reported(self, watermark: float) -> None:
        """The data plane has reported everything up to this world time."""
        self._watermark = max(self._watermark, watermark)
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

    def needs(
        self, region: str, service: str, operation: str, params: Params
    ) -> tuple[Invoke, ...]:
        """What has to be looked up before an operation can be answered."""
        return self.engine.needs(region, self.now(), service, operation, params)

    def submit(self, event: AnyEvent) -> Answer:
        """Give the engine an event, journal it, and have its commands performed.

        Raises ValueError or TypeError, before anything has happened, if it cannot be journalled.
        """
        encoded = self._journal.encoded(event)
        commands, answer = happen(self.engine, event.at, event)
        self._keep(event.at, encoded, commands)
        self._perform_all(commands)
        self._arrange_wake()
        return answer

    def submit_all(self, events: Iterable[AnyEvent]) -> None:
        """Give the engine several events of which nobody waits for an answer, journalled together.

        Commands are performed when all of it is on disk.
        """
        commands: list[AnyCommand] = []
        with self._journal.together():
            for event in events:
                encoded = self._journal.encoded(event)
                given, _ = happen(self.engine, event.at, event)
                self._keep(event.at, encoded, given)
                commands.extend(given)
        self._perform_all(commands)
        self._arrange_wake()

    def catch_up(self) -> None:
        """Fire the timers that are due."""
        self._perform_all(self._fire())
        self._arrange_wake()

    def _fire(self) -> Sequence[AnyCommand]:
        now = self.now()
        commands, _ = happen(self.engine, now, None)
        if commands:
            self._keep(now, b"", commands)
        return commands

    def restart(self) -> None:
        """Bring the world in line with what the engine remembers: nothing of it runs any more.

        What timers asked for while nobody was there is void; the restart asks for all that is
        needed.
        """
        self.save()
        self._fire()
        for region in self.engine.regions:
            self.submit(EngineRestarted(self.now(), region))
        self._arrange_wake()

    def _keep(self, at: float, event: bytes, commands: Sequence[AnyCommand]) -> None:
        if self.broken.done():
            raise Fault("ServiceUnavailable", "The engine is ending.", 503)
        try:
            self._last_number = self._journal.append(at, event, commands)
            self._since_snapshot += 1
            if self._since_snapshot >= SNAPSHOT_EVERY:
                self.save()
        except sqlite3.Error as error:
            log.critical("the journal cannot be written: %s", error)
            self.broken.set_exception(OSError(f"the journal cannot be written: {error}"))
            raise Fault("InternalFailure", INTERNAL, 500) from error

    def _perform_all(self, commands: Sequence[AnyCommand]) -> None:
        for command in commands:
            self.perform(command)

    def save(self) -> None:
        """Let a snapshot stand for the journal so far."""
        self._journal.save_snapshot(
            Snapshot(self._last_number, self.engine.snapshot(), self._hosting),
            keep_entries=self._keep_journal,
        )
        self._since_snapshot = 0

    def _arrange_wake(self) -> None:
        """Wake for the next timer. One that must wait for a report is woken by that."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        due = self.engine.due()
        if due is not None and due <= self._watermark + LEAD_SECONDS:
            delay = max(self.clock.real_until(due), 0.0)
            self._wake = asyncio.get_running_loop().call_later(delay, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self.catch_up()

    def close(self) -> None:
        """Stop firing timers and leave a snapshot behind."""
        self._renewal.cancel()
        if self._wake is not None:
            self._wake.cancel()
        if not self.broken.done():
            self.save()
            self._journal.reach(self.now())


def _nothing(command: AnyCommand) -> None:
    log.warning("nobody performs %s", type(command).__name__)


def happen(
    engine: Engine, at: float, event: AnyEvent | None
) -> tuple[Sequence[AnyCommand], Answer]:
    """Let time pass up to ``at``, then give the engine an event: commands, and an API answer.

    A bug is logged, and the engine goes on from where it got to; a replay gets to the same place.
    """
    commands: list[AnyCommand] = []
    while (due := engine.due()) is not None and due <= at:
        try:
            commands.extend(engine.fire())
        except Exception:
            log.exception("a timer failed")
    if event is None:
        return commands, None
    try:
        step = engine.handle(event)
    except Exception:
        log.exception("%s failed", _what(event))
        return commands, Fault("InternalFailure", INTERNAL, 500)
    return [*commands, *step.commands], step.answer


def _what(event: AnyEvent) -> str:
    if isinstance(event, ApiCalled):
        return f"{event.service}:{event.operation}"
    return type(event).__name__


@dataclass(frozen=True, slots=True)
class Replayed:
    """An entry of the journal, and the commands that it gives rise to now."""

    entry: Entry
    commands: Sequence[AnyCommand]


def replay(engine: Engine, entries: Iterable[Entry]) -> Iterator[Replayed]:
    """Bring an engine to where entries end. Timers fire in between as they did.

    Commands are not performed: the world is brought in line by `LiveLoop.restart`.
    """
    for entry in entries:
        yield Replayed(entry, happen(engine, entry.at, entry.event)[0])
