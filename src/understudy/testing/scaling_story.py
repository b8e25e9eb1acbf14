"""A story in virtual time: one scalable target, its metric, its alarms, and what comes of them.

The alarms are the simplest that tell the story: all of the last N datapoints breach, or it is OK.
Whoever wants CloudWatch's own evaluation takes CloudWatch.
"""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from understudy.control.application_autoscaling import (
    OPERATIONS,
    OWNER,
    ApplicationAutoScaling,
    State,
)
from understudy.control.events import Params
from understudy.control.signals import AlarmAction, CapacityFailed, CapacityFulfilled, Signal
from understudy.control.turn import Turn
from understudy.testing.scalables import ARRIVAL, AlarmBook, Fleet
from understudy.testing.stage import Stage

TICK = 10
"""Seconds between two looks at the metric; alarm periods are multiples of it."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


class ScalingStory:
    """Time starts at ``at`` and moves with ``run``; ``metric`` gives the value of a moment.

    None for a metric value is a missing datapoint. ``actions`` are the times at which alarms
    invoked policies, with what the alarm's history says.
    """

    def __init__(
        self,
        dimension: str = "sagemaker:variant:DesiredInstanceCount",
        resource_id: str = "endpoint/digits/variant/blue",
        units: int = 1,
        delay: float = 30.0,
        at: float = 1_780_000_000.0,
    ) -> None:
        label = dimension.split(":", 1)[0]
        quantity = "desired instance count" if label == "sagemaker" else "desired count"
        self.fleet = Fleet(dimension, label, quantity, delay)
        self.fleet.put(resource_id, units)
        self.book = AlarmBook()
        self.service = ApplicationAutoScaling({dimension: self.fleet}, self.book, ZoneInfo)
        self.stage = Stage(at, self._route)
        self.stage.add(OWNER, self.service, OPERATIONS)
        self.stage.add(ARRIVAL, self.fleet, {})
        self.identity = {
            "ServiceNamespace": label,
            "ResourceId": resource_id,
            "ScalableDimension": dimension,
        }
        self.metric: Callable[[float], float | None] = lambda at: None
        self.actions: list[tuple[float, str]] = []
        self._samples: list[tuple[float, float | None]] = []
        self._in_alarm: dict[str, float] = {}
        self._next_tick = at + TICK

    @property
    def at(self) -> float:
        """The time of the story, seconds since the epoch."""
        return self.stage.now

    @property
    def running(self) -> int:
        """The units that run now."""
        return self.fleet.resources[self.identity["ResourceId"]].running

    @property
    def desired(self) -> int:
        """The units that are asked for now."""
        return self.fleet.resources[self.identity["ResourceId"]].desired

    def changes(self) -> list[tuple[float, int]]:
        """Every capacity that scaling asked for, with the seconds of the story it came at."""
        return [(at, desired) for at, _, desired in self.fleet.history]

    def call(self, operation: str, **members: Any) -> Params:
        """Call an operation for the target of the story. Raises Fault."""
        return self.stage.call(OWNER, operation, **{**self.identity, **members})

    def register(self, minimum: int, maximum: int) -> None:
        """Register the target with its bounds."""
        self.call("RegisterScalableTarget", MinCapacity=minimum, MaxCapacity=maximum)

    def track(self, target: float, metric: str, **members: Any) -> Params:
        """Put a target tracking policy on a predefined metric, named after it."""
        specification = {"PredefinedMetricType": metric}
        configuration = {
            "TargetValue": target,
            "PredefinedMetricSpecification": specification,
            **members,
        }
        return self.call(
            "PutScalingPolicy",
            PolicyName=metric,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=configuration,
        )

    def step(
        self, name: str, *steps: tuple[float | None, float | None, int], **members: Any
    ) -> str:
        """Put a step scaling policy with steps (lower, upper, adjustment); its ARN comes back."""
        adjustments = [
            {
                name: value
                for name, value in (
                    ("MetricIntervalLowerBound", lower),
                    ("MetricIntervalUpperBound", upper),
                    ("ScalingAdjustment", adjustment),
                )
                if value is not None
            }
            for lower, upper, adjustment in steps
        ]
        configuration = {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": adjustments,
            **members,
        }
        answer = self.call(
            "PutScalingPolicy",
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration=configuration,
        )
        return answer["PolicyARN"]

    def watch(
        self, name: str, action: str, comparison: str, threshold: float, periods: int
    ) -> None:
        """Put an alarm on the metric of the story, with a period of a minute."""
        self.book.alarms[name] = {
            "AlarmName": name,
            "AlarmActions": [action],
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "EvaluationPeriods": periods,
            "Period": 60,
        }

    def alarm(
        self,
        action: str,
        datapoints: tuple[float, ...],
        threshold: float | None,
        comparison: str,
    ) -> str:
        """Let an alarm invoke a policy now; what its history says comes back."""
        return self._invoke("alarm", action, datapoints, threshold, comparison)

    def activities(self, *, not_scaled: bool = False) -> list[Params]:
        """The scaling activities of the target, newest first."""
        answer = self.call("DescribeScalingActivities", IncludeNotScaledActivities=not_scaled)
        return answer["ScalingActivities"]

    def run(self, seconds: float) -> None:
        """Let time pass: timers fire, the metric is sampled, alarms are evaluated."""
        until = self.at + seconds
        while self._next_tick <= until:
            self.stage.advance_to(self._next_tick)
            self._next_tick += TICK
            self._sample()
        self.stage.advance_to(until)

    def restart(self) -> None:
        """Continue with the state as it comes back from storage."""
        stored = msgspec.msgpack.encode(self.service.state)
        self.service.state = msgspec.msgpack.decode(stored, type=State)

    def _route(self, signal: Signal, turn: Turn) -> None:
        """Bring home what the fleet says."""
        if isinstance(signal, CapacityFulfilled):
            self.service.on_fulfilled(signal, turn)
        elif isinstance(signal, CapacityFailed):
            self.service.on_failed(signal, turn)

    def _sample(self) -> None:
        self._samples.append((self.at, self.metric(self.at)))
        for name, alarm in list(self.book.alarms.items()):
            if len(self._samples) * TICK % alarm.get("Period", 60) == 0:
                self._evaluate(name, alarm)

    def _evaluate(self, name: str, alarm: Params) -> None:
        stride = alarm.get("Period", 60) // TICK
        window = self._samples[::-1][::stride][: alarm["EvaluationPeriods"]]
        values = tuple(value for _, value in reversed(window) if value is not None)
        compare = _COMPARE[alarm["ComparisonOperator"]]
        full = len(values) == alarm["EvaluationPeriods"]
        if not full or not all(compare(value, alarm["Threshold"]) for value in values):
            self._in_alarm.pop(name, None)
            return
        last = self._in_alarm.get(name)
        if last is None or self.at - last >= 60:
            self._in_alarm[name] = self.at
            arn, comparison = alarm["AlarmActions"][0], alarm["ComparisonOperator"]
            summary = self._invoke(name, arn, values, alarm["Threshold"], comparison)
            self.actions.append((self.at, summary))

    def _invoke(
        self,
        name: str,
        arn: str,
        values: tuple[float, ...],
        threshold: float | None,
        comparison: str,
    ) -> str:
        with self.stage.turn() as turn:
            alarm_arn = turn.arn("cloudwatch", f"alarm:{name}")
            action = AlarmAction(
                arn, name, alarm_arn, "OK", "ALARM", "", values, threshold, comparison
            )
            return self.service.on_alarm(action, turn)
