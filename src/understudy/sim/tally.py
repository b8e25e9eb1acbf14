"""What came of many requests, in memory that does not grow with their number.

Latencies are counted in bins that are 0.4 % wide or less, so percentiles are within 0.2 %.
Everything else is exact.
"""

from typing import Any

import numpy as np

from understudy.control.outcome import LoadPoint, RequestSummary
from understudy.control.slo import LatencySlo, Slo
from understudy.control.summary import span_for
from understudy.sim import compiled
from understudy.sim.bins import BINS, bin_of, bits_of, middles
from understudy.sim.queueing import Floats


class Tally:
    """Requests by spans of time, with the distribution of their latencies."""

    def __init__(self, started: float, duration: float, total: int, slos: tuple[Slo, ...]) -> None:
        self.started, self.duration, self.slos = started, duration, slos
        self.seconds = span_for(duration, total)
        spans = max(int(np.ceil(duration / self.seconds)), 1)
        limits = [slo.limit_ms / 1000 if isinstance(slo, LatencySlo) else np.inf for slo in slos]
        self.limits = np.array(limits, dtype=np.float64)
        self.sent = np.zeros(spans, dtype=np.int64)
        self.failed = np.zeros(spans, dtype=np.int64)
        self.bins = np.zeros((spans, BINS), dtype=np.uint32)
        self.good = np.zeros(len(slos), dtype=np.int64)
        self.totals = np.array([0.0, np.inf, 0.0])

    def add(self, results: Floats, known: int) -> None:
        """Count the first ``known`` results: arrival in world time, latency in s (NaN: failed)."""
        compiled.count()(
            results,
            results.view(np.int64),
            known,
            self.started,
            self.seconds,
            self.limits,
            self.sent,
            self.failed,
            self.bins,
            self.good,
            self.totals,
        )

    def summary(self) -> RequestSummary:
        """All requests together. Latencies are milliseconds."""
        sent, failed = int(self.sent.sum()), int(self.failed.sum())
        total, low, high = self.totals.tolist()
        first, last = self._used()
        counts = self.bins[:, first:last].sum(axis=0, dtype=np.int64)
        p50, p90, p99 = _percentiles(counts, first, low, high)
        good = sent - failed
        return RequestSummary(
            sent=sent,
            succeeded=good,
            failed=failed,
            p50_ms=p50,
            p90_ms=p90,
            p99_ms=p99,
            mean_ms=1000 * total / good if good else None,
            max_ms=1000 * high if good else None,
            attainments=tuple(
                slo.attainment(int(met), sent)
                for slo, met in zip(self.slos, self.good, strict=True)
            ),
        )

    def load(self) -> tuple[LoadPoint, ...]:
        """Load and latency by span."""
        _, low, high = self.totals.tolist()
        first, last = self._used()
        limit = self._first_late_bin()
        return tuple(
            LoadPoint(
                self.started + index * self.seconds,
                self.seconds,
                float(sent),
                float(failed),
                *_percentiles(row, first, low, high),
                float(row[max(limit - first, 0) :].sum()),
            )
            for index, (sent, failed, row) in enumerate(
                zip(self.sent.tolist(), self.failed.tolist(), self.bins[:, first:last], strict=True)
            )
        )

    def _first_late_bin(self) -> int:
        """The first bin of latencies that miss the first latency objective."""
        finite = self.limits[np.isfinite(self.limits)]
        return bin_of(bits_of(float(finite[0]))) if finite.size else BINS

    def _used(self) -> tuple[int, int]:
        """The bins that latencies fell into, from the first to before the last."""
        low, high = self.totals[1:]
        if low > high:
            return 0, 1
        return bin_of(bits_of(low)), bin_of(bits_of(high)) + 1


def _percentiles(
    counts: Any, first: int, low: float, high: float
) -> tuple[float | None, float | None, float | None]:
    """Median, 90th and 99th percentile in milliseconds, by nearest rank."""
    running = np.cumsum(counts, dtype=np.int64)
    if not running[-1]:
        return None, None, None
    ranks = np.ceil(np.array([0.5, 0.9, 0.99]) * running[-1] - 1e-9)
    seconds = middles(first + np.searchsorted(running, ranks))
    p50, p90, p99 = (1000 * np.clip(seconds, low, high)).tolist()
    return p50, p90, p99
