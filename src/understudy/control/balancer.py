"""A load balancer as the data plane is told of it, and what the data plane tells of it.

A balancer is always told whole: what is new replaces what was. Times are world time.
"""

from msgspec import Struct

from understudy.balancing.rules import Rule
from understudy.balancing.stickiness import Stickiness
from understudy.balancing.target_group import HealthRules
from understudy.control.sketch import Sketch

TargetKey = tuple[str, int]


class HealthCheck(Struct, frozen=True):
    """How the targets of a group are probed, every ``interval`` seconds.

    ``protocol`` is HTTP, HTTPS or TCP (a connection is enough); ``port`` 0 is each target's own.
    ``matcher`` is what `balancing.health.accepts` takes, ``healthy`` and ``unhealthy`` are the
    thresholds of `balancing.health.load_balancer`. A group that is not ``enabled`` is not probed.
    """

    protocol: str = "HTTP"
    port: int = 0
    path: str = "/"
    matcher: str = "200"
    interval: float = 30.0
    timeout: float = 5.0
    healthy: int = 5
    unhealthy: int = 2
    enabled: bool = True


class BalancedTarget(Struct, frozen=True, array_like=True):
    """A registered target. It is probed, and answered for, under its ``id`` and ``port``.

    It really listens at ``host`` and ``host_port``; an empty host is not known (yet), and fails
    every probe. ``state`` is what the control plane has of its health. A draining target gets no
    new request; once it is listed no more, what it still has in flight is cut.
    """

    id: str
    port: int
    zone: str
    host: str
    host_port: int
    state: str = "initial"

    @property
    def key(self) -> TargetKey:
        """What it is registered as, wherever it listens."""
        return self.id, self.port

    @property
    def draining(self) -> bool:
        """Whether it gets no new requests."""
        return self.state == "draining"

    @property
    def is_function(self) -> bool:
        """Whether it is a Lambda function, which is called and listens nowhere."""
        return ":function:" in self.id


class BalancedGroup(Struct, frozen=True):
    """A target group that rules forward to.

    ``algorithm`` is round_robin, least_outstanding_requests or weighted_random; ``slow_start`` is
    in seconds, 0 is off. ``cut_unhealthy`` ends connections to targets that turn unhealthy;
    ``multi_value`` tells functions all values of headers and parameters.
    """

    arn: str
    kind: str
    protocol: str
    targets: tuple[BalancedTarget, ...]
    check: HealthCheck
    rules: HealthRules = HealthRules()
    algorithm: str = "round_robin"
    slow_start: float = 0.0
    stickiness: Stickiness = Stickiness()
    cut_unhealthy: bool = False
    multi_value: bool = False


class BalancedListener(Struct, frozen=True):
    """A listener with its rules by priority, the default rule last.

    ``attributes`` are AWS's, by key: headers that are renamed, added or left out.
    """

    arn: str
    protocol: str
    port: int
    rules: tuple[Rule, ...]
    attributes: dict[str, str] = {}


class Balancer(Struct, frozen=True):
    """A load balancer with everything that it needs to serve.

    ``kind`` is application or network; requests are for it if their Host is ``dns_name``, or if
    they come in at one of its listeners' ports. ``attributes`` are AWS's, by key: time-outs, and
    how requests are routed.
    """

    arn: str
    kind: str
    dns_name: str
    zones: tuple[str, ...]
    listeners: tuple[BalancedListener, ...]
    groups: tuple[BalancedGroup, ...]
    attributes: dict[str, str] = {}


class Balanced(Struct, frozen=True, array_like=True):
    """What one balancer did in one second, in one zone: itself (no ``group``), or for a group.

    ``counts`` are CloudWatch's counts by their names, without those that are zero; RequestCount is
    told for groups alone. ``response_time`` holds seconds of world time: TargetResponseTime.
    ``targets`` is how many healthy ones there were for its requests, 0 for as many as there are
    now.
    """

    balancer: str
    group: str
    zone: str
    second: int
    counts: dict[str, float]
    response_time: Sketch = Sketch()
    targets: float = 0.0


class Turned(Struct, frozen=True, array_like=True):
    """A target's state changed by its probes: to healthy, or to unhealthy for a reason of AWS's."""

    group: str
    target: str
    port: int
    state: str
    reason: str = ""
    description: str = ""
