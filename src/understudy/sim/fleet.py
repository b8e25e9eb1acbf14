"""The data plane of the simulated world: an endpoint's targets and the requests sent to it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.base.service_time import Distribution
from understudy.control.events import Served, SetRoute, Sketch, VariantRoute
from understudy.sim import compiled
from understudy.sim.queueing import Floats, Integers
from understudy.sim.service_time import Empirical, draw

STEP = np.log(1.01)
MICROSECONDS = 1e6
Flags = NDArray[np.bool_]
TIMEOUT = 60.0
"""Seconds that a model has to answer. AWS: Use your own inference code with hosting services."""


@dataclass(slots=True)
class Target:
    """An instance: when its slots become free, and the completions of what it has in flight."""

    busy: Floats
    outstanding: Floats


@dataclass(slots=True)
class Lane:
    """The targets of one route as the arrays that `queueing.serve` works on.

    Row t of ``outstanding`` has room for more than its ``sizes[t]`` members.
    """

    ids: tuple[str, ...]
    weights: Floats
    first: Integers
    busy: Floats
    outstanding: Floats
    sizes: Integers

    def make_room(self, more: int) -> None:
        """Let each target take so many more requests."""
        needed = int(self.sizes.max(initial=0)) + more
        if self.outstanding.shape[1] < needed:
            roomy = np.empty((len(self.ids), 2 * needed))
            roomy[:, : self.outstanding.shape[1]] = self.outstanding
            self.outstanding = roomy


@dataclass(slots=True)
class Batch:
    """Requests served under one route, in the order of their arrival."""

    variants: Integers
    completions: Floats
    latencies: Floats
    failed: Flags


Shares = tuple[tuple[str, int], ...]
"""The variants of a route with how many targets each had."""


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
        self._shares: Shares = ()
        self._lane: Lane | None = None
        self._targets: dict[str, Target] = {}
        self._unreported: dict[Shares, list[Batch]] = {}

    def route(self, command: SetRoute | None, at: float) -> None:
        """Send requests that arrive from now on along another route, or nowhere."""
        self.serve_until(at)
        self._leave_lane()
        variants = command.variants if command else ()
        self._shares = tuple((each.name, len(each.targets)) for each in variants)
        ids = tuple(target.instance_id for each in variants for target in each.targets)
        for each in ids:
            if each not in self._targets:
                self._targets[each] = Target(np.full(self._concurrency, at), np.empty(0))
        if ids:
            self._lane = self._entered(variants, ids)

    def _entered(self, variants: tuple[VariantRoute, ...], ids: tuple[str, ...]) -> Lane:
        present = [self._targets[each] for each in ids]
        counts = [len(each.targets) for each in variants]
        outstanding = np.empty((len(ids), max(each.outstanding.size for each in present)))
        for row, target in zip(outstanding, present, strict=True):
            row[: target.outstanding.size] = target.outstanding
        return Lane(
            ids,
            np.array([each.weight if each.targets else 0.0 for each in variants]),
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            np.array([each.busy for each in present]),
            outstanding,
            np.array([each.outstanding.size for each in present], dtype=np.int64),
        )

    def _leave_lane(self) -> None:
        """Give what is in flight back to the targets."""
        lane, self._lane = self._lane, None
        for index, each in enumerate(lane.ids if lane else ()):
            if lane is not None and each in self._targets:
                in_flight = lane.outstanding[index, : lane.sizes[index]].copy()
                self._targets[each] = Target(lane.busy[index].copy(), in_flight)

    def drained(self, instance_id: str, at: float) -> float:
        """When an instance that gets no more requests has answered all that it has."""
        self.serve_until(at)
        lane = self._lane
        if lane is not None and instance_id in lane.ids:
            index = lane.ids.index(instance_id)
            in_flight = lane.outstanding[index, : lane.sizes[index]]
        else:
            target = self._targets.get(instance_id)
            in_flight = target.outstanding if target else np.empty(0)
        self._targets.pop(instance_id, None)
        return max(at, float(in_flight.max(initial=at)))

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
        if self._lane is not None:
            self._serve(self._lane, arrivals, chosen, completions, variants)
        latencies = completions - arrivals
        failed = ~(latencies < TIMEOUT) | self._failing[chosen]
        self.latencies[chosen] = latencies
        self.ok[chosen] = ~failed
        batch = Batch(variants, completions, latencies, failed)
        self._unreported.setdefault(self._shares, []).append(batch)

    def _serve(
        self,
        lane: Lane,
        arrivals: Floats,
        chosen: slice,
        completions: Floats,
        variants: Integers,
    ) -> None:
        lane.make_room(arrivals.size)
        compiled.serve()(
            arrivals,
            self._services[chosen],
            self._choices[chosen],
            lane.weights,
            lane.first,
            lane.busy,
            lane.outstanding,
            lane.sizes,
            completions,
            variants,
            TIMEOUT,
        )

    def report(self, minute_end: float) -> tuple[Served, ...]:
        """What was completed before a minute's end and is not reported yet."""
        self.serve_until(minute_end)
        reports: list[Served] = []
        later: dict[Shares, list[Batch]] = {}
        for shares, batches in self._unreported.items():
            batch = _together(batches)
            done = batch.completions < minute_end
            reports.extend(self._served(shares, batch, done, minute_end))
            rest = ~done & ~np.isnan(batch.completions)
            if rest.any():
                later[shares] = [_part(batch, rest)]
        self._unreported = later
        return tuple(reports)

    def _served(self, shares: Shares, batch: Batch, done: Flags, minute_end: float) -> list[Served]:
        reports: list[Served] = []
        for index, (name, targets) in enumerate(shares):
            mine = done if len(shares) == 1 else done & (batch.variants == index)
            latencies = batch.latencies[mine]
            if latencies.size:
                reports.append(
                    Served(
                        endpoint=self.endpoint,
                        variant=name,
                        second=int(minute_end) - 60,
                        invocations=float(latencies.size),
                        instances=targets,
                        errors_4xx=0.0,
                        errors_5xx=float(batch.failed[mine].sum()),
                        model_latency=sketch(latencies * MICROSECONDS),
                        overhead_latency=Sketch(),
                    )
                )
        return reports


def _together(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    return Batch(
        np.concatenate([each.variants for each in batches]),
        np.concatenate([each.completions for each in batches]),
        np.concatenate([each.latencies for each in batches]),
        np.concatenate([each.failed for each in batches]),
    )


def _part(batch: Batch, chosen: Flags) -> Batch:
    return Batch(
        batch.variants[chosen],
        batch.completions[chosen],
        batch.latencies[chosen],
        batch.failed[chosen],
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
