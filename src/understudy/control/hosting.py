"""Instances of groups as others need them: hosts of tasks, and targets of load balancers."""

import re
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING

from msgspec import Struct

from understudy.control.autoscaling.machines import machine_of
from understudy.control.autoscaling.service import AutoScaling
from understudy.control.autoscaling.state import Instance
from understudy.control.ecs.service import Host
from understudy.control.elbv2.targets import DELAY
from understudy.control.events import InstanceFailed, InstanceHealthy, InstanceStopped
from understudy.control.ports import Located
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

CLUSTER = re.compile(r"ECS_CLUSTER\s*=\s*['\"]?([A-Za-z0-9_-]+)")


class Address(Struct, frozen=True, array_like=True):
    """Where an instance can really be reached; at a port of 0 all its ports are its own."""

    host: str
    port: int


class Hosts:
    """The instances of groups that run, and where. ``moved`` is told of one that listens anew."""

    def __init__(
        self,
        groups: AutoScaling,
        addresses: MutableMapping[str, Address],
        moved: Callable[[str], None],
    ) -> None:
        self._groups = groups
        self._moved = moved
        self._addresses = addresses

    def on_healthy(self, event: InstanceHealthy, turn: Turn) -> None:
        """An instance answers at an address."""
        del turn
        if event.instance_id in self._groups.state.members:
            self._addresses[event.instance_id] = Address(event.host, event.port)
            self._moved(event.instance_id)

    def on_gone(self, event: InstanceFailed | InstanceStopped, turn: Turn) -> None:
        """An instance is gone."""
        del turn
        self._addresses.pop(event.instance_id, None)

    def instance(self, instance_id: str) -> Instance | None:
        """An instance of a group."""
        found = self._groups.find(instance_id)
        return found[1] if found else None

    def locate(self, target_id: str, port: int) -> Located | None:
        """Where a target listens that is an instance of a group, or an address of its own."""
        if not target_id.startswith("i-"):
            own = target_id.startswith(("arn:", "mi-"))
            return None if own else Located(target_id, port, "")
        instance = self.instance(target_id)
        if instance is None:
            return None
        where = self._addresses.get(target_id, Address("", 0))
        return Located(where.host, where.port or port, instance.zone)

    def host(self, instance_id: str) -> Host | None:
        """What is known of an instance that may be a container instance."""
        instance = self.instance(instance_id)
        if instance is None:
            return None
        found = CLUSTER.search(self.user_data(instance_id))
        group = self._groups.state.members[instance_id]
        return Host(instance.instance_type, instance.zone, group, found[1] if found else "")

    def user_data(self, instance_id: str) -> str:
        """What an instance was told to run first, decoded; empty where that is not known."""
        instance = self.instance(instance_id)
        if instance is None:
            return ""
        group = self._groups.state.groups[self._groups.state.members[instance_id]]
        return machine_of(self._groups, group, instance).user_data


class GroupTargets:
    """Target groups as Auto Scaling groups use them: an instance is a target at the group's port.

    Sources that are no target groups (Classic Load Balancers) take no instances here.
    """

    def __init__(self, elbv2: "ElasticLoadBalancing") -> None:
        self._elbv2 = elbv2

    def _port(self, source: str) -> int | None:
        group = self._elbv2.state.groups.get(source)
        return group.params["Port"] if group is not None else None

    def register(self, source: str, instance_id: str, turn: Turn) -> None:
        """Send an instance traffic from now on."""
        port = self._port(source)
        if port is not None:
            where = self._elbv2.locate(instance_id, port)
            self._elbv2.register(source, instance_id, port, where.zone if where else "", turn)

    def deregister(self, source: str, instance_id: str, turn: Turn) -> float:
        """Send an instance no new traffic; how many seconds it takes to drain."""
        port = self._port(source)
        if port is None or not self._elbv2.deregister(source, instance_id, port, turn):
            return 0.0
        return float(self._elbv2.state.groups[source].attributes[DELAY])

    def healthy(self, source: str, instance_id: str) -> bool:
        """Whether an instance passes the source's health checks, or is not checked yet."""
        port = self._port(source)
        if port is None:
            return True
        return self._elbv2.health(source, instance_id, port, 0.0).state != "unhealthy"
