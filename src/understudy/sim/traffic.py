"""Traffic: how many requests arrive in each period, read from a file or made by a pattern."""

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.base.diagnostic import Diagnostic, Severity
from understudy.base.quantity import format_duration
from understudy.sim.logs import kind_of, read_log
from understudy.sim.rows import Findings, Rows, read_rows, refuse, text_of

MOST_PERIODS = 10_000_000
REQUEST_PERIOD = 1.0
"""Single requests are counted in periods of one second."""

_MILLISECOND = 1e-3


def _nothing() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """Requests that arrive in consecutive periods of ``period`` seconds.

    ``start`` is when the first period begins: seconds since the epoch, or seconds from the start of
    a file that has no dates. ``counts`` are whole requests. ``warnings`` say what was assumed when
    it was read. ``service_seconds`` and ``tokens`` are service times and generated tokens of single
    requests, where the file tells them.
    """

    name: str
    start: float
    period: float
    counts: NDArray[np.int64]
    warnings: tuple[Diagnostic, ...] = ()
    service_seconds: NDArray[np.float64] = field(default_factory=_nothing)
    tokens: NDArray[np.float64] = field(default_factory=_nothing)

    @property
    def duration(self) -> float:
        """Seconds from the start of the first period to the end of the last."""
        return len(self.counts) * self.period

    @property
    def total(self) -> int:
        """Requests in all periods."""
        return int(self.counts.sum())

    def window(self, begin: float, end: float) -> "Traffic":
        """The periods that begin at or after ``begin`` and before ``end``, seconds from start."""
        first, last = (
            min(max(int(np.ceil(edge / self.period - 1e-9)), 0), len(self.counts))
            for edge in (begin, end)
        )
        counts = self.counts[first:last]
        return replace(self, start=self.start + first * self.period, counts=counts)

    def scaled(self, factor: float) -> "Traffic":
        """The same shape with ``factor`` times the requests.

        Counts stay whole; the fractions carry over, so that the running total is never off by more
        than half a request. Counts 1, 1, 1 at 0.5 become 0, 1, 1 (running total 0, 1, 2 of 0.5, 1,
        1.5, halves to even).
        """
        return replace(self, counts=whole(self.counts.astype(np.float64) * factor))

    def warped(self, factor: float) -> "Traffic":
        """The same requests in ``factor`` times the time: 0.5 makes an hour of two."""
        return replace(self, period=self.period * factor)

    def every(self, period: float) -> "Traffic":
        """The same requests counted in periods of so many seconds, none shorter than before.

        A period that does not divide into the old ones gets a share of the old one that it cuts.
        """
        if period <= self.period:
            return self
        edges = np.arange(0.0, self.duration + period, period)
        own = np.arange(len(self.counts) + 1) * self.period
        running = np.concatenate(([0.0], np.cumsum(self.counts, dtype=np.float64)))
        return replace(self, period=period, counts=whole(np.diff(np.interp(edges, own, running))))


@dataclass(frozen=True, slots=True)
class Profile:
    """What traffic looks like. Rates are requests per second of the traffic's own time.

    ``peak`` is the rate of the busiest period; the busiest minute is given by its start, in seconds
    from the start of the traffic, and its requests.
    """

    mean: float
    peak: float
    peak_to_mean: float
    busiest_minute: float
    busiest_minute_requests: float


def profile(traffic: Traffic) -> Profile:
    """Mean, peak and busiest minute of traffic; all zero where there is none.

    Where a period is longer than a minute, the busiest minute is an even share of its period.
    """
    if not traffic.total:
        return Profile(0.0, 0.0, 0.0, 0.0, 0.0)
    mean = traffic.total / traffic.duration
    peak = float(traffic.counts.max()) / traffic.period
    span = min(max(round(60 / traffic.period), 1), len(traffic.counts))
    running = np.concatenate(([0], np.cumsum(traffic.counts)))
    sums = running[span:] - running[:-span]
    busiest = int(np.argmax(sums))
    share = min(60 / (span * traffic.period), 1.0)
    return Profile(
        mean=mean,
        peak=peak,
        peak_to_mean=peak / mean,
        busiest_minute=busiest * traffic.period,
        busiest_minute_requests=float(sums[busiest]) * share,
    )


def whole(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole counts whose running total follows that of the given ones to half a request."""
    return np.diff(np.rint(np.cumsum(counts)), prepend=0.0).astype(np.int64)


def read(data: bytes | str, name: str, period: float | None = None) -> Traffic:
    """The traffic in a CSV file or an access log, which may be gzip.

    Rows of CSV are ``time,count`` for consecutive periods, or one time for each request. Times are
    ISO-8601 (UTC where no zone is given), epoch seconds or milliseconds, or ``h:mm[:ss]`` or
    seconds from the start. The period is the commonest distance between rows unless it is given.
    Periods that are left out count zero, and a warning names each gap; fractions of requests are
    carried over, with a warning. Raises InvalidInput naming every row that is wrong.
    """
    text = text_of(data, name)
    kind = kind_of(text)
    rows = read_log(text, name, kind) if kind else read_rows(text, name)
    if rows.counts is None:
        return _of_requests(rows, name)
    return _of_counts(rows, rows.counts, name, period)


def _of_requests(rows: Rows, name: str) -> Traffic:
    times = np.array(rows.times)
    start = float(np.floor(times.min()))
    seconds = np.floor((times - start) / REQUEST_PERIOD).astype(np.int64)
    _check_length(int(seconds.max()) + 1, rows.lines[-1], name)
    counts = np.bincount(seconds).astype(np.int64)
    samples = np.array(rows.seconds), np.array(rows.tokens)
    return Traffic(name, start, REQUEST_PERIOD, counts, rows.warnings, *samples)


def _check_length(periods: int, line: int, name: str) -> None:
    if periods > MOST_PERIODS:
        summary = f"the file spans {periods:,} periods, more than {MOST_PERIODS:,}"
        raise refuse(name, summary, "look for a wrong date, or write longer periods", line)


def _of_counts(rows: Rows, counts: list[float], name: str, period: float | None) -> Traffic:
    if period is None:
        period = _period(rows, name)
    steps = _steps(rows, period, name)
    positions = np.concatenate(([0], np.cumsum(steps, dtype=np.int64)))
    _check_length(int(positions[-1]) + 1, rows.lines[-1], name)
    filled = np.zeros(int(positions[-1]) + 1)
    filled[positions] = counts
    warnings = (*rows.warnings, *_gaps(rows, steps, period, name), *_fractions(counts, name))
    return Traffic(name, rows.times[0], period, whole(filled), warnings)


def _period(rows: Rows, name: str) -> float:
    """The commonest distance between rows, the shortest of those where several are."""
    if len(rows.times) == 1:
        action = "write two periods or more, or say how long a period is"
        raise refuse(name, "one row does not tell how long its period is", action, rows.lines[0])
    distances = Counter(round(after - before, 3) for before, after in pairwise(rows.times))
    return min(distances, key=lambda distance: (-distances[distance], distance))


def _steps(rows: Rows, period: float, name: str) -> list[int]:
    """How many periods each row is after the one before."""
    findings = Findings(name)
    steps: list[int] = []
    for line, (before, after) in zip(rows.lines[1:], pairwise(rows.times), strict=True):
        step = round((after - before) / period)
        if step < 1 or abs(after - before - step * period) > _MILLISECOND:
            summary = (
                f"the row is {format_duration(after - before)} after the row before, "
                f"not a multiple of the period of {format_duration(period)}"
            )
            findings.add(line, summary, "write evenly spaced periods")
        steps.append(step)
    findings.raise_if_any()
    return steps


def _gaps(rows: Rows, steps: list[int], period: float, name: str) -> tuple[Diagnostic, ...]:
    findings = Findings(name)
    for line, step in zip(rows.lines[1:], steps, strict=True):
        if step > 1:
            missing = step - 1
            summary = f"{missing} period{'s' * (missing > 1)} of {format_duration(period)} missing"
            findings.add(line, f"{summary} before this row, counted as zero", "", Severity.WARNING)
    return findings.all()


def _fractions(counts: list[float], name: str) -> tuple[Diagnostic, ...]:
    fractional = sum(count != int(count) for count in counts)
    if not fractional:
        return ()
    summary = f"{fractional} counts are not whole; fractions are carried to the next period"
    detail = "If these are not requests but a rate or a percentage, the traffic means nothing."
    return (Diagnostic(summary, detail=detail, severity=Severity.WARNING),)
