"""Load balancers told to a data plane, and what a client sees of them."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from understudy.balancing.actions import Forward
from understudy.balancing.rules import Rule
from understudy.control.balancer import (
    BalancedGroup,
    BalancedListener,
    BalancedTarget,
    Balancer,
    HealthCheck,
)
from understudy.control.events import SetBalancer
from understudy.testing.data_plane import Plane
from understudy.testing.servers import Message, Server, read_body, read_message

REGION = "us-east-1"


QUICK = HealthCheck(interval=0.05, timeout=1.0, healthy=2, unhealthy=2)


UNCHECKED = HealthCheck(enabled=False)


NAMES = (f"front-{number}" for number in itertools.count())


def target(server: Server, state: str = "healthy", zone: str = "us-east-1a") -> BalancedTarget:
    """A server as a registered target."""
    return BalancedTarget(f"i-{server.port}", 80, zone, server.host, server.port, state)


def group(*targets: BalancedTarget, name: str = "web", **changes: Any) -> BalancedGroup:
    """A target group; what a story is not about is left as usual, and not probed."""
    changes = {"check": UNCHECKED, **changes}
    return BalancedGroup(name, "instance", changes.pop("protocol", "HTTP"), targets, **changes)


def forward(*groups: str, sticky: int = 0) -> Rule:
    """The default rule: forward to groups of equal weight, sticking for so many seconds."""
    return Rule("default", (), Forward(tuple((each, 1) for each in groups), sticky))


def balancer(
    *groups: BalancedGroup,
    rules: tuple[Rule, ...] = (),
    protocol: str = "HTTP",
    kind: str = "application",
    attributes: dict[str, str] | None = None,
    listener: dict[str, str] | None = None,
    name: str = "",
    port: int = 0,
) -> Balancer:
    """A load balancer with one listener at any port, which forwards to its first group."""
    name = name or next(NAMES)
    rules = rules or (forward(groups[0].arn),)
    listeners = (BalancedListener("listener", protocol, port, rules, listener or {}),)
    dns = f"{name}.us-east-1.elb.localhost"
    return Balancer(name, kind, dns, ("us-east-1a",), listeners, groups, attributes or {})


async def serve(plane: Plane, told: Balancer) -> int:
    """The port of a load balancer's listener."""
    plane.said.clear()
    plane.link.send(SetBalancer(REGION, told))
    endpoint = await plane.until(lambda: plane.reached(told.arn))
    assert endpoint is not None
    return int(endpoint.rpartition(":")[2])


async def ask(port: int, *lines: str, first: str = "GET / HTTP/1.1", body: bytes = b"") -> Message:
    """The answer to one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(*lines, first=first, body=body))
    try:
        return await read_message(reader)
    finally:
        writer.close()


def request(*lines: str, first: str = "GET / HTTP/1.1", body: bytes = b"") -> bytes:
    """A request as it goes over the wire; ``lines`` are further headers."""
    length = (f"Content-Length: {len(body)}",) if body else ()
    return "\r\n".join((first, "Host: shop.example.com", *lines, *length, "", "")).encode() + body


async def counted(plane: Plane, told: Balancer, last: str, number: int = 1) -> dict[str, float]:
    """All counts of a load balancer, once what happened last is among them."""
    await plane.until(lambda: plane.balanced(told.arn).get(last, 0) >= number)
    return plane.balanced(told.arn)


async def hang_up(
    head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Take a request, and break the connection."""
    await read_body(reader, head)
    writer.transport.abort()


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as something is so. Raises TimeoutError after 5 s."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)
