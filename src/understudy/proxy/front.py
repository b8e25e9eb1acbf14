"""The data plane's process: the front door, its line to the engine, and its clockwork."""

import asyncio
import socket
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from typing import Any, cast

from understudy.control.events import RemoveBalancer, SetBalancer
from understudy.proxy.balancer.balancers import Balancers
from understudy.proxy.connection import Client, Exchange, Head
from understudy.proxy.forward import Forward
from understudy.proxy.invocations import Invocation, Invoker
from understudy.proxy.messages import (
    Drain,
    FromProxy,
    Ready,
    RemoveEndpoint,
    SetClock,
    SetEndpoint,
    Settings,
    ToProxy,
    Unframer,
    framed,
)
from understudy.proxy.outbox import Outbox
from understudy.proxy.probe import Prober
from understudy.proxy.record import Recorder
from understudy.proxy.routes import Routes
from understudy.proxy.upstream import IDLE_SECONDS, Pool

BACKLOG = 1024

ENDPOINTS = b"/endpoints/"
INVOCATIONS = b"/invocations"


class Front:
    """Sends invocations to model servers, and everything else to the control plane."""

    __slots__ = (
        "_control", "_invoker", "_outbox", "_recorder", "_send", "_settings", "balancers", "routes",
    )  # fmt: skip

    def __init__(self, control: str, settings: Settings, send: Callable[[FromProxy], None]) -> None:
        self._settings = settings
        self._send = send
        self._recorder = Recorder()
        self.routes = Routes(self._recorder.clock, send, settings.unhealthy_threshold)
        self._outbox = Outbox()
        self._invoker = Invoker(self.routes, self._recorder, self._outbox, settings.seed)
        self.balancers = Balancers(settings, self._recorder, self._outbox, send)
        self._control = Pool(
            lambda make: asyncio.get_running_loop().create_unix_connection(make, control)
        )

    def connection(self) -> Client:
        """A new client."""
        return Client(self._serve, self._outbox)

    def obey(self, message: ToProxy) -> None:
        """Do what the engine says."""
        match message:
            case SetClock(real_epoch, world_epoch, speed):
                self._recorder.set_clock(real_epoch, world_epoch, speed)
                self._invoker.date(monotonic())
                self._invoker.set_pace(speed)
                self.balancers.set_clock()
            case SetBalancer():
                self.balancers.set(message)
            case RemoveBalancer():
                self.balancers.remove(message)
            case SetEndpoint():
                self.routes.set(message)
            case RemoveEndpoint():
                self.routes.remove(message)
            case Drain():
                self.routes.drain(message)

    async def report(self) -> None:
        """Tell the engine what was served, for ever."""
        while True:
            await asyncio.sleep(self._settings.report_interval)
            now = monotonic()
            self._invoker.date(now)
            self.balancers.tick()
            for report in self._recorder.reports(now):
                self._send(report)

    async def tidy(self) -> None:
        """Close idle connections, for ever."""
        while True:
            await asyncio.sleep(IDLE_SECONDS)
            self._control.expire()
            for backend in self.routes.targets:
                backend.pool.expire()
            self.balancers.expire()

    async def ping(self) -> None:
        """Check the health of the targets, for ever."""
        settings = self._settings
        prober = Prober(self.routes.targets, settings.ping_interval, settings.ping_timeout)
        await prober.run()

    def _serve(self, head: Head, client: Client) -> Exchange:
        if head.method == b"POST":
            name = invoked(head.target)
            if name is not None:
                return Invocation(self._invoker, name, head, client)
        if self.balancers and (balanced := self.balancers.exchange(head, client)) is not None:
            return balanced
        return Forward(self._control, head, client)


@lru_cache(maxsize=1024)
def invoked(target: bytes) -> bytes | None:
    """The endpoint that a request's target invokes, None if it means something else.

    >>> invoked(b"/endpoints/digits/invocations")
    b'digits'
    """
    path = target.partition(b"?")[0]
    if not path.startswith(ENDPOINTS) or not path.endswith(INVOCATIONS):
        return None
    name = path[len(ENDPOINTS) : -len(INVOCATIONS)]
    return name if name and b"/" not in name else None


class EngineLine(asyncio.Protocol):
    """The data plane's end of the line to the engine. When it is cut, there is nothing to do."""

    def __init__(self) -> None:
        self._unframer = Unframer(ToProxy)
        self._transport = cast("asyncio.Transport", None)
        self.obey: Callable[[Any], None] = lambda message: None
        self.cut = asyncio.get_running_loop().create_future()

    def send(self, message: FromProxy) -> None:
        """Tell the engine."""
        self._transport.write(framed(message))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Do what the engine says."""
        for message in self._unframer.feed(data):
            self.obey(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The engine is gone."""
        if not self.cut.done():
            self.cut.set_result(None)


async def serve(
    listener: socket.socket, line: socket.socket, control: str, settings: Settings
) -> None:
    """Run the data plane until the engine's end of the line is closed.

    ``control`` is the path of the socket on which the control plane speaks HTTP.
    """
    loop = asyncio.get_running_loop()
    engine = EngineLine()
    front = Front(control, settings, engine.send)
    engine.obey = front.obey
    await loop.create_unix_connection(lambda: engine, sock=line)
    server = await loop.create_server(front.connection, sock=listener, backlog=BACKLOG)
    host, port = listener.getsockname()[:2]
    front.balancers.front_port = port
    engine.send(Ready(host, port))
    clockwork = [loop.create_task(each) for each in (front.report(), front.tidy(), front.ping())]
    ended, _ = await asyncio.wait([engine.cut, *clockwork], return_when=asyncio.FIRST_COMPLETED)
    server.close()
    for task in clockwork:
        task.cancel()
    for each in ended:
        each.result()
