"""Health checks of the targets behind load balancers, each target at its group's interval.

AWS: Health checks for Application Load Balancer target groups, Health check reason codes.
"""

import asyncio
import ssl
from typing import cast

from understudy.balancing.health import Probe, accepts
from understudy.control.balancer import HealthCheck
from understudy.proxy.balancer.group import Group
from understudy.proxy.balancer.member import Member, unverified
from understudy.proxy.record import WorldClock

LEAST_TIMEOUT = 1.0
"""Real seconds that a target is given for an answer however fast world time runs, unless its check
gives it less: its latency is real."""

Outcome = tuple[Probe, str, str]
GOOD: Outcome = (Probe.SUCCESS, "", "")
TIMED_OUT: Outcome = (Probe.FAILURE, "Target.Timeout", "Request timed out")
FAILED: Outcome = (Probe.FAILURE, "Target.FailedHealthChecks", "Health checks failed")


class Check(asyncio.Protocol):
    """One health check by HTTP: ``outcome`` is done with how it went."""

    __slots__ = ("_data", "_matcher", "_request", "_transport", "outcome")

    def __init__(self, request: bytes, matcher: str) -> None:
        self._request = request
        self._matcher = matcher
        self._data = b""
        self._transport = cast("asyncio.Transport", None)
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Only the status matters."""
        self._data += data
        first, end, _ = self._data.partition(b"\r\n")
        if end and not self.outcome.done():
            self.outcome.set_result(judged(first, self._matcher))
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """No answer is no health."""
        if not self.outcome.done():
            self.outcome.set_result(FAILED)


def judged(status_line: bytes, matcher: str) -> Outcome:
    """What a status line says of a target.

    >>> judged(b"HTTP/1.1 204 No Content", "200-299")[0].value
    'success'
    >>> judged(b"HTTP/1.1 503 Service Unavailable", "200")[2]
    'Health checks failed with these codes: [503]'
    """
    words = status_line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        return FAILED
    status = int(words[1])
    if accepts(matcher, status):
        return GOOD
    said = f"Health checks failed with these codes: [{status}]"
    return Probe.FAILURE, "Target.ResponseCodeMismatch", said


class Checks:
    """Probes the members of groups, for as long as they are members."""

    __slots__ = ("_clock", "_context", "_tasks")

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._context: ssl.SSLContext | None = None
        self._tasks: dict[Member, asyncio.Task[None]] = {}

    def follow(self, group: Group) -> None:
        """Probe all members of a group that are not probed yet, and nobody else of it."""
        for member in group.members.values():
            if member not in self._tasks and group.told.check.enabled:
                task = asyncio.get_running_loop().create_task(self._watch(group, member))
                self._tasks[member] = task
                task.add_done_callback(lambda _, member=member: self._tasks.pop(member, None))

    async def _watch(self, group: Group, member: Member) -> None:
        """Probe a member until it leaves. A draining one may yet be registered again."""
        while self._belongs(group, member):
            if not member.draining:
                outcome = await self._probe(group.told.check, member)
                if self._belongs(group, member):
                    group.probed(member, *outcome)
            await asyncio.sleep(group.told.check.interval / self._clock.speed)

    def _belongs(self, group: Group, member: Member) -> bool:
        there = group.members.get(member.told.key)
        return there is member and group.told.check.enabled

    async def _probe(self, check: HealthCheck, member: Member) -> Outcome:
        seconds = max(check.timeout / self._clock.speed, min(check.timeout, LEAST_TIMEOUT))
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(check, member)
        except TimeoutError:
            return TIMED_OUT
        except OSError:
            return FAILED

    async def _ask(self, check: HealthCheck, member: Member) -> Outcome:
        if member.told.is_function:
            request = _request(check.path)
            return await _outcome(await member.way(lambda: Check(request, check.matcher)))
        loop = asyncio.get_running_loop()
        host, port = member.told.host, check.port or member.told.host_port
        if not host:
            return FAILED
        if check.protocol == "TCP":
            transport, _ = await loop.create_connection(asyncio.Protocol, host, port)
            transport.close()
            return GOOD
        context = self._secure() if check.protocol == "HTTPS" else None
        lines = f"Host: {host}:{port}\r\nConnection: close\r\nAccept-Encoding: gzip, compressed\r\n"
        request = _request(check.path, lines)
        return await _outcome(
            await loop.create_connection(
                lambda: Check(request, check.matcher), host, port, ssl=context
            )
        )

    def _secure(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = unverified()
        return self._context


def _request(path: str, lines: str = "") -> bytes:
    """A health check; a function is told of no other header than who asks."""
    return f"GET {path} HTTP/1.1\r\n{lines}User-Agent: ELB-HealthChecker/2.0\r\n\r\n".encode()


async def _outcome(connection: tuple[asyncio.Transport, Check]) -> Outcome:
    transport, check = connection
    try:
        return await check.outcome
    finally:
        transport.abort()
