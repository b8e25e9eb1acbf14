"""Serving requests in virtual time: routed one by one, queued first come first served.

Plain functions over arrays. `compiled` translates them; the routing is that of the data plane.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.balancing.routing import choose_variant, least_outstanding

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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


def serve(
    arrivals: Floats,
    services: Floats,
    choices: Floats,
    weights: Any,
    first: Any,
    busy: Floats,
    outstanding: Floats,
    sizes: Any,
    completions: Floats,
    variants: Integers,
    patience: float,
) -> None:
    """Serve requests in the order of their arrival, all times in seconds.

    Whoever waits longer than ``patience`` gives up; the target serves the request all the same, as
    a model server does that cannot be told.

    Variant v owns the targets ``first[v]`` to ``first[v + 1]``. Row t of ``busy`` is a heap of the
    times at which the slots of target t become free; row t of ``outstanding`` a heap of the
    times at which its ``sizes[t]`` requests in flight are answered or given up. Written are
    ``completions``, those times, NaN where there was no target, and ``variants``. ``choices``
    are two uniform numbers for each request.
    """
    slots = busy.shape[1]
    for index in range(arrivals.size):
        at = arrivals[index]
        variant = choose_variant(weights, choices[index, 0])
        variants[index] = variant
        completions[index] = np.nan
        if variant < 0:
            continue
        low, high = first[variant], first[variant + 1]
        for target in range(low, high):
            while sizes[target] > 0 and outstanding[target, 0] <= at:
                pop(outstanding[target], sizes[target])
                sizes[target] -= 1
        chosen = least_outstanding(sizes[low:high], choices[index, 1])
        if chosen < 0:
            continue
        target = low + chosen
        free = pop(busy[target], slots)
        done = max(at, free) + services[index]
        push(busy[target], slots - 1, done)
        answered = min(done, at + patience)
        push(outstanding[target], sizes[target], answered)
        sizes[target] += 1
        completions[index] = answered
