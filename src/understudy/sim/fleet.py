"""The data plane of the simulated world: an endpoint's targets and the requests sent to it."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from understudy.control.events import Served, SetRoute, Sketch, VariantRoute
from understudy.sim import compiled
from understudy.sim.load import Load
from understudy.sim.queueing import (
    BEGAN,
    FIRST,
    UNHELD,
    WIDTH,
    Floats,
    Integers,
    Sticky,
    Targets,
    Turns,
    finish,
    least_busy,
)
from understudy.sim.reporting import Latencies, Open
from understudy.sim.serving import Serving
from understudy.sim.tally import Tally

VariantKey = tuple[str, int]
NOTHING: Latencies = (Sketch(), 0.0)


@dataclass(slots=True)
class Target:
    """An instance: when its slots become free, and the completions of what it has in flight."""

    busy: Floats
    outstanding: Floats


@dataclass(frozen=True, slots=True)
class Nodes:
    """Which targets (by index) each node of a route reaches, and how it chooses: see `Targets`."""

    first: Integers
    end: Integers
    choice: Turns
    sticky: Sticky = UNHELD


@dataclass(slots=True)
class Lane:
    """The targets of one route as the arrays that `queueing.serve` works on.

    Row t of ``outstanding`` has room for more than its ``sizes[t]`` members. ``shares`` is how
    many targets each variant has; ``free`` how many requests any target certainly has room for.
    """

    ids: tuple[str, ...]
    weights: Floats
    nodes: Nodes
    busy: Floats
    outstanding: Floats
    sizes: Integers
    shares: tuple[int, ...]
    free: int = 0

    @property
    def targets(self) -> Targets:
        """The arrays by name."""
        nodes = self.nodes
        heaps = (self.busy, self.outstanding, self.sizes)
        return Targets(self.weights, nodes.first, nodes.end, *heaps, nodes.choice, nodes.sticky)

    def make_room(self, more: int) -> None:
        """Let each target take so many more requests."""
        if self.free < more:
            largest = int(self.sizes.max(initial=0))
            roomy = np.empty((len(self.ids), largest + 8 * more))
            roomy[:, :largest] = self.outstanding[:, :largest]
            self.outstanding, self.free = roomy, 8 * more
        self.free -= more


def _nowhere() -> Lane:
    none = np.empty(0, dtype=np.int64)
    nodes = Nodes(none, none, least_busy(0, 0))
    return Lane((), np.empty(0), nodes, np.empty((0, 1)), np.empty((0, 0)), none, ())


class Fleet:
    """One endpoint under a stream of requests.

    Requests are served up to a time whenever the route is about to change or a minute is reported;
    nothing that comes later can change them. A request belongs to the minute in which it is sent:
    "1/numberOfInstances is sent as the value on each request, where numberOfInstances is the
    number of active instances at the time of the request" (AWS: Monitor Amazon SageMaker AI with
    Amazon CloudWatch, InvocationsPerInstance). Its latency belongs to the minute of its answer.
    The target with fewest requests in flight is next, unless the route says otherwise.
    ``work`` is how many seconds all requests that were sent so far take to serve.
    """

    def __init__(self, endpoint: str, load: Load, serving: Serving, tally: Tally) -> None:
        self.endpoint = endpoint
        self.tally = tally
        self._load = load
        self._rules = serving.rules
        self._concurrency = serving.concurrency
        self._names: list[VariantKey] = []
        self._lane = _nowhere()
        self._targets: dict[str, Target] = {}
        self._again = np.empty((0, WIDTH))
        self._waiting = 0
        self._invocations: dict[tuple[int, ...], Integers] = {}
        self._open = Open()
        self._results = np.empty((0, 2))
        self.work = 0.0

    def route(self, command: SetRoute | None, at: float, nodes: Nodes | None = None) -> None:
        """Send requests that arrive from now on along another route, or nowhere.

        A load balancer's has ``nodes``; there a variant (a target group) without targets refuses
        what it gets, while the other variants of an endpoint get its share.
        """
        self.serve_until(at)
        self._leave_lane()
        variants = _by_variant(command.variants if command else ())
        self._names += [key for key in variants if key not in self._names]
        ordered = [variants.get(key) for key in self._names]
        targets = [[t.instance_id for t in each.targets] if each else [] for each in ordered]
        ids = tuple(each for ours in targets for each in ours)
        for each in ids:
            if each not in self._targets:
                self._targets[each] = Target(np.full(self._concurrency, at), np.empty(0))
        weights = [each.weight if each and (each.targets or nodes) else 0.0 for each in ordered]
        if ids:
            counts = [len(ours) for ours in targets]
            self._lane = self._entered(ids, weights, counts, nodes or _one_each(counts))

    def _entered(
        self, ids: tuple[str, ...], weights: list[float], counts: list[int], nodes: Nodes
    ) -> Lane:
        present = [self._targets[each] for each in ids]
        outstanding = np.empty((len(ids), max(each.outstanding.size for each in present)))
        for row, target in zip(outstanding, present, strict=True):
            row[: target.outstanding.size] = target.outstanding
        return Lane(
            ids,
            np.array(weights),
            nodes,
            np.array([each.busy for each in present]),
            outstanding,
            np.array([each.outstanding.size for each in present], dtype=np.int64),
            tuple(counts),
        )

    def _leave_lane(self) -> None:
        """Give what is in flight back to the targets."""
        lane, self._lane = self._lane, _nowhere()
        for index, each in enumerate(lane.ids):
            if each in self._targets:
                in_flight = lane.outstanding[index, : lane.sizes[index]].copy()
                self._targets[each] = Target(lane.busy[index].copy(), in_flight)

    def drained(self, instance_id: str, at: float) -> float:
        """When an instance that gets no more requests has answered all that it has."""
        self.serve_until(at)
        lane = self._lane
        if instance_id in lane.ids:
            index = lane.ids.index(instance_id)
            in_flight = lane.outstanding[index, : lane.sizes[index]]
        else:
            target = self._targets.get(instance_id)
            in_flight = target.outstanding if target else np.empty(0)
        self._targets.pop(instance_id, None)
        return max(at, float(in_flight.max(initial=at)))

    def cut(self, instance_id: str, at: float) -> int:
        """How many requests an instance has in flight that it will never answer."""
        done = self._targets.get(instance_id)
        self._targets.pop(instance_id, None)
        return int((done.outstanding > at).sum()) if done else 0

    def serve_until(self, at: float) -> None:
        """Serve the requests that are sent before a time."""
        for number, arrivals, services in self._load.take(at):
            self.work += float(services.sum())
            self._serve(number, arrivals, services, float(arrivals[-1]))
        if self._waiting:
            self._serve(0, np.empty(0), np.empty(0), at)

    def finish(self, at: float) -> None:
        """Serve what is sent before the end; what still waits for another try has failed."""
        self.serve_until(at)
        results = np.full((self._waiting, 2), np.nan)
        results[:, FIRST] = self._again[: self._waiting, BEGAN]
        self.tally.add(results, self._waiting)
        self._waiting = 0

    def _serve(self, number: int, arrivals: Floats, services: Floats, until: float) -> None:
        lane, most = self._lane, (arrivals.size + self._waiting) * self._rules.tries
        lane.make_room(most)
        self._make_room_to_wait(arrivals.size)
        self._open.make_room(most)
        if len(self._results) < most:
            self._results = np.empty((2 * most, 2))
        self._open.size, known, self._waiting = compiled.serve()(
            arrivals,
            services,
            (self._load.seed, number),
            until,
            lane.targets,
            self._rules,
            self._again,
            self._waiting,
            self._invocations_of(lane),
            self._open.rows,
            self._open.size,
            self._results,
        )
        self.tally.add(self._results, known)

    def _invocations_of(self, lane: Lane) -> Integers:
        """The counts by variant of this minute, for the targets that they have now."""
        counts = self._invocations.get(lane.shares)
        if counts is None:
            counts = self._invocations[lane.shares] = np.zeros(len(lane.shares), dtype=np.int64)
        return counts

    def _make_room_to_wait(self, more: int) -> None:
        needed = 1 + (self._waiting + more if self._rules.tries > 1 else 0)
        if len(self._again) < needed:
            roomy = np.empty((2 * needed, WIDTH))
            roomy[: len(self._again)] = self._again
            self._again = roomy

    def report(self, minute_end: float) -> tuple[Served, ...]:
        """The requests of the minute that ends now, and the latencies of what it answered."""
        self.serve_until(minute_end)
        answered = self._open.take(minute_end, len(self._names))
        reports: list[Served] = []
        for shares, counts in self._invocations.items():
            for variant, (targets, invocations) in enumerate(
                zip(shares, counts.tolist(), strict=True)
            ):
                if invocations:
                    latencies = answered.pop(variant, NOTHING)
                    reports.append(
                        self._served(variant, invocations, targets, latencies, minute_end)
                    )
        self._invocations = {}
        late = (self._served(each, 0, 0, answered[each], minute_end) for each in answered)
        return (*reports, *late)

    def _served(
        self, variant: int, invocations: int, targets: int, latencies: Latencies, minute_end: float
    ) -> Served:
        sketch, errors = latencies
        return Served(
            endpoint=self.endpoint,
            variant=self._names[variant][0],
            second=int(minute_end) - 60,
            invocations=float(invocations),
            instances=targets,
            errors_4xx=0.0,
            errors_5xx=errors,
            model_latency=sketch,
            overhead_latency=Sketch(),
        )

    def in_flight(self, at: float) -> dict[str, list[int]]:
        """How many requests each instance of a variant has at a time, those that wait included."""
        sizes = iter(self.by_target(at).values())
        found: dict[str, list[int]] = {}
        for (name, _), count in zip(self._names, self._lane.shares, strict=False):
            found.setdefault(name, []).extend(islice(sizes, count))
        return found

    def by_target(self, at: float) -> dict[str, int]:
        """The same for each instance by its name."""
        self.serve_until(at)
        lane = self._lane
        finish(0, len(lane.ids), at, lane.outstanding, lane.sizes)
        return dict(zip(lane.ids, lane.sizes.tolist(), strict=True))


def _one_each(counts: list[int]) -> Nodes:
    """A node for each variant, with so many targets."""
    end = np.cumsum(counts).astype(np.int64)
    return Nodes(end - counts, end, least_busy(len(counts), int(end[-1])))


def _by_variant(variants: tuple[VariantRoute, ...]) -> dict[VariantKey, VariantRoute]:
    """Variants by name and occurrence: while an endpoint is updated a name may stand twice."""
    found: dict[VariantKey, VariantRoute] = {}
    for each in variants:
        occurrence = sum(name == each.name for name, _ in found)
        found[each.name, occurrence] = each
    return found
