"""What one machine needs of another, as narrow as it can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint, Dimensions


@dataclass(frozen=True, slots=True)
class ScalableCapacity:
    """The capacity of a scalable resource now.

    ``running`` is what actually serves; ``unscalable`` is the not-scaled reason code while the
    service refuses scale-in (``TargetServicePutResourceAsUnscalable``) or all scaling, else empty.
    """

    desired: int
    running: int
    unscalable: str = ""


class Scalable(Protocol):
    """A service whose capacity Application Auto Scaling sets.

    ``label`` is how activities name the service (``sagemaker``) and ``quantity`` what they say is
    set (``desired instance count``).
    """

    label: str
    quantity: str

    def capacity(self, resource_id: str) -> ScalableCapacity | None:
        """The capacity of a resource, or None where there is no such resource."""
        ...

    def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
        """Set the desired capacity. Raises Fault where the service refuses.

        ``CapacityFulfilled`` or ``CapacityFailed`` is signalled when it is known how that went.
        """
        ...


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """The health of a target in AWS's words; ``reason`` is a code, empty where it is healthy."""

    state: str
    reason: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """Where a target really listens, and the zone that it is in; an empty host is not known yet."""

    host: str
    port: int
    zone: str


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What a service must know of a target group to use it."""

    kind: str
    balanced: bool


class Targets(Protocol):
    """The part of Elastic Load Balancing that keeps targets for other services.

    How a target's health changes, and that it has drained, is signalled as ``TargetTurned``.
    """

    def group(self, arn: str) -> GroupFacts | None:
        """A target group, None if there is none."""
        ...

    def register(self, group: str, target_id: str, port: int, zone: str, turn: Turn) -> None:
        """Register a target; where it listens is asked for when it is needed."""
        ...

    def deregister(self, group: str, target_id: str, port: int, turn: Turn) -> bool:
        """Let a target drain; whether it does, which ends with ``TargetTurned`` to unused."""
        ...

    def health(self, group: str, target_id: str, port: int, at: float) -> TargetHealth:
        """The health of a target."""
        ...

    def moved(self, group: str) -> None:
        """Targets of a group listen elsewhere now."""
        ...

    def shift(self, rule: str, weights: Mapping[str, int]) -> None:
        """Give the target groups of a rule, or of a listener's default rule, these weights."""
        ...


class Publisher(Protocol):
    """The part of CloudWatch that takes the metrics of other services."""

    def publish(
        self,
        namespace: str,
        name: str,
        dimensions: Dimensions,
        datapoint: Datapoint,
        turn: Turn,
        unit: str = "None",
        resolution: int = 60,
    ) -> None:
        """Publish samples of a metric. ``dimensions`` are sorted by name."""
        ...

    def alarm_state(self, name: str) -> str | None:
        """The state of an alarm, None if there is no such alarm."""
        ...


class Alarms(Protocol):
    """The part of CloudWatch that keeps alarms for other services."""

    def put(self, params: Params, turn: Turn) -> None:
        """PutMetricAlarm, without the limits on names that hold for clients."""
        ...

    def delete(self, names: tuple[str, ...], turn: Turn) -> None:
        """DeleteAlarms; names that do not exist are passed over."""
        ...


class AlarmBook(Alarms, Protocol):
    """Alarms that can also be looked at."""

    def definition(self, name: str) -> tuple[Params, float] | None:
        """The parameters of an alarm and when its state changed last, None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ResolvedTemplate:
    """A version of a launch template. ``data`` has the members of LaunchTemplateData."""

    id: str
    name: str
    version: int
    data: Params


class LaunchTemplates(Protocol):
    """The part of EC2 that keeps launch templates."""

    def resolve(self, specification: Params) -> ResolvedTemplate:
        """The version that a LaunchTemplateSpecification names. Raises Fault."""
        ...
