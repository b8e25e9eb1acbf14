"""Programs as containers of an engine that speaks Docker's API (Docker, Podman).

The container engine enforces limits and keeps its containers running while ours restarts: they are
labelled with all that is needed to know them again.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from docker.errors import APIError, DockerException, NotFound

from understudy.runtimes.container_asking import connected, drawn, exposed, ran
from understudy.runtimes.container_leash import LABEL, PATIENCE, Leash
from understudy.runtimes.programs import Ends, Gone, NotRun, Program, Running
from understudy.runtimes.usage import Usage, usage

NAME, NOTE, LOG, FROM = (f"{LABEL}.{each}" for each in ("name", "note", "log", "from"))
NANO = 1_000_000_000
USUAL = "/var/run/docker.sock"
KILLED = 137
"""The exit code of a container whose first process was ended by SIGKILL."""
UNHEARD = (DockerException, requests.RequestException)
"""A container engine refuses, or is gone."""
OOM_SECONDS = 1.0
"""Docker's word that memory ran out may come after its word of the end."""


def reachable() -> bool:
    """Whether there is a container engine to ask: DOCKER_HOST says so, or the usual socket."""
    return "DOCKER_HOST" in os.environ or Path(USUAL).exists()


class ProgramContainers:
    """Runs each program as a container. ``owner`` labels them, so that they are known again.

    They wait for an engine to come back for ``patience`` real seconds.
    """

    def __init__(
        self,
        owner: str,
        ends: Ends,
        base_url: str | None = None,
        *,
        patience: float = PATIENCE,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Raises NotRun where no container engine answers."""
        self._owner = owner
        self._ends = ends
        self._loop = loop or asyncio.get_running_loop()
        self._gone: dict[str, asyncio.Event] = {}
        self._killed: set[str] = set()
        self._leash = Leash(owner, base_url or "", patience)
        address = base_url or os.environ.get("DOCKER_HOST", "unix:")
        self._is_local = address.startswith("unix:")
        self.pids: dict[str, int] = {}
        """The first processes of containers, where the engine is on this machine."""
        self._client = connected(base_url)
        self._processors: int = self._client.info()["NCPU"]

    async def adopt(self) -> tuple[Running, ...]:
        """Know the containers that an engine before us left running; remove those that ended."""
        found = await asyncio.to_thread(self._adopted)
        for container, running, log in found:
            self._gone[running.name] = asyncio.Event()
            self._follow(container, running.name, log)
        return tuple(running for _, running, _ in found)

    def _adopted(self) -> list[tuple[Any, Running, Path]]:
        found: list[tuple[Any, Running, Path]] = []
        for container in self._ours():
            if container.status == "running":
                labels, limits = container.labels, container.attrs["HostConfig"]
                limited = bool(limits["NanoCpus"] or limits["Memory"])
                running = Running(labels[NAME], limited, labels[NOTE])
                found.append((container, running, Path(labels[LOG])))
            else:
                with suppress(DockerException):
                    container.remove(force=True)
        if found:
            self._leash.hold()
        return found

    def knows(self, name: str) -> bool:
        """Whether a program runs here."""
        return name in self._gone

    def exposed(self, image: str) -> tuple[int, ...] | None:
        """The ports of an image, None where the engine does not have it."""
        return exposed(self._client, image)

    async def start(self, program: Program) -> Running:
        """Run a program. Raises NotRun."""
        program.root.mkdir(parents=True, exist_ok=True)
        gone = self._gone[program.name] = asyncio.Event()
        self._leash.hold()
        try:
            await asyncio.to_thread(self._run, program)
        except DockerException as error:
            if self._gone.get(program.name) is gone:
                del self._gone[program.name]
            raise NotRun(said(error)) from error
        return Running(program.name, limited=bool(program.cpu or program.memory))

    def _run(self, program: Program) -> None:
        if self.exposed(program.image) is None:
            self._client.images.pull(program.image)
        limits: dict[str, Any] = {}
        if program.cpu:
            limits["nano_cpus"] = int(min(program.cpu, self._processors) * NANO)
        if program.memory:
            limits |= {"mem_limit": f"{program.memory}m", "memswap_limit": f"{program.memory}m"}
        container = self._client.containers.create(
            program.image,
            list(program.command) or None,
            entrypoint=list(program.entry_point) or None,
            environment=dict(program.environment),
            labels={
                LABEL: self._owner,
                NAME: program.name,
                NOTE: program.note,
                LOG: str(program.log.absolute()),
                FROM: str(_size(program.log)),
            },
            ports=_published(program.host, program.ports),
            detach=True,
            **limits,
        )
        try:
            container.start()
        except DockerException:
            container.remove(force=True)
            raise
        self._follow(container, program.name, program.log)

    def _follow(self, container: Any, name: str, log: Path) -> None:
        """Write its log, and hear of its end, in threads of their own."""
        if self._is_local:
            container.reload()
            self.pids[name] = container.attrs["State"]["Pid"]
        threading.Thread(target=self._log, args=(container, log), daemon=True).start()
        threading.Thread(target=self._await, args=(container, name), daemon=True).start()

    def _log(self, container: Any, path: Path) -> None:
        """Append what it says to its log, but for what an engine before us has written there."""
        written = _size(path) - int(container.labels[FROM])
        with suppress(*UNHEARD, OSError), path.open("ab") as log:
            for piece in container.logs(stream=True, follow=True):
                log.write(piece[written:])
                log.flush()
                written = max(0, written - len(piece))

    def _await(self, container: Any, name: str) -> None:
        code, starved = -signal.SIGKILL, False
        with suppress(*UNHEARD):
            code = container.wait()["StatusCode"]
            starved = self._starved(container, name, code)
        with suppress(*UNHEARD):
            container.remove(force=True)
        gone = Gone(name, exit_code(code), starved)
        with suppress(RuntimeError):  # The event loop has ended.
            self._loop.call_soon_threadsafe(self._ended, gone)

    def _starved(self, container: Any, name: str, code: int) -> bool:
        """Whether it was ended for its memory, of which Docker may hear just after its end."""
        deadline = time.monotonic() + OOM_SECONDS
        while True:
            container.reload()
            if container.attrs["State"].get("OOMKilled"):
                return True
            if code != KILLED or name in self._killed or time.monotonic() >= deadline:
                return False
            time.sleep(0.02)  # Docker has no other way to ask.

    def _ended(self, gone: Gone) -> None:
        self._killed.discard(gone.name)
        self.pids.pop(gone.name, None)
        event = self._gone.pop(gone.name, None)
        if event is not None:
            event.set()
            self._ends(gone)

    async def stop(self, name: str, grace: float) -> None:
        """SIGTERM a program, SIGKILL it after ``grace`` real seconds, return when it is gone."""
        gone = self._gone.get(name)
        if gone is None:
            return
        await asyncio.to_thread(self._signal, name, "SIGTERM")
        try:
            await asyncio.wait_for(gone.wait(), grace)
        except TimeoutError:
            self._killed.add(name)
            await asyncio.to_thread(self._signal, name, "SIGKILL")
            await gone.wait()

    def _signal(self, name: str, number: str) -> None:
        for container in self._ours(name):
            with suppress(NotFound, APIError):
                container.kill(number)

    async def well(self, name: str, command: tuple[str, ...], timeout: float) -> bool:
        """Whether a command ends with 0 in time, in a program's container."""
        return await asyncio.to_thread(self._asked, name, command, timeout)

    def _asked(self, name: str, command: tuple[str, ...], timeout: float) -> bool:
        return any(ran(container, command, timeout) for container in self._ours(name))

    def used(self) -> Usage:
        """What programs use: of processes here, else as the container engine has it."""
        if self._is_local:
            return usage({pid: name for name, pid in tuple(self.pids.items())})
        found = {each.labels[NAME]: drawn(each) for each in self._ours()}
        return {name: use for name, use in found.items() if use is not None}

    async def close(self) -> None:
        """End every program at once."""
        await asyncio.to_thread(self._remove_all)
        self._gone.clear()
        await self._leash.let_go()
        self._client.close()

    def _remove_all(self) -> None:
        for container in self._ours():
            with suppress(DockerException):
                container.remove(force=True)

    def _ours(self, name: str = "") -> list[Any]:
        labels = [f"{LABEL}={self._owner}"] + ([f"{NAME}={name}"] if name else [])
        return self._client.containers.list(
            all=True, filters={"label": labels}, ignore_removed=True
        )


def _published(host: str, ports: Mapping[int, int]) -> dict[str, tuple[str, int]]:
    """The ports of a container at an address of the host."""
    return {f"{own}/tcp": (host, real) for own, real in ports.items()}


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def exit_code(status: int) -> int:
    """An exit code as processes have it: minus the signal, where one ended it.

    >>> exit_code(137), exit_code(3)
    (-9, 3)
    """
    return 128 - status if 128 < status < 160 else status


def said(error: DockerException) -> str:
    """What the container engine says of an error."""
    explanation: Callable[[], str] | str | None = getattr(error, "explanation", None)
    return str(explanation or error)
