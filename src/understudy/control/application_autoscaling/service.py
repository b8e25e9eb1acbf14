"""The service: its state and the ports to what it scales."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol

from understudy.base.fault import validation_exception
from understudy.control.application_autoscaling import scaling, targets, timers
from understudy.control.application_autoscaling.dimensions import DIMENSIONS, Dimension
from understudy.control.application_autoscaling.requests import check_filter, not_found
from understudy.control.application_autoscaling.state import ScalableTarget, State, target_key
from understudy.control.events import Params
from understudy.control.ports import Alarms, Scalable, ScalableCapacity
from understudy.control.signals import (
    AlarmAction,
    CapacityFailed,
    CapacityFulfilled,
    ScalableRemoved,
)
from understudy.control.turn import Turn

Operation = Callable[["ApplicationAutoScaling", Params, Turn], Params]
Zones = Callable[[str], tzinfo]
"""A time zone by its IANA name. Raises KeyError, OSError or ValueError where there is none."""


class MetricHistory(Protocol):
    """The part of CloudWatch that predictive scaling learns from."""

    def hourly(
        self, queries: Sequence[Params], start: float, end: float, turn: Turn
    ) -> Mapping[float, float]:
        """GetMetricData with a period of an hour: the values of the query that returns data.

        They are keyed by the start of their hour, seconds since the epoch.
        """
        ...


@dataclass(slots=True)
class ApplicationAutoScaling:
    """Application Auto Scaling of one region.

    ``scalables`` are the services it can scale, by dimension. Without a ``history`` there is no
    predictive scaling.
    """

    scalables: Mapping[str, Scalable]
    alarms: Alarms
    zones: Zones
    state: State = field(default_factory=State)
    history: MetricHistory | None = None

    def dimension(self, params: Params) -> Dimension:
        """The dimension that a request names. Raises Fault if it does not fit the rest of it."""
        dimension = DIMENSIONS.get(params["ScalableDimension"])
        resource_id: str = params["ResourceId"]
        if (
            dimension is None
            or dimension.namespace != params["ServiceNamespace"]
            or not re.fullmatch(dimension.resource, resource_id)
        ):
            raise validation_exception(
                "Unsupported service namespace, resource type or scalable dimension"
            )
        return dimension

    def target(self, params: Params) -> ScalableTarget:
        """The registered target that a request names. Raises Fault if it is not registered."""
        target = self.known_target(params)
        if target is None:
            raise not_found("No scalable target registered for", params)
        return target

    def known_target(self, params: Params) -> ScalableTarget | None:
        """The registered target that a request names, if it is registered. Raises Fault."""
        dimension = self.dimension(params)
        return self.state.targets.get(target_key(dimension.name, params["ResourceId"]))

    def is_registered(self, resource_id: str) -> bool:
        """Whether a resource is a scalable target."""
        return any(target.resource_id == resource_id for target in self.state.targets.values())

    def targets(self, params: Params) -> list[ScalableTarget]:
        """The targets that a Describe request filters for, by resource id and dimension.

        Raises Fault where a dimension is given but no resource.
        """
        resource_id: str | None = params.get("ResourceId")
        wanted: list[str] = params.get("ResourceIds") or ([resource_id] if resource_id else [])
        check_filter(params, wanted)
        found = [
            target
            for target in self.state.targets.values()
            if target.namespace == params["ServiceNamespace"]
            and (not wanted or target.resource_id in wanted)
            and params.get("ScalableDimension", target.dimension) == target.dimension
        ]
        return sorted(found, key=lambda target: target.key)

    def scalable(self, target: ScalableTarget) -> Scalable:
        """The service that a target belongs to."""
        return self.scalables[target.dimension]

    def capacity(self, target: ScalableTarget) -> ScalableCapacity | None:
        """The capacity of a target's resource now, or None if the resource is gone."""
        return self.scalable(target).capacity(target.resource_id)

    def on_alarm(self, action: AlarmAction, turn: Turn) -> str:
        """Execute the policy that an alarm names; what comes back is for the alarm's history."""
        return scaling.on_alarm(self, action, turn)

    def on_fulfilled(self, signal: CapacityFulfilled, turn: Turn) -> None:
        """Close the activity in progress of a resource that reached its desired capacity."""
        scaling.on_fulfilled(self, signal, turn)

    def on_failed(self, signal: CapacityFailed, turn: Turn) -> None:
        """Close the activity in progress of a resource that could not reach it."""
        scaling.on_failed(self, signal, turn)

    def on_removed(self, signal: ScalableRemoved, turn: Turn) -> None:
        """Forget the target of a resource that is gone."""
        targets.on_removed(self, signal, turn)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """Run what a timer was set for: a scheduled action, or predictive scaling."""
        timers.on_timer(self, key, turn)
