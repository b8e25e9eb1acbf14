"""The engine composed: everything wired, started, and taken down in order."""

import asyncio
import contextlib
import os
import socket
import time
from collections import deque
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from uvicorn import Config as HttpConfig
from uvicorn import Server as HttpServer

from understudy.api.asgi import application
from understudy.api.management import Management
from understudy.api.server import Server
from understudy.app.capacity import Settings, setting_calls
from understudy.app.config import EngineConfig
from understudy.app.prices import book_of
from understudy.app.schemas import resource_types, schemas_of
from understudy.app.state_folder import FUNCTIONS, JOURNAL, LEDGER, OBJECTS, READY, Ready
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.bookkeeping.moto import Books
from understudy.control.autoscaling.service import GroupConfig
from understudy.control.capacity.operations import SERVICE
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.events import Call, Params
from understudy.control.plane import PlaneConfig
from understudy.control.sagemaker.service import HostingConfig
from understudy.engine.engine import ENDPOINT, Engine, EngineState, World
from understudy.live.access_logs import AccessLogs
from understudy.live.asynchronous import AsynchronousInferences
from understudy.live.clock import WorldClock
from understudy.live.custom_resources import CustomResources, publish
from understudy.live.dead_letters import DeadLetters
from understudy.live.event_sources import EventSources
from understudy.live.fleets import Fleets
from understudy.live.front_door import FrontDoor
from understudy.live.functions import LiveFunctions
from understudy.live.instances import Instances
from understudy.live.loop import LiveLoop, replay
from understudy.live.notifications import Notifications
from understudy.live.objects import StoredObjects
from understudy.live.providers import Providers
from understudy.live.secrets import secret_of
from understudy.live.world import LiveWorld
from understudy.pricing.book import Book
from understudy.pricing.catalogue import BOOK
from understudy.proxy.link import DataPlane
from understudy.runtimes.process import ProcessRuntime
from understudy.storage.journal import Journal, unreadable
from understudy.storage.ledger import Ledger
from understudy.storage.objects.store import Store


@dataclass(frozen=True, slots=True)
class Running:
    """A running engine. ``ended`` is done, with an exception, when it cannot go on."""

    ready: Ready
    ended: asyncio.Future[Any]


def world_of(
    hosting: HostingConfig,
    publication: CloudWatchConfig | None = None,
    endpoint: str = ENDPOINT,
    *,
    strict: bool = False,
    book: Book = BOOK,
) -> World:
    """What the engine is told of the world.

    ``publication`` is how late metrics are, ``endpoint`` where clients reach the engine, ``book``
    has the prices.
    """
    groups = GroupConfig(startup_delay=hosting.startup_delay)
    plane = PlaneConfig(ZoneInfo, hosting, publication or CloudWatchConfig(), groups, book)
    return World(plane, resource_types(strict=strict), schemas_of, endpoint)


def restored(config: EngineConfig, journal: Journal, endpoint: str) -> Engine:
    """The engine as the journal left it, from now on in the world that is configured.

    What is in the journal is replayed in the world in which it was written. Raises InvalidInput
    where it cannot be read.
    """
    book = book_of(config.state)
    world = world_of(hosting_of(config), endpoint=endpoint, strict=config.strict, book=book)
    snapshot = journal.snapshot()
    if snapshot is None:
        return Engine(world, EngineState(seed=config.seed))
    try:
        hosting = msgspec.json.decode(snapshot.hosting, type=HostingConfig)
        before = world_of(hosting, endpoint=endpoint, book=book)
        engine = Engine.restore(before, snapshot.state)
        deque(replay(engine, journal.entries(snapshot.number)), maxlen=0)
    except msgspec.MsgspecError as error:
        raise unreadable(config.database or config.state / JOURNAL, error) from error
    return Engine(world, engine.state)


def hosting_of(config: EngineConfig) -> HostingConfig:
    """How instances start."""
    return HostingConfig(startup_delay=config.startup_delay)


@contextlib.asynccontextmanager
async def running(
    config: EngineConfig, data_plane: DataPlane, endpoint: str, control: socket.socket
) -> AsyncGenerator[Running]:
    """A running engine behind a data plane. Everything that it has started ends with it."""
    async with contextlib.AsyncExitStack() as stack:
        journal = Journal(config.database or config.state / JOURNAL)
        stack.callback(journal.close)
        engine = restored(config, journal, endpoint)
        not_before = max(engine.state.at, journal.horizon)
        clock = WorldClock.starting(config.speed, not_before=not_before)
        store = Store(config.state / OBJECTS)
        stack.callback(store.close)
        hosting = msgspec.json.encode(hosting_of(config))
        loop = LiveLoop(engine, journal, clock, hosting=hosting, keep_journal=config.keep_journal)
        stack.callback(loop.close)

        objects = StoredObjects(store, clock)
        logs = AccessLogs(clock, objects.call)
        stack.push_async_callback(logs.write)
        front_door = FrontDoor(data_plane, loop, logs)
        instances = Instances(loop, objects, config.state, ProcessRuntime)
        instances.sweep()
        ledger = Ledger(config.database or config.state / LEDGER)
        stack.callback(ledger.close)
        books = Books(ledger)

        async def secret(arn: str, region: str) -> str:
            return await secret_of(world, arn, region)

        async def keep_log(op: str, params: Params, region: str, call_id: str) -> Params:
            return await world.keep(Call(region, call_id, "logs", op, params))

        fleets = Fleets(loop, config.state, config.mappings, endpoint, secret, keep_log)
        await fleets.adopt()
        stack.push_async_callback(fleets.close)

        async def keep_book(service: str, operation: str, params: Params, region: str) -> Params:
            return await world.keep_book(service, operation, params, region)

        letters = DeadLetters(keep_book)
        functions = LiveFunctions(
            loop, objects, config.state / FUNCTIONS, endpoint, Ids(time.time_ns()), letters
        )
        stack.push_async_callback(functions.close)
        resources = CustomResources(
            loop,
            functions,
            objects,
            lambda topic, message, region: publish(world, topic, message, region),
            endpoint,
        )
        providers = Providers(functions, resources, letters)
        inferences = AsynchronousInferences(objects, endpoint)
        world = LiveWorld(
            loop, front_door, instances, fleets, objects, books, providers, inferences
        )
        stack.push_async_callback(world.close)
        store.heard = Notifications(world, Ids(time.time_ns())).heard

        ready = Ready(
            pid=os.getpid(),
            endpoint=endpoint,
            speed=clock.speed,
            state=str(config.state.resolve()),
            real_epoch=clock.real_epoch,
            world_epoch=clock.world_epoch,
            startup_delay=config.startup_delay,
        )
        respond = Management(loop, ready, fleets.machines).respond
        server = Server(loop, world, objects, functions, books, respond, Ids(time.time_ns()))
        await stack.enter_async_context(_listening(server, control))
        sources = EventSources(loop, functions, world.keep_book)
        ended = asyncio.gather(
            world.listen(), loop.broken, fleets.measure(), logs.run(), sources.poll()
        )
        stack.push_async_callback(_cancelled, ended)
        loop.restart()
        _put_into_force(config.settings, loop)
        stack.enter_context(_announced(config.state, ready))
        yield Running(ready, ended)


def _put_into_force(settings: Settings, loop: LiveLoop) -> None:
    """Tell every region of its capacity and the default one of what is owned.

    Raises InvalidInput.
    """
    for operation, params in setting_calls(settings):
        try:
            loop.call(DEFAULT_REGION, SERVICE, operation, params, "settings")
        except Fault as fault:
            raise InvalidInput((Diagnostic(fault.message),)) from fault


async def _cancelled(work: asyncio.Future[Any]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


@contextlib.contextmanager
def _announced(state: Path, ready: Ready) -> Generator[None]:
    """Leave a note in the state folder for as long as the engine runs."""
    (state / READY).write_bytes(msgspec.json.encode(ready))
    yield
    (state / READY).unlink(missing_ok=True)


class _Quiet(HttpServer):
    """uvicorn without signal handlers: the process has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield


@contextlib.asynccontextmanager
async def _listening(server: Server, control: socket.socket) -> AsyncGenerator[None]:
    app: Any = application(server.respond)
    http = _Quiet(
        HttpConfig(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=3600,
        )
    )
    task = asyncio.create_task(http.serve([control]))
    while not http.started:
        if task.done():
            await task
        await asyncio.sleep(0.001)
    yield
    http.should_exit = True
    http.force_exit = True
    await task
