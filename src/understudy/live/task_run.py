"""One ECS task as it runs: its containers in the order of their dependencies, until all have ended.

AWS: Task definition parameters, Container dependency, Health check, essential.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from understudy.control.task import ContainerCheck, Exit, TaskContainer
from understudy.runtimes.programs import Gone, NotRun, Running

ESSENTIAL = "Essential container in task exited"
STOPPED = (137, 143)
STARVED = "OutOfMemoryError: Container killed due to memory usage"
LEAST_GRACE = 2.0
"""Real seconds that a container has to stop in at least, unless it is given less."""
LEAST_TIMEOUT = 1.0


@dataclass(slots=True)
class Part:
    """A container: whether it was started, how it ended, whether it is well."""

    container: TaskContainer
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    healthy: asyncio.Event = field(default_factory=asyncio.Event)
    exit: Exit | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """What a task is run with. Names are of containers; times of ``stop`` and ``well`` are real."""

    start: Callable[[TaskContainer], Awaitable[Running]]
    stop: Callable[[str, float], Awaitable[None]]
    well: Callable[[str, tuple[str, ...], float], Awaitable[bool]]
    health: Callable[[str, str], None]
    ended: Callable[[Exit], None]
    speed: float


class TaskRun:
    """A task. ``up`` is set once all containers that shall run do; some may have ``ended``."""

    def __init__(
        self, containers: tuple[TaskContainer, ...], hands: Hands, ended: tuple[Exit, ...] = ()
    ) -> None:
        self.parts = {each.name: Part(each) for each in containers}
        for each in ended:
            part = self.parts[each.container]
            part.exit = each
            for event in (part.started, part.healthy, part.ended):
                event.set()
        self.up = asyncio.Event()
        self.reason = ""
        self._hands = hands
        self._over = asyncio.Event()

    async def run(self) -> tuple[tuple[Exit, ...], str]:
        """Run until all has ended: how each container did, and why, if by itself."""
        async with asyncio.TaskGroup() as group:
            works = [group.create_task(self._live(part)) for part in self.parts.values()]
            up = group.create_task(self._all_up())
            over = group.create_task(self._over.wait())
            done = group.create_task(asyncio.wait(works))
            await asyncio.wait({done, over}, return_when="FIRST_COMPLETED")
            await self._end_all(works)
            for each in (up, over):
                each.cancel()
        exits = tuple(part.exit or Exit(name) for name, part in self.parts.items())
        return exits, self.reason

    def stop(self) -> None:
        """End it, as it was asked to."""
        self._over.set()

    def gone(self, name: str, gone: Gone) -> None:
        """The program of a container has ended."""
        part = self.parts[name]
        code = 128 - gone.code if gone.code < 0 else gone.code
        part.exit = Exit(name, code, STARVED if gone.starved else "")
        part.ended.set()
        if self._over.is_set():
            return
        if part.container.essential:
            self._fail(ESSENTIAL)
        else:
            self._hands.ended(part.exit)

    def _fail(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._over.set()

    async def _live(self, part: Part) -> None:
        """Start a container when its dependencies allow, and look after its health."""
        if part.ended.is_set() or not await self._waited(part):
            return
        try:
            await self._hands.start(part.container)
        except NotRun as failure:
            part.exit = Exit(part.container.name, None, failure.reason)
            part.ended.set()
            self._fail(failure.reason)
            return
        part.started.set()
        if part.container.check is not None:
            watching = asyncio.ensure_future(self._watch(part, part.container.check))
            await part.ended.wait()
            watching.cancel()
        else:
            part.healthy.set()
            await part.ended.wait()

    async def _waited(self, part: Part) -> bool:
        """Wait for what a container depends on; False where that cannot be any more."""
        limit = part.container.start_timeout / self._hands.speed or None
        try:
            async with asyncio.timeout(limit):
                for name, condition in part.container.depends_on:
                    if not await self._met(self.parts[name], condition):
                        self._fail(
                            f"Container {part.container.name} could not be started: its dependency "
                            f"{name} did not meet its condition {condition}"
                        )
                        return False
        except TimeoutError:
            self._fail(f"Container {part.container.name} timed out on its dependencies")
            return False
        return not self._over.is_set()

    async def _met(self, part: Part, condition: str) -> bool:
        if condition == "START":
            await _first(part.started, part.ended)
            return part.started.is_set()
        if condition == "HEALTHY":
            await _first(part.healthy, part.ended)
            return part.healthy.is_set()
        await part.ended.wait()
        return condition == "COMPLETE" or (part.exit is not None and part.exit.code == 0)

    async def _all_up(self) -> None:
        for part in self.parts.values():
            await _first(part.started, part.ended)
        if not self._over.is_set():
            self.up.set()

    async def _watch(self, part: Part, check: ContainerCheck) -> None:
        """Run a container's health check at its interval; tell of each change."""
        name, speed = part.container.name, self._hands.speed
        timeout = max(check.timeout / speed, min(check.timeout, LEAST_TIMEOUT))
        loop = asyncio.get_running_loop()
        lenient_until = loop.time() + check.start_period / speed
        status, failures = "", 0
        while True:
            well = await self._hands.well(name, check.command, timeout)
            failures = 0 if well else failures + (loop.time() >= lenient_until)
            if well:
                part.healthy.set()
            found = "HEALTHY" if well else "UNHEALTHY" if failures >= check.retries else status
            if found != status:
                status = found
                self._hands.health(name, status)
            await asyncio.sleep(check.interval / speed)

    async def _end_all(self, works: list[asyncio.Task[None]]) -> None:
        """SIGTERM every container, SIGKILL it after its time-out, and wait."""
        for work, part in zip(works, self.parts.values(), strict=True):
            if not part.started.is_set() and not part.ended.is_set():
                work.cancel()
        running = [each for each in self.parts.values() if each.started.is_set()]
        await asyncio.gather(*(self._end(each) for each in running if not each.ended.is_set()))
        await asyncio.wait(works)

    async def _end(self, part: Part) -> None:
        timeout = part.container.stop_timeout
        grace = max(timeout / self._hands.speed, min(timeout, LEAST_GRACE))
        await self._hands.stop(part.container.name, grace)
        await part.ended.wait()


async def _first(*events: asyncio.Event) -> None:
    """Return when one of the events is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when="FIRST_COMPLETED")
    finally:
        for each in waits:
            each.cancel()
