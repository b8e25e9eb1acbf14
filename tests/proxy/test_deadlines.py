"""Time limits with one timer."""

import asyncio
from time import monotonic

from understudy.proxy.deadlines import Deadlines


def test_each_expires_in_its_turn_and_what_is_done_does_not() -> None:
    async def story() -> list[str]:
        expired: list[str] = []
        over = asyncio.Event()

        def note(name: str) -> None:
            expired.append(name)
            if name == "last":
                over.set()

        deadlines = Deadlines(0.05, note)
        now = monotonic()
        deadlines.add("first", now)
        deadlines.add("done", now + 0.01)
        deadlines.add("second", now + 0.02)
        deadlines.add("last", now + 0.04)
        deadlines.remove("done")
        deadlines.remove("never there")
        async with asyncio.timeout(5):
            await over.wait()
        assert monotonic() >= now + 0.09
        return expired

    assert asyncio.run(story()) == ["first", "second", "last"]


def test_what_is_added_by_what_expires_expires_too() -> None:
    async def story() -> int:
        over = asyncio.Event()
        rounds = 0

        def again(number: int) -> None:
            nonlocal rounds
            rounds += 1
            if number:
                deadlines.add(number - 1, monotonic())
            else:
                over.set()

        deadlines = Deadlines(0.01, again)
        deadlines.add(3, monotonic())
        async with asyncio.timeout(5):
            await over.wait()
        return rounds

    assert asyncio.run(story()) == 4
