import asyncio
import time
from functools import partial

import uvloop

from understudy.runtimes.precise_timer import PreciseTimer


def test_callbacks_come_in_the_order_of_their_times_and_never_early() -> None:
    async def main() -> list[tuple[float, float]]:
        timer = PreciseTimer(asyncio.get_running_loop())
        called: list[tuple[float, float]] = []
        now = time.monotonic()
        # The middle one first, then an earlier, a later, an equal and one that has passed.
        for delay in (0.02, 0.01, 0.03, 0.02, -1.0):
            when = now + delay
            timer.call_at(when, lambda when=when: called.append((when, time.monotonic())))
        while len(called) < 5:
            await asyncio.sleep(0.005)
        timer.close()
        return called

    called = uvloop.run(main())
    assert [when for when, _ in called] == sorted(when for when, _ in called)
    assert all(at >= when for when, at in called)


def test_a_callback_that_fails_does_not_stop_the_others() -> None:
    async def main() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        failures: list[object] = []
        loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
        timer = PreciseTimer(loop)
        called: list[int] = []
        timer.call_at(time.monotonic() + 0.001, partial(int, "not a number"))
        timer.call_at(time.monotonic() + 0.002, partial(called.append, 1))
        async with asyncio.timeout(5):
            while not called:
                await asyncio.sleep(0.001)
        timer.close()
        return len(failures), len(called)

    assert uvloop.run(main()) == (1, 1)


def test_nothing_is_called_once_it_is_closed() -> None:
    async def main() -> list[int]:
        timer = PreciseTimer(asyncio.get_running_loop())
        called: list[int] = []
        timer.call_at(time.monotonic() + 0.005, partial(called.append, 1))
        timer.close()
        await asyncio.sleep(0.02)
        return called

    assert uvloop.run(main()) == []
