"""The warm template of a kind of model server: it has imported everything and forks on request.

Run as ``python -m understudy.runtimes.zygote_process KIND FD PARENT``. FD is a socket to the
engine that carries one message per packet: orders to ``Fork`` come in, ``Report``s go out. When
the socket ends, the engine is gone, and so is everything here.
"""

import gc
import importlib
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import NoReturn, cast

import msgspec
from msgspec import Struct

from understudy.runtimes import instance
from understudy.runtimes.images import Kind
from understudy.runtimes.isolation import die_with_parent
from understudy.runtimes.launch import Launch

PRELOADED: dict[Kind, tuple[str, ...]] = {
    "sklearn": (
        "joblib",
        "scipy.sparse",
        "sklearn.cluster",
        "sklearn.compose",
        "sklearn.ensemble",
        "sklearn.feature_extraction.text",
        "sklearn.linear_model",
        "sklearn.neural_network",
        "sklearn.pipeline",
        "sklearn.preprocessing",
        "sklearn.svm",
    ),
    "stand-in": (),
}
"""What is imported before the first fork, beside the server itself; a fork shares it."""


class Fork(Struct, frozen=True):
    """Fork an instance. Three descriptors come along: its launch, its listener, its log."""

    ticket: int


class Ready(Struct, frozen=True, tag=True):
    """Everything is imported."""


class Forked(Struct, frozen=True, tag=True):
    """The order with this ticket is done. The process's descriptor comes along, for signals."""

    ticket: int
    pid: int


class Ended(Struct, frozen=True, tag=True):
    """An instance has ended; ``code`` is its exit code or minus the signal that ended it."""

    pid: int
    code: int


class NotForked(Struct, frozen=True, tag=True):
    """The order with this ticket cannot be done: too many processes, or too little memory."""

    ticket: int
    reason: str


Report = Ready | Forked | NotForked | Ended

PACKET = 4096
"""Bytes that no message exceeds."""


class ForkServer:
    """The loop of the template process. It has one thread and no event loop, so it may fork."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, int] = {}
        """The process id of each child, by the descriptor that becomes readable when it ends."""

    def run(self) -> None:
        """Carry out orders until the engine is gone, then end every instance."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        try:
            while True:
                for fd, _ in poll.poll():
                    if fd != self._control.fileno():
                        poll.unregister(fd)
                        self._report(self._reap(fd))
                        continue
                    packet, fds, _, _ = socket.recv_fds(self._control, PACKET, 3)
                    if not packet:
                        return
                    pidfd = self._fork(msgspec.json.decode(packet, type=Fork), fds)
                    if pidfd is not None:
                        poll.register(pidfd, select.POLLIN)
        finally:
            for fd, pid in tuple(self._children.items()):
                os.kill(pid, signal.SIGKILL)
                self._reap(fd)

    def _report(self, report: Report, *fds: int) -> None:
        with suppress(BrokenPipeError):  # The engine is gone, and the next poll says so.
            socket.send_fds(self._control, [msgspec.json.encode(report)], fds)

    def _fork(self, order: Fork, fds: list[int]) -> int | None:
        zygote = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            pid = os.fork()
            if pid == 0:
                self._become_instance(fds, zygote)
        except OSError as error:
            self._report(NotForked(order.ticket, str(error)))
            return None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            for fd in fds:
                os.close(fd)
        pidfd = os.pidfd_open(pid)
        self._children[pidfd] = pid
        self._report(Forked(order.ticket, pid), pidfd)
        return pidfd

    def _become_instance(self, fds: list[int], zygote: int) -> NoReturn:
        code = 1
        try:
            self._control.close()
            for fd in self._children:
                os.close(fd)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            launch_fd, listener_fd, log_fd = fds
            with os.fdopen(launch_fd, "rb") as file:
                launch = msgspec.json.decode(file.read(), type=Launch)
            code = instance.run(launch, socket.socket(fileno=listener_fd), log_fd, zygote)
        finally:
            os._exit(code)

    def _reap(self, fd: int) -> Ended:
        """Wait for a child to end, and end whatever it has started and left behind.

        Until it is waited for, its id is not given to another process or group.
        """
        pid = self._children.pop(fd)
        os.close(fd)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        return Ended(pid, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


def main(kind: Kind, control: socket.socket, parent: int) -> None:
    """Import what the kind needs, say so, and serve orders."""
    die_with_parent(parent, signal.SIGTERM)
    for module in (*PRELOADED[kind], instance.SERVERS[kind]):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGTERM, _leave)
    control.send(msgspec.json.encode(Ready()))
    ForkServer(control).run()


if __name__ == "__main__":
    main(cast("Kind", sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3]))
