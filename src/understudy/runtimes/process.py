"""Instances as processes of this machine, forked from warm templates."""

import asyncio
import shutil
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from understudy.runtimes.archive import BadArchive, unpack
from understudy.runtimes.images import Kind, NotRunnable, Runnable, runnable
from understudy.runtimes.launch import LAST_WORDS, Launch
from understudy.runtimes.probe import wait_until_healthy
from understudy.runtimes.runtime import Exited, InstanceSpec, Started, StartFailed
from understudy.runtimes.zygote import ForkFailed, Process, Zygote

HOST = "127.0.0.1"

_TAIL_LINES = 20
_TAIL_BYTES = 16_384


@dataclass(slots=True)
class _Instance:
    """An instance from its fork on. ``wanted`` turns false when it is told to end."""

    spec: InstanceSpec
    process: Process
    port: int
    log_start: int
    wanted: bool = True

    def log_lines(self) -> tuple[str, ...]:
        """The last lines that this process has written to its log."""
        with suppress(FileNotFoundError), _log_path(self.spec).open("rb") as log:
            log.seek(max(self.log_start, log.seek(0, 2) - _TAIL_BYTES))
            return tuple(log.read().decode(errors="replace").splitlines())
        return ()


class ProcessRuntime:
    """Runs each instance as a process with its own folder, log, port and, if permitted, /opt/ml.

    ``on_exit`` hears of instances that had started and ended without having been stopped.
    ``private_opt_ml`` False leaves /opt/ml as it is even where it could be made private.
    """

    def __init__(self, on_exit: Callable[[Exited], None], *, private_opt_ml: bool = True) -> None:
        self._on_exit = on_exit
        self._private_opt_ml = private_opt_ml
        self._zygotes: dict[Kind, Zygote] = {}
        self._instances: dict[str, _Instance] = {}

    async def warm(self, kind: Kind) -> None:
        """Import what a kind needs ahead of its first instance."""
        with suppress(ForkFailed):  # The first start will tell.
            await self._zygote(kind).ready()

    async def start(self, spec: InstanceSpec) -> Started:
        """Start an instance and wait until it is healthy. Raises StartFailed.

        ``spec.root`` is made if need be; what an earlier start left in it goes, but for the log.
        """
        match runnable(spec.image, spec.environment):
            case NotRunnable(reason):
                raise StartFailed(reason)
            case Runnable() as image:
                zygote = self._zygote(image.kind)
        await asyncio.to_thread(_prepare_folder, spec)
        try:
            instance = await self._fork(spec, image, zygote)
        except ForkFailed as error:
            raise _ping_failed(spec, str(error)) from error
        self._instances[spec.instance_id] = instance
        instance.process.ended.add_done_callback(lambda _: self._forget(instance))
        try:
            await _wait_until_healthy(instance)
        except BaseException:
            instance.wanted = False
            instance.process.signal(signal.SIGKILL)
            raise
        instance.process.ended.add_done_callback(lambda _: self._tell(instance))
        return Started(HOST, instance.port, instance.process.pid)

    async def stop(self, instance_id: str, grace: float) -> None:
        """SIGTERM an instance, SIGKILL it after ``grace`` real seconds, return when it is gone.

        An instance that is starting fails to start. One that is not there is gone already.
        """
        instance = self._instances.get(instance_id)
        if instance is None:
            return
        instance.wanted = False
        instance.process.signal(signal.SIGTERM)
        await asyncio.wait({instance.process.ended}, timeout=grace)
        instance.process.signal(signal.SIGKILL)
        await asyncio.wait({instance.process.ended})

    async def close(self) -> None:
        """End every instance at once, and the templates."""
        for instance in self._instances.values():
            instance.wanted = False
        zygotes, self._zygotes = self._zygotes, {}
        await asyncio.gather(*(zygote.close() for zygote in zygotes.values()))

    def _zygote(self, kind: Kind) -> Zygote:
        zygote = self._zygotes.get(kind)
        if zygote is None or not zygote.alive:
            zygote = self._zygotes[kind] = Zygote(kind)
        return zygote

    async def _fork(self, spec: InstanceSpec, image: Runnable, zygote: Zygote) -> _Instance:
        with (
            socket.create_server((HOST, 0), backlog=2048) as listener,
            _log_path(spec).open("ab") as log,
        ):
            port = listener.getsockname()[1]
            launch = Launch(
                instance_id=spec.instance_id,
                kind=image.kind,
                version=image.version,
                environment=dict(spec.environment),
                root=str(spec.root.absolute()),
                port=port,
                speed=spec.speed,
                hostname=spec.hostname,
                private_opt_ml=self._private_opt_ml,
            )
            log_start = log.tell()
            return _Instance(spec, await zygote.fork(launch, listener, log), port, log_start)

    def _forget(self, instance: _Instance) -> None:
        del self._instances[instance.spec.instance_id]

    def _tell(self, instance: _Instance) -> None:
        if instance.wanted:
            code = instance.process.ended.result()
            tail = instance.log_lines()[-_TAIL_LINES:]
            self._on_exit(Exited(instance.spec.instance_id, code, tail))


def _log_path(spec: InstanceSpec) -> Path:
    return spec.root / "log"


def _prepare_folder(spec: InstanceSpec) -> None:
    """Make the instance's /opt/ml with its model in it. Raises StartFailed."""
    shutil.rmtree(spec.root / "opt", ignore_errors=True)
    model = spec.root / "opt/ml/model"
    model.mkdir(parents=True)
    _log_path(spec).touch()
    if spec.model_archive is None:
        return
    try:
        unpack(spec.model_archive, model)
    except BadArchive as error:
        raise StartFailed(
            'Failed to extract model data archive for container "container_1" from URL '
            f'"{spec.model_archive}". Please ensure that the object located at the URL is a valid '
            f"tar.gz archive. ({error})"
        ) from error


async def _wait_until_healthy(instance: _Instance) -> None:
    """Return at the first healthy ping. Raises StartFailed if the process ends or time is up."""
    healthy = asyncio.create_task(wait_until_healthy(HOST, instance.port))
    ended = instance.process.ended
    timeout = instance.spec.startup_timeout
    try:
        await asyncio.wait({healthy, ended}, timeout=timeout, return_when="FIRST_COMPLETED")
        if ended.done():
            raise _ping_failed(instance.spec, _how_it_ended(instance))
        if not healthy.done():
            raise _ping_failed(instance.spec, f"it did not answer a ping within {timeout:g} s")
        healthy.result()
    finally:
        healthy.cancel()


def _how_it_ended(instance: _Instance) -> str:
    """The end of a process that never served, in one line: the exception or the signal."""
    if not instance.wanted:
        return "it was stopped while it started"
    code = instance.process.ended.result()
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    told = (line for line in instance.log_lines() if line.startswith(LAST_WORDS))
    return next(told, f"its process exited with {code}").removeprefix(LAST_WORDS)


def _ping_failed(spec: InstanceSpec, detail: str) -> StartFailed:
    return StartFailed(
        f"The primary container for production variant {spec.variant} did not pass the ping health "
        f"check. Please check CloudWatch logs for this endpoint. ({detail})"
    )
