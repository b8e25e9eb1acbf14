"""Instances of the live world: launched, stopped, and reported on, each with a folder of its own.

A folder is ``instances/ENDPOINT/VARIANT/INSTANCE``. What an instance needed to run goes when the
instance does; its log stays.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from understudy.base.fault import Fault
from understudy.control.events import (
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    Launch,
    Stop,
)
from understudy.live.loop import INTERNAL, LiveLoop
from understudy.runtimes.runtime import Exited, InstanceSpec, Runtime, Started, StartFailed

log = logging.getLogger(__name__)

STOP_GRACE_SECONDS = 30.0
"""SIGKILL follows SIGTERM. AWS: Use your own inference code with hosting services."""
ARCHIVE, LOG = "model.tar.gz", "log"


class Archives(Protocol):
    """Where model archives come from."""

    def download(self, url: str, path: Path) -> None:
        """Copy the object at an ``s3://`` URL to a file. Raises Fault."""
        ...


class Instances:
    """All instances. ``runtime`` makes the runtime that runs them, which tells of their ends."""

    def __init__(
        self,
        loop: LiveLoop,
        archives: Archives,
        folder: Path,
        runtime: Callable[[Callable[[Exited], None]], Runtime],
    ) -> None:
        self._loop = loop
        self._archives = archives
        self._folder = folder
        self._runtime = runtime(self._exited)
        self._launching: dict[str, asyncio.Task[None]] = {}
        self._launches: dict[str, Launch] = {}

    async def launch(self, command: Launch) -> None:
        """Start an instance; the loop hears how that went."""
        instance_id = command.instance_id
        self._launches[instance_id] = command
        work = asyncio.ensure_future(self._started(command))
        self._launching[instance_id] = work
        try:
            await asyncio.wait({work})
        finally:
            work.cancel()
            del self._launching[instance_id]

    async def _started(self, command: Launch) -> None:
        try:
            started = await self._start(command)
        except StartFailed as failure:
            self._failed(command.instance_id, failure.reason)
        except Exception:
            log.exception("%s could not be started", command.instance_id)
            self._failed(command.instance_id, INTERNAL)
        else:
            at = self._loop.now()
            self._loop.submit(
                InstanceHealthy(at, command.region, command.instance_id, started.host, started.port)
            )

    async def _start(self, command: Launch) -> Started:
        container, root = command.container, self._root(command)
        archive = root / ARCHIVE if container.model_data_url else None
        try:
            if archive is not None:
                await self._download(container.model_data_url, archive)
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
        finally:
            if archive is not None:
                archive.unlink(missing_ok=True)

    async def _download(self, url: str, path: Path) -> None:
        try:
            await asyncio.to_thread(self._archives.download, url, path)
        except Fault as fault:
            raise StartFailed(
                f"Could not find model data at {url}. Please ensure that the role has access "
                f"permissions and that the location exists. ({fault.code}: {fault.message})"
            ) from fault

    def _root(self, command: Launch) -> Path:
        endpoint = command.log_group.rpartition("/")[2]
        return self._folder / "instances" / endpoint / command.log_stream

    async def stop(self, command: Stop) -> None:
        """End an instance that nothing is sent to any more; the loop hears when it is gone."""
        launching = self._launching.get(command.instance_id)
        if launching is not None:
            launching.cancel()
            await asyncio.wait({launching})
        await self._runtime.stop(command.instance_id, STOP_GRACE_SECONDS)
        self._clear(command.instance_id)
        self._loop.submit(InstanceStopped(self._loop.now(), command.region, command.instance_id))

    async def replace(self, instance_id: str, reason: str) -> None:
        """End an instance at once that does not answer its health check."""
        self._failed(instance_id, reason)
        await self._runtime.stop(instance_id, 0.0)

    def _exited(self, exit_: Exited) -> None:
        last = exit_.log_tail[-1] if exit_.log_tail else "its log is empty"
        self._failed(exit_.instance_id, f"The instance ended with code {exit_.code}: {last}")

    def _failed(self, instance_id: str, reason: str) -> None:
        command = self._launches.get(instance_id)
        if command is not None:
            self._clear(instance_id)
            event = InstanceFailed(self._loop.now(), command.region, instance_id, reason)
            self._loop.submit(event)

    def _clear(self, instance_id: str) -> None:
        """Remove what an instance ran on; its log stays."""
        command = self._launches.pop(instance_id, None)
        if command is not None:
            _clear(self._root(command))

    def sweep(self) -> None:
        """Remove what instances ran on that a killed engine left behind."""
        for folder in self._folder.glob("instances/*/*/*/"):
            _clear(folder)

    async def close(self) -> None:
        """End every instance at once."""
        await self._runtime.close()
        self.sweep()


def _clear(root: Path) -> None:
    """Remove everything but the log."""
    for entry in root.iterdir() if root.is_dir() else ():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.name != LOG:
            entry.unlink(missing_ok=True)
