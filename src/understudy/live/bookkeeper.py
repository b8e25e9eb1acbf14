"""The kept services behind the event loop: one thread, which takes all that has come up at once."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from understudy.base.fault import Fault
from understudy.bookkeeping.moto import Books
from understudy.bookkeeping.outbox import Leaving
from understudy.control.events import Call, CallAnswered, CallFailed, RulesKept
from understudy.live.loop import INTERNAL, LiveLoop

log = logging.getLogger(__name__)

Result = TypeVar("Result")

AT_ONCE = 32
"""Calls that are performed before what came of them is told: clients get their turn between."""


class Bookkeeper:
    """Performs the engine's calls of kept services in the order in which they come.

    ``post`` takes what leaves the kept services.
    """

    def __init__(self, loop: LiveLoop, books: Books, post: Callable[[Leaving], None]) -> None:
        self._loop = loop
        self._books = books
        self._post = post
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bookkeeping")
        self._waiting: list[Call] = []
        self._at_work = False

    def add(self, call: Call) -> bool:
        """Put a call in the queue. Whether nobody works on it: then call `work`."""
        self._waiting.append(call)
        if self._at_work:
            return False
        self._at_work = True
        return True

    async def work(self) -> None:
        """Perform what waits, and what comes up meanwhile, also for what is told here."""
        try:
            while self._waiting:
                calls, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                outcomes = await self.do(lambda calls=calls: self._outcomes(calls))
                now = self._loop.now()
                self._loop.submit_all(
                    _event(now, call, outcome)
                    for call, outcome in zip(calls, outcomes, strict=True)
                )
        finally:
            self._at_work = False

    async def do(self, work: Callable[[], Result]) -> Result:
        """Do something with the books, off the event loop and with nobody beside.

        What then has to leave does so, and the engine is told which rules have changed.
        """
        done, leaving, changed = await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: (work(), self._books.leaving(), self._books.changed_rules())
        )
        for region, rules in changed.items():
            self._loop.submit(RulesKept(self._loop.now(), region, *rules))
        for each in leaving:
            self._post(each)
        return done

    def _outcomes(self, calls: list[Call]) -> list[dict[str, object] | Fault]:
        """What came of calls; all of it is in the ledger."""
        try:
            with self._books.together():
                return [self._outcome(each) for each in calls]
        except Exception:
            log.exception("the ledger cannot be written")
            return [Fault("InternalFailure", INTERNAL, 500)] * len(calls)

    def _outcome(self, call: Call) -> dict[str, object] | Fault:
        try:
            return self._books.call(
                call.service, call.operation, call.params, call.region, call.call_id
            )
        except Fault as fault:
            return fault
        except Exception:
            log.exception("%s:%s failed", call.service, call.operation)
            return Fault("InternalFailure", INTERNAL, 500)

    def close(self) -> None:
        """End when the present work is done."""
        self._thread.shutdown(wait=False)


def _event(at: float, call: Call, outcome: dict[str, object] | Fault) -> CallAnswered | CallFailed:
    if isinstance(outcome, Fault):
        fault = outcome
        return CallFailed(at, call.region, call.call_id, fault.code, fault.message, fault.status)
    return CallAnswered(at, call.region, call.call_id, outcome)
