"""What is measured of a load balancer: one ``Balanced`` for each target group, zone and second.

AWS: CloudWatch metrics for your Application Load Balancer; ... for your Network Load Balancer.
"""

from collections import Counter
from collections.abc import Sequence

from understudy.control.balancer import Balanced
from understudy.proxy.record import Distribution, Ledger

NO_TIME = -1.0
"""The response time of what had none."""

Sample = tuple[float, tuple[str, ...], float, int]
"""Something that happened: when (``time.monotonic()``), the counts that it adds one to, the seconds
that the target took (or ``NO_TIME``), and the bytes that were processed."""

SERVED = {status: ("RequestCount", f"HTTPCode_Target_{status}XX_Count") for status in range(1, 6)}
"""What a target's answer counts as, by the first digit of its status."""
_DETAILED = frozenset({500, 502, 503, 504})


def own_codes(status: int) -> tuple[str, ...]:
    """What an answer of the load balancer itself counts as.

    >>> own_codes(503)
    ('HTTPCode_ELB_5XX_Count', 'HTTPCode_ELB_503_Count')
    """
    family = f"HTTPCode_ELB_{status // 100}XX_Count"
    return (family, f"HTTPCode_ELB_{status}_Count") if status in _DETAILED else (family,)


class Tally:
    """What happened in one second of world time."""

    __slots__ = ("counts", "response_time")

    def __init__(self) -> None:
        self.counts: dict[str, float] = {}
        self.response_time = Distribution()

    def add(self, samples: Sequence[Sample], weight: float, scale: float) -> None:
        """Add what happened; each stands for ``weight``, ``scale`` makes world time of real."""
        _, names, seconds, sizes = zip(*samples, strict=True)
        for counted, number in Counter(names).items():
            for name in counted:
                self.count(name, number * weight)
        if size := sum(sizes):
            self.count("ProcessedBytes", size * weight)
        times = [each * scale for each in seconds if each >= 0.0]
        if times:
            self.response_time.add(times, weight)

    def count(self, name: str, number: float) -> None:
        """Add to a count."""
        self.counts[name] = self.counts.get(name, 0.0) + number


class BalancerLedger(Ledger):
    """The tallies of a load balancer's node in one zone: its own, or those for a target group."""

    __slots__ = ("_balancer", "_group", "_zone")

    def __init__(self, region: str, balancer: str, group: str, zone: str) -> None:
        super().__init__(region)
        self._balancer = balancer
        self._group = group
        self._zone = zone

    def tally(self) -> Tally:
        """The tally of a new second."""
        return Tally()

    def value(self, tally: Tally, second: int) -> Balanced:
        """A tally as a value."""
        sketch = tally.response_time.sketch()
        return Balanced(self._balancer, self._group, self._zone, second, tally.counts, sketch)
