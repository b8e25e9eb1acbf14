"""The live world's loop as whoever runs instances sees it: a clock, and a place for events."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from understudy.control.events import AnyEvent
from understudy.live.clock import WorldClock

Found = TypeVar("Found", bound=AnyEvent)
PATIENCE = 20.0


class Heard:
    """Keeps every event; stands in for `live.loop.LiveLoop`, whose engine nobody needs here."""

    def __init__(self, speed: float = 1.0) -> None:
        self.clock = WorldClock.starting(speed)
        self.events: list[AnyEvent] = []

    def now(self) -> float:
        """World time."""
        return self.clock.now()

    def submit(self, event: AnyEvent) -> None:
        """Keep an event."""
        self.events.append(event)

    async def until(
        self, kind: type[Found], condition: Callable[[Found], bool] = lambda _: True
    ) -> Found:
        """The first event of a kind that meets a condition, once it has come."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and condition(event):
                        return event
                await asyncio.sleep(0.01)


def loop_of(heard: Heard) -> Any:
    """What is heard, where a loop is wanted."""
    return heard
