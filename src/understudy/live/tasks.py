"""ECS tasks of the live world: each with an address of its own, each container a program.

What a container runs is, in this order: its image, where a container engine has it; what
``understudy.toml`` maps the image or the task's family to; else a stand-in, which says so.
"""

import asyncio
import logging
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from understudy.base.fault import Fault
from understudy.base.service_time import STAND_IN_VARIABLE
from understudy.control.events import (
    ContainerEnded,
    LaunchTask,
    StopTask,
    TaskEnded,
    TaskHealthChanged,
    TaskStarted,
)
from understudy.control.task import Binding, Exit, TaskContainer
from understudy.live.log_streams import LogStreams
from understudy.live.loop import LiveLoop
from understudy.live.machines import DEFAULT_STAND_IN, STAND_IN_MODULE
from understudy.live.task_run import Hands, TaskRun
from understudy.runtimes.addresses import address_of, free_port
from understudy.runtimes.mappings import Mapped, mapped
from understudy.runtimes.program_fleet import ProgramFleet
from understudy.runtimes.program_processes import shell
from understudy.runtimes.programs import Gone, NotRun, Program, Running

log = logging.getLogger(__name__)

PREFIX = "task/"
SECRETS = "ResourceInitializationError: unable to pull secrets or registry auth"
Secret = Callable[[str, str], Awaitable[str]]
"""The value behind an ARN in a region. Raises Fault."""


class Note(msgspec.Struct, frozen=True, array_like=True):
    """What is kept with a running container for an engine that comes later."""

    host: str
    ports: dict[int, int]
    stand_in: bool


class Tasks:
    """All tasks. ``secret`` finds the values of secrets, ``endpoint`` is where tasks find AWS."""

    def __init__(
        self,
        loop: LiveLoop,
        fleet: ProgramFleet,
        folder: Path,
        mappings: Sequence[Mapped],
        endpoint: str,
        secret: Secret,
        logs: LogStreams,
    ) -> None:
        self._loop = loop
        self._fleet = fleet
        self._folder = folder
        self._mappings = mappings
        self._endpoint = endpoint
        self._secret = secret
        self._logs = logs
        self._runs: dict[str, TaskRun] = {}
        self._regions: dict[str, str] = {}
        self._notes: dict[str, Note] = {}
        self._adopted: set[str] = set()

    def adopt(self, running: Running) -> None:
        """Know a container that an engine before us left running."""
        note = msgspec.json.decode(running.note, type=Note)
        self._notes[running.name] = _located(note, running)
        self._adopted.add(running.name)

    async def launch(self, command: LaunchTask) -> None:
        """Run a task to its end, or take over one that runs; the loop hears how it goes."""
        region, task = command.region, command.task
        running = any(_name(task, each.name) in self._adopted for each in command.containers)
        ended = command.ended if running else ()
        run = self._runs[task] = TaskRun(command.containers, self._hands(command), ended)
        self._regions[task] = region
        telling = asyncio.ensure_future(self._tell_up(command, run))
        try:
            exits, reason = await run.run()
        finally:
            telling.cancel()
            del self._runs[task], self._regions[task]
        for container in command.containers:
            self._notes.pop(_name(task, container.name), None)
            self._logs.end(_name(task, container.name))
        await asyncio.to_thread(_clear, self._folder_of(task))
        self._loop.submit(TaskEnded(self._loop.now(), region, task, exits, reason))

    async def _tell_up(self, command: LaunchTask, run: TaskRun) -> None:
        await run.up.wait()
        names = {each.name: _name(command.task, each.name) for each in command.containers}
        notes = {own: self._notes[name] for own, name in names.items() if name in self._notes}
        bindings = tuple(
            Binding(name, own, note.host, real)
            for name, note in notes.items()
            for own, real in note.ports.items()
        )
        at, stand_in = self._loop.now(), any(note.stand_in for note in notes.values())
        self._loop.submit(
            TaskStarted(at, command.region, command.task, bindings, at, at, stand_in=stand_in)
        )

    async def _secrets(self, container: TaskContainer, region: str) -> dict[str, str]:
        """The values of a container's secrets, by variable. Raises NotRun."""
        try:
            return {
                name: await self._secret(arn, region) for name, arn in container.secrets.items()
            }
        except Fault as fault:
            raise NotRun(f"{SECRETS}: {fault.code}: {fault.message}") from fault

    def _hands(self, command: LaunchTask) -> Hands:
        task = command.task

        async def start(container: TaskContainer) -> Running:
            return await self._start(command, container)

        def health(name: str, status: str) -> None:
            at = self._loop.now()
            self._loop.submit(TaskHealthChanged(at, command.region, task, name, status))

        def ended(found: Exit) -> None:
            self._loop.submit(ContainerEnded(self._loop.now(), command.region, task, found))

        return Hands(
            start,
            lambda name, grace: self._fleet.stop(_name(task, name), grace),
            lambda name, words, seconds: self._fleet.well(
                _name(task, name), _check_words(words), seconds
            ),
            health,
            ended,
            self._loop.clock.speed,
        )

    async def _start(self, command: LaunchTask, container: TaskContainer) -> Running:
        name = _name(command.task, container.name)
        if name in self._adopted:
            self._adopted.discard(name)
            with suppress(NotRun):  # What is missing by now does not end what runs already.
                self._fleet.resume(await self._ready(command, container, name))
            return Running(name, limited=False)
        program = await self._ready(command, container, name)
        try:
            running = await self._fleet.start(program)
        except NotRun as failure:
            raise NotRun(f"CannotStartContainerError: {failure.reason}") from failure
        self._notes[name] = _located(self._notes[name], running)
        return running

    async def _ready(self, command: LaunchTask, container: TaskContainer, name: str) -> Program:
        """A container's program with all that it needs. Raises NotRun where that is not there."""
        path = self._log_of(command.task, container)
        await self._logs.follow(name, container, command.region, path)
        values = await self._secrets(container, command.region)
        note, program = await asyncio.to_thread(self._program, command, container, name)
        self._notes[name] = note
        return replace(program, environment={**program.environment, **values})

    def _program(
        self, command: LaunchTask, container: TaskContainer, name: str
    ) -> tuple[Note, Program]:
        folder = self._folder_of(command.task)
        root = folder / container.name
        root.mkdir(parents=True, exist_ok=True)
        there = self._notes.get(name)  # of one that runs already
        host = there.host if there else address_of(command.task)
        ports = there.ports if there else _ports(host, container)
        base = Program(
            name,
            container.command,
            {**self._environment(command), **container.environment},
            root,
            self._log_of(command.task, container),
            entry_point=container.entry_point,
            host=host,
            ports=ports,
            cpu=(container.cpu or command.cpu) / 1024,
            memory=container.memory or command.memory,
            zone=command.zone,
        )
        program, stand_in = self._what(base, command, container)
        note = Note(host, ports, stand_in)
        return note, replace(program, note=msgspec.json.encode(note).decode())

    def _what(
        self, base: Program, command: LaunchTask, container: TaskContainer
    ) -> tuple[Program, bool]:
        """What a container runs, and whether it is a stand-in."""
        wanted = container.environment.get(STAND_IN_VARIABLE, "")
        if not wanted and self._fleet.runs(container.image):
            return replace(base, image=container.image), False
        family = command.definition.partition(":")[0]
        found = None if wanted else mapped(self._mappings, (container.image, family))
        if found is None or found.stand_in:
            return self._stand_in(base, wanted or (found.stand_in if found else "")), True
        environment = {**base.environment, **found.environment}
        base = replace(base, environment=environment)
        if found.container:
            return replace(base, image=found.container), False
        words = shell(found.command)
        return replace(base, command=words, entry_point=(), folder=found.folder), False

    def _stand_in(self, base: Program, service_time: str) -> Program:
        """A stand-in at the container's ports; one without ports listens where nobody asks."""
        ports = list(base.ports.values()) or [free_port(base.host)]
        numbers = ",".join(str(each) for each in ports)
        speed = repr(self._loop.clock.speed)
        time = service_time or DEFAULT_STAND_IN
        words = (STAND_IN_MODULE, base.host, numbers, time, speed, base.name)
        return replace(base, command=words, entry_point=())

    def _environment(self, command: LaunchTask) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_DEFAULT_REGION": command.region,
            "AWS_REGION": command.region,
            "AWS_EXECUTION_ENV": f"AWS_ECS_{command.launch_type}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def _folder_of(self, task: str) -> Path:
        return (self._folder / "tasks" / task.rpartition("/")[2]).absolute()

    def _log_of(self, task: str, container: TaskContainer) -> Path:
        return self._folder_of(task) / f"{container.name}.log"

    def measurable(self) -> Iterator[tuple[str, str, list[str]]]:
        """The tasks that run, with their regions and the programs of their containers."""
        for task, run in self._runs.items():
            yield task, self._regions[task], [_name(task, each) for each in run.parts]

    async def stop(self, command: StopTask) -> None:
        """End a task; ``TaskEnded`` follows, also for one that is not known."""
        run = self._runs.get(command.task)
        if run is not None:
            run.stop()
        else:
            self._loop.submit(TaskEnded(self._loop.now(), command.region, command.task))

    def ended(self, gone: Gone) -> None:
        """The program of a container has ended."""
        task, _, container = gone.name.removeprefix(PREFIX).rpartition("#")
        self._adopted.discard(gone.name)
        run = self._runs.get(task)
        if run is not None:
            run.gone(container, gone)


def _located(note: Note, running: Running) -> Note:
    """Where a container listens: on another machine where that machine says."""
    if not running.host:
        return note
    return msgspec.structs.replace(note, host=running.host, ports=dict(running.ports))


def _name(task: str, container: str) -> str:
    return f"{PREFIX}{task}#{container}"


def _check_words(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command of a health check: ``CMD-SHELL`` and one line, or ``CMD`` and its words.

    >>> _check_words(("CMD-SHELL", "curl -f localhost || exit 1"))
    ('/bin/sh', '-c', 'curl -f localhost || exit 1')
    >>> _check_words(("CMD", "true"))
    ('true',)
    """
    if command[:1] == ("CMD-SHELL",):
        return shell(" ".join(command[1:]))
    return command[1:] if command[:1] == ("CMD",) else command


def _ports(host: str, container: TaskContainer) -> dict[int, int]:
    return {each.container_port: _port(host, each.container_port) for each in container.ports}


def _port(host: str, wanted: int) -> int:
    """A container's own port at the task's address, or another where that cannot be had."""
    try:
        with socket.create_server((host, wanted)):
            return wanted
    except OSError:
        return free_port(host)


def _clear(folder: Path) -> None:
    """Remove what containers ran on; their logs stay."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
