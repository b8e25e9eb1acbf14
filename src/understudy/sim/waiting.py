"""How long requests take on so many instances that are so busy: tables made by the exact queue.

For some numbers of instances and levels of utilisation the very queue of the exact lane serves
Poisson arrivals until it is steady; in between is interpolated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log

import numpy as np

from understudy.control.slo import LatencySlo, Slo
from understudy.sim import compiled
from understudy.sim.backlog import GROWTH, LEVELS, SHORTEST_WAIT, WAITS, Model
from understudy.sim.bins import BINS, middles
from understudy.sim.queueing import FIRST, LATENCY, WIDTH, Floats, Targets, least_busy
from understudy.sim.service_time import draw
from understudy.sim.serving import Serving

BUSY = (0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.76, 0.82, 0.87, 0.91, 0.94, 0.96, 0.98)
"""The levels of utilisation that are tried."""
FLEETS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""The numbers of instances that are tried, as far as they are needed."""
COARSE = 8
"""Bins that are taken together: 32 to each doubling, 3.2 % wide at most."""
SIZE = BINS // COARSE
SECONDS = middles(np.arange(SIZE) * COARSE + COARSE // 2)
"""The seconds in the middle of each."""
FEWEST, MOST = 20_000, 200_000
FINE = (np.arange(LEVELS) + 0.5) / LEVELS
WAIT_SECONDS = SHORTEST_WAIT * GROWTH ** (np.arange(WAITS) + 0.5)
"""The waits of the bins behind a backlog, in service times."""


@dataclass(frozen=True)
class Waiting:
    """Latencies by instances and utilisation.

    ``shares[i, j]`` are the shares of requests by latency with ``fleets[i]`` instances at
    ``BUSY[j]`` utilisation; what is missing to 1 has failed. ``queued[i, j]`` are the requests that
    wait there, times the idle share, which changes slowly. ``service`` is the mean service time in
    seconds.
    """

    serving: Serving
    fleets: tuple[int, ...]
    service: float
    shares: Floats
    queued: Floats

    @cached_property
    def in_system(self) -> Floats:
        """The requests in n instances at each fine level of utilisation, n from 0 on."""
        most = self.fleets[-1]
        queued = self._by_number(_by_level(self.queued)) / (1 - FINE)
        slots = np.arange(most + 1)[:, None] * self.serving.concurrency
        return np.maximum.accumulate(slots * FINE + queued, axis=1)

    def _by_number(self, rows: Floats) -> Floats:
        """Rows for the numbers of instances that were tried as rows for all numbers from 0 on."""
        numbers = np.arange(self.fleets[-1] + 1)
        columns: list[Floats] = [np.interp(numbers, self.fleets, column) for column in rows.T]
        return np.column_stack(columns)

    def share_by_level(self, limit: float) -> Floats:
        """The share of requests that succeed in less than ``limit`` seconds, by n and level."""
        return self._by_number(_by_level(self._within(self.shares, limit)))

    def share_by_wait(self, limit: float) -> Floats:
        """The same behind each wait of a backlog."""
        waits = WAIT_SECONDS * self.service
        top = self.shares[:, -1]
        rest: list[float] = (np.minimum(limit, self.serving.timeout) - waits).tolist()
        return self._by_number(np.column_stack([self._within(top, each) for each in rest]))

    @staticmethod
    def _within(shares: Floats, limit: float) -> Floats:
        """The shares below a limit; the bin that it cuts counts in proportion."""
        if limit <= 0:
            return np.zeros(shares.shape[:-1])
        running = np.cumsum(shares, axis=-1)
        place = float(np.interp(log(limit), np.log(SECONDS), np.arange(SIZE) + 0.5))
        whole = min(int(place), SIZE - 1)
        return running[..., whole] - shares[..., whole] * (1 - min(place - whole, 1.0))

    def limits(self, slos: Sequence[Slo]) -> Floats:
        """The highest rate of requests that n instances bear within all objectives, n from 0 on."""
        fine = np.ones((self.fleets[-1] + 1, LEVELS), dtype=bool)
        for slo in slos:
            limit = slo.limit_ms / 1000 if isinstance(slo, LatencySlo) else np.inf
            fine &= self.share_by_level(min(limit, 1e9)) >= objective(slo)
        held = np.where(fine.all(axis=1), LEVELS, np.argmin(fine, axis=1)) / LEVELS
        slots = np.arange(len(held)) * self.serving.concurrency
        return held * slots / self.service

    def model(self, slos: Sequence[Slo], seed: int) -> Model:
        """What the compiled lane needs of this."""
        slots = float(self.serving.concurrency)
        return Model(slots, self.service, self.in_system, self.limits(slos), seed)

    def latencies(self, cells: Floats) -> Floats:
        """The shares by latency of requests that were counted in cells of the compiled lane."""
        total = cells.sum()
        mixed = np.zeros(SIZE)
        if not total:
            return mixed
        for number in np.flatnonzero(cells.sum(axis=1)):
            own = self._of_fleet(int(number))
            mixed += _on_tried(cells[number, :LEVELS]) @ own
            for wait in np.flatnonzero(cells[number, LEVELS:]):
                mixed += cells[number, LEVELS + wait] * self._behind(own[-1], int(wait))
        return mixed / total

    def _of_fleet(self, number: int) -> Floats:
        """The shares by latency at each tried level for a number of instances."""
        above = int(np.searchsorted(self.fleets, number))
        high, low = self.fleets[above], self.fleets[max(above - 1, 0)]
        weight = 1.0 if high == low or number >= high else (number - low) / (high - low)
        return weight * self.shares[above] + (1 - weight) * self.shares[max(above - 1, 0)]

    def _behind(self, shares: Floats, wait: int) -> Floats:
        """Latencies after a wait; what takes as long as the timeout has failed."""
        seconds = SECONDS + WAIT_SECONDS[wait] * self.service
        in_time = seconds < self.serving.timeout
        return _counted(seconds[in_time], shares[in_time])


def _by_level(rows: Floats) -> Floats:
    """Rows for the levels of utilisation that were tried as rows for all levels."""
    return np.array([np.interp(FINE, BUSY, row) for row in rows], dtype=np.float64)


def _counted(seconds: Floats, weights: Floats) -> Floats:
    """The weights summed by the bin of their seconds."""
    bins = np.minimum(np.searchsorted(SECONDS, seconds), SIZE - 1)
    sums = np.bincount(bins, weights, minlength=SIZE)
    return sums.astype(np.float64)


def objective(slo: Slo) -> float:
    """The share of requests that have to meet an objective."""
    if isinstance(slo, LatencySlo):
        return slo.percentile / 100
    return 1 - slo.limit_percent / 100


def _on_tried(cells: Floats) -> Floats:
    """Counts by fine level as counts by tried level, shared out between neighbours."""
    above = np.searchsorted(BUSY, FINE).clip(1, len(BUSY) - 1)
    low, high = np.array(BUSY)[above - 1], np.array(BUSY)[above]
    weight = ((FINE - low) / (high - low)).clip(0, 1)
    counts = np.bincount(above, cells * weight, minlength=len(BUSY)).astype(np.float64)
    return counts + np.bincount(above - 1, cells * (1 - weight), minlength=len(BUSY))


def fleets_up_to(most: int) -> tuple[int, ...]:
    """The numbers of instances that are tried for up to ``most`` of them."""
    below = tuple(number for number in FLEETS if number < most)
    return (*below, most)


@lru_cache(maxsize=32)
def waiting(serving: Serving, most: int, seed: int = 1) -> Waiting:
    """The tables for up to so many instances; under a second for 16."""
    fleets = fleets_up_to(most)
    services = draw(serving.service_time, MOST, np.random.default_rng((seed, 0)))
    shares = np.zeros((len(fleets), len(BUSY), SIZE))
    queued = np.zeros((len(fleets), len(BUSY)))
    mean = float(services.mean())
    for i, number in enumerate(fleets):
        for j, busy in enumerate(BUSY):
            shares[i, j], queued[i, j] = _steady(serving, number, busy, services, mean, seed)
    return Waiting(serving, fleets, mean, shares, queued)


def _steady(
    serving: Serving, number: int, busy: float, services: Floats, mean: float, seed: int
) -> tuple[Floats, float]:
    """Latencies, and the requests that wait times the idle share, once it is steady."""
    slots = number * serving.concurrency
    count = int(np.clip(FEWEST * 0.2 / (1 - busy), FEWEST, MOST))
    rate = busy * slots / mean
    generator = np.random.default_rng((seed, 1))
    arrivals = np.cumsum(generator.exponential(1 / rate, count))
    results, known = _serve(serving, number, arrivals, services[:count], seed)
    latencies = results[known // 10 : known, LATENCY]
    good = latencies[~np.isnan(latencies)]
    waits = max(float(good.mean()) - mean, 0.0) if good.size else serving.timeout
    return _counted(good, np.ones(good.size)) / latencies.size, rate * waits * (1 - busy)


def _serve(
    serving: Serving, number: int, arrivals: Floats, services: Floats, seed: int
) -> tuple[Floats, int]:
    """Serve requests by the exact queue, on instances that are all there all the time."""
    most = arrivals.size * serving.tries
    room = min(serving.rules.room, most) + 1
    targets = Targets(
        np.ones(1),
        np.zeros(1, dtype=np.int64),
        np.array([number]),
        np.zeros((number, serving.concurrency)),
        np.empty((number, min(room, 4096 + most // number))),
        np.zeros(number, dtype=np.int64),
        least_busy(1, number),
    )
    results = np.empty((most, 2))
    again = np.empty((1 + (arrivals.size if serving.tries > 1 else 0), WIDTH))
    _, known, _ = compiled.serve()(
        arrivals,
        services,
        (seed, 0),
        np.inf,
        targets,
        serving.rules,
        again,
        0,
        np.zeros(1, dtype=np.int64),
        np.empty((most, 4)),
        0,
        results,
    )
    order = np.argsort(results[:known, FIRST], kind="stable")
    return results[order], known
