"""What the data plane measures: one ``Served`` for each variant and second of world time."""

from collections.abc import Callable
from math import inf, log

from msgspec import structs

from understudy.control.events import Served, Sketch
from understudy.proxy.messages import Report

STEP = 1.01
"""The ratio of neighbouring values of a sketch: steps of 1 %."""

_PER_STEP = 1 / log(STEP)
_SMALLEST = 1e-3
"""Values below a nanosecond count as one."""


class WorldClock:
    """World time from readings of ``time.monotonic()``."""

    __slots__ = ("real_epoch", "speed", "started", "world_epoch")

    def __init__(self) -> None:
        self.real_epoch = 0.0
        self.world_epoch = 0.0
        self.speed = 1.0
        self.started = False

    def set(self, real_epoch: float, world_epoch: float, speed: float) -> None:
        """Go on from ``world_epoch`` at ``real_epoch``."""
        self.real_epoch = real_epoch
        self.world_epoch = world_epoch
        self.speed = speed
        self.started = True

    def world(self, now: float) -> float:
        """World time at a reading.

        >>> clock = WorldClock()
        >>> clock.set(100.0, 1_800_000_000.0, 60.0)
        >>> clock.world(101.5)
        1800000090.0
        """
        return self.world_epoch + (now - self.real_epoch) * self.speed


class Distribution:
    """A sketch that is being filled."""

    __slots__ = ("counts", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.counts: dict[int, float] = {}
        self.total = 0.0
        self.minimum = inf
        self.maximum = -inf

    def add(self, value: float, weight: float) -> None:
        """Add a value that stands for ``weight`` samples."""
        bucket = round(log(max(_SMALLEST, value)) * _PER_STEP)
        self.counts[bucket] = self.counts.get(bucket, 0.0) + weight
        self.total += value * weight
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value

    def sketch(self) -> Sketch:
        """The distribution as a value, smallest first. Its ends are the exact ones."""
        if not self.counts:
            return Sketch()
        buckets = sorted(self.counts)
        low, high = self.minimum, self.maximum
        return Sketch(
            tuple(min(max(STEP**bucket, low), high) for bucket in buckets),
            tuple(self.counts[bucket] for bucket in buckets),
            self.total,
            low,
            high,
        )


class Tally:
    """What one endpoint variant has served in the current second of world time."""

    __slots__ = (
        "endpoint", "errors_4xx", "errors_5xx", "instances", "invocations", "model_latency",
        "overhead_latency", "second", "variant",
    )  # fmt: skip

    def __init__(self, endpoint: str, variant: str, second: int, instances: int) -> None:
        self.endpoint = endpoint
        self.variant = variant
        self.second = second
        self.instances = instances
        self.invocations = 0.0
        self.errors_4xx = 0.0
        self.errors_5xx = 0.0
        self.model_latency = Distribution()
        self.overhead_latency = Distribution()

    def served(self) -> Served:
        """The tally as a value."""
        return Served(
            self.endpoint,
            self.variant,
            self.second,
            self.invocations,
            self.instances,
            self.errors_4xx,
            self.errors_5xx,
            self.model_latency.sketch(),
            self.overhead_latency.sketch(),
        )


class Ledger:
    """Tallies one variant's requests by second of world time, each second handed out once.

    ``instances`` tells how many instances serve it now. A ledger with something in it lists itself
    in ``open_ledgers``.
    """

    __slots__ = ("_closed", "_current", "_open", "endpoint", "instances", "region", "variant")

    def __init__(
        self,
        open_ledgers: "dict[Ledger, None]",
        region: str,
        endpoint: str,
        variant: str,
        instances: Callable[[], int],
    ) -> None:
        self.region = region
        self.endpoint = endpoint
        self.variant = variant
        self.instances = instances
        self._open = open_ledgers
        self._current: Tally | None = None
        self._closed: list[Tally] = []

    def add(self, second: int, weight: float, status: int, model: float, overhead: float) -> None:
        """Add a request that ended in ``second`` and stands for ``weight`` of them.

        ``status`` is the model's, 0 where it gave none, which counts as an error of the server.
        ``model`` and ``overhead`` are ModelLatency and OverheadLatency, in microseconds of world
        time. (AWS: Metrics for monitoring Amazon SageMaker AI with Amazon CloudWatch.)
        """
        tally = self._current
        if tally is None or tally.second < second:
            tally = self._turn(second)
        tally.invocations += weight
        tally.model_latency.add(model, weight)
        tally.overhead_latency.add(overhead, weight)
        if status == 0 or status >= 500:
            tally.errors_5xx += weight
        elif status >= 400:
            tally.errors_4xx += weight

    def _turn(self, second: int) -> Tally:
        if self._current is not None:
            self._closed.append(self._current)
        self._open[self] = None
        self._current = Tally(self.endpoint, self.variant, second, max(1, self.instances()))
        return self._current

    def take(self, before: int) -> list[Served]:
        """The seconds before ``before``, which get nothing more. Each comes back once."""
        if self._current is not None and self._current.second < before:
            self._closed.append(self._current)
            self._current = None
            del self._open[self]
        taken, self._closed = self._closed, []
        return [tally.served() for tally in taken]


class Recorder:
    """All ledgers, and the time up to which they have been reported."""

    __slots__ = ("clock", "open_ledgers", "watermark")

    def __init__(self) -> None:
        self.clock = WorldClock()
        self.open_ledgers: dict[Ledger, None] = {}
        self.watermark = 0

    def ledger(
        self, region: str, endpoint: str, variant: str, instances: Callable[[], int]
    ) -> Ledger:
        """A new, empty ledger."""
        return Ledger(self.open_ledgers, region, endpoint, variant, instances)

    def second(self, now: float) -> int:
        """The second of world time that a request belongs to which ends ``now``."""
        return max(int(self.clock.world(now)), self.watermark)

    def reports(self, now: float) -> list[Report]:
        """What has been served up to the last whole second, by region; nothing before the clock is set.

        Only the last report raises the watermark, because it speaks for all regions.
        """
        if not self.clock.started:
            return []
        before = self.second(now)
        served: dict[str, list[Served]] = {}
        for ledger in tuple(self.open_ledgers):
            served.setdefault(ledger.region, []).extend(ledger.take(before))
        reports = [
            Report(float(self.watermark), tuple(seconds), region)
            for region, seconds in served.items()
            if seconds
        ] or [Report(float(before), ())]
        self.watermark = before
        reports[-1] = structs.replace(reports[-1], watermark=float(before))
        return reports
