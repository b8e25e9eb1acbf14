"""Counting what came of requests: plain functions over arrays, for `compiled` to translate."""

from typing import Any

import numpy as np

from understudy.sim.bins import bin_of
from understudy.sim.queueing import END, FAILED, FIRST, LATENCY, TOOK, VARIANT, Floats, copy_row

COUNT, ERRORS, TOTAL, LOW, HIGH = 0, 1, 2, 3, 4
"""Columns of the sums of a variant."""


def count(
    results: Floats,
    bits: Any,
    known: int,
    started: float,
    seconds: float,
    limits: Floats,
    sent: Any,
    failed: Any,
    bins: Any,
    good: Any,
    totals: Floats,
) -> None:
    """Count results by the span in which the request arrived.

    ``bits`` are the results as integers. ``good[k]`` counts what succeeded in less than
    ``limits[k]`` seconds; ``totals`` are the sum, the smallest and the largest latency.
    """
    for index in range(known):
        span = min(max(int((results[index, FIRST] - started) / seconds), 0), sent.size - 1)
        latency = results[index, LATENCY]
        sent[span] += 1
        if np.isnan(latency):
            failed[span] += 1
            continue
        bins[span, bin_of(bits[index, LATENCY])] += 1
        for limit in range(limits.size):
            if latency < limits[limit]:
                good[limit] += 1
        totals[0] += latency
        totals[1] = min(totals[1], latency)
        totals[2] = max(totals[2], latency)


def collect(rows: Floats, bits: Any, size: int, until: float, bins: Any, sums: Floats) -> int:
    """Take the attempts that ended before a time out of the first ``size`` rows.

    They are counted in ``bins`` and summed in ``sums``, both by variant. The rows that stay are
    moved to the front; how many there are comes back.
    """
    kept = 0
    for index in range(size):
        if rows[index, END] >= until:
            copy_row(rows[index], rows[kept])
            kept += 1
            continue
        variant, took = int(rows[index, VARIANT]), rows[index, TOOK]
        bins[variant, bin_of(bits[index, TOOK]) >> 1] += 1
        sums[variant, COUNT] += 1.0
        sums[variant, ERRORS] += rows[index, FAILED]
        sums[variant, TOTAL] += took
        sums[variant, LOW] = min(sums[variant, LOW], took)
        sums[variant, HIGH] = max(sums[variant, HIGH], took)
    return kept


def gather(bins: Any, low: int, high: int, found: Any, counts: Floats) -> int:
    """Move what the bins from ``low`` to ``high`` have counted into a list, and empty them."""
    size = 0
    for index in range(low, high + 1):
        if bins[index]:
            found[size], counts[size] = index, bins[index]
            bins[index] = 0
            size += 1
    return size
