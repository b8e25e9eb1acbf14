"""When each request of some traffic arrives."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from understudy.sim.traffic import Traffic

CHUNK = 65_536
"""Requests that are drawn at once: half a megabyte of times."""


def arrival_chunks(traffic: Traffic, seed: int) -> Iterator[NDArray[np.float64]]:
    """Arrival times in seconds from the start of the traffic, ascending, in parts.

    A Poisson process given the count of each period: the requests of a period are independent and
    uniform in it. Equal seeds give equal times. A part has at most 65,536 requests, or a few more
    where one period has them, so memory stays flat however long the traffic is.
    """
    draw = np.random.default_rng(seed)
    ends = np.cumsum(traffic.counts)
    first, done = 0, 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, done + CHUNK, side="right")))
        edges = np.arange(first, last + 1, dtype=np.float64) * traffic.period
        yield from _spread(traffic.counts[first:last], edges, draw)
        first, done = last, int(ends[last - 1])


def arrivals(traffic: Traffic, seed: int) -> NDArray[np.float64]:
    """All arrival times of the traffic, in seconds from its start, ascending."""
    return np.concatenate([np.empty(0), *arrival_chunks(traffic, seed)])


def _spread(
    counts: NDArray[np.int64], edges: NDArray[np.float64], draw: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """The arrivals of periods that fit a part; one period that does not is cut into shorter ones.

    How many of n uniform requests fall into each of k equal pieces is multinomial.
    """
    total = int(counts.sum())
    if total > CHUNK:
        pieces = 2 * total // CHUNK
        cuts = np.linspace(float(edges[0]), float(edges[1]), pieces + 1)
        shares = draw.multinomial(total, np.full(pieces, 1 / pieces))
        for piece in range(pieces):
            yield from _spread(shares[piece : piece + 1], cuts[piece : piece + 2], draw)
    elif total:
        begin = np.repeat(edges[:-1], counts)
        latest = np.repeat(np.nextafter(edges[1:], -1), counts)
        times = begin + draw.random(total) * np.repeat(np.diff(edges), counts)
        yield np.sort(np.minimum(times, latest))
