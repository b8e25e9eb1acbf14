"""What one machine needs of another, as narrow as it can be."""

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
