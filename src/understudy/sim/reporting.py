"""What a minute's report says of latencies: sketches of what was answered in it."""

import numpy as np

from understudy.control.events import Sketch
from understudy.sim import compiled
from understudy.sim.bins import BINS, bin_of, bits_of, lower_edges
from understudy.sim.counting import COUNT, LOW

MICROSECONDS = 1e6
PAIRS = BINS // 2
"""Sketches are as coarse as two bins: 0.8 % wide at most, so percentiles are within 0.4 %."""
MIDDLES = lower_edges(2 * np.arange(PAIRS) + 1) * MICROSECONDS
"""The microseconds in the middle of each."""
Latencies = tuple[Sketch, float]
"""The latencies of what was answered, and how much of it failed."""


class Open:
    """The attempts that are not reported yet: the first ``size`` of ``rows``."""

    def __init__(self) -> None:
        self.rows = np.empty((0, 4))
        self.size = 0
        self._bins = np.zeros((0, PAIRS), dtype=np.int64)
        self._found = np.empty(PAIRS, dtype=np.int64)
        self._counts = np.empty(PAIRS)

    def make_room(self, more: int) -> None:
        """Have room for so many more attempts."""
        if len(self.rows) < self.size + more:
            roomy = np.empty((2 * (self.size + more), 4))
            roomy[: self.size] = self.rows[: self.size]
            self.rows = roomy

    def take(self, until: float, variants: int) -> dict[int, Latencies]:
        """What was answered before a time, by variant; it is reported once."""
        if len(self._bins) < variants:
            self._bins = np.zeros((variants, PAIRS), dtype=np.int64)
        sums = np.zeros((variants, 5))
        sums[:, LOW] = np.inf
        bits = self.rows.view(np.int64)
        self.size = compiled.collect()(self.rows, bits, self.size, until, self._bins, sums)
        found = {index: row for index, row in enumerate(sums.tolist()) if row[COUNT]}
        return {index: self._sketch(index, row) for index, row in found.items()}

    def _sketch(self, variant: int, sums: list[float]) -> Latencies:
        _, errors, total, low, high = sums
        first, last = bin_of(bits_of(low)) >> 1, bin_of(bits_of(high)) >> 1
        bins, found, counts = self._bins[variant], self._found, self._counts
        size = compiled.gather()(bins, first, last, found, counts)
        sketch = Sketch(
            tuple(MIDDLES[found[:size]].tolist()),
            tuple(counts[:size].tolist()),
            total * MICROSECONDS,
            low * MICROSECONDS,
            high * MICROSECONDS,
        )
        return sketch, errors
