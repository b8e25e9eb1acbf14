"""Requests one by one made into percentiles, attainment and load over time."""

from math import inf

import numpy as np
from numpy.typing import NDArray

from understudy.control.outcome import LoadPoint, RequestSummary
from understudy.control.slo import Slo

Floats = NDArray[np.float64]
_SPANS = (10.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0)
Flags = NDArray[np.bool_]


def percentiles(values: Floats, wanted: tuple[float, ...]) -> tuple[float | None, ...]:
    """Nearest-rank percentiles: the smallest value that so many percent do not exceed."""
    if not len(values):
        return (None,) * len(wanted)
    found = np.percentile(values, wanted, method="inverted_cdf")
    return tuple(float(value) for value in found)


def summarise(latency_ms: Floats, ok: Flags, slos: tuple[Slo, ...] = ()) -> RequestSummary:
    """The summary of the requests that were sent, one latency and one success flag for each.

    The latency of a failed request counts nowhere; the request counts against every objective.
    """
    good = latency_ms[ok]
    p50, p90, p99 = percentiles(good, (50, 90, 99))
    return RequestSummary(
        sent=len(ok),
        succeeded=len(good),
        failed=len(ok) - len(good),
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        mean_ms=float(good.mean()) if len(good) else None,
        max_ms=float(good.max()) if len(good) else None,
        attainments=tuple(slo.attained(latency_ms, ok) for slo in slos),
    )


def span_for(duration: float, sent: int) -> float:
    """Seconds for the points of a run: as short as gives five requests a point, 720 points at most.

    >>> span_for(4800, 48000), span_for(4800, 800), span_for(7 * 86400, 10**6)
    (10.0, 60.0, 900.0)
    """
    longest = max(duration / 720, 5 * duration / max(sent, 1))
    return next((span for span in _SPANS if span >= longest), _SPANS[-1])


def load_points(
    arrival: Floats,
    latency_ms: Floats,
    ok: Flags,
    *,
    started_at: float,
    duration: float,
    seconds: float,
    stands_for: float = 1.0,
    limit_ms: float = inf,
) -> tuple[LoadPoint, ...]:
    """Load and latency in consecutive spans of ``seconds`` from ``started_at`` on.

    ``arrival`` is world seconds from the start, in any order; a request belongs to the span in
    which it arrived. ``stands_for`` is how many requests of the world each one counts for. What
    takes as long as ``limit_ms`` is late.
    """
    order = np.argsort(arrival, kind="stable")
    edges = np.arange(int(np.ceil(duration / seconds)) + 1) * seconds
    cuts = np.searchsorted(arrival[order], edges)
    points: list[LoadPoint] = []
    for edge, first, last in zip(edges[:-1], cuts[:-1], cuts[1:], strict=True):
        span = order[first:last]
        good = latency_ms[span][ok[span]]
        p50, p90, p99 = percentiles(good, (50, 90, 99))
        sent, failed = len(span) * stands_for, (len(span) - len(good)) * stands_for
        late = float((good >= limit_ms).sum()) * stands_for
        at = started_at + float(edge)
        points.append(LoadPoint(at, seconds, sent, failed, p50, p90, p99, late))
    return tuple(points)
