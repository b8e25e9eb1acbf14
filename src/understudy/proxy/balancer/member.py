"""A target of a group on the data plane: where it is, how it is, what it has in flight."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, TypeVar

from understudy.balancing.health import Health, State
from understudy.control.balancer import BalancedTarget
from understudy.proxy.upstream import Connect, Pool, Upstream

CONNECT_SECONDS = 10.0
"""AWS: Troubleshoot your Application Load Balancers, HTTP 504: the connection timeout."""
SECURE = frozenset({"HTTPS", "TLS"})

Made = TypeVar("Made", bound=asyncio.Protocol)

_STATES = {"healthy": State.HEALTHY, "unhealthy": State.UNHEALTHY, "draining": State.DRAINING}


class Flight(Protocol):
    """Something in flight to a target."""

    def cut(self) -> None:
        """End it: its target is gone."""
        ...


def unverified() -> ssl.SSLContext:
    """TLS to targets. AWS: the load balancer does not validate the certificates of targets."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Member:
    """A registered target, reached in a ``way``.

    ``since`` is when it began to start slowly, 0 where it does not.
    """

    __slots__ = ("flights", "health", "pool", "since", "told", "way")

    def __init__(self, told: BalancedTarget, way: Connect) -> None:
        self.told = told
        self.health = Health(_STATES.get(told.state, State.INITIAL))
        self.flights: set[Flight] = set()
        self.since = 0.0
        self.way = way
        self.pool = Pool(way, Upstream)

    @property
    def draining(self) -> bool:
        """Whether it gets no new requests."""
        return self.health.state is State.DRAINING

    def cut(self) -> None:
        """End what is in flight."""
        for flight in tuple(self.flights):
            flight.cut()

    def close(self) -> None:
        """It is registered no more."""
        self.cut()
        self.pool.close()


def way(told: BalancedTarget, protocol: str) -> Connect:
    """What opens a connection to a target that listens."""
    context = unverified() if protocol in SECURE else None
    return lambda make: connected(told.host, told.host_port, make, context)


async def connected(
    host: str,
    port: int,
    make: Callable[[], Made],
    context: ssl.SSLContext | None = None,
) -> tuple[asyncio.BaseTransport, Made]:
    """A connection to a target. Raises OSError: refused, unreachable, or not there in time."""
    if not host:
        raise ConnectionRefusedError("it is not known where the target listens")
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS):
        return await loop.create_connection(make, host, port, ssl=context)
