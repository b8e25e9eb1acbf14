"""What a scaling policy is told, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why capacity was left alone. The first five are AWS's own codes, the rest explain silence.

    AWS: Scaling activities for Application Auto Scaling, "Understand not scaled reason codes".
    """

    FLAPPING = "AutoScalingAnticipatedFlapping"
    UNSCALABLE = "TargetServicePutResourceAsUnscalable"
    AT_MAXIMUM = "AlreadyAtMaxCapacity"
    AT_MINIMUM = "AlreadyAtMinCapacity"
    AT_DESIRED = "AlreadyAtDesiredCapacity"
    NO_DATA = "NoData"
    NO_STEP = "NoStepMatches"
    ON_TARGET = "MetricOnTarget"
    COOLDOWN = "Cooldown"
    WARMING = "InstancesWarmingUp"
    SUSPENDED = "Suspended"
    SCALE_IN_DISABLED = "ScaleInDisabled"
    NOT_AGREED = "OtherPoliciesNotReady"
    FORECAST_ONLY = "ForecastOnly"
    BOUNDS_CROSSED = "MinimumAboveMaximum"


RECORDED = frozenset(
    {
        Reason.FLAPPING,
        Reason.UNSCALABLE,
        Reason.AT_MAXIMUM,
        Reason.AT_MINIMUM,
        Reason.AT_DESIRED,
    }
)
"""The reasons that Application Auto Scaling records as not scaled activities."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """The capacity of one group, service or variant, in units (instances, tasks, copies).

    ``running`` is what policies compute from: everything launched and not terminating. Of those,
    ``warming`` are not yet warm (EC2 Auto Scaling only). ``granted`` is what a scaling activity in
    progress has been granted, else 0. ``minimum`` is not above ``maximum``.
    """

    minimum: int
    maximum: int
    desired: int
    running: int
    warming: int = 0
    terminating: int = 0
    granted: int = 0

    def clamp(self, units: int) -> int:
        """The number nearest to ``units`` inside the bounds."""
        return min(max(units, self.minimum), self.maximum)


@dataclass(frozen=True, slots=True)
class Breach:
    """An alarm that invokes a policy: the values it evaluated (oldest first) and its threshold.

    ``above`` is true for the GreaterThan operators.
    """

    alarm: str
    datapoints: tuple[float, ...]
    threshold: float
    above: bool
    state: str = "ALARM"

    def cause(self, policy: str) -> str:
        """The cause of an activity, as Application Auto Scaling words it."""
        return f"monitor alarm {self.alarm} in state {self.state} triggered policy {policy}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Set the desired capacity. ``cause`` is one sentence in the wording of AWS."""

    desired: int
    cause: str
    policy: str
    at: float


@dataclass(frozen=True, slots=True)
class NotScaled:
    """Leave the capacity alone.

    ``until`` is when a cooldown ends, where that is the reason (inf: not before its activity does).
    ``direction`` is 1 where more capacity was wanted, -1 where less, and 0 where neither.
    """

    reason: Reason
    cause: str
    policy: str
    at: float
    until: float | None = None
    direction: int = 0


Outcome = Decision | NotScaled


def average(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value, added up from the first to the last.

    >>> average([2.0, 3.0, 7.0])
    4.0
    """
    total = 0.0
    for value in values:
        total += value
    return total / len(values)
