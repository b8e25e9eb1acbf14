"""Asking each target for its health: ``GET /ping``, at an interval.

AWS: How Amazon SageMaker AI interacts with your inference code, How containers respond to health
check (ping) requests.
"""

import asyncio

from understudy.balancing.health import Probe, State
from understudy.proxy.targets import Backend, Targets
from understudy.proxy.upstream import Upstream


class Ping:
    """One health check. ``outcome`` is how it went, and why."""

    __slots__ = ("_backend", "_upstream", "outcome")

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._upstream: Upstream | None = None
        self.outcome: asyncio.Future[tuple[Probe, str]] = asyncio.get_running_loop().create_future()

    def connected(self, upstream: Upstream) -> None:
        """Ask, on a connection of its own."""
        if self.outcome.done():
            upstream.close()
            return
        self._upstream = upstream
        upstream.begin(self)
        upstream.transport.write(
            b"GET /ping HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % self._backend.address
        )

    def unreachable(self, error: OSError) -> None:
        """A refused connection says more than any other failure."""
        refused = isinstance(error, ConnectionRefusedError)
        reason = "The instance refused the connection of its health check."
        if refused:
            self._end(Probe.REFUSED, reason)
        else:
            self._end(Probe.FAILURE, f"The instance could not be reached: {error}.")

    def received(self, data: bytes) -> None:
        """Only the status matters."""

    def complete(self, upstream: Upstream) -> None:
        """200 is healthy, anything else is not."""
        if upstream.status == 200:
            self._end(Probe.SUCCESS, "")
        else:
            reason = f"The instance answered its health check with status {upstream.status}."
            self._end(Probe.FAILURE, reason)

    def broken(self, upstream: Upstream) -> None:
        """No answer is no health."""
        self._end(Probe.FAILURE, "The instance closed the connection of its health check.")

    def accepting(self, *, yes: bool) -> None:
        """The request is too short for that."""

    def late(self, seconds: float) -> None:
        """Wait no longer."""
        if self._upstream is not None:
            self._upstream.close()
        reason = f"The instance did not answer its health check within {seconds:g} s."
        self._end(Probe.FAILURE, reason)

    def _end(self, probe: Probe, reason: str) -> None:
        if not self.outcome.done():
            self.outcome.set_result((probe, reason))


class Prober:
    """Pings every target that may be sent requests, now or when it is healthy again."""

    __slots__ = ("_interval", "_targets", "_timeout", "_under_way")

    def __init__(self, targets: Targets, interval: float, timeout: float) -> None:
        self._targets = targets
        self._interval = interval
        self._timeout = timeout
        self._under_way: set[Backend] = set()

    async def run(self) -> None:
        """Ping for ever."""
        async with asyncio.TaskGroup() as pings:
            while True:
                await asyncio.sleep(self._interval)
                for backend in self._targets:
                    if backend.listed and backend.health.state is not State.DRAINING:
                        pings.create_task(self._ping(backend))

    async def _ping(self, backend: Backend) -> None:
        if backend in self._under_way:
            return
        self._under_way.add(backend)
        ping = Ping(backend)
        backend.pool.open(ping)
        timer = asyncio.get_running_loop().call_later(self._timeout, ping.late, self._timeout)
        probe, reason = await ping.outcome
        timer.cancel()
        self._under_way.discard(backend)
        self._targets.probed(backend, probe, reason)
