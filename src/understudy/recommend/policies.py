"""Scaling policies made from a few numbers between 0 and 1, in AWS's own terms.

What is found can be put into a template as it is. AWS:
API_TargetTrackingScalingPolicyConfiguration, API_StepScalingPolicyConfiguration,
API_PutMetricAlarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from understudy.control.application_autoscaling.dimensions import STEP, TRACKING
from understudy.control.events import Params
from understudy.recommend.season import Season
from understudy.recommend.terms import VARIANT, Terms
from understudy.recommend.worth import Worth
from understudy.sim.candidate import Policy

COOLDOWNS = (0, 30, 60, 120, 180, 300, 420, 600)
"""Seconds that are tried."""


@dataclass(frozen=True, slots=True)
class Room:
    """What candidates may be.

    ``rate`` is how many requests per second one instance bears within the objectives, ``capacity``
    how many it can serve at all, ``slots`` how many at once; ``most`` the most instances, ``least``
    the fewest that AWS allows here; ``worth`` how many each
    load is worth. ``terms`` are those of what is scaled.
    """

    rate: float
    capacity: float
    slots: float
    least: int
    most: int
    season: Season | None
    terms: Terms = VARIANT
    worth: Worth | None = None


def pick(unit: float, options: Sequence[int]) -> int:
    """One of some options by a number from 0 to 1.

    >>> pick(0.0, (3, 5)), pick(1.0, (3, 5))
    (3, 5)
    """
    return options[min(int(unit * len(options)), len(options) - 1)]


def between(unit: float, low: float, high: float) -> float:
    """A number from low to high, by ratio.

    >>> between(0.5, 1.0, 4.0)
    2.0
    """
    return low * (high / low) ** unit


def rounded(value: float) -> float:
    """A value with three digits, as people write targets.

    >>> rounded(748.93), rounded(2.3456)
    (749.0, 2.35)
    """
    return float(f"{value:.3g}")


def tracking(
    name: str, metric: str, target: float, out: int, back: int, terms: Terms = VARIANT
) -> Policy:
    """A target tracking policy on a predefined metric; cooldowns in seconds.

    What warms up has no cooldowns: the one before scaling out is its warm-up.
    """
    waits = (
        {"EstimatedInstanceWarmup": out}
        if terms.warms_up
        else {"ScaleOutCooldown": out, "ScaleInCooldown": back}
    )
    return Policy(
        name,
        TRACKING,
        {
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
            "TargetValue": rounded(target),
            **waits,
        },
    )


def alarm(threshold: float, periods: int, terms: Terms, *, above: bool) -> Params:
    """An alarm on the requests of each instance in a minute."""
    return {
        "Namespace": terms.namespace,
        "MetricName": terms.metric,
        "Dimensions": [{"Name": each, "Value": each} for each in terms.dimensions],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": periods,
        "Threshold": rounded(threshold),
        "ComparisonOperator": "GreaterThanThreshold" if above else "LessThanThreshold",
        "TreatMissingData": "missing",
    }


def step(
    name: str,
    alarm: Params,
    steps: Sequence[Params],
    cooldown: int,
    terms: Terms,
    kind: str = "ChangeInCapacity",
    aggregation: str = "Average",
) -> Policy:
    """A step scaling policy that an alarm invokes; the cooldown in seconds."""
    return Policy(
        name,
        STEP,
        {
            "AdjustmentType": kind,
            "EstimatedInstanceWarmup" if terms.warms_up else "Cooldown": cooldown,
            "MetricAggregationType": aggregation,
            "StepAdjustments": list(steps),
        },
        (alarm,),
    )


def floor(unit: float, room: Room) -> int:
    """A minimum, more often a low one than a high one."""
    return min(room.least + int(unit * unit * room.most), room.most)
