"""Keeps programs running, also while the engine restarts; nobody outlives it.

Run as ``python -m understudy.runtimes.keeper_process SOCKET PATIENCE FAMILY``. SOCKET is the
descriptor of a listening unix socket, FAMILY begins the marks of all programs. An engine that
connects is told what runs; when it hangs up, it or the next one must come back within PATIENCE
seconds, or everything is ended.
"""

import ctypes
import importlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import NoReturn

from understudy.base.framing import Unframer, framed
from understudy.runtimes.isolation import die_with_parent
from understudy.runtimes.keeping import (
    MARK,
    OWN,
    Ended,
    FromKeeper,
    Here,
    Leave,
    NotStarted,
    Running,
    Signal,
    Start,
    Started,
    ToKeeper,
)
from understudy.runtimes.limits import Group

READ = 65536
_PR_SET_CHILD_SUBREAPER = 36


class Program:
    """A program that runs, with the descriptor that tells of its end."""

    def __init__(self, order: Start, mark: str) -> None:
        self.order = order
        self.mark = f"{MARK}={mark}".encode()
        self.group = Group(mark, order.cpu, order.memory)
        environment = {**order.environment, MARK: mark}
        with Path(order.log).open("ab") as log:
            if order.argv[0].startswith(OWN):
                self.pid = _forked(order, environment, log.fileno(), self.group)
            else:
                self.pid = _executed(order, environment, log.fileno(), self.group)
        self.pidfd = os.pidfd_open(self.pid)

    def signal(self, number: int) -> None:
        """Signal the program's process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def reap(self) -> Ended:
        """Take note of the end, and end all that the program has left behind."""
        os.close(self.pidfd)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        starved = self.group.starved()
        self.signal(signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        for pid in {*self.group.members(), *_marked(self.mark)}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.group.close()
        return Ended(self.order.name, code, starved)

    def running(self) -> Running:
        """What a new engine is told of it."""
        return Running(self.order.name, self.pid, self.group.limited, self.order.note)


def _executed(order: Start, environment: dict[str, str], log: int, group: Group) -> int:
    """The process id of a program that was started. Raises OSError."""
    keeper = os.getpid()

    def become() -> None:
        die_with_parent(keeper)
        group.enter()

    process = subprocess.Popen(
        order.argv,
        env=environment,
        cwd=order.folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=become,  # noqa: PLW1509 - this process has one thread
    )
    process.returncode = 0  # We wait for it ourselves.
    return process.pid


def _forked(order: Start, environment: dict[str, str], log: int, group: Group) -> int:
    """The process id of a fork of ours that runs a module's ``main``."""
    module = importlib.import_module(order.argv[0].removeprefix(OWN))
    keeper = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        die_with_parent(keeper)
        group.enter()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(order.folder)
        module.main(*order.argv[1:])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _marked(mark: bytes) -> set[int]:
    """Our children (orphans become ours) that belong to a program."""
    found: set[int] = set()
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        with suppress(OSError):
            if mark in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
                found.add(int(child))
    return found


def _user(peer: socket.socket) -> int:
    """The user whose process is at the other end of a unix socket."""
    size = struct.calcsize("3i")
    return struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[1]


class Keeper:
    """The loop: one engine at a time, and the ends of programs."""

    def __init__(self, listener: socket.socket, patience: float, family: str) -> None:
        self._family = family
        self._listener = listener
        self._patience = patience
        self._programs: dict[str, Program] = {}
        self._by_fd: dict[int, Program] = {}
        self._poll = select.poll()
        self._engine: socket.socket | None = None
        self._unframer = Unframer(ToKeeper)
        self._deadline = monotonic() + patience
        self._number = 0

    def run(self) -> None:
        """Serve until told to leave, or until no engine has been here for too long."""
        self._poll.register(self._listener, select.POLLIN)
        while self._engine is not None or monotonic() < self._deadline:
            for fd, _ in self._poll.poll(self._wait()):
                if fd == self._listener.fileno():
                    self._welcome()
                elif fd in self._by_fd:
                    self._ended(fd)
                elif not self._hear():
                    return

    def _wait(self) -> float | None:
        if self._engine is not None:
            return None
        return max(0.0, self._deadline - monotonic()) * 1000

    def _welcome(self) -> None:
        """Listen to the engine that has come, and to no other."""
        engine, _ = self._listener.accept()
        if _user(engine) != os.getuid():
            engine.close()
            return
        if self._engine is not None:
            self._hang_up()
        self._engine = engine
        self._unframer = Unframer(ToKeeper)
        self._poll.register(engine, select.POLLIN)
        self._tell(Here(tuple(each.running() for each in self._programs.values())))

    def _hang_up(self) -> None:
        assert self._engine is not None
        self._poll.unregister(self._engine)
        self._engine.close()
        self._engine = None
        self._deadline = monotonic() + self._patience

    def _hear(self) -> bool:
        """Do what the engine says; False if that is to leave."""
        assert self._engine is not None
        try:
            data = self._engine.recv(READ)
        except ConnectionError:
            data = b""
        if not data:
            self._hang_up()
            return True
        for message in self._unframer.feed(data):
            if isinstance(message, Leave):
                return False
            self._obey(message)
        return True

    def _obey(self, message: Start | Signal) -> None:
        if isinstance(message, Start):
            self._start(message)
        elif (program := self._programs.get(message.name)) is not None:
            program.signal(message.number)

    def _start(self, order: Start) -> None:
        self._number += 1
        try:
            program = Program(order, f"{self._family}-{os.getpid()}-{self._number}")
        except (OSError, subprocess.SubprocessError) as error:
            self._tell(NotStarted(order.name, str(error)))
            return
        self._programs[order.name] = program
        self._by_fd[program.pidfd] = program
        self._poll.register(program.pidfd, select.POLLIN)
        self._tell(Started(order.name, program.pid, program.group.limited))

    def _ended(self, fd: int) -> None:
        program = self._by_fd.pop(fd)
        self._poll.unregister(fd)
        ended = program.reap()
        if self._programs.get(ended.name) is program:
            del self._programs[ended.name]
        self._tell(ended)
        _let_go(self._by_fd.values())

    def _tell(self, message: FromKeeper) -> None:
        if self._engine is not None:
            with suppress(ConnectionError):  # The poll says that it has hung up.
                self._engine.sendall(framed(message))

    def close(self) -> None:
        """End every program."""
        for program in self._by_fd.values():
            program.signal(signal.SIGKILL)
        for fd in tuple(self._by_fd):
            self._by_fd.pop(fd).reap()


def _let_go(programs: Iterable[Program]) -> None:
    """Let go of what ended programs had left behind; programs themselves are not touched."""
    ours = {each.pid for each in programs}
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        if int(child) not in ours:
            with suppress(ChildProcessError):
                os.waitpid(int(child), os.WNOHANG)


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


def main() -> None:
    """Keep programs."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    listener, patience, family = sys.argv[1:]
    keeper = Keeper(socket.socket(fileno=int(listener)), float(patience), family)
    try:
        keeper.run()
    finally:
        keeper.close()


if __name__ == "__main__":
    main()
