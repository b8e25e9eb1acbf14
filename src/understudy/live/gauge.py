"""Measures of instances and tasks, at the intervals at which CloudWatch has them."""

import asyncio
from collections.abc import Awaitable, Callable

from understudy.control.events import InstancesMeasured, TasksMeasured
from understudy.control.task import Measured
from understudy.live.loop import LiveLoop
from understudy.live.machines import Machines
from understudy.live.tasks import Tasks
from understudy.runtimes.usage import Usage

MINUTE, TASK_SECONDS = 60.0, 20.0
LEAST_REAL = 0.1
MEBIBYTE = 1024 * 1024
SHARES = 1024
"""ECS counts a processor as so many shares."""

Used = Callable[[], Awaitable[Usage]]


class Gauge:
    """Looks at processes again and again. Their use is real, whatever the speed of the world."""

    def __init__(self, loop: LiveLoop, used: Used, machines: Machines, tasks: Tasks) -> None:
        self._loop = loop
        self._used = used
        self._machines = machines
        self._tasks = tasks

    async def run(self) -> None:
        """Measure for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every(MINUTE, self._instances))
            group.create_task(self._every(TASK_SECONDS, self._of_tasks))

    async def _every(self, seconds: float, tell: Callable[[Usage, Usage, float], None]) -> None:
        clock = self._loop.clock
        before: Usage = {}
        began = clock.real_now()
        while True:
            await asyncio.sleep(max(seconds / clock.speed, LEAST_REAL))
            after = await self._used()
            now = clock.real_now()
            tell(before, after, now - began)
            before, began = after, now

    def _instances(self, before: Usage, after: Usage, seconds: float) -> None:
        """The processor time of instances, in percent of what their types have."""
        by_region: dict[str, list[tuple[str, float]]] = {}
        for name, region, vcpus in self._machines.measurable():
            if name in before and name in after:
                used = max(after[name][0] - before[name][0], 0.0)
                percent = min(100.0 * used / (seconds * vcpus), 100.0)
                by_region.setdefault(region, []).append((self._machines.id_of(name), percent))
        for region, samples in by_region.items():
            at = self._loop.now()
            event = InstancesMeasured(at, region, "CPUUtilization", "Percent", tuple(samples))
            self._loop.submit(event)

    def _of_tasks(self, before: Usage, after: Usage, seconds: float) -> None:
        """What the containers of tasks use together."""
        second = int(self._loop.now() - TASK_SECONDS)
        by_region: dict[str, list[Measured]] = {}
        for task, region, names in self._tasks.measurable():
            known = [name for name in names if name in before and name in after]
            if known:
                used = sum(max(after[name][0] - before[name][0], 0.0) for name in known)
                memory = sum(after[name][1] for name in known) / MEBIBYTE
                measured = Measured(task, second, SHARES * used / seconds, memory)
                by_region.setdefault(region, []).append(measured)
        for region, found in by_region.items():
            self._loop.submit(TasksMeasured(self._loop.now(), region, tuple(found)))
