"""What the data plane measures: one value for each variant, or target group, and second."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from math import inf, log2
from operator import mul
from typing import Any, Protocol

from msgspec import structs

from understudy.base.arn import DEFAULT_REGION
from understudy.control.balancer import Balanced
from understudy.control.events import Served, Sketch
from understudy.proxy.messages import Report

STEP = 1.01
"""The ratio of neighbouring values of a sketch: steps of 1 %."""

MICROSECONDS = 1e6

_PER_STEP = 1 / log2(STEP)
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

    def real(self, world: float) -> float:
        """The reading at a world time."""
        return self.real_epoch + (world - self.world_epoch) / self.speed


class Distribution:
    """A sketch that is being filled."""

    __slots__ = ("counts", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.counts: dict[int, float] = {}
        self.total = 0.0
        self.minimum = inf
        self.maximum = -inf

    def add(self, values: Sequence[float], weight: float) -> None:
        """Add some values, each of which stands for ``weight`` samples."""
        low, high = min(values), max(values)
        above_zero = values if low > _SMALLEST else [max(value, _SMALLEST) for value in values]
        buckets = map(round, map(mul, map(log2, above_zero), repeat(_PER_STEP)))
        for bucket, count in Counter(buckets).items():
            self.counts[bucket] = self.counts.get(bucket, 0.0) + count * weight
        self.total += sum(values) * weight
        self.minimum = min(self.minimum, low)
        self.maximum = max(self.maximum, high)

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


Sample = tuple[float, int, int, float, float]
"""A request that has ended: when (``time.monotonic()``), how many instances served, the model's
status, the model's share of its time, and our own, in seconds."""


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

    def add(self, samples: Sequence[Sample], weight: float, scale: float) -> None:
        """Add requests that each stand for ``weight``; ``scale`` makes world time of real time.

        A status of 0, where the model gave none, counts as an error of the server.
        """
        _, instances, statuses, model, overhead = zip(*samples, strict=True)
        microseconds = scale * MICROSECONDS
        self.instances = max(1, instances[-1])
        self.invocations += len(samples) * weight
        self.model_latency.add([seconds * microseconds for seconds in model], weight)
        self.overhead_latency.add([seconds * microseconds for seconds in overhead], weight)
        for status, count in Counter(statuses).items():
            if status == 0 or status >= 500:
                self.errors_5xx += count * weight
            elif status >= 400:
                self.errors_4xx += count * weight

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


class EnvironmentTally(Tally):
    """What a serverless variant served in one second.

    Its samples go on with the bytes received and sent, and how many requests it had then.
    """

    __slots__ = ("peak", "received", "sent")

    def __init__(self) -> None:
        super().__init__()
        self.received = self.sent = 0.0
        self.peak = 0

    def add(self, samples: Sequence[Any], weight: float, scale: float) -> None:
        """Add requests that each stand for ``weight``."""
        super().add([sample[:5] for sample in samples], weight, scale)
        self.received += sum(sample[5] for sample in samples) * weight
        self.sent += sum(sample[6] for sample in samples) * weight
        self.peak = max(self.peak, *(sample[7] for sample in samples))

    def served(self, endpoint: str, variant: str, second: int) -> Served:
        """The tally as a value."""
        served = super().served(endpoint, variant, second)
        more = {"received": self.received, "sent": self.sent, "peak": self.peak}
        return structs.replace(served, **more)


class Counted(Protocol):
    """Samples of one second that are being added up."""

    def add(self, samples: Sequence[Any], weight: float, scale: float) -> None:
        """Add requests that each stand for ``weight``; ``scale`` makes world time of real time."""
        ...


class Ledger:
    """Tallies by second of world time. ``pending`` are the samples since: sampled and dilated ones.

    A sample begins with the time at which its request ended (``time.monotonic()``).
    """

    __slots__ = ("pending", "region", "tallies")

    def __init__(self, region: str) -> None:
        self.region = region
        self.pending: tuple[list[Any], list[Any]] = ([], [])
        self.tallies: dict[int, Any] = {}

    def tally(self) -> Counted:
        """The tally of a new second."""
        raise TypeError(type(self).__name__)

    def value(self, tally: Any, second: int) -> "Served | Balanced":
        """A tally as a value."""
        raise TypeError(type(self).__name__)

    def digest(self, clock: WorldClock, not_before: int) -> None:
        """Sort the pending samples into tallies.

        At speed S a dilated request counts once and took S times as long; a sampled one counts S
        times and took as long as it took.
        """
        sampled, dilated = self.pending
        self._sort(sampled, clock, not_before, clock.speed, 1.0)
        self._sort(dilated, clock, not_before, 1.0, clock.speed)

    def take(self, before: int) -> "list[Served | Balanced]":
        """The seconds before ``before``, which get nothing more. Each comes back once."""
        return [
            self.value(self.tallies.pop(second), second)
            for second in sorted(self.tallies)
            if second < before
        ]

    def _sort(
        self,
        samples: list[Any],
        clock: WorldClock,
        not_before: int,
        weight: float,
        scale: float,
    ) -> None:
        start = 0
        while start < len(samples):
            second = int(clock.world(samples[start][0]))
            next_second = (clock.real(second + 1),)
            end = max(start + 1, bisect_left(samples, next_second, start))
            second = max(second, not_before)
            tally = self.tallies.get(second)
            if tally is None:
                tally = self.tallies[second] = self.tally()
            tally.add(samples[start:end], weight, scale)
            start = end
        samples.clear()


class VariantLedger(Ledger):
    """The tallies of one endpoint variant, and how many ``instances`` serve it now."""

    __slots__ = ("endpoint", "instances", "variant")

    def __init__(self, region: str, endpoint: str, variant: str) -> None:
        super().__init__(region)
        self.endpoint = endpoint
        self.variant = variant
        self.instances = 0

    def tally(self) -> Tally:
        """The tally of a new second."""
        return Tally()

    def value(self, tally: Tally, second: int) -> Served:
        """A tally as a value."""
        return tally.served(self.endpoint, self.variant, second)


class EnvironmentLedger(VariantLedger):
    """The tallies of a serverless variant."""

    __slots__ = ()

    def tally(self) -> Tally:
        """The tally of a new second."""
        return EnvironmentTally()


class Recorder:
    """Takes samples as they come, and makes reports of them from time to time."""

    __slots__ = ("_open", "_watermark", "clock")

    def __init__(self) -> None:
        self.clock = WorldClock()
        self._open: dict[Ledger, None] = {}
        self._watermark = 0

    def add(self, ledger: Ledger, sample: tuple[Any, ...], *, dilated: bool) -> None:
        """Add a request; they are added in the order in which they end."""
        self._open[ledger] = None
        ledger.pending[dilated].append(sample)

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
        taken: dict[str, list[Served | Balanced]] = {}
        for ledger in tuple(self._open):
            taken.setdefault(ledger.region, []).extend(ledger.take(before))
            if not ledger.tallies:
                del self._open[ledger]
        regions = [(region, seconds) for region, seconds in taken.items() if seconds]
        last_region, last = regions.pop() if regions else (DEFAULT_REGION, [])
        earlier = float(self._watermark)
        self._watermark = before
        return [
            *(_report(earlier, region, seconds) for region, seconds in regions),
            _report(float(before), last_region, last),
        ]

    def _digest(self) -> None:
        for ledger in self._open:
            ledger.digest(self.clock, self._watermark)


def _report(watermark: float, region: str, seconds: "list[Served | Balanced]") -> Report:
    served = tuple(each for each in seconds if isinstance(each, Served))
    balanced = tuple(each for each in seconds if isinstance(each, Balanced))
    return Report(watermark, served, region, balanced)
