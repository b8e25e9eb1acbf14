"""The data plane of the simulated world: an endpoint's targets and the requests sent to it."""

from dataclasses import dataclass

import numpy as np

from understudy.base.service_time import Distribution
from understudy.control.events import Served, SetRoute, Sketch, VariantRoute
from understudy.sim import compiled
from understudy.sim.queueing import Floats, Integers
from understudy.sim.service_time import Empirical, draw

STEP = np.log(1.01)
MICROSECONDS = 1e6
TIMEOUT = 60.0
"""Seconds that a model has to answer. AWS: Use your own inference code with hosting services."""


@dataclass(slots=True)
class Target:
    """An instance: when its slots become free, and the completions of what it has in flight."""

    busy: Floats
    outstanding: Floats


@dataclass(slots=True)
class Batch:
    """Requests served under one route: completion times, latencies, and targets per variant."""

    variants: Integers
    completions: Floats
    latencies: Floats
    failed: np.ndarray
    targets: tuple[int, ...]
    names: tuple[str, ...]


class Fleet:
    """One endpoint under a stream of requests.

    ``arrivals`` are times of the world, ascending. Requests are served up to a time whenever the
    route is about to change or a minute is reported; nothing that comes later can change them.
    """

    def __init__(
        self,
        endpoint: str,
        arrivals: Floats,
        service_time: Distribution | Empirical,
        concurrency: int,
        failures: float,
        generator: np.random.Generator,
    ) -> None:
        self.endpoint = endpoint
        self.arrivals = arrivals
        self.latencies = np.full(arrivals.size, np.nan)
        self.ok = np.zeros(arrivals.size, dtype=bool)
        self._services = draw(service_time, arrivals.size, generator)
        self._failing = generator.random(arrivals.size) < failures
        self._choices = generator.random((arrivals.size, 2))
        self._concurrency = concurrency
        self._next = 0
        self._route: tuple[VariantRoute, ...] = ()
        self._targets: dict[str, Target] = {}
        self._unreported: list[Batch] = []

    def route(self, command: SetRoute | None, at: float) -> None:
        """Send requests that arrive from now on along another route, or nowhere."""
        self.serve_until(at)
        self._route = command.variants if command else ()
        for variant in self._route:
            for target in variant.targets:
                if target.instance_id not in self._targets:
                    self._targets[target.instance_id] = Target(
                        np.full(self._concurrency, at), np.empty(0)
                    )

    def drained(self, instance_id: str, at: float) -> float:
        """When an instance that gets no more requests has answered all that it has."""
        self.serve_until(at)
        target = self._targets.pop(instance_id, None)
        if target is None or not target.outstanding.size:
            return at
        return max(at, float(target.outstanding.max()))

    def serve_until(self, at: float) -> None:
        """Serve the requests that arrive before a time."""
        end = int(np.searchsorted(self.arrivals, at))
        if end <= self._next:
            return
        chosen = slice(self._next, end)
        self._next = end
        arrivals = self.arrivals[chosen]
        completions = np.full(arrivals.size, np.nan)
        variants = np.full(arrivals.size, -1, dtype=np.int64)
        if any(variant.targets for variant in self._route):
            self._serve(arrivals, chosen, completions, variants)
        latencies = completions - arrivals
        failed = ~(latencies <= TIMEOUT) | self._failing[chosen]
        self.latencies[chosen] = latencies
        self.ok[chosen] = ~failed
        counts = tuple(len(variant.targets) for variant in self._route)
        names = tuple(variant.name for variant in self._route)
        self._unreported.append(Batch(variants, completions, latencies, failed, counts, names))

    def _serve(
        self, arrivals: Floats, chosen: slice, completions: Floats, variants: Integers
    ) -> None:
        present = [
            self._targets[target.instance_id]
            for variant in self._route
            for target in variant.targets
        ]
        counts = [len(variant.targets) for variant in self._route]
        longest = max(target.outstanding.size for target in present) + arrivals.size
        outstanding = np.empty((len(present), longest))
        sizes = np.array([target.outstanding.size for target in present], dtype=np.int64)
        for row, target in zip(outstanding, present, strict=True):
            row[: target.outstanding.size] = target.outstanding
        busy = np.array([target.busy for target in present])
        compiled.serve()(
            arrivals,
            self._services[chosen],
            self._choices[chosen],
            np.array([variant.weight if variant.targets else 0.0 for variant in self._route]),
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            busy,
            outstanding,
            sizes,
            completions,
            variants,
        )
        for index, target in enumerate(present):
            target.busy = busy[index]
            target.outstanding = outstanding[index, : sizes[index]].copy()

    def report(self, minute_end: float) -> tuple[Served, ...]:
        """What was completed before a minute's end and is not reported yet."""
        self.serve_until(minute_end)
        reports: list[Served] = []
        later: list[Batch] = []
        for batch in self._unreported:
            done = batch.completions < minute_end
            reports.extend(self._served(batch, done, minute_end))
            if not done.all():
                rest = _part(batch, ~done & ~np.isnan(batch.completions))
                if rest.completions.size:
                    later.append(rest)
        self._unreported = later
        return tuple(reports)

    def _served(self, batch: Batch, done: np.ndarray, minute_end: float) -> list[Served]:
        reports: list[Served] = []
        for index, name in enumerate(batch.names):
            mine = done & (batch.variants == index)
            count = int(mine.sum())
            if not count:
                continue
            failed = float((mine & batch.failed).sum())
            reports.append(
                Served(
                    endpoint=self.endpoint,
                    variant=name,
                    second=int(minute_end) - 60,
                    invocations=float(count),
                    instances=batch.targets[index],
                    errors_4xx=0.0,
                    errors_5xx=failed,
                    model_latency=sketch(batch.latencies[mine] * MICROSECONDS),
                    overhead_latency=Sketch(),
                )
            )
        return reports


def _part(batch: Batch, chosen: np.ndarray) -> Batch:
    return Batch(
        batch.variants[chosen],
        batch.completions[chosen],
        batch.latencies[chosen],
        batch.failed[chosen],
        batch.targets,
        batch.names,
    )


def sketch(values: Floats) -> Sketch:
    """Samples as values in steps of 1 % with counts; sum, minimum and maximum are exact."""
    buckets = np.rint(np.log(np.maximum(values, 1e-9)) / STEP).astype(np.int64)
    lowest = int(buckets.min())
    counts = np.bincount(buckets - lowest)
    found = np.flatnonzero(counts)
    return Sketch(
        tuple(np.exp((found + lowest) * STEP).tolist()),
        tuple(counts[found].astype(float).tolist()),
        float(values.sum()),
        float(values.min()),
        float(values.max()),
    )
