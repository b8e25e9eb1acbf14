"""EC2 instances of the live world: programs, each with an address, a folder and a log of its own.

What an instance runs is, in this order: a container image of the name of its image, where a
container engine has that; what ``understudy.toml`` maps its image, launch template or
group to; its user data, as a shell script in its own root; else a stand-in, which says so.
"""

import asyncio
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from understudy.control.events import InstanceFailed, InstanceHealthy, InstanceStopped, Launch, Stop
from understudy.control.machine import Machine
from understudy.live.loop import LiveLoop
from understudy.live.user_data import prepared, stand_in_of
from understudy.pricing.instance import hardware
from understudy.runtimes.addresses import address_of, free_port
from understudy.runtimes.keeping import OWN
from understudy.runtimes.mappings import Mapped, mapped
from understudy.runtimes.program_fleet import ProgramFleet
from understudy.runtimes.program_processes import shell
from understudy.runtimes.programs import Gone, NotRun, Program, Running

log = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
"""SIGKILL follows SIGTERM when an instance is stopped; real time."""
LOG = "log"
STAND_IN_MODULE = f"{OWN}understudy.runtimes.stand_in_program"
DEFAULT_STAND_IN = "5ms; concurrency=16"
UNLIMITED = ", limits not enforced"
PREFIX = "machine/"
"""How the names of the programs of instances begin."""


class Note(msgspec.Struct, frozen=True, array_like=True):
    """What is kept with a running program for an engine that comes later."""

    host: str
    port: int
    runs: str


class Machines:
    """All EC2 instances. ``endpoint`` is where they find AWS."""

    def __init__(
        self,
        loop: LiveLoop,
        fleet: ProgramFleet,
        folder: Path,
        mappings: Sequence[Mapped],
        endpoint: str,
    ) -> None:
        self._loop = loop
        self._fleet = fleet
        self._folder = folder
        self._mappings = mappings
        self._endpoint = endpoint
        self._launches: dict[str, Launch] = {}
        self._notes: dict[str, Note] = {}

    def adopt(self, running: Running) -> None:
        """Know an instance that an engine before us left running."""
        found = msgspec.json.decode(running.note, type=Note)
        self._notes[running.name.removeprefix(PREFIX)] = _told(found, running)

    def region_of(self, instance_id: str) -> str:
        """The region of an instance that was launched and not ended, empty where there is none."""
        command = self._launches.get(instance_id)
        return command.region if command else ""

    async def launch(self, command: Launch) -> None:
        """Start an instance, or take over one that runs; the loop hears how that went."""
        self._launches[command.instance_id] = command
        try:
            if command.instance_id not in self._notes:
                await self._start(command)
        except NotRun as failure:
            self._fail(command.instance_id, f"Client.InternalError: {failure.reason}")
            return
        note = self._notes.get(command.instance_id)
        if note is not None:
            at, region = self._loop.now(), command.region
            self._loop.submit(
                InstanceHealthy(at, region, command.instance_id, note.host, note.port, note.runs)
            )

    async def _start(self, command: Launch) -> None:
        assert command.machine is not None
        instance_id = command.instance_id
        host = address_of(instance_id)
        note, program = await asyncio.to_thread(self._program, command, command.machine, host)
        self._notes[instance_id] = note
        try:
            running = await self._fleet.start(program)
        except NotRun:
            self._notes.pop(instance_id, None)
            raise
        if instance_id in self._notes:
            self._notes[instance_id] = _told(note, running)

    def _program(self, command: Launch, machine: Machine, host: str) -> tuple[Note, Program]:
        """What an instance runs, and how it is noted."""
        root = self._root(command.instance_id)
        root.mkdir(parents=True, exist_ok=True)
        kind = hardware(command.instance_type)
        base = Program(
            PREFIX + command.instance_id,
            (),
            self._environment(command, machine),
            root,
            root / LOG,
            host=host,
            cpu=float(kind.vcpus) if kind else 0.0,
            memory=int(kind.memory_gib * 1024) if kind else 0,
            zone=machine.zone,
        )
        found = mapped(self._mappings, (machine.image, machine.template, machine.group))
        exposed = self._fleet.exposed(machine.image)
        if exposed is not None:
            ports = {own: _port(host, own) for own in exposed}
            runs, program = "container", replace(base, image=machine.image, ports=ports)
        elif found is None:
            runs, program = self._unmapped(base, machine.user_data)
        else:
            runs, program = self._mapped(base, found)
        ports = list(program.ports.values())
        note = Note(host, ports[0] if ports else 0, runs)
        return note, replace(program, note=msgspec.json.encode(note).decode())

    def _mapped(self, base: Program, found: Mapped) -> tuple[str, Program]:
        port = found.port if base.host != "127.0.0.1" else 0
        real = port or free_port(base.host)
        environment = {**base.environment, **found.environment}
        base = replace(base, environment=environment, ports={found.port or real: real})
        if found.stand_in:
            return self._stand_in(base, found.stand_in)
        if found.container:
            return "container", replace(base, image=found.container)
        return "command", replace(base, command=shell(found.command), folder=found.folder)

    def _unmapped(self, base: Program, user_data: str) -> tuple[str, Program]:
        wanted = stand_in_of(user_data)
        if wanted or not user_data.startswith("#!"):
            real = free_port(base.host)
            return self._stand_in(replace(base, ports={real: real}), wanted or DEFAULT_STAND_IN)
        command = prepared(base.root, user_data)
        return "user-data", replace(base, command=command, private=True)

    def _stand_in(self, base: Program, service_time: str) -> tuple[str, Program]:
        ports = ",".join(str(each) for each in base.ports.values())
        speed = repr(self._loop.clock.speed)
        words = (STAND_IN_MODULE, base.host, ports, service_time, speed, base.name)
        return "stand-in", replace(base, command=words)

    def _environment(self, command: Launch, machine: Machine) -> dict[str, str]:
        """What an instance finds: AWS, itself, and (without a role) credentials that will do."""
        metadata = f"{self._endpoint}/_understudy/metadata/{command.instance_id}/"
        own = {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_DEFAULT_REGION": command.region,
            "AWS_REGION": command.region,
            "INSTANCE_ID": command.instance_id,
            "INSTANCE_TYPE": command.instance_type,
            "AVAILABILITY_ZONE": machine.zone,
            "UNDERSTUDY_SPEED": repr(self._loop.clock.speed),
        }
        if machine.profile:
            return own
        return {**own, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def _root(self, instance_id: str) -> Path:
        return (self._folder / "machines" / instance_id).absolute()

    async def stop(self, command: Stop) -> None:
        """End an instance; the loop hears when it is gone."""
        launched = self._launches.pop(command.instance_id, None)
        await self._fleet.stop(PREFIX + command.instance_id, GRACE_SECONDS)
        self._notes.pop(command.instance_id, None)
        if not command.keep and launched is not None:
            await asyncio.to_thread(_clear, self._root(command.instance_id))
        self._loop.submit(InstanceStopped(self._loop.now(), command.region, command.instance_id))

    def measurable(self) -> Iterator[tuple[str, str, float]]:
        """The programs of instances that run, with their regions and processors."""
        for instance_id, command in self._launches.items():
            kind = hardware(command.instance_type)
            yield PREFIX + instance_id, command.region, float(kind.vcpus) if kind else 1.0

    def id_of(self, name: str) -> str:
        """The instance whose program has this name."""
        return name.removeprefix(PREFIX)

    def knows(self, instance_id: str) -> bool:
        """Whether an instance is one of ours."""
        return instance_id in self._launches or instance_id in self._notes

    def ended(self, gone: Gone) -> None:
        """The program of an instance has ended: by itself, unless it was told to."""
        instance_id = gone.name.removeprefix(PREFIX)
        self._notes.pop(instance_id, None)
        if instance_id in self._launches:
            self._fail(instance_id, self._how(instance_id, gone))

    def _how(self, instance_id: str, gone: Gone) -> str:
        if gone.starved:
            return "Server.InternalError: the instance has run out of memory"
        last = _last_line(self._root(instance_id) / LOG)
        ended = f"signal {-gone.code}" if gone.code < 0 else f"code {gone.code}"
        return f"Client.InstanceInitiatedShutdown: it ended with {ended}: {last}"

    def _fail(self, instance_id: str, reason: str) -> None:
        command = self._launches.pop(instance_id)
        self._loop.submit(InstanceFailed(self._loop.now(), command.region, instance_id, reason))


def _port(host: str, own: int) -> int:
    """A container's port at the address of its instance; another one where all share an address."""
    return own if host != "127.0.0.1" else free_port(host)


def _told(note: Note, running: Running) -> Note:
    """What is told of an instance: also that nothing holds it to its type's size.

    On another machine it listens where that machine says.
    """
    runs = note.runs if running.limited else f"{note.runs}{UNLIMITED}"
    if not running.host:
        return msgspec.structs.replace(note, runs=runs)
    return Note(running.host, next(iter(running.ports.values()), 0), runs)


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace")[-2000:].strip().splitlines()
    except OSError:
        return "its log cannot be read"
    return lines[-1] if lines else "its log is empty"


def _clear(root: Path) -> None:
    """Remove everything but the log."""
    for entry in root.iterdir() if root.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name != LOG:
            entry.unlink(missing_ok=True)
