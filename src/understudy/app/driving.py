"""Driving traffic at an endpoint or a load balancer, and what is seen of it meanwhile."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from understudy.app.client import Client
from understudy.app.preflight import Prepared
from understudy.app.recipient import Recipient
from understudy.app.views import AlarmProgress, RehearsalView
from understudy.control.outcome import CapacityPoint, LoadMode
from understudy.control.summary import percentiles
from understudy.control.views import Observation
from understudy.live.load import PENDING, LoadRun, Plan
from understudy.sim.arrivals import arrivals

Floats = NDArray[np.float64]

HEAD_START = 0.05
"""Real seconds from telling the sender to begin until its first request."""
PATIENCE = 30.0
"""Real seconds that the last answers may take."""
RECENT_SECONDS = 1.0
HISTORY = 60


@dataclass(frozen=True, slots=True)
class Driven:
    """A load that has been driven. Times are world seconds from the start, latencies world ms."""

    started_at: float
    arrivals: Floats
    latency_ms: Floats
    ok: NDArray[np.bool_]
    mode: LoadMode


def thinned(times: Floats, speed: float, seed: int) -> Floats:
    """One arrival of every ``speed`` in a row, chosen at random: the sampled load.

    What is left has the traffic's shape, and its count is right to within one request. At speed 1
    it is all arrivals; a slower world is sent some of them twice.

    >>> len(thinned(np.arange(600.0), 60, 1)), len(thinned(np.arange(600.0), 1.5, 1))
    (10, 400)
    """
    blocks = math.ceil(len(times) / speed)
    places = (np.arange(blocks) + np.random.default_rng(seed).random(blocks)) * speed
    chosen = places.astype(np.int64)
    return times[chosen[chosen < len(times)]]


def _nothing(elapsed: float) -> bool:
    del elapsed
    return True


class Driver:
    """One load on one recipient of a running engine."""

    def __init__(
        self,
        client: Client,
        recipient: Recipient,
        prepared: Prepared,
        mode: LoadMode,
        seed: int,
        folder: Path,
    ) -> None:
        self.client = client
        self.clock = client.clock
        self.mode: LoadMode = mode
        self._resource = recipient.resource
        self._prepared = prepared
        times = arrivals(prepared.traffic, seed)
        speed = self.clock.speed
        self.arrivals = thinned(times, speed, seed) if mode == "sampled" else times
        self.started_at = 0.0
        where = urlsplit(client.endpoint)
        plan = Plan(
            host=where.hostname or "",
            port=where.port or 80,
            path=recipient.path,
            headers={
                "content-type": prepared.content_type,
                "x-understudy-load": mode,
                **recipient.headers,
            },
            body=prepared.payload,
            patience=PATIENCE,
        )
        self.run = LoadRun(folder, plan, self.arrivals / speed)

    def begin(self) -> None:
        """Have the first request sent at once. Raises LoadFailed."""
        self.started_at = self.clock.world_at(self.run.begin(HEAD_START))

    @property
    def ends_at(self) -> float:
        """When the traffic is over, in world time."""
        return self.started_at + self._prepared.traffic.duration

    def follow(
        self,
        show: Callable[[RehearsalView], None],
        pause: Callable[[float], None],
        step: Callable[[float], bool] = _nothing,
    ) -> None:
        """Show progress until the traffic is over, every answer is in and all steps are done.

        ``step`` is called with the world seconds since the start; it says whether it is done.
        """
        while not step(self.clock.now() - self.started_at) or (
            self.clock.now() < self.ends_at or self.run.is_running()
        ):
            show(self._view())
            pause(0.25)
        show(self._view())

    def observe(self) -> Observation:
        """What the engine has seen since the traffic began."""
        return self.client.observe(self._resource, self.started_at)

    def driven(self) -> Driven:
        """What was measured, once the load is over."""
        results = self.run.results
        return Driven(
            self.started_at,
            self.arrivals,
            np.array(results.latency) * 1000 * self._dilation,
            np.array(results.ok),
            self.mode,
        )

    @property
    def _dilation(self) -> float:
        return self.clock.speed if self.mode == "dilated" else 1.0

    def _view(self) -> RehearsalView:
        seen = self.observe()
        now = min(self.clock.now(), self.ends_at)
        sent, failed, p50, p99 = self._recent()
        last = seen.capacity[-1] if seen.capacity else CapacityPoint(now, 0, 0)
        return RehearsalView(
            at=now,
            started_at=self.started_at,
            ends_at=self.ends_at,
            speed=self.clock.speed,
            load_mode=self.mode,
            requests_per_second=sent,
            failed_per_second=failed,
            p50_ms=p50,
            p99_ms=p99,
            desired=last.desired,
            in_service=last.in_service,
            pending=last.pending,
            terminating=last.terminating,
            minimum=seen.minimum,
            maximum=seen.maximum,
            alarms=tuple(AlarmProgress(each.name, each.state, each.since) for each in seen.alarms),
            last_activity=seen.activities[-1] if seen.activities else None,
            load_history=tuple(self._load_history(now)),
            in_service_history=tuple(in_service_history(seen, self.started_at, now)),
        )

    def _recent(self) -> tuple[float, float, float | None, float | None]:
        """Requests and failures per world second and latencies of the last real second."""
        results = self.run.results
        last = int(np.searchsorted(self.arrivals, self.clock.now() - self.started_at))
        since = self.clock.now() - self.started_at - RECENT_SECONDS * self.clock.speed
        first = int(np.searchsorted(self.arrivals, since))
        status = np.array(results.status[first:last])
        latency = np.array(results.latency[first:last])
        span = RECENT_SECONDS * (1.0 if self.mode == "sampled" else self.clock.speed)
        answered = status != PENDING
        failed = answered & (status != 200)
        p50, p99 = percentiles(latency[status == 200] * 1000 * self._dilation, (50, 99))
        return (last - first) / span, float(failed.sum()) / span, p50, p99

    def _load_history(self, now: float) -> list[float]:
        """Requests per world second in evenly spaced spans from the start until now."""
        elapsed = max(now - self.started_at, 1e-6)
        edges = np.linspace(0, elapsed, HISTORY + 1)
        counts = np.diff(np.searchsorted(self.arrivals, edges))
        stands_for = self.clock.speed if self.mode == "sampled" else 1.0
        return list(counts * stands_for / (elapsed / HISTORY))


def in_service_history(seen: Observation, start: float, now: float) -> list[int]:
    """Instances in service at evenly spaced times from the start until now."""
    times = np.linspace(start, max(now, start), HISTORY)
    points = [point.at for point in seen.capacity]
    places = np.searchsorted(points, times, side="right") - 1
    return [seen.capacity[int(place)].in_service if place >= 0 else 0 for place in places]


def mean_start(capacity: Sequence[CapacityPoint], usual: float) -> float:
    """Mean seconds that instances were pending until they served; ``usual`` where none began to.

    It is Little's law: the time that instances were pending, over how many came into service. Where
    fewer came than were asked for, it is ``usual`` too.

    >>> points = [CapacityPoint(0, 1, 1), CapacityPoint(60, 3, 1, 2), CapacityPoint(70, 3, 2, 1),
    ...           CapacityPoint(90, 3, 3)]
    >>> mean_start(points, 5.0)
    20.0
    """
    pairs = list(pairwise(capacity))
    came = sum(max(after.in_service - before.in_service, 0) for before, after in pairs)
    asked = sum(max(after.desired - before.desired, 0) for before, after in pairs)
    pending = sum(before.pending * (after.at - before.at) for before, after in pairs)
    return pending / came if came and came == asked else usual


def unloaded(driven: Driven, sent: Floats, latency: Floats) -> Floats:
    """Latencies (real s) of the requests that found the endpoint idle: its bare service times.

    Where too few did, those of the requests that found the fewest others.
    """
    good = np.flatnonzero(driven.ok & ~np.isnan(sent))
    order = good[np.argsort(sent[good])]
    ends = np.sort(sent[order] + latency[order])
    in_flight = np.arange(len(order)) - np.searchsorted(ends, sent[order], side="right")
    few = np.sort(in_flight)[min(FEWEST_ALONE, len(order)) - 1]
    return latency[order[in_flight <= max(few, 0)]]


FEWEST_ALONE = 20
"""Requests from which service times are drawn, at least."""
