"""The service: its state, its ports, and what reaches it from outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling.state import OWNER, Group, Instance, State
from understudy.control.events import Params
from understudy.control.ports import AlarmBook, LaunchTemplates, Publisher
from understudy.control.turn import Turn

Operation = Callable[["AutoScaling", Params, Turn], Params]
Zones = Callable[[str], tzinfo]
"""A time zone by its IANA name. Raises KeyError, OSError or ValueError where there is none."""


@dataclass(frozen=True, slots=True)
class GroupConfig:
    """Parameters of the world, in seconds; all zero is as fast as it goes.

    On AWS a group acts some 12 s after a decision (recorded: 1 to 33), an instance is in service
    some 32 s later, and one that goes takes some 45 s after it has drained.
    """

    startup_delay: float = 0.0
    reaction_delay: float = 0.0
    termination_delay: float = 0.0


class Monitoring(Publisher, AlarmBook, Protocol):
    """CloudWatch, as far as groups need it."""

    def publish_samples(
        self,
        metric: tuple[str, str, str],
        samples: Iterable[tuple[str, float]],
        start: float,
        turn: Turn,
        unit: str,
    ) -> None:
        """Publish one sample of each of many metrics, of the minute that began at ``start``.

        ``metric`` is the namespace, the name and the dimension whose values ``samples`` name.
        """
        ...

    def hourly(
        self, queries: Sequence[Params], start: float, end: float, turn: Turn
    ) -> Mapping[float, float]:
        """GetMetricData by the hour: the values of the query that returns data, by their hour."""
        ...


class Balancing(Protocol):
    """Load balancers: the instances of groups are registered with traffic sources.

    A source is the ARN of a target group, or the name of a Classic Load Balancer.
    """

    def register(self, source: str, instance_id: str, turn: Turn) -> None:
        """Send an instance traffic from now on."""
        ...

    def deregister(self, source: str, instance_id: str, turn: Turn) -> float:
        """Send an instance no new traffic; how many seconds it takes to drain."""
        ...

    def healthy(self, source: str, instance_id: str) -> bool:
        """Whether an instance passes the source's health checks, or is not checked yet."""
        ...


class NoBalancing:
    """A world without load balancers: instances drain at once and are never found unhealthy."""

    def register(self, source: str, instance_id: str, turn: Turn) -> None:
        """Nothing is sent anywhere."""

    def deregister(self, source: str, instance_id: str, turn: Turn) -> float:
        """There is nothing to drain."""
        del source, instance_id, turn
        return 0.0

    def healthy(self, source: str, instance_id: str) -> bool:
        """Nobody checks."""
        del source, instance_id
        return True


def _no_price(instance_type: str, zone: str, purchase: str) -> float | None:
    del instance_type, zone, purchase
    return None


def _all(kind: str, zone: str, purchase: str, number: int, at: float) -> tuple[int, str]:
    del kind, zone, purchase, at
    return number, ""


def _no_zone(subnet: str) -> str | None:
    del subnet
    return None


@dataclass(slots=True)
class AutoScaling:
    """EC2 Auto Scaling of one region.

    ``price`` gives the hourly price of a type in a zone by purchase option, where it is known;
    ``zone_of`` the zone of a subnet. ``grantable`` tells how many of some instances of a type could
    be had in a zone, and why not all of them.
    """

    region: str
    templates: LaunchTemplates
    monitoring: Monitoring
    zones: Zones
    state: State = field(default_factory=State)
    config: GroupConfig = field(default_factory=GroupConfig)
    balancing: Balancing = field(default_factory=NoBalancing)
    price: Callable[[str, str, str], float | None] = _no_price
    zone_of: Callable[[str], str | None] = _no_zone
    grantable: Callable[[str, str, str, int, float], tuple[int, str]] = _all

    def group(self, name: str) -> Group:
        """The group of a name. Raises Fault."""
        group = self.state.groups.get(name)
        if group is None:
            raise validation_error(
                f"AutoScalingGroup name not found - AutoScalingGroup {name} not found"
            )
        return group

    def find(self, instance_id: str) -> tuple[Group, Instance] | None:
        """An instance with its group, if it is in one."""
        name = self.state.members.get(instance_id)
        if name is None:
            return None
        group = self.state.groups[name]
        return group, group.instances[instance_id]

    def member(self, group: Group, instance_id: str) -> Instance:
        """An instance of a group. Raises Fault."""
        instance = group.instances.get(instance_id)
        if instance is None:
            raise validation_error(
                f"The instance {instance_id} is not part of Auto Scaling group {group.name}."
            )
        return instance

    def managed(self, instance_id: str) -> tuple[Group, Instance]:
        """An instance of any group. Raises Fault."""
        found = self.find(instance_id)
        if found is None:
            raise validation_error(
                f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
            )
        return found


def in_progress(what: str) -> Fault:
    """The fault of a request that has to wait for something."""
    return Fault("ScalingActivityInProgress", what)


def wish_for(group: Group, turn: Turn, at: float, kind: str, *rest: str) -> None:
    """Have a group called back at a time."""
    turn.schedule(at, OWNER, kind, group.name, group.uuid, *rest)
