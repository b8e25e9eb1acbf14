"""The data plane's process: the front door, its line to the engine, and its clockwork."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache, partial
from time import monotonic
from typing import Any, cast

from understudy.base.framing import Unframer, framed
from understudy.control.events import RemoveBalancer, SetBalancer
from understudy.proxy.balancer.balancers import Balancers
from understudy.proxy.connection import Client, Exchange, Head
from understudy.proxy.forward import Forward
from understudy.proxy.invocations import Invocation, Invoker
from understudy.proxy.messages import (
    Drain,
    FromProxy,
    Leave,
    Ready,
    RemoveEndpoint,
    SetClock,
    SetControl,
    SetEndpoint,
    Settings,
    ToProxy,
)
from understudy.proxy.outbox import Outbox
from understudy.proxy.probe import Prober
from understudy.proxy.record import Recorder
from understudy.proxy.routes import Routes
from understudy.proxy.upstream import IDLE_SECONDS, Pool

BACKLOG = 1024
KEPT = 10_000
"""How many messages are kept for an engine that is away."""

ENDPOINTS = b"/endpoints/"
INVOCATIONS = b"/invocations"


class Front:
    """Sends invocations to model servers, and everything else to the control plane."""

    __slots__ = (
        "_control", "_invoker", "_outbox", "_path", "_recorder", "_send", "_settings", "balancers",
        "routes",
    )  # fmt: skip

    def __init__(self, control: str, settings: Settings, send: Callable[[FromProxy], None]) -> None:
        self._settings = settings
        self._send = send
        self._recorder = Recorder()
        self.routes = Routes(self._recorder.clock, send, settings.unhealthy_threshold)
        self._outbox = Outbox()
        self._invoker = Invoker(self.routes, self._recorder, self._outbox, settings.seed)
        self._path = control
        self._control = Pool(self._connect)
        self.balancers = Balancers(settings, self._recorder, self._outbox, send, self._connect)

    async def _connect(self, make: Callable[[], asyncio.Protocol]) -> Any:
        return await asyncio.get_running_loop().create_unix_connection(make, self._path)

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
            case SetControl(path):
                self._path = path
            case Leave():
                pass  # The line is cut next.
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
    """The data plane's end of the line to an engine; ``cut`` is done when it has hung up."""

    def __init__(self, obey: Callable[[Any], None]) -> None:
        self._unframer = Unframer(ToProxy)
        self._transport = cast("asyncio.Transport", None)
        self._obey = obey
        self.left = False
        self.cut: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, message: FromProxy) -> None:
        """Tell the engine."""
        self._transport.write(framed(message))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Do what the engine says."""
        for message in self._unframer.feed(data):
            self.left = self.left or isinstance(message, Leave)
            self._obey(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The engine is gone."""
        if not self.cut.done():
            self.cut.set_result(None)


class Engines:
    """The engine that there is. What is said while there is none is kept for the next."""

    def __init__(self) -> None:
        self.line: EngineLine | None = None
        self._kept: deque[FromProxy] = deque(maxlen=KEPT)

    def send(self, message: FromProxy) -> None:
        """Tell the engine, now or when there is one again."""
        if self.line is None or self.line.cut.done():
            self._kept.append(message)
        else:
            self.line.send(message)

    def meet(self, line: EngineLine, ready: Ready) -> None:
        """Speak to an engine from now on."""
        line.send(ready)
        self.line = line
        while self._kept:
            line.send(self._kept.popleft())


async def serve(
    listener: socket.socket, line: socket.socket, control: str, settings: Settings
) -> None:
    """Run the data plane until its engine has gone, and no other comes back in time.

    ``control`` is the path of the socket on which the control plane speaks HTTP.
    """
    loop = asyncio.get_running_loop()
    engines = Engines()
    front = Front(control, settings, engines.send)
    server = await loop.create_server(front.connection, sock=listener, backlog=BACKLOG)
    host, port = listener.getsockname()[:2]
    front.balancers.front_port = port
    clockwork = [loop.create_task(each) for each in (front.report(), front.tidy(), front.ping())]
    next_line: socket.socket | None = line
    ended: set[asyncio.Future[None]] = set()
    with reunion(settings) as meeting_place:
        while next_line is not None:
            engine = EngineLine(front.obey)
            await loop.create_unix_connection(partial(_same, engine), sock=next_line)
            engines.meet(engine, Ready(host, port))
            ended, _ = await asyncio.wait(
                [engine.cut, *clockwork], return_when=asyncio.FIRST_COMPLETED
            )
            waits = engine.left is False and bool(front.balancers) and engine.cut in ended
            next_line = await _another(meeting_place, listener, settings) if waits else None
    server.close()
    for task in clockwork:
        task.cancel()
    for each in ended:
        each.result()


def _same(engine: EngineLine) -> EngineLine:
    return engine


@contextmanager
def reunion(settings: Settings) -> Generator[socket.socket | None]:
    """Where another engine finds us; nowhere, where none is to."""
    if not settings.reunion or not settings.patience:
        yield None
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as meeting_place:
        try:
            meeting_place.bind(f"\0{settings.reunion}")
        except OSError:
            yield None  # An older data plane of the same folder has not ended yet.
            return
        meeting_place.listen()
        meeting_place.settimeout(0)
        yield meeting_place


async def _another(
    meeting_place: socket.socket | None, listener: socket.socket, settings: Settings
) -> socket.socket | None:
    """The line to the next engine, which is handed the listening socket; None if none comes."""
    if meeting_place is None:
        return None
    loop = asyncio.get_running_loop()
    try:
        line, _ = await asyncio.wait_for(loop.sock_accept(meeting_place), settings.patience)
    except TimeoutError:
        return None
    socket.send_fds(line, [b"\0"], [listener.fileno()])
    return line
