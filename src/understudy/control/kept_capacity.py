"""Capacities of services that do not run here: kept as numbers, so that their scaling can.

A scalable target on such a resource has its bounds, policies, alarms and activities as on AWS;
what it is set to is there after a stated delay, and nothing runs for it. Whether the resource
exists is not known here: it is taken to.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from understudy.control.ports import Scalable, ScalableCapacity
from understudy.control.signals import CapacityFulfilled
from understudy.control.turn import Turn

OWNER = "kept-capacity"
"""Whose timers these are."""


class Kept(Struct):
    """The units of a resource: those that are asked for, and those that are there."""

    desired: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True)
class KeptService:
    """A service of which only the capacity is kept; see ``Scalable`` for the names."""

    dimension: str
    label: str
    quantity: str
    delay: float


SERVICES = (
    KeptService("custom-resource:ResourceType:Property", "custom-resource", "desired capacity", 0),
    KeptService(
        "lambda:function:ProvisionedConcurrency", "lambda", "provisioned concurrency", 60.0
    ),
    KeptService(
        "sagemaker:inference-component:DesiredCopyCount", "sagemaker", "desired copy count", 120.0
    ),
)
"""The services that are kept, with how long a change takes, in seconds: AWS states none of it."""


class KeptCapacity:
    """The capacities of one dimension. ``state`` has all kept units, by dimension and resource."""

    def __init__(self, service: KeptService, state: dict[str, Kept]) -> None:
        self.label = service.label
        self.quantity = service.quantity
        self._service = service
        self._state = state

    def capacity(self, resource_id: str) -> ScalableCapacity:
        """The capacity of a resource: none before it was first set."""
        kept = self._state.get(self._key(resource_id), Kept())
        return ScalableCapacity(kept.desired, kept.running)

    def _key(self, resource_id: str) -> str:
        return f"{self._service.dimension}|{resource_id}"

    def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
        """Set the units that are asked for; they are there after the service's delay."""
        key = self._key(resource_id)
        self._state.setdefault(key, Kept()).desired = desired
        turn.schedule(turn.at + self._service.delay, OWNER, key, str(desired))


class KeptCapacities:
    """All services whose capacity is kept."""

    def __init__(self, state: dict[str, Kept]) -> None:
        self._state = state
        self.scalables: Mapping[str, Scalable] = {
            each.dimension: KeptCapacity(each, state) for each in SERVICES
        }

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A change has had its time, unless another has come after it."""
        kept = self._state.get(key[0])
        if kept is None or str(kept.desired) != key[1]:
            return
        kept.running = kept.desired
        dimension, _, resource_id = key[0].partition("|")
        turn.signal(CapacityFulfilled(dimension, resource_id))
