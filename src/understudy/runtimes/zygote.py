"""The engine's end of a template process: it is started when first needed and forks instances."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

import msgspec

import understudy
from understudy.runtimes.container_environment import ONE_THREAD
from understudy.runtimes.images import Kind
from understudy.runtimes.launch import Launch
from understudy.runtimes.zygote_process import PACKET, Ended, Fork, Forked, NotForked, Ready, Report

_LAST_WORDS = 10.0
"""Real seconds that a template process gets to end its instances and itself."""


_GONE = "the template process of its kind has ended"


@dataclass(frozen=True, slots=True)
class Process:
    """A forked process. ``ended`` becomes its exit code, or minus the signal that ended it."""

    pid: int
    pidfd: int
    ended: "asyncio.Future[int]"

    def signal(self, number: int) -> None:
        """Signal the process, if it has not ended."""
        if not self.ended.done():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)


class ForkFailed(Exception):  # noqa: N818 - it is what happened
    """An instance cannot be forked, and why."""


class Zygote:
    """One template process. It and its instances end when this process does, however that ends."""

    def __init__(self, kind: Kind) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            fd = theirs.fileno()
            module = "understudy.runtimes.zygote_process"
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, kind, str(fd), str(os.getpid())],
                env={**ONE_THREAD, "PYTHONPATH": str(Path(understudy.__file__).parents[1])},
                stdin=subprocess.DEVNULL,
                pass_fds=(fd,),
                start_new_session=True,
            )
        ours.settimeout(0)
        self._control = ours
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(ours.fileno(), self._receive)
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._tickets = count()
        self._one_at_a_time = asyncio.Lock()
        self._forking: dict[int, asyncio.Future[Process]] = {}
        self._processes: dict[int, Process] = {}
        self._waited_for: asyncio.Task[None] | None = None
        self.alive = True

    async def ready(self) -> None:
        """Return when everything is imported. Raises ForkFailed if that ended the template."""
        await asyncio.shield(self._ready)

    async def fork(self, launch: Launch, listener: socket.socket, log: BinaryIO) -> Process:
        """A new process that becomes an instance. Raises ForkFailed."""
        await self.ready()
        async with self._one_at_a_time:
            if not self.alive:
                raise ForkFailed(_GONE)
            ticket = next(self._tickets)
            forked = self._forking[ticket] = self._loop.create_future()
            with os.fdopen(os.memfd_create("launch"), "wb") as memory:
                memory.write(msgspec.json.encode(launch))
                memory.flush()
                memory.seek(0)
                fds = [memory.fileno(), listener.fileno(), log.fileno()]
                socket.send_fds(self._control, [msgspec.json.encode(Fork(ticket))], fds)
            return await forked

    async def close(self) -> None:
        """End the template process and all that it has forked."""
        self._lose()
        assert self._waited_for is not None
        await self._waited_for

    def _receive(self) -> None:
        try:
            packet, fds, _, _ = socket.recv_fds(self._control, PACKET, 1)
        except ConnectionResetError:
            packet, fds = b"", []
        if not packet:
            self._lose()
            return
        report: Report = msgspec.json.decode(packet, type=Report)
        match report:
            case Ready():
                self._ready.set_result(None)
            case Forked(ticket=ticket, pid=pid):
                process = Process(pid, fds[0], self._loop.create_future())
                self._processes[pid] = process
                forked = self._forking.pop(ticket)
                if forked.cancelled():
                    process.signal(signal.SIGKILL)
                else:
                    forked.set_result(process)
            case NotForked(ticket=ticket, reason=reason):
                forked = self._forking.pop(ticket)
                if not forked.cancelled():
                    forked.set_exception(ForkFailed(reason))
            case Ended(pid=pid, code=code):
                self._end(self._processes.pop(pid), code)

    def _end(self, process: Process, code: int) -> None:
        process.ended.set_result(code)
        os.close(process.pidfd)

    def _lose(self) -> None:
        """Take note that the template process has ended, or make it end by hanging up."""
        if not self.alive:
            return
        self.alive = False
        self._waited_for = self._loop.create_task(self._wait_for())
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        for waiting in (self._ready, *self._forking.values()):
            if not waiting.done():
                waiting.set_exception(ForkFailed(_GONE))
                waiting.exception()  # Or it is complained of where nobody waits any more.
        for process in self._processes.values():
            self._end(process, -signal.SIGKILL)
        self._processes.clear()

    async def _wait_for(self) -> None:
        try:
            await asyncio.to_thread(self._process.wait, _LAST_WORDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
