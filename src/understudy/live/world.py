"""The live world: performs what the engine commands, and reports what came of it."""

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from msgspec import structs

from understudy.base.fault import Fault
from understudy.bookkeeping.moto import Books
from understudy.control.events import (
    AnyCommand,
    AnyEvent,
    Call,
    CallAnswered,
    CallFailed,
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    Launch,
    LaunchTask,
    Params,
    RemoveBalancer,
    RemoveRoute,
    RequestsCompleted,
    SetBalancer,
    SetRoute,
    Stop,
    StopTask,
)
from understudy.control.stand_ins import StandIns
from understudy.live.loop import LiveLoop
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import (
    Drain,
    Drained,
    RemoveEndpoint,
    Report,
    SetEndpoint,
    TargetHealth,
)
from understudy.runtimes.runtime import Exited, InstanceSpec, Runtime, StartFailed

log = logging.getLogger(__name__)

STOP_GRACE_SECONDS = 30.0
"""SIGKILL follows SIGTERM. AWS: Use your own inference code with hosting services."""

STAND_IN_SECONDS = 0.01
"""How long (real time) a stand-in instance takes to run."""
STAND_IN_HOST = "stand-in"


class Objects(Protocol):
    """S3, as far as the world needs it."""

    def call(self, operation: str, params: Params, region: str) -> Params:
        """Perform an operation. Raises Fault."""
        ...

    def download(self, url: str, path: Path) -> None:
        """Copy the object at an ``s3://`` URL to a file. Raises Fault."""
        ...


class LiveWorld:
    """Performs commands as tasks of the event loop."""

    def __init__(
        self,
        loop: LiveLoop,
        data_plane: DataPlane,
        objects: Objects,
        books: Books,
        folder: Path,
    ) -> None:
        self._loop = loop
        self._data_plane = data_plane
        self._objects = objects
        self._books = books
        self._folder = folder
        self._runtime: Runtime | None = None
        self._regions: dict[str, str] = {}
        self._routed: set[str] = set()
        self._draining: dict[str, asyncio.Event] = {}
        self._stand_ins = StandIns()
        self._tasks: set[asyncio.Task[None]] = set()
        self._bookkeeper = ThreadPoolExecutor(1, thread_name_prefix="bookkeeping")
        loop.perform = self.perform

    def use(self, runtime: Runtime) -> None:
        """Start instances with this runtime."""
        self._runtime = runtime

    def perform(self, command: AnyCommand) -> None:
        """Begin to do what the engine wants done."""
        match command:
            case Launch(kind="stand-in"):
                self._spawn(self._start_stand_in(command))
            case Launch():
                self._regions[command.instance_id] = command.region
                self._spawn(self._launch(command))
            case Stop():
                self._spawn(self._stop(command))
            case SetRoute():
                self._routed.update(
                    target.instance_id for each in command.variants for target in each.targets
                )
                self._data_plane.send(
                    SetEndpoint(command.endpoint, command.variants, command.region)
                )
            case RemoveRoute():
                self._data_plane.send(RemoveEndpoint(command.endpoint, command.region))
            case SetBalancer() | RemoveBalancer() | LaunchTask() | StopTask():
                for event in self._stand_ins.perform(command, self._loop.now()):
                    self._spawn(self._happen(event))
            case Call():
                self._spawn(self._call(command))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a command could not be performed", exc_info=error)

    async def _start_stand_in(self, command: Launch) -> None:
        """An instance in name only: it runs after a moment, and there is no process behind it."""
        await asyncio.sleep(STAND_IN_SECONDS)
        now, instance = self._loop.now(), command.instance_id
        self._loop.submit(InstanceHealthy(now, command.region, instance, STAND_IN_HOST, 0))

    async def _launch(self, command: Launch) -> None:
        instance = command.instance_id
        try:
            started = await self._started(command)
        except StartFailed as failure:
            self._failed(instance, failure.reason)
            return
        self._loop.submit(
            InstanceHealthy(self._loop.now(), command.region, instance, started.host, started.port)
        )

    async def _started(self, command: Launch) -> Any:
        container = command.container
        root = self._folder / "instances" / command.instance_id
        archive = await self._archive(container.model_data_url, root)
        if self._runtime is None:
            raise StartFailed("No runtime is there to start an instance.")
        return await self._runtime.start(
            InstanceSpec(
                instance_id=command.instance_id,
                variant=command.log_stream.split("/")[0],
                image=container.image,
                environment=container.environment,
                model_archive=archive,
                root=root,
                startup_timeout=command.startup_timeout,
                speed=self._loop.clock.speed,
                hostname=container.hostname,
            )
        )

    async def _archive(self, url: str, root: Path) -> Path | None:
        if not url:
            return None
        path = root.with_suffix(".tar.gz")
        try:
            await asyncio.to_thread(self._objects.download, url, path)
        except Fault as fault:
            raise StartFailed(
                f"Could not find model data at {url}. Please ensure that the role has access "
                f"permissions and that the location exists. ({fault.code}: {fault.message})"
            ) from fault
        return path

    async def _happen(self, event: AnyEvent) -> None:
        """Let what comes of a stand-in come at its time."""
        await asyncio.sleep(max(self._loop.clock.real_until(event.at), 0.0))
        self._loop.submit(structs.replace(event, at=max(event.at, self._loop.now())))

    def _failed(self, instance_id: str, reason: str) -> None:
        region = self._regions.get(instance_id)
        if region is not None:
            event = InstanceFailed(self._loop.now(), region, instance_id, reason)
            self._loop.submit(event)

    async def _stop(self, command: Stop) -> None:
        instance = command.instance_id
        if instance not in self._regions:
            # A stand-in, or an instance of before a restart: there is no process.
            self._loop.submit(InstanceStopped(self._loop.now(), command.region, instance))
            return
        if instance in self._routed:
            self._routed.discard(instance)
            drained = self._draining.setdefault(instance, asyncio.Event())
            self._data_plane.send(Drain(instance, command.drain))
            await drained.wait()
            del self._draining[instance]
        if self._runtime is not None:
            await self._runtime.stop(instance, STOP_GRACE_SECONDS)
        self._loop.submit(InstanceStopped(self._loop.now(), command.region, instance))
        self._regions.pop(instance, None)

    def exited(self, exit_: Exited) -> None:
        """An instance has ended though nobody stopped it."""
        last = exit_.log_tail[-1] if exit_.log_tail else "its log is empty"
        self._failed(exit_.instance_id, f"The instance ended with code {exit_.code}: {last}")

    async def _call(self, call: Call) -> None:
        try:
            output = await self._answer(call)
        except Fault as fault:
            event = CallFailed(
                self._loop.now(),
                call.region,
                call.call_id,
                fault.code,
                fault.message,
                fault.status,
            )
        else:
            event = CallAnswered(self._loop.now(), call.region, call.call_id, output)
        self._loop.submit(event)

    async def _answer(self, call: Call) -> Params:
        if call.service == "s3":
            return await asyncio.to_thread(
                self._objects.call, call.operation, call.params, call.region
            )
        return await self.keep_books(
            lambda: self._books.call(call.service, call.operation, call.params, call.region)
        )

    async def keep_books(self, work: Any) -> Any:
        """Do something with the kept services, one at a time, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._bookkeeper, work)

    async def listen(self) -> None:
        """Take in what the data plane reports, until it is stopped."""
        async for message in self._data_plane:
            match message:
                case Report():
                    self._reported(message)
                case Drained():
                    if message.instance_id in self._draining:
                        self._draining[message.instance_id].set()
                case TargetHealth(healthy=False):
                    self._spawn(self._unhealthy(message))
                case _:
                    log.debug("the data plane says %r", message)

    def _reported(self, report: Report) -> None:
        if report.served:
            event = RequestsCompleted(self._loop.now(), report.region, report.served)
            self._loop.submit(event)
        self._loop.reported(report.watermark)

    async def _unhealthy(self, message: TargetHealth) -> None:
        """An instance that does not answer its health check is replaced."""
        self._routed.discard(message.instance_id)
        self._failed(message.instance_id, message.reason)
        if self._runtime is not None:
            await self._runtime.stop(message.instance_id, 0.0)

    async def close(self) -> None:
        """End every instance and what is still being done."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runtime is not None:
            await self._runtime.close()
        self._bookkeeper.shutdown(wait=False)
