"""All programs of an engine: those with an image in containers, the others as processes."""

import asyncio
from pathlib import Path

from understudy.runtimes.container_asking import connected
from understudy.runtimes.keeper import Keeper
from understudy.runtimes.keeping import Ended
from understudy.runtimes.program_containers import ProgramContainers, reachable
from understudy.runtimes.program_processes import ProgramProcesses
from understudy.runtimes.program_swarm import ProgramSwarm
from understudy.runtimes.programs import Ends, NotRun, Program, Running
from understudy.runtimes.usage import Usage, usage


class ProgramFleet:
    """Programs by name. ``ends`` hears of each end."""

    def __init__(self, state: Path, ends: Ends) -> None:
        self._state = state
        self._ends = ends
        self._keeper = Keeper(state, self._ended)
        self._processes = ProgramProcesses(self._keeper, ends)
        self._containers: ProgramContainers | ProgramSwarm | None = None
        self._loop = asyncio.get_running_loop()

    async def adopt(self) -> tuple[Running, ...]:
        """The programs that an engine before us left running."""
        kept = await self._keeper.adopt()
        for each in kept:
            self._processes.adopt(each.name, each.pid)
        there = tuple(Running(each.name, each.limited, each.note) for each in kept)
        engine = self._engine()
        return there if engine is None else (*there, *await engine.adopt())

    async def used(self) -> Usage:
        """What programs use, by their names."""
        leaders = {pid: name for name, pid in self._processes.pids.items()}
        found = await asyncio.to_thread(usage, leaders) if leaders else {}
        if self._containers is None:
            return found
        return {**found, **await asyncio.to_thread(self._containers.used)}

    def runs(self, image: str) -> bool:
        """Whether a container engine answers, and has this image."""
        return self.exposed(image) is not None

    def exposed(self, image: str) -> tuple[int, ...] | None:
        """The ports of an image, None where no container engine answers and has it."""
        engine = self._engine() if image else None
        return None if engine is None else engine.exposed(image)

    async def start(self, program: Program) -> Running:
        """Run a program. Raises NotRun."""
        if not program.image:
            return await self._processes.start(program)
        engine = self._engine()
        if engine is None:
            raise NotRun("no container engine answers")
        return await engine.start(program)

    def resume(self, program: Program) -> None:
        """Know what an adopted program is, so that it can be asked whether it is well."""
        self._processes.resume(program)

    async def stop(self, name: str, grace: float) -> None:
        """End a program, whoever runs it."""
        await self._processes.stop(name, grace)
        if self._containers is not None:
            await self._containers.stop(name, grace)

    async def well(self, name: str, command: tuple[str, ...], timeout: float) -> bool:
        """Whether a command ends with 0 in time, beside a program."""
        if self._containers is not None and self._containers.knows(name):
            return await self._containers.well(name, command, timeout)
        return await self._processes.well(name, command, timeout)

    async def close(self) -> None:
        """End every program."""
        await self._processes.close()
        if self._containers is not None:
            await self._containers.close()

    async def leave(self) -> None:
        """Let every program run on for the next engine."""
        await self._keeper.leave()

    def _engine(self) -> ProgramContainers | ProgramSwarm | None:
        if self._containers is None and reachable():
            try:
                self._containers = containers(
                    str(self._state.resolve()), self._ends, loop=self._loop
                )
            except NotRun:
                return None
        return self._containers

    def _ended(self, ended: Ended) -> None:
        self._processes.ended(ended)


def containers(
    owner: str,
    ends: Ends,
    base_url: str | None = None,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
) -> ProgramContainers | ProgramSwarm:
    """What runs containers: on all nodes, where the engine is a manager of a swarm of several.

    Other threads than that of the event loop ask for it with ``loop``.
    Raises NotRun where no container engine answers.
    """
    client = connected(base_url)
    swarm = client.info()["Swarm"]
    if swarm.get("ControlAvailable") and swarm.get("Nodes", 1) > 1:
        return ProgramSwarm(client, owner, ends, base_url, loop=loop)
    client.close()
    return ProgramContainers(owner, ends, base_url, loop=loop)
