"""Programs on several machines: each a service of one replica of a Docker Swarm.

The engine is asked through one of the swarm's managers. A node's label ``zone`` is its Availability
Zone. What a node that is lost has run is gone, and whoever owned it has it replaced.
"""

import asyncio
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from docker.errors import DockerException, NotFound
from docker.types import EndpointSpec, Resources, RestartPolicy

from understudy.runtimes.container_asking import exposed
from understudy.runtimes.container_leash import LABEL, PATIENCE, Leash
from understudy.runtimes.program_containers import LOG, NAME, NANO, NOTE, exit_code, said
from understudy.runtimes.programs import Ends, Gone, NotRun, Program, Running
from understudy.runtimes.swarm_nodes import (
    Json,
    Node,
    NodeEngines,
    NodeLost,
    Place,
    chosen,
    node_of,
)
from understudy.runtimes.usage import Usage

MEBIBYTE = 1024 * 1024
LOOK_SECONDS, START_LOOK_SECONDS = 0.5, 0.05
START_SECONDS = 120.0
"""Real seconds in which a node has to fetch an image and start it."""
GRACE_SECONDS = 5
OVER = frozenset({"complete", "failed", "shutdown", "rejected", "orphaned", "remove"})
FAILED = frozenset({"failed", "rejected", "orphaned"})


class ProgramSwarm:
    """Runs programs on the nodes of a swarm. ``owner`` labels their services."""

    def __init__(
        self,
        client: Any,
        owner: str,
        ends: Ends,
        base_url: str | None = None,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._client = client
        self._engines = NodeEngines(client)
        self._owner = owner
        self._ends = ends
        self._loop = loop or asyncio.get_running_loop()
        self._leash = Leash(owner, base_url or "", PATIENCE)
        self._gone: dict[str, asyncio.Event] = {}
        self._where: dict[str, str] = {}
        self._places: dict[str, Place] = {}
        self._running: set[str] = set()
        self._watching: asyncio.Task[None] | None = None

    def knows(self, name: str) -> bool:
        """Whether a program runs here."""
        return name in self._gone

    def exposed(self, image: str) -> tuple[int, ...] | None:
        """The ports of an image, None where the manager does not have it; nodes fetch it too."""
        return exposed(self._client, image)

    async def adopt(self) -> tuple[Running, ...]:
        """Know the services that an engine before us left running, and where they listen."""
        found = await asyncio.to_thread(self._services)
        there: list[Running] = []
        for service in found:
            labels = service["Spec"]["Labels"]
            self._gone[labels[NAME]] = asyncio.Event()
            running = await asyncio.to_thread(self._up, service["ID"], labels[NAME])
            limits = service["Spec"]["TaskTemplate"]["Resources"].get("Limits", {})
            there.append(replace(running, note=labels[NOTE], limited=bool(limits)))
            self._running.add(labels[NAME])
        if there:
            self._leash.hold()
            self._watch()
        return tuple(there)

    async def start(self, program: Program) -> Running:
        """Run a program on a node, and say where it listens. Raises NotRun."""
        self._gone[program.name] = asyncio.Event()
        self._leash.hold()
        try:
            service, running = await asyncio.to_thread(self._placed, program)
        except (DockerException, NotRun) as error:
            self._gone.pop(program.name, None)
            await asyncio.to_thread(self._remove, program.name)
            raise error if isinstance(error, NotRun) else NotRun(said(error)) from error
        threading.Thread(target=self._log, args=(service, program.log), daemon=True).start()
        self._running.add(program.name)
        self._watch()
        return replace(running, limited=bool(program.cpu or program.memory))

    def _placed(self, program: Program) -> tuple[str, Running]:
        """Run a program on a node, and on another one where that is lost just then."""
        while True:
            service = self._create(program)
            try:
                return service, self._up(service, program.name)
            except NodeLost:
                self._remove(program.name)

    def _create(self, program: Program) -> str:
        nodes = self._engines.reached([node_of(each) for each in self._client.api.nodes()])
        busy: dict[str, int] = {}
        for each in self._where.values():
            busy[each] = busy.get(each, 0) + 1
        node = chosen(nodes, program.zone, busy)
        self._where[program.name] = node.id
        limits = Resources(
            cpu_limit=min(int(program.cpu * NANO), node.cpus) or None,
            mem_limit=program.memory * MEBIBYTE or None,
        )
        ports: Any = [
            {"Protocol": "tcp", "PublishMode": "host", "TargetPort": each} for each in program.ports
        ]
        made = self._client.services.create(
            program.image,
            command=list(program.entry_point) or None,
            args=list(program.command) or None,
            name=f"understudy-{self._short(program.name)}",
            env=[f"{key}={value}" for key, value in program.environment.items()],
            labels={
                LABEL: self._owner,
                NAME: program.name,
                NOTE: program.note,
                LOG: str(program.log.absolute()),
            },
            constraints=[f"node.id=={node.id}"],
            restart_policy=RestartPolicy("none"),
            resources=limits,
            stop_grace_period=GRACE_SECONDS * NANO,
            endpoint_spec=EndpointSpec("dnsrr", ports),
        )
        return str(made.id)

    def _short(self, name: str) -> str:
        return blake2b(f"{self._owner}|{name}".encode()).hexdigest()[:32]

    def _up(self, service: str, name: str) -> Running:
        """Where a service runs, once it does. Raises NotRun."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if name in self._where and not self._node(self._where[name]).ready:
                raise NodeLost("its node was lost")
            for task in self._client.api.tasks(filters={"service": service}):
                state = task["Status"]["State"]
                if state in FAILED:
                    raise NotRun(task["Status"].get("Err", state))
                if state == "running" or state in OVER:
                    return self._located(task, name)
            time.sleep(START_LOOK_SECONDS)  # Docker has no other way to ask.
        raise NotRun("no node of the swarm has started it in time")

    def _node(self, node: str) -> Node:
        return self._engines.reached([node_of(self._client.api.inspect_node(node))])[0]

    def _located(self, task: Json, name: str) -> Running:
        node = self._node(task["NodeID"])
        self._where[name] = node.id
        self._places[name] = _place(task)
        published = task["Status"].get("PortStatus", {}).get("Ports", [])
        ports = {each["TargetPort"]: each["PublishedPort"] for each in published}
        return Running(name, limited=False, host=node.address, ports=ports)

    def _log(self, service: str, path: Path) -> None:
        with suppress(DockerException, OSError), path.open("ab") as log:
            found = self._client.services.get(service)
            for piece in found.logs(stdout=True, stderr=True, follow=True):
                log.write(piece)
                log.flush()

    def _watch(self) -> None:
        if self._watching is None:
            self._watching = asyncio.ensure_future(self._look())

    async def _look(self) -> None:
        """Tell of programs that have ended, and of those whose node is lost."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                ended = await asyncio.to_thread(self._over)
            except DockerException:
                continue
            for gone in ended:
                await self._end(gone)

    def _over(self) -> list[Gone]:
        lost = self._engines.silent() | {
            each["ID"] for each in self._client.api.nodes() if each["Status"]["State"] == "down"
        }
        names = {each["ID"]: each["Spec"]["Labels"][NAME] for each in self._services()}
        found: dict[str, Gone] = {}
        for task in self._client.api.tasks():
            name = names.get(task["ServiceID"], "")
            if name not in self._running:
                continue
            if task["Status"]["State"] in OVER:
                status = task["Status"].get("ContainerStatus", {}).get("ExitCode", 0)
                found[name] = Gone(name, exit_code(status), self._engines.starved(_place(task)))
            elif task.get("NodeID") in lost:
                found[name] = Gone(name, -signal.SIGKILL)
        return list(found.values())

    async def _end(self, gone: Gone) -> None:
        event = self._gone.pop(gone.name, None)
        self._where.pop(gone.name, None)
        self._places.pop(gone.name, None)
        self._running.discard(gone.name)
        await asyncio.to_thread(self._remove, gone.name)
        if event is not None:
            event.set()
            self._ends(gone)

    async def stop(self, name: str, grace: float) -> None:
        """End a program: SIGTERM, SIGKILL after five seconds; return when it is gone."""
        if name in self._gone:
            task = await asyncio.to_thread(self._remove, name)
            deadline = self._loop.time() + max(grace, GRACE_SECONDS) + 1.0
            while task and self._loop.time() < deadline and await asyncio.to_thread(self._is, task):
                await asyncio.sleep(START_LOOK_SECONDS)
            await self._end(Gone(name, -signal.SIGTERM))

    def _is(self, task: str) -> bool:
        """Whether a task still runs, as far as its node can say."""
        with suppress(NotFound):
            found = self._client.api.inspect_task(task)
            node = self._client.api.inspect_node(found["NodeID"])
            return found["Status"]["State"] == "running" and node["Status"]["State"] == "ready"
        return False

    def _remove(self, name: str) -> str:
        """Remove the service of a program; the id of its task, if it has one."""
        with suppress(DockerException):
            service = self._client.services.get(f"understudy-{self._short(name)}")
            tasks = service.tasks()
            service.remove()
            return str(tasks[0]["ID"]) if tasks else ""
        return ""

    async def well(self, name: str, command: tuple[str, ...], timeout: float) -> bool:
        """Whether a command ends with 0 in time, in a program's container.

        True for what runs on a node whose engine cannot be asked.
        """
        place = self._places.get(name)
        if place is None:
            return False
        return await asyncio.to_thread(self._engines.asked, place, command, timeout)

    def used(self) -> Usage:
        """What programs use, but for those on nodes whose engine cannot be asked."""
        found = {name: self._engines.drawn(each) for name, each in tuple(self._places.items())}
        return {name: use for name, use in found.items() if use is not None}

    async def close(self) -> None:
        """End every program."""
        if self._watching is not None:
            self._watching.cancel()
        for service in await asyncio.to_thread(self._services):
            with suppress(DockerException):
                await asyncio.to_thread(self._client.api.remove_service, service["ID"])
        self._gone.clear()
        await self._leash.let_go()
        self._engines.close()

    def _services(self) -> list[Json]:
        return self._client.api.services(filters={"label": f"{LABEL}={self._owner}"})


def _place(task: Json) -> Place:
    """Where a task's container is, or was."""
    container = task["Status"].get("ContainerStatus", {}).get("ContainerID", "")
    return Place(task["NodeID"], container)
