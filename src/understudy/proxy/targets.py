"""The targets behind the front door: where they are, how they are, what they have in flight."""

import asyncio
from collections.abc import Callable, Iterator

from understudy.balancing.health import Health, Probe, State, deregistered, model_server, probed
from understudy.control.events import Target
from understudy.proxy.messages import Drained, FromProxy, TargetHealth
from understudy.proxy.upstream import Collecting, Pool

PAYLOAD_LIMIT = 25 * 1024 * 1024
"""The largest request and answer, in bytes. (AWS: Amazon SageMaker AI endpoints and quotas.)"""


class Backend:
    """A target and its connections; ``outstanding`` requests of it have not been answered yet.

    It is listed while a route names it. ``stand_in`` is its variant's.
    """

    __slots__ = ("address", "health", "listed", "outstanding", "pool", "stand_in", "target")

    def __init__(self, target: Target) -> None:
        self.target = target
        self.address = f"{target.host}:{target.port}".encode()
        self.pool = Pool(
            lambda make: asyncio.get_running_loop().create_connection(
                make, target.host, target.port
            ),
            lambda pool: Collecting(pool, PAYLOAD_LIMIT),
        )
        self.health = Health(State.HEALTHY)
        self.outstanding = 0
        self.listed = self.stand_in = False


class Targets:
    """All targets by instance id. One leaves when no route lists it and nothing is in flight.

    ``changed`` is called whenever a target may be sent requests that might not before, or the
    other way round; ``send`` takes what the engine shall know.
    """

    __slots__ = ("_by_id", "_changed", "_deadlines", "_send", "_thresholds")

    def __init__(
        self,
        send: Callable[[FromProxy], None],
        changed: Callable[[], None],
        unhealthy_threshold: int,
    ) -> None:
        self._by_id: dict[str, Backend] = {}
        self._deadlines: dict[Backend, asyncio.TimerHandle] = {}
        self._send = send
        self._changed = changed
        self._thresholds = model_server(unhealthy_threshold)

    def __iter__(self) -> Iterator[Backend]:
        return iter(tuple(self._by_id.values()))

    def listed(self, target: Target, *, stand_in: bool) -> Backend:
        """The backend of a target that a route names, new if the target is, or if it moved."""
        backend = self._by_id.get(target.instance_id)
        if backend is None or backend.target != target:
            backend = self._by_id[target.instance_id] = Backend(target)
        backend.listed = True
        backend.stand_in = stand_in
        return backend

    def retain(self, listed: set[Backend]) -> None:
        """Let the targets go that no route names any more."""
        for backend in self:
            backend.listed = backend in listed
            self._leave_if_idle(backend)

    def finished(self, backend: Backend) -> None:
        """A request of a target is no longer in flight."""
        backend.outstanding -= 1
        if backend.outstanding == 0 and not (backend.listed and backend.health.routable):
            self._leave_if_idle(backend)

    def drain(self, instance_id: str, seconds: float) -> None:
        """Send a target no more requests. ``Drained`` follows within ``seconds`` of real time."""
        backend = self._by_id.get(instance_id)
        if backend is None:
            self._send(Drained(instance_id))
            return
        backend.health = deregistered()
        self._changed()
        if backend not in self._deadlines:
            timer = asyncio.get_running_loop().call_later(seconds, self._cut, backend)
            self._deadlines[backend] = timer
        self._leave_if_idle(backend)

    def stand_in(self, instance_id: str) -> bool:
        """Whether a target is a stand-in."""
        backend = self._by_id.get(instance_id)
        return backend is not None and backend.stand_in

    def probed(self, backend: Backend, probe: Probe, reason: str) -> None:
        """A health check of a target, or a request to it, went so."""
        before = backend.health.routable
        backend.health = probed(backend.health, probe, self._thresholds)
        after = backend.health.routable
        if before != after and backend.listed:
            self._changed()
            self._send(TargetHealth(backend.target.instance_id, after, reason))

    def _cut(self, backend: Backend) -> None:
        del self._deadlines[backend]
        self._send(Drained(backend.target.instance_id, backend.outstanding))

    def _leave_if_idle(self, backend: Backend) -> None:
        if backend.outstanding:
            return
        instance_id = backend.target.instance_id
        timer = self._deadlines.pop(backend, None)
        if timer is not None:
            timer.cancel()
            self._send(Drained(instance_id))
        if not backend.listed:
            backend.pool.close()
            if self._by_id.get(instance_id) is backend:
                del self._by_id[instance_id]
