"""Predictive scaling: raise the capacity to what is forecast for the coming hour.

AWS: Predictive scaling for Application Auto Scaling; API_PredictiveScalingPolicyConfiguration. It
never scales in; together with other policies the larger capacity holds.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from understudy.scaling.decision import Capacity, Decision, NotScaled, Outcome, Reason
from understudy.scaling.forecast import HOUR


@dataclass(frozen=True, slots=True)
class PredictiveScaling:
    """A predictive scaling policy. The buffer time is seconds, the capacity buffer percent."""

    name: str
    target: float
    mode: Literal["ForecastOnly", "ForecastAndScale"] = "ForecastOnly"
    scheduling_buffer_time: float = 300.0
    breach_behavior: Literal["HonorMaxCapacity", "IncreaseMaxCapacity"] = "HonorMaxCapacity"
    max_capacity_buffer: int = 0


def effective_maximum(maximum: int, forecast: int, buffer: int) -> int:
    """The maximum that IncreaseMaxCapacity makes of a forecast with a buffer in percent.

    >>> effective_maximum(40, 50, 10), effective_maximum(40, 50, 0), effective_maximum(40, 10, 10)
    (55, 50, 40)
    """
    return max(maximum, -(-forecast * (100 + buffer) // 100))


def next_hour(now: float, buffer: float) -> float:
    """The first hour start that lies more than ``buffer`` seconds after now.

    >>> next_hour(now=3000.0, buffer=300.0), next_hour(now=3300.0, buffer=300.0)
    (3600.0, 7200.0)
    """
    hour = ceil((now + buffer) / HOUR) * float(HOUR)
    return hour if hour - buffer > now else hour + HOUR


def decide(
    policy: PredictiveScaling, capacity: Capacity, forecast: int, now: float
) -> tuple[Outcome, Capacity]:
    """What the policy does for a coming hour, and the capacity with its maximum, maybe raised.

    A raised maximum stays raised.
    """
    cause = f"predictive scaling policy {policy.name} forecast a capacity of {forecast}"
    if policy.mode == "ForecastOnly":
        return NotScaled(Reason.FORECAST_ONLY, cause, policy.name, now), capacity
    if policy.breach_behavior == "IncreaseMaxCapacity":
        raised = effective_maximum(capacity.maximum, forecast, policy.max_capacity_buffer)
        capacity = replace(capacity, maximum=raised)
    desired = capacity.clamp(forecast)
    if desired > capacity.desired:
        return Decision(desired, cause, policy.name, now), capacity
    at_maximum = capacity.desired >= capacity.maximum and forecast > capacity.maximum
    reason = Reason.AT_MAXIMUM if at_maximum else Reason.AT_DESIRED
    return NotScaled(reason, cause, policy.name, now), capacity
