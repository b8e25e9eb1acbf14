"""Serving requests in virtual time: routed one by one, queued first come first served.

Plain functions over arrays. `compiled` translates them; the routing is that of the data plane.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from understudy.balancing.routing import LEAST_OUTSTANDING, NOBODY, choose_variant, pick, starting

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REFUSED = -1.0
"""The seconds of an attempt that nobody took."""

END, TOOK, FAILED, VARIANT = 0, 1, 2, 3
"""Columns of an attempt: when it ended, its seconds, whether it failed, its variant."""
FIRST, LATENCY = 0, 1
"""Columns of a result: when the request arrived, its seconds with all attempts, NaN if in vain."""
DUE, BEGAN, SERVICE, NUMBER, TRIES = 0, 1, 2, 3, 4
"""Columns of a request: when it is sent, when it was first sent, its service time, its number, and
how many times it has been tried."""
WIDTH = 5
CHOICE, TIE, FATE = 0, 1, 2
"""What luck decides for each attempt: its variant, its target among equals, whether it fails."""


def push(heap: Floats, size: int, value: float) -> None:
    """Put a value into a heap that has ``size`` members; the smallest is at 0."""
    index = size
    while index > 0:
        parent = (index - 1) >> 1
        if heap[parent] <= value:
            break
        heap[index] = heap[parent]
        index = parent
    heap[index] = value


def pop(heap: Floats, size: int) -> float:
    """Take the smallest of ``size`` members out of a heap."""
    smallest = heap[0]
    last = size - 1
    value = heap[last]
    index = 0
    while True:
        child = 2 * index + 1
        if child >= last:
            break
        if child + 1 < last and heap[child + 1] < heap[child]:
            child += 1
        if value <= heap[child]:
            break
        heap[index] = heap[child]
        index = child
    heap[index] = value
    return smallest


def copy_row(row: Floats, to: Floats) -> None:
    """Copy a row number by number: compiled, a row at a time is copied by way of another array."""
    for column in range(row.size):
        to[column] = row[column]


def push_row(heap: Floats, size: int, row: Floats) -> None:
    """Put a row into a heap of rows that is ordered by their first column."""
    index = size
    while index > 0:
        parent = (index - 1) >> 1
        if heap[parent, 0] <= row[0]:
            break
        copy_row(heap[parent], heap[index])
        index = parent
    copy_row(row, heap[index])


def pop_row(heap: Floats, size: int, row: Floats) -> None:
    """Take the row with the smallest first column out of a heap, into ``row``."""
    copy_row(heap[0], row)
    last = size - 1
    index = 0
    while True:
        child = 2 * index + 1
        if child >= last:
            break
        if child + 1 < last and heap[child + 1, 0] < heap[child, 0]:
            child += 1
        if heap[last, 0] <= heap[child, 0]:
            break
        copy_row(heap[child], heap[index])
        index = child
    copy_row(heap[last], heap[index])


class Turns(NamedTuple):
    """How a target is chosen: what `balancing.routing.pick` takes and remembers.

    Variant v chooses by ``algorithm[v]``, and its targets start slowly for ``ramp[v]`` seconds.
    There is a node in each of so many ``zones``, and clients come to one after the other: ``last``
    has the number of the last client, then the target that each node of each variant chose last.
    Row n of ``turns`` is what node n remembers, ``since[t]`` when target t began to start slowly;
    ``shares`` are for work.
    """

    algorithm: Any
    ramp: Any
    zones: int
    since: Any
    shares: Any
    turns: Any
    last: Any


GROUP, GROUP_UNTIL, TARGET, TARGET_UNTIL = 0, 1, 2, 3
"""Columns of what holds a client: the variant that it stays with, and the number of the target."""


class Sticky(NamedTuple):
    """Which clients stay where they were: row c of ``held`` is what holds client c.

    They stay with a variant for ``group`` seconds after its last answer, and with a target of
    variant v for ``target[v]`` seconds. Target t has the ``number[t]`` in whatever route it is;
    ``place`` is where the target of each number is in this one, or `NOBODY`.
    """

    group: float
    target: Any
    number: Any
    place: Any
    held: Floats


UNHELD = Sticky(
    0.0,
    np.empty(0),
    np.empty(0, dtype=np.int64),
    np.empty(0, dtype=np.int64),
    np.empty((0, 4)),
)
"""Every request is a new client's."""


class Targets(NamedTuple):
    """The targets of a route.

    Variants have weights. Node n, in zone z of variant v, where n is v times the number of zones
    plus z, reaches the targets ``first[n]`` to ``end[n]``. Row t of ``busy`` is a heap of the times
    at which the slots of target t become free; row t of ``outstanding`` a heap of the times at
    which its ``sizes[t]`` requests in flight are answered or given up.
    """

    weights: Any
    first: Any
    end: Any
    busy: Floats
    outstanding: Floats
    sizes: Any
    choice: Turns
    sticky: Sticky = UNHELD


def held_group(client: int, at: float, seconds: float, held: Floats) -> int:
    """The variant that a client stays with, or `NOBODY`; with 0 seconds it never does."""
    if client < 0 or seconds <= 0.0 or held[client, GROUP_UNTIL] <= at:
        return NOBODY
    return int(held[client, GROUP])


def held_target(client: int, at: float, low: int, high: int, place: Any, held: Floats) -> int:
    """The target that a client stays with, among those from ``low`` to ``high``; or `NOBODY`."""
    if client < 0 or held[client, TARGET_UNTIL] <= at:
        return NOBODY
    target = place[int(held[client, TARGET])]
    return target if low <= target < high else NOBODY


def least_busy(variants: int, targets: int) -> Turns:
    """Variants in one zone, each of which sends a request to the target with fewest in flight."""
    return Turns(
        np.full(variants, LEAST_OUTSTANDING),
        np.zeros(variants),
        1,
        np.zeros(targets),
        np.ones(targets),
        np.zeros((variants, targets)),
        np.full(1 + variants, NOBODY),
    )


class Rules(NamedTuple):
    """What holds for every request. Times are seconds.

    A target that has ``room`` requests refuses another; an answer that takes as long as
    ``timeout`` is a failure, and so is a share of ``failures`` of all. A failed request is sent up
    to ``tries`` times in all, after ``backoff`` seconds, then twice as many.
    """

    room: int
    timeout: float
    failures: float
    tries: int
    backoff: float


def finish(low: int, high: int, at: float, outstanding: Floats, sizes: Any) -> None:
    """Take what targets have completed by a time out of what they have in flight."""
    for target in range(low, high):
        while sizes[target] > 0 and outstanding[target, 0] <= at:
            pop(outstanding[target], sizes[target])
            sizes[target] -= 1


def begin(
    at: float,
    service: float,
    timeout: float,
    target: int,
    busy: Floats,
    outstanding: Floats,
    sizes: Any,
) -> float:
    """Give a request to a target; when the target will have served it.

    Whoever waits longer than ``timeout`` gives up; the target serves the request all the same, as a
    model server does that cannot be told.
    """
    slots = busy.shape[1]
    free = pop(busy[target], slots)
    done = max(at, free) + service
    push(busy[target], slots - 1, done)
    push(outstanding[target], sizes[target], min(done, at + timeout))
    sizes[target] += 1
    return done


def luck(seed: int, number: float, tries: float, kind: int) -> float:
    """A uniform number of an attempt, from 0 to below 1: its own, whatever happens to others.

    (SplitMix64: Steele, Lea, Flood: Fast splittable pseudorandom number generators.)
    """
    state = np.uint64(seed) ^ (np.uint64(number) << np.uint64(6))
    state += np.uint64(4.0 * tries + kind)
    state *= np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return float((state ^ (state >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


def attempt(
    at: float,
    service: float,
    choice: float,
    tie: float,
    room: int,
    timeout: float,
    weights: Any,
    first: Any,
    end: Any,
    busy: Floats,
    outstanding: Floats,
    sizes: Any,
    algorithm: Any,
    ramp: Any,
    zones: int,
    since: Any,
    shares: Any,
    turns: Any,
    last: Any,
    client: int,
    group_seconds: float,
    target_seconds: Any,
    number: Any,
    place: Any,
    held: Floats,
) -> tuple[float, int]:
    """Send a request once: the seconds until it is served, and the variant that it goes to.

    The seconds are `REFUSED` where there is no target or no room. ``choice`` and ``tie`` are
    uniform numbers, ``client`` is who sends it, below 0 for somebody new. The parts of `Targets`,
    `Turns` and `Sticky` come one by one: a compiler handles that much better.
    """
    last[0] += 1
    variant = held_group(client, at, group_seconds, held)
    if variant < 0:
        variant = choose_variant(weights, choice)
    node = variant
    if variant < 0:
        return REFUSED, NOBODY
    if zones > 1:
        node = variant * zones + last[0] % zones
    low, high = first[node], end[node]
    finish(low, high, at, outstanding, sizes)
    target = held_target(client, at, low, high, place, held)
    if target < 0:
        slow = 0
        if ramp[variant] > 0.0:
            slow = starting(at, ramp[variant], since[low:high], shares[low:high])
        chosen = pick(
            algorithm[variant], sizes[low:high], shares[low:high], turns[node], slow,
            last[1 + node], tie,
        )  # fmt: skip
        last[1 + node] = chosen
        if chosen < 0:
            return REFUSED, NOBODY
        target = low + chosen
    if sizes[target] >= room:
        return REFUSED, variant
    done = begin(at, service, timeout, target, busy, outstanding, sizes)
    if client >= 0:
        held[client, GROUP], held[client, GROUP_UNTIL] = variant, done + group_seconds
        if target_seconds[variant] > 0.0:
            held[client, TARGET] = number[target]
            held[client, TARGET_UNTIL] = done + target_seconds[variant]
    return done - at, variant


def again_at(end: float, tries: float, backoff: float) -> float:
    """When a request is sent again whose attempt number ``tries``, counted from 0, has failed."""
    return end + backoff * 2.0**tries


def serve(
    arrivals: Floats,
    services: Floats,
    numbers: tuple[int, int],
    until: float,
    targets: Targets,
    rules: Rules,
    again: Floats,
    waiting: int,
    invocations: Any,
    attempts: Floats,
    made: int,
    results: Floats,
) -> tuple[int, int, int]:
    """Serve requests in the order of their times, with their repetitions, all in seconds.

    ``numbers`` are the seed of their luck and the number of the first arrival. Those that are to be
    sent again are the ``waiting`` rows of the heap ``again``, whose last row is for work; served is
    what is sent before ``until``. Attempts that found a variant are counted in its ``invocations``
    and appended to the ``attempts``, of which there are ``made``; ``results`` are the requests
    whose fate is known. How many there are of each, and how many requests wait, comes back.
    """
    known, index = 0, 0
    request = again[-1]
    seed, first_number = numbers
    weights, first, limit, busy, outstanding, sizes, turning, sticky = targets
    algorithm, ramp, zones, since, shares, turns, last = turning
    group_seconds, target_seconds, target_number, place, held = sticky
    clients = held.shape[0]
    room, timeout, failures, most_tries, backoff = rules
    several = weights.size > 1
    while True:
        due = again[0, DUE] if waiting > 0 else np.inf
        if index < arrivals.size and arrivals[index] <= due:
            at = began = arrivals[index]
            service, number, tries = services[index], float(first_number + index), 0.0
            index += 1
        elif due < until:
            pop_row(again, waiting, request)
            waiting -= 1
            at, began, service = request[DUE], request[BEGAN], request[SERVICE]
            number, tries = request[NUMBER], request[TRIES]
        else:
            return made, known, waiting
        choice = luck(seed, number, tries, CHOICE) if several else 0.0
        tie = luck(seed, number, tries, TIE)
        took, variant = attempt(
            at, service, choice, tie, room, timeout, weights, first, limit, busy, outstanding,
            sizes, algorithm, ramp, zones, since, shares, turns, last,
            int(number) % clients if clients > 0 else NOBODY, group_seconds, target_seconds,
            target_number, place, held,
        )  # fmt: skip
        failed = took < 0.0 or took >= timeout
        if failures > 0.0 and luck(seed, number, tries, FATE) < failures:
            failed = True
        took = min(max(took, 0.0), timeout)
        end = at + took
        if variant != NOBODY:
            attempts[made, END], attempts[made, TOOK] = end, took
            attempts[made, FAILED], attempts[made, VARIANT] = failed, variant
            invocations[variant] += 1
            made += 1
        if failed and tries + 1.0 < most_tries:
            request[DUE], request[BEGAN] = again_at(end, tries, backoff), began
            request[SERVICE], request[NUMBER], request[TRIES] = service, number, tries + 1.0
            push_row(again, waiting, request)
            waiting += 1
        else:
            results[known, FIRST] = began
            results[known, LATENCY] = np.nan if failed else end - began
            known += 1
