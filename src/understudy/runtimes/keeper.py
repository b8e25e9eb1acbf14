"""The engine's end of the keeper: programs are started, signalled, and heard of when they end."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import understudy
from understudy.base.framing import Unframer, framed
from understudy.runtimes.keeping import (
    MARK,
    Ended,
    FromKeeper,
    Here,
    Leave,
    NotStarted,
    Running,
    Signal,
    Start,
    Started,
)

PATIENCE = 40.0
"""Real seconds for which programs wait for an engine to come back."""
READ = 65536
MODULE = "understudy.runtimes.keeper_process"
LISTENER = 3
"""The descriptor at which the keeper finds its listening socket."""


class ProgramFailed(Exception):  # noqa: N818 - it is what happened
    """A program could not be run, and why."""


def family(state: Path) -> str:
    """What the programs of a state folder have in common: a name of 32 characters."""
    return blake2b(str(state.resolve()).encode()).hexdigest()[:32]


def address(name: str) -> str:
    """Where the keeper of a family of programs listens: an abstract unix socket."""
    return f"\0understudy-{name}"


class Keeper:
    """A line to the keeper of a state folder; ``ended`` hears of every program that has ended."""

    def __init__(self, state: Path, ended: Callable[[Ended], None], *, patience: float = PATIENCE):
        self._family = family(state)
        self._address = address(self._family)
        self._ended = ended
        self._patience = patience
        self._pid = 0
        self._starting: dict[str, asyncio.Future[Started]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None
        self._reaching: asyncio.Lock = asyncio.Lock()
        self._running: set[str] = set()
        self._leaving = False

    async def adopt(self) -> tuple[Running, ...]:
        """What a keeper that is there already runs; nothing where there is none."""
        try:
            return await self._meet()
        except OSError:  # Nobody listens, or ended just as we came.
            self._sweep()
            return ()

    async def start(self, order: Start) -> Started:
        """Run a program. Raises ProgramFailed."""
        async with self._reaching:
            if self._writer is None or self._writer.is_closing():
                await self._reach()
        started = asyncio.get_running_loop().create_future()
        self._starting[order.name] = started
        self._send(order)
        return await started

    def signal(self, name: str, number: int) -> None:
        """Signal a program, if it runs."""
        self._send(Signal(name, number))

    async def close(self) -> None:
        """End every program and the keeper."""
        if self._writer is None:
            return
        self._leaving = True
        self._send(Leave())
        if self._listening is not None:
            await self._listening
        if self._pid:
            await asyncio.to_thread(os.waitpid, self._pid, 0)

    async def leave(self) -> None:
        """Hang up; programs run on, and wait for the next engine."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    def _send(self, message: Start | Signal | Leave) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(framed(message))

    async def _reach(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(self._address)
            listener.listen()
            patience = str(self._patience)
            argv = [sys.executable, "-P", "-m", MODULE, str(LISTENER), patience, self._family]
            # No object of ours need outlive it: it may outlive us.
            self._pid = os.posix_spawn(
                sys.executable,
                argv,
                {"PYTHONPATH": str(Path(understudy.__file__).parents[1]), "PATH": os.defpath},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, listener.fileno(), LISTENER),
                ],
                setsid=True,
            )
        try:
            await self._meet()
        except OSError as error:
            raise ProgramFailed("the keeper of programs did not answer") from error

    async def _meet(self) -> tuple[Running, ...]:
        """What the keeper runs. Raises OSError where there is none, or it ends."""
        reader, writer = await asyncio.open_unix_connection(self._address)
        unframer = Unframer(FromKeeper)
        while data := await reader.read(READ):
            for message in unframer.feed(data):
                assert isinstance(message, Here), message
                self._writer = writer
                self._running = {each.name for each in message.running}
                self._listening = asyncio.create_task(self._listen(reader, unframer))
                return message.running
        writer.close()
        raise ConnectionAbortedError("the keeper of programs has ended")

    async def _listen(self, reader: asyncio.StreamReader, unframer: Unframer) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(READ):
                for message in unframer.feed(data):
                    self._take(message)
        # A keeper that was killed has taken its programs with it.
        lost, self._running = self._running, set()
        if not self._leaving:
            self._sweep()
            for name in lost:
                self._ended(Ended(name, -signal.SIGKILL))
        for waiting in self._starting.values():
            if not waiting.done():
                waiting.set_exception(ProgramFailed("the keeper of programs has ended"))
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    def _sweep(self) -> None:
        """End what a keeper that was killed has left behind: what its programs had started."""
        mark = f"{MARK}={self._family}-".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with suppress(OSError):
                    if mark in (entry / "environ").read_bytes():
                        os.kill(int(entry.name), signal.SIGKILL)

    def _take(self, message: Here | Started | NotStarted | Ended) -> None:
        match message:
            case Started():
                self._running.add(message.name)
                self._settle(message.name).set_result(message)
            case NotStarted():
                self._settle(message.name).set_exception(ProgramFailed(message.reason))
            case Ended():
                self._running.discard(message.name)
                self._ended(message)
            case Here():
                pass

    def _settle(self, name: str) -> "asyncio.Future[Started]":
        """Who waits for the start of a program, or nobody, who had been cancelled."""
        future = self._starting.pop(name)
        return asyncio.get_running_loop().create_future() if future.done() else future
