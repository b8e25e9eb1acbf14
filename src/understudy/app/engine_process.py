"""The engine as a process: everything wired, started, and taken down in order."""

import asyncio
import contextlib
import ctypes
import fcntl
import logging
import os
import signal
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import uvicorn

from understudy.api.asgi import application
from understudy.api.management import Management
from understudy.api.server import Server
from understudy.app.config import EngineConfig
from understudy.app.schemas import CfnLintSchemas
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.identity import Ids
from understudy.bookkeeping.moto import Books
from understudy.cloudformation.schema import Schemas
from understudy.control.autoscaling.service import GroupConfig
from understudy.control.events import EngineRestarted
from understudy.control.plane import PlaneConfig
from understudy.control.sagemaker.service import HostingConfig
from understudy.engine.engine import Engine, EngineState, World
from understudy.live.clock import WorldClock
from understudy.live.loop import LiveLoop, replay
from understudy.live.objects import StoredObjects
from understudy.live.world import LiveWorld
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import SetClock, Settings
from understudy.resources.registry import BY_NAME
from understudy.runtimes.process import ProcessRuntime
from understudy.storage.journal import Journal
from understudy.storage.ledger import Ledger
from understudy.storage.objects.store import Store

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
FLUSH_WORLD_SECONDS = 6.0
"""Traffic is reported at least this often in world time, so that alarms see it in good time."""


class Ready(msgspec.Struct, frozen=True):
    """What a started engine says of itself; also kept in its state folder as ``engine.json``."""

    pid: int
    endpoint: str
    speed: float
    state: str
    real_epoch: float
    world_epoch: float


def hold(state: Path) -> Generator[None]:
    """Hold a state folder for as long as this generator lives.

    Raises InvalidInput, naming the process, where another engine holds it.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise InvalidInput(
                (
                    Diagnostic(
                        f"The state folder {state} belongs to a running engine, process {holder}.",
                        action="use that engine, stop it with `understudy down --state "
                        f"{state}`, or choose another folder with --state",
                    ),
                )
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def world_of(config: EngineConfig) -> World:
    """What the engine is told of the world."""
    hosting = HostingConfig(startup_delay=config.startup_delay)
    groups = GroupConfig(startup_delay=config.startup_delay)
    plane = PlaneConfig(ZoneInfo, hosting, groups=groups)
    return World(plane, BY_NAME, Schemas(CfnLintSchemas()))


def restored(config: EngineConfig, journal: Journal) -> Engine:
    """The engine as the journal left it."""
    world = world_of(config)
    snapshot = journal.snapshot()
    if snapshot is None:
        engine, number = Engine(world, EngineState(seed=config.seed)), 0
    else:
        number, state = snapshot
        engine = Engine.restore(world, state)
    replay(engine, journal, number)
    return engine


@contextlib.asynccontextmanager
async def running(config: EngineConfig) -> AsyncGenerator[Ready]:
    """A running engine. Everything that it has started ends with it."""
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(contextlib.contextmanager(hold)(config.state))
        journal = Journal(config.state / "journal.db")
        stack.callback(journal.close)
        engine = restored(config, journal)
        clock = WorldClock.starting(config.speed, not_before=engine.state.at)
        store = Store(config.state / "s3")
        stack.callback(store.close)
        socket = config.state / "control.sock"
        socket.unlink(missing_ok=True)
        data_plane = DataPlane(_settings(config))
        ready = await data_plane.start(config.host, config.port, socket)
        stack.push_async_callback(data_plane.stop)
        data_plane.send(SetClock(clock.real_epoch, clock.world_epoch, clock.speed))

        loop = LiveLoop(engine, journal, clock, keep_journal=config.keep_journal)
        stack.callback(loop.close)
        objects = StoredObjects(store, clock)
        books = Books(Ledger(config.state / "ledger.db"))
        world = LiveWorld(loop, data_plane, objects, books, config.state)
        world.use(ProcessRuntime(world.exited))
        stack.push_async_callback(world.close)

        status = Ready(
            os.getpid(),
            f"http://{_shown(ready.host)}:{ready.port}",
            clock.speed,
            str(config.state.resolve()),
            clock.real_epoch,
            clock.world_epoch,
        )
        management = Management(loop, status)
        ids = Ids(int(time.time_ns()))
        server = Server(loop, world, objects, books, management.respond, ids)
        await stack.enter_async_context(_listening(server, socket))
        listener = asyncio.create_task(world.listen())
        stack.callback(listener.cancel)
        _restart(engine, loop, clock)
        (config.state / "engine.json").write_bytes(msgspec.json.encode(status))
        stack.callback((config.state / "engine.json").unlink, missing_ok=True)
        yield status


def _settings(config: EngineConfig) -> Settings:
    interval = min(Settings().report_interval, FLUSH_WORLD_SECONDS / config.speed)
    return Settings(report_interval=interval, seed=config.seed)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _restart(engine: Engine, loop: LiveLoop, clock: WorldClock) -> None:
    """Bring the world in line with what the engine remembers.

    What timers asked for while nobody was there is void: the restart asks for all that is needed.
    """
    now = clock.now()
    while (due := engine.due()) is not None and due <= now:
        engine.fire()
    for region in engine.regions:
        loop.submit(EngineRestarted(max(now, engine.state.at), region))


class _Quiet(uvicorn.Server):
    """uvicorn without signal handlers: the process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield


@contextlib.asynccontextmanager
async def _listening(server: Server, socket: Path) -> AsyncGenerator[None]:
    app: Any = application(server.respond)
    config = uvicorn.Config(
        app,
        uds=str(socket),
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=3600,
    )
    http = _Quiet(config)
    task = asyncio.create_task(http.serve())
    while not http.started:
        if task.done():
            await task
        await asyncio.sleep(0.001)
    yield
    http.should_exit = True
    http.force_exit = True
    await task


def die_with(parent: int) -> None:
    """End, in order, when another process ends. It must be this process's parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


async def serve(config: EngineConfig, announce: Any) -> None:
    """Run an engine until the process is told to end (SIGINT, SIGTERM)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if config.lives_with:
        die_with(config.lives_with)
    async with running(config) as ready:
        announce(ready)
        await stop.wait()
