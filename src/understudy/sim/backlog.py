"""How many requests are in the instances, and so how long they take, without serving any of them.

In steady state both follow from the number of instances and their utilisation (`waiting` has the
tables). Between steady states the number in the system moves with arrivals less departures, where
departures are those of the utilisation at which so many would be there in steady state (pointwise
stationary fluid flow: Wang, Tipper, Banerjee, 1996). Requests are counted by instances and by that
utilisation, or by the wait behind a backlog. Plain functions: `compiled` translates them.
"""

from typing import Any, NamedTuple

import numpy as np

from understudy.sim.columns import IN_SYSTEM, SERVING_BEFORE, STRANDED, STRANDED_ON
from understudy.sim.queueing import TIE, Floats, luck

LEVELS = 128
"""Levels of utilisation below 1; behind them stand the waits of what is overloaded."""
CALM_BELOW = 0.8
"""Below this utilisation a steady state is reached much faster than a step is over."""
WAITS = 64
SHORTEST_WAIT, GROWTH = 0.02, 1.2
"""Waits behind a backlog: the first in service times, each 1.2 times the one before."""
PIECE = 10.0
"""Seconds in which the fluid moves on at once."""


class Model(NamedTuple):
    """How instances bear load.

    ``slots`` requests are served at once on an instance, each in ``service`` seconds on average.
    ``in_system[n, k]`` are the requests in ``n`` instances at utilisation level k, ``limits[n]``
    the highest rate that so many bear within the objectives. ``seed`` is for what is sampled.
    """

    slots: float
    service: float
    in_system: Floats
    limits: Floats
    seed: int


def level_of(requests: float, table: Any) -> int:
    """The level of utilisation at which so many requests are in the system, by bisection."""
    low, high = 0, table.size
    while low < high:
        middle = (low + high) // 2
        if table[middle] <= requests:
            low = middle + 1
        else:
            high = middle
    return max(low - 1, 0)


def wait_bin(wait: float, service: float) -> int:
    """The bin of a wait behind a backlog."""
    steps = np.log(max(wait / (SHORTEST_WAIT * service), 1.0)) / np.log(GROWTH)
    return min(int(steps), WAITS - 1)


def regroup(serving: int, sums: Floats) -> None:
    """The number of instances has changed.

    New ones are empty, and get the new requests; what waited before waits on where it is. Those
    that go take their share of the requests with them.
    """
    before = int(sums[SERVING_BEFORE])
    sums[SERVING_BEFORE] = serving
    if sums[IN_SYSTEM] <= 0.0:
        return
    if serving < before:
        sums[IN_SYSTEM] *= serving / before
        sums[STRANDED] *= serving / before
        sums[STRANDED_ON] = min(sums[STRANDED_ON], serving)
    elif before > 0:
        sums[STRANDED] += sums[IN_SYSTEM]
        sums[STRANDED_ON] = before
        sums[IN_SYSTEM] = 1e-9


def queue(
    requests: float, seconds: float, serving: int, model: Model, sums: Floats, cells: Floats
) -> None:
    """Let requests arrive evenly over so many seconds, piece by piece."""
    if sums[IN_SYSTEM] <= 0.0:
        calm = min(int(-sums[IN_SYSTEM] * LEVELS), LEVELS - 1)
        sums[IN_SYSTEM] = model.in_system[serving, calm]
    pieces = max(int(np.ceil(seconds / PIECE)), 1)
    span, share = seconds / pieces, requests / pieces
    for _ in range(pieces):
        taking = serving
        if sums[STRANDED] > 0.0:
            taking = drain(span, serving, model, sums)
        flow(share, span, taking, model, sums, cells)
    busy = requests * model.service / (serving * model.slots * seconds)
    at_rest = model.in_system[serving, int(CALM_BELOW * LEVELS)]
    if busy < CALM_BELOW and sums[STRANDED] <= 0.0 and sums[IN_SYSTEM] <= at_rest:
        sums[IN_SYSTEM] = -busy


def drain(span: float, serving: int, model: Model, sums: Floats) -> int:
    """Work off what waits in older instances; how many instances take the new requests."""
    older = int(sums[STRANDED_ON])
    sums[STRANDED] -= older * model.slots / model.service * span
    newer = serving - older
    level = sums[IN_SYSTEM] / max(newer, 1)
    if newer <= 0 or sums[STRANDED] / older <= level:
        sums[IN_SYSTEM] += max(sums[STRANDED], 0.0)
        sums[STRANDED] = 0.0
        return serving
    return newer


def flow(
    requests: float, span: float, serving: int, model: Model, sums: Floats, cells: Floats
) -> None:
    """Move the number in the system on by one piece, and count the piece's requests."""
    table = model.in_system[serving]
    capacity = serving * model.slots / model.service
    before, rate = sums[IN_SYSTEM], requests / span
    top = table[LEVELS - 1]
    level = level_of(before, table)
    busy = 1.0 if before > top else (level + 0.5) / LEVELS
    after = max(before + (rate - busy * capacity) * span, 1e-9)
    steady = rate / capacity
    if steady < 1.0:
        rest = table[min(int(steady * LEVELS), LEVELS - 1)]
        after = max(after, rest) if before >= rest else min(after, rest)
    sums[IN_SYSTEM] = after
    middle = (before + after) / 2
    if middle > top:
        wait = (middle - top) / capacity
        cells[serving, LEVELS + wait_bin(wait, model.service)] += requests
    else:
        cells[serving, level_of(middle, table)] += requests


def sampled(step: int, model: Model, sums: Floats) -> float:
    """The most requests that any instance has at the end of a step: what concurrency alarms see.

    Requests come at random, so their number at a moment is about Poisson around its mean; routing
    spreads them as evenly as they can be.
    """
    serving = int(sums[SERVING_BEFORE])
    if serving == 0:
        return 0.0
    mean = sums[IN_SYSTEM]
    if mean <= 0.0:
        mean = model.in_system[serving, min(int(-mean * LEVELS), LEVELS - 1)]
    newer = serving
    older = 0.0
    if sums[STRANDED] > 0.0:
        newer = serving - int(sums[STRANDED_ON])
        older = np.ceil(sums[STRANDED] / sums[STRANDED_ON])
    number = poisson(mean, luck(model.seed, float(step), 0.0, TIE))
    return max(np.ceil(number / max(newer, 1)), older)


def poisson(mean: float, uniform: float) -> float:
    """A draw of a Poisson distribution by inversion; of a normal one where the mean is large."""
    if mean > 30.0:
        spread = 4.91 * (uniform**0.14 - (1.0 - uniform) ** 0.14)
        return max(np.floor(mean + spread * np.sqrt(mean) + 0.5), 0.0)
    term = np.exp(-mean)
    total, number = term, 0.0
    while total < uniform and number < 200.0:
        number += 1.0
        term *= mean / number
        total += term
    return number
