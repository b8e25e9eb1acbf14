"""What the data plane measures: one ``Served`` for each variant and second of world time."""

from math import inf, log

from understudy.base.arn import DEFAULT_REGION
from understudy.control.events import Served, Sketch
from understudy.proxy.messages import Report

STEP = 1.01
"""The ratio of neighbouring values of a sketch: steps of 1 %."""

MICROSECONDS = 1e6

_PER_STEP = 1 / log(STEP)
_SMALLEST = 1e-3
_SMALLEST_BUCKET = round(log(_SMALLEST) * _PER_STEP)
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
        bucket = round(log(value) * _PER_STEP) if value > _SMALLEST else _SMALLEST_BUCKET
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
    """What one endpoint variant served in one second of world time."""

    __slots__ = (
        "errors_4xx", "errors_5xx", "instances", "invocations", "model_latency", "overhead_latency",
    )  # fmt: skip

    def __init__(self) -> None:
        self.instances = 1
        self.invocations = 0.0
        self.errors_4xx = 0.0
        self.errors_5xx = 0.0
        self.model_latency = Distribution()
        self.overhead_latency = Distribution()

    def add(self, status: int, model: float, overhead: float, weight: float) -> None:
        """Add a request that stands for ``weight``, with its latencies in microseconds.

        ``status`` is the model's; 0, where it gave none, counts as an error of the server.
        """
        self.invocations += weight
        self.model_latency.add(model, weight)
        self.overhead_latency.add(overhead, weight)
        if status == 0 or status >= 500:
            self.errors_5xx += weight
        elif status >= 400:
            self.errors_4xx += weight

    def served(self, endpoint: str, variant: str, second: int) -> Served:
        """The tally as a value."""
        return Served(
            endpoint,
            variant,
            second,
            self.invocations,
            self.instances,
            self.errors_4xx,
            self.errors_5xx,
            self.model_latency.sketch(),
            self.overhead_latency.sketch(),
        )


class Ledger:
    """The tallies of one endpoint variant by second, and how many ``instances`` serve it now."""

    __slots__ = ("endpoint", "instances", "region", "tallies", "variant")

    def __init__(self, region: str, endpoint: str, variant: str) -> None:
        self.region = region
        self.endpoint = endpoint
        self.variant = variant
        self.instances = 0
        self.tallies: dict[int, Tally] = {}

    def take(self, before: int) -> list[Served]:
        """The seconds before ``before``, which get nothing more. Each comes back once."""
        return [
            self.tallies.pop(second).served(self.endpoint, self.variant, second)
            for second in sorted(self.tallies)
            if second < before
        ]


Sample = tuple[Ledger, int, float, int, float, float, bool]
"""A request that has ended: its ledger, the instances that served, when it ended
(``time.monotonic()``), the model's status, the model's and our own share of its time in seconds,
and whether its time counts dilated."""


class Recorder:
    """Takes samples as they come, and makes reports of them from time to time."""

    __slots__ = ("_open", "_watermark", "add", "clock", "samples")

    def __init__(self) -> None:
        self.clock = WorldClock()
        self.samples: list[Sample] = []
        self.add = self.samples.append
        self._open: dict[Ledger, None] = {}
        self._watermark = 0

    def set_clock(self, real_epoch: float, world_epoch: float, speed: float) -> None:
        """Go on by another clock. What has ended so far ended by the old one."""
        self._digest()
        self.clock.set(real_epoch, world_epoch, speed)

    def reports(self, now: float) -> list[Report]:
        """What was served in the whole seconds up to now, by region; nothing before a clock is set.

        Only the last report raises the watermark, because it speaks for all regions.
        """
        self._digest()
        if not self.clock.started:
            return []
        before = max(int(self.clock.world(now)), self._watermark)
        served: dict[str, list[Served]] = {}
        for ledger in tuple(self._open):
            served.setdefault(ledger.region, []).extend(ledger.take(before))
            if not ledger.tallies:
                del self._open[ledger]
        regions = [(region, tuple(seconds)) for region, seconds in served.items() if seconds]
        last_region, last = regions.pop() if regions else (DEFAULT_REGION, ())
        earlier = float(self._watermark)
        self._watermark = before
        return [
            *(Report(earlier, seconds, region) for region, seconds in regions),
            Report(float(before), last, last_region),
        ]

    def _digest(self) -> None:
        """Sort the samples into tallies.

        At speed S a dilated request counts once and took S times as long; a sampled one counts S
        times and took as long as it took.
        """
        clock, watermark = self.clock, self._watermark
        real_epoch, world_epoch, speed = clock.real_epoch, clock.world_epoch, clock.speed
        scales = (MICROSECONDS, MICROSECONDS * speed)
        weights = (speed, 1.0)
        for ledger, instances, ended, status, model, overhead, dilated in self.samples:
            second = int(world_epoch + (ended - real_epoch) * speed)
            if second < watermark:
                second = watermark
            tally = ledger.tallies.get(second)
            if tally is None:
                tally = ledger.tallies[second] = Tally()
                self._open[ledger] = None
            tally.instances = instances or 1
            scale = scales[dilated]
            tally.add(status, model * scale, overhead * scale, weights[dilated])
        self.samples.clear()
