"""A running data plane as a test sees it: what it is told, what it says, and its front door."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from understudy.control.balancer import Turned
from understudy.control.events import (
    BalancerReached,
    Served,
    Target,
    TargetsTurned,
    VariantRoute,
)
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import (
    Drain,
    Drained,
    FromProxy,
    RemoveEndpoint,
    Report,
    SetClock,
    SetEndpoint,
    Settings,
    TargetHealth,
)
from understudy.proxy.record import WorldClock
from understudy.testing.servers import Message, Server, read_message

Result = TypeVar("Result")
PATIENCE = 10.0
EPOCH = 1_800_000_000.0


class Plane:
    """A running data plane, and everything it has said since the test began."""

    def __init__(self, link: DataPlane, port: int, control_path: Path) -> None:
        self.link = link
        self.port = port
        self.control_path = control_path
        self.said: list[FromProxy] = []
        self.names = (f"endpoint-{number}" for number in itertools.count())
        self.instances = (f"i-{number:017x}" for number in itertools.count())
        self.world = WorldClock()
        self.world.set(time.monotonic(), EPOCH, 1.0)
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Note what the data plane says."""
        async for message in self.link:
            self.said.append(message)
            self._news.set()

    async def until(self, condition: Callable[[], Result]) -> Result:
        """What the condition gives once it is true; asked whenever the data plane speaks."""
        async with asyncio.timeout(PATIENCE):
            while not (result := condition()):
                self._news.clear()
                await self._news.wait()
        return result

    def clock(self, speed: float = 1.0) -> None:
        """Let world time go on at a speed, from where it is."""
        now = time.monotonic()
        self.world.set(now, self.world.world(now), speed)
        self.link.send(SetClock(now, self.world.world_epoch, speed))

    def target(self, server: Server) -> Target:
        """A fresh instance id for a server."""
        return Target(next(self.instances), server.host, server.port)

    def endpoint(self, *variants: VariantRoute, region: str = "us-east-1") -> str:
        """A new endpoint of these variants."""
        name = next(self.names)
        self.link.send(SetEndpoint(name, variants, region))
        return name

    def simple(self, *servers: Server, stand_in: bool = False) -> str:
        """A new endpoint of one variant with these targets."""
        targets = tuple(map(self.target, servers))
        return self.endpoint(VariantRoute("AllTraffic", 1.0, targets, stand_in))

    def remove(self, name: str) -> None:
        """Take an endpoint away."""
        self.link.send(RemoveEndpoint(name))

    def served(self, endpoint: str) -> list[Served]:
        """What has been reported of an endpoint."""
        reports = [message for message in self.said if isinstance(message, Report)]
        return [each for report in reports for each in report.served if each.endpoint == endpoint]

    def reached(self, balancer: str) -> str | None:
        """Where the data plane says that a load balancer can be reached."""
        there = [
            message.endpoint
            for message in self.said
            if isinstance(message, BalancerReached) and message.balancer == balancer
        ]
        return there[-1] if there else None

    def turned(self, target: str) -> list[Turned]:
        """What has been said of the health of a target behind a load balancer."""
        reports = [message for message in self.said if isinstance(message, TargetsTurned)]
        return [each for report in reports for each in report.turned if each.target == target]

    def balanced(self, balancer: str) -> dict[str, float]:
        """What has been counted of a load balancer and its groups, in all."""
        totals: dict[str, float] = {}
        for message in self.said:
            for each in message.balanced if isinstance(message, Report) else ():
                for name, count in each.counts.items() if each.balancer == balancer else ():
                    totals[name] = totals.get(name, 0.0) + count
        return totals

    async def invocations(self, endpoint: str, count: float) -> list[Served]:
        """The endpoint's reports once they hold so many invocations."""

        def enough() -> list[Served] | None:
            served = self.served(endpoint)
            return served if sum(each.invocations for each in served) >= count else None

        served = await self.until(enough)
        assert served is not None
        return served

    async def settled(self) -> None:
        """Wait until everything told so far has been done: the answer to a question comes last."""
        nobody = next(self.instances)
        self.link.send(Drain(nobody, 0.0))
        await self.until(lambda: self.drained(nobody))

    def drained(self, instance_id: str) -> Drained | None:
        """What has been said of the draining of an instance."""
        return next(
            (
                message
                for message in self.said
                if isinstance(message, Drained) and message.instance_id == instance_id
            ),
            None,
        )

    def health(self, instance_id: str) -> list[TargetHealth]:
        """What has been said of the health of an instance."""
        return [
            message
            for message in self.said
            if isinstance(message, TargetHealth) and message.instance_id == instance_id
        ]

    def memory(self) -> int:
        """Resident bytes of the process."""
        status = Path(f"/proc/{self.link.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    @asynccontextmanager
    async def connection(
        self,
    ) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A client's connection to the front door, once it knows what it was told."""
        await self.settled()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def send(self, request: bytes) -> Message:
        """The answer to one request on a connection of its own."""
        async with self.connection() as (reader, writer):
            writer.write(request)
            return await read_message(reader)

    async def invoke(self, endpoint: str, body: bytes = b"{}", *lines: str) -> Message:
        """The answer to one invocation with further header lines."""
        return await self.send(invocation(endpoint, body, *lines))


def invocation(endpoint: str, body: bytes = b"{}", *lines: str) -> bytes:
    """The bytes of an invocation."""
    first = f"POST /endpoints/{endpoint}/invocations HTTP/1.1"
    length = f"Content-Length: {len(body)}"
    return "\r\n".join((first, "Host: localhost", *lines, length, "", "")).encode() + body


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Plane]:
    """A data plane from start to stop. Its certificate authority is beside its control socket."""
    with tempfile.TemporaryDirectory() as folder:
        control_path = Path(folder) / "control.sock"
        link = DataPlane(structs.replace(settings, authority=folder))
        ready = await link.start("127.0.0.1", 0, control_path)
        plane = Plane(link, ready.port, control_path)
        plane.clock()
        listening = asyncio.create_task(plane.listen())
        try:
            yield plane
        finally:
            await link.stop()
            await listening
