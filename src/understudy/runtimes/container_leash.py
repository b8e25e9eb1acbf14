"""Removes the containers of an engine that has died and does not come back.

Run as ``python -m understudy.runtimes.container_leash SOCKET PATIENCE OWNER URL``. SOCKET is the
descriptor of a listening unix socket. While an engine is connected nothing happens; when none has
been for PATIENCE seconds, the containers with the owner's label are removed. An engine that says
anything has removed them itself.
"""

import asyncio
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any

import understudy

LABEL = "understudy"
PATIENCE = 40.0
"""Real seconds for which containers wait for an engine to come back."""
MODULE = "understudy.runtimes.container_leash"
LISTENER = 3
"""The descriptor at which the other process finds its listening socket."""


class Leash:
    """An engine's end: held as long as the engine lives. ``url`` is empty for the usual engine."""

    def __init__(self, owner: str, url: str, patience: float) -> None:
        self._owner = owner
        self._url = url
        self._patience = patience
        self._pid = 0
        self._line: socket.socket | None = None

    def hold(self) -> None:
        """Connect to the process that an engine before us has started, or start one."""
        if self._line is not None:
            return
        name = f"\0understudy-leash-{blake2b(self._owner.encode()).hexdigest()[:32]}"
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.connect(name)
        except OSError:  # Nobody is there.
            self._pid = _spawned(name, self._patience, self._owner, self._url)
            line.connect(name)
        self._line = line

    async def let_go(self) -> None:
        """Say that nothing is left to remove, and wait for its end."""
        if self._line is None:
            return
        with suppress(OSError):
            self._line.sendall(b"!")
        self._line.close()
        self._line = None
        if self._pid:
            await asyncio.to_thread(os.waitpid, self._pid, 0)


def _spawned(name: str, patience: float, owner: str, url: str) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(name)
        listener.listen()
        argv = [sys.executable, "-P", "-m", MODULE, str(LISTENER), str(patience), owner, url]
        path = {"PYTHONPATH": str(Path(understudy.__file__).parents[1]), "PATH": os.defpath}
        docker = {key: value for key, value in os.environ.items() if key.startswith("DOCKER_")}
        # No object of ours need outlive it: it may outlive us.
        return os.posix_spawn(
            sys.executable,
            argv,
            {**path, **docker},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, listener.fileno(), LISTENER),
            ],
            setsid=True,
        )


def main() -> None:
    """Watch, and remove what nobody comes back for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, patience, owner, url = sys.argv[1:]
    if _abandoned(socket.socket(fileno=int(descriptor)), float(patience)):
        _remove(owner, url)


def _abandoned(listener: socket.socket, patience: float) -> bool:
    """Wait: True once no engine has been here for so long, False once one has cleaned up."""
    engines: list[socket.socket] = []
    deadline = monotonic() + patience
    while engines or monotonic() < deadline:
        wait = None if engines else max(0.0, deadline - monotonic())
        ready, _, _ = select.select([listener, *engines], [], [], wait)
        for each in ready:
            if each is listener:
                engines.append(listener.accept()[0])
                continue
            with suppress(ConnectionError):
                if each.recv(1):
                    return False
            each.close()
            engines.remove(each)
            deadline = monotonic() + patience
    return True


def _remove(owner: str, url: str) -> None:
    import docker
    from docker.errors import DockerException

    client: Any = docker.DockerClient(url) if url else docker.from_env()
    labelled = {"label": f"{LABEL}={owner}"}
    for each in client.containers.list(all=True, filters=labelled, ignore_removed=True):
        with suppress(DockerException):
            each.remove(force=True)
    if client.info()["Swarm"].get("ControlAvailable"):
        for each in client.services.list(filters={"label": f"{LABEL}={owner}"}):
            with suppress(DockerException):
                each.remove()


if __name__ == "__main__":
    main()
