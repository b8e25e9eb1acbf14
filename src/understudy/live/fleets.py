"""EC2 instances and ECS tasks of the live world, over the programs that they run."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from understudy.control.events import Launch, LaunchTask, Stop, StopTask
from understudy.live.gauge import Gauge
from understudy.live.log_streams import Keep, LogStreams
from understudy.live.loop import LiveLoop
from understudy.live.machines import PREFIX, Machines
from understudy.live.tasks import Secret, Tasks
from understudy.runtimes.mappings import Mapped
from understudy.runtimes.program_fleet import ProgramFleet
from understudy.runtimes.programs import Gone


class Fleets:
    """Instances and tasks. ``folder`` is the engine's state folder, ``endpoint`` its address."""

    def __init__(
        self,
        loop: LiveLoop,
        folder: Path,
        mappings: Sequence[Mapped],
        endpoint: str,
        secret: Secret,
        keep: Keep,
    ) -> None:
        self._programs = ProgramFleet(folder, self._ended)
        self.machines = Machines(loop, self._programs, folder, mappings, endpoint)
        self._logs = LogStreams(loop, keep)
        self.tasks = Tasks(loop, self._programs, folder, mappings, endpoint, secret, self._logs)
        self._gauge = Gauge(loop, self._programs.used, self.machines, self.tasks)

    async def adopt(self) -> None:
        """Know what an engine before us left running."""
        for each in await self._programs.adopt():
            if each.name.startswith(PREFIX):
                self.machines.adopt(each)
            else:
                self.tasks.adopt(each)

    async def measure(self) -> None:
        """Tell what instances and tasks use and what they write, for ever."""
        await asyncio.gather(self._gauge.run(), self._logs.run())

    async def perform(self, command: Launch | Stop | LaunchTask | StopTask) -> None:
        """Start or stop an instance or a task."""
        match command:
            case Launch():
                await self.machines.launch(command)
            case Stop():
                await self.machines.stop(command)
            case LaunchTask():
                await self.tasks.launch(command)
            case StopTask():
                await self.tasks.stop(command)

    def _ended(self, gone: Gone) -> None:
        if gone.name.startswith(PREFIX):
            self.machines.ended(gone)
        else:
            self.tasks.ended(gone)

    async def leave(self) -> None:
        """Let everything run on for the next engine."""
        await self._programs.leave()

    async def close(self) -> None:
        """End everything."""
        await self._programs.close()
