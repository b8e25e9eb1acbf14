"""What Elastic Load Balancing remembers: load balancers, listeners, rules, target groups."""

from msgspec import Struct, field

from understudy.control.elbv2.faults import missing
from understudy.control.events import Params

OWNER = "elbv2"
"""The owner of the timers of this service."""

DEFAULT = "default"
"""The priority of a listener's last rule."""

STOPPED = ("stopped", "terminated")
"""The states of an instance in which it is no target in use. AWS: Target health status."""


class LoadBalancer(Struct):
    """A load balancer. ``subnets`` are in order, each with its zone.

    ``endpoint`` is where the data plane serves it, empty for a stand-in, None where nobody said.
    """

    arn: str
    name: str
    kind: str
    scheme: str
    dns_name: str
    vpc: str
    subnets: dict[str, str]
    created_at: float
    created_as: Params
    ip_address_type: str = "ipv4"
    security_groups: tuple[str, ...] = ()
    state: str = "provisioning"
    endpoint: str | None = None
    attributes: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that it serves in."""
        return tuple(dict.fromkeys(self.subnets.values()))


class Listener(Struct):
    """A listener. ``params`` are its description's members; ``certificates`` the extra ones."""

    arn: str
    load_balancer: str
    params: Params
    certificates: list[str] = field(default_factory=list[str])
    attributes: dict[str, str] = field(default_factory=dict[str, str])


class ListenerRule(Struct):
    """A rule of a listener. ``priority`` is a number in text, or ``default``."""

    arn: str
    listener: str
    priority: str
    conditions: list[Params]
    actions: list[Params]
    transforms: list[Params] = field(default_factory=list[Params])

    @property
    def order(self) -> float:
        """Its place among the rules of its listener; the default rule is the last."""
        return float("inf") if self.priority == DEFAULT else float(self.priority)


class Target(Struct):
    """A registered target, or one that is draining until ``unused_at``.

    ``state`` is what its probes made of it: initial, healthy or unhealthy; whether it is unused or
    unavailable follows from its group.
    """

    id: str
    port: int
    zone: str
    registered_at: float
    state: str = "initial"
    reason: str = ""
    description: str = ""
    unused_at: float = 0.0

    @property
    def draining(self) -> bool:
        """Whether it has been deregistered and its delay is not over."""
        return self.unused_at > 0


class TargetGroup(Struct):
    """A target group. ``params`` are the members of its description; targets by id and port.

    ``served`` is the last minute in which it had requests; ``watched`` says that it has a timer.
    """

    arn: str
    name: str
    params: Params
    created_as: Params
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    watched: bool = False
    served: int = 0

    @property
    def kind(self) -> str:
        """Its target type: instance, ip, lambda or alb."""
        return self.params["TargetType"]


class ElbState(Struct):
    """Everything that Elastic Load Balancing remembers in one region, all by ARN."""

    load_balancers: dict[str, LoadBalancer] = field(default_factory=dict[str, LoadBalancer])
    listeners: dict[str, Listener] = field(default_factory=dict[str, Listener])
    rules: dict[str, ListenerRule] = field(default_factory=dict[str, ListenerRule])
    groups: dict[str, TargetGroup] = field(default_factory=dict[str, TargetGroup])
    tags: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def load_balancer(self, arn: str) -> LoadBalancer:
        """A load balancer by ARN. Raises Fault (LoadBalancerNotFound)."""
        if arn not in self.load_balancers:
            raise missing("load balancer")
        return self.load_balancers[arn]

    def listener(self, arn: str) -> Listener:
        """A listener by ARN. Raises Fault (ListenerNotFound)."""
        if arn not in self.listeners:
            raise missing("listener")
        return self.listeners[arn]

    def rule(self, arn: str) -> ListenerRule:
        """A rule by ARN. Raises Fault (RuleNotFound)."""
        if arn not in self.rules:
            raise missing("rule")
        return self.rules[arn]

    def group(self, arn: str) -> TargetGroup:
        """A target group by ARN. Raises Fault (TargetGroupNotFound)."""
        if arn not in self.groups:
            raise missing("target group")
        return self.groups[arn]

    def listeners_of(self, balancer: str) -> list[Listener]:
        """The listeners of a load balancer, oldest first."""
        return [each for each in self.listeners.values() if each.load_balancer == balancer]

    def rules_of(self, listener: str) -> list[ListenerRule]:
        """The rules of a listener in the order of their priorities, the default rule last."""
        rules = [rule for rule in self.rules.values() if rule.listener == listener]
        return sorted(rules, key=lambda rule: rule.order)

    def forget_listener(self, listener: Listener) -> None:
        """Forget a listener with its rules."""
        for rule in self.rules_of(listener.arn):
            del self.rules[rule.arn]
            self.tags.pop(rule.arn, None)
        del self.listeners[listener.arn]
        self.tags.pop(listener.arn, None)


def target_key(target_id: str, port: int) -> str:
    """The key of a target in its group."""
    return f"{target_id}:{port}"
