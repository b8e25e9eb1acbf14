"""Programs as processes of this machine, held by the keeper."""

import asyncio
import os
import signal
from collections.abc import Mapping

from understudy.runtimes.keeper import Keeper, ProgramFailed
from understudy.runtimes.keeping import Ended, Start
from understudy.runtimes.programs import Ends, Gone, NotRun, Program, Running
from understudy.runtimes.roots import own_root

PATH = "/opt/aws/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ProgramProcesses:
    """Runs each program as a process with its own folder, log and, where permitted, limits."""

    def __init__(self, keeper: Keeper, ends: Ends) -> None:
        self._keeper = keeper
        self._ends = ends
        self._programs: dict[str, Program] = {}
        self._gone: dict[str, asyncio.Event] = {}
        self.pids: dict[str, int] = {}

    def adopt(self, name: str, pid: int) -> None:
        """Know a program that runs already."""
        self._gone[name] = asyncio.Event()
        self.pids[name] = pid

    def resume(self, program: Program) -> None:
        """Know what a program that runs already is."""
        if program.name in self._gone:
            self._programs[program.name] = program

    async def start(self, program: Program) -> Running:
        """Run a program. Raises NotRun."""
        program.root.mkdir(parents=True, exist_ok=True)
        argv = self._argv(program)
        self._programs[program.name] = program
        self._gone[program.name] = asyncio.Event()
        order = Start(
            program.name,
            argv,
            environment_of(program),
            str(program.folder or program.root),
            str(program.log),
            program.cpu,
            program.memory,
            program.note,
        )
        try:
            started = await self._keeper.start(order)
        except ProgramFailed as failure:
            self._forget(program.name)
            raise NotRun(str(failure)) from failure
        if program.name in self._gone:
            self.pids[program.name] = started.pid
        return Running(program.name, started.limited, program.note)

    def _argv(self, program: Program) -> tuple[str, ...]:
        words = (*program.entry_point, *program.command)
        if not words:
            raise NotRun("it has no command")
        return own_root(program.root, words) if program.private else words

    async def stop(self, name: str, grace: float) -> None:
        """SIGTERM a program, SIGKILL it after ``grace`` real seconds, return when it is gone."""
        gone = self._gone.get(name)
        if gone is None:
            return
        self._keeper.signal(name, signal.SIGTERM)
        try:
            await asyncio.wait_for(gone.wait(), grace)
        except TimeoutError:
            self._keeper.signal(name, signal.SIGKILL)
            await gone.wait()

    async def well(self, name: str, command: tuple[str, ...], timeout: float) -> bool:
        """Whether a command ends with 0 in time, in a program's folder and environment."""
        program = self._programs.get(name)
        if program is None:
            return False
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=environment_of(program),
                cwd=program.folder or program.root,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return False
        try:
            return await asyncio.wait_for(process.wait(), timeout) == 0
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            return False

    async def close(self) -> None:
        """End every program at once."""
        await self._keeper.close()

    def ended(self, ended: Ended) -> None:
        """What the keeper says of an end."""
        self._forget(ended.name)
        self._ends(Gone(ended.name, ended.code, ended.starved))

    def _forget(self, name: str) -> None:
        self._programs.pop(name, None)
        self.pids.pop(name, None)
        gone = self._gone.pop(name, None)
        if gone is not None:
            gone.set()


def environment_of(program: Program) -> dict[str, str]:
    """What a program sees: its own variables, over a base with none of the host's."""
    base = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": str(program.root), "TZ": "UTC"}
    return {**base, **_address(program), **program.environment}


def _address(program: Program) -> Mapping[str, str]:
    """Where the program is to listen: HOST, PORT, and PORT_n for each port of its own."""
    ports = {f"PORT_{own}": str(real) for own, real in program.ports.items()}
    first = next(iter(program.ports.values()), None)
    return {"HOST": program.host, **ports, **({"PORT": str(first)} if first else {})}


def shell(command: str) -> tuple[str, ...]:
    """A command line for a shell, which becomes it where it can."""
    return ("/bin/sh", "-c", command)
