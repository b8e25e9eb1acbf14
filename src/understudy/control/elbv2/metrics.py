"""The metrics of load balancers and target groups, from what the data plane measured.

Counts that are zero are not published, except for requests of an Application Load Balancer to a
group that has targets.
AWS: CloudWatch metrics for your Application Load Balancer; ... for your Network Load Balancer.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from understudy.control.balancer import Balanced
from understudy.control.elbv2.state import STOPPED, LoadBalancer, TargetGroup
from understudy.control.sketch import of_sketch
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint, Dimensions, of_value

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

NAMESPACE = {"application": "AWS/ApplicationELB", "network": "AWS/NetworkELB"}
ZONE, BALANCER, GROUP = "AvailabilityZone", "LoadBalancer", "TargetGroup"

Sets = tuple[tuple[str, ...], ...]
OF_BALANCER: Sets = ((BALANCER,), (ZONE, BALANCER))
OF_GROUP: Sets = ((BALANCER, GROUP), (ZONE, BALANCER, GROUP))
OF_BOTH: Sets = (*OF_BALANCER, *OF_GROUP)
PER_TARGET: Sets = ((GROUP,), (ZONE, GROUP), *OF_GROUP)
"""The sets of dimensions under which a metric is published."""

TOTALS = frozenset(
    {"ActiveConnectionCount", "ActiveFlowCount", "IPv6ProcessedBytes", "ProcessedBytes"}
)
"""What is no count of ones: a second of it is one sample. It is of load balancers alone."""


def balancer_dimension(arn: str) -> str:
    """The value of the dimension LoadBalancer: ``app/web/50dc6c495c0c9188``."""
    return arn.partition(":loadbalancer/")[2]


def group_dimension(arn: str) -> str:
    """The value of the dimension TargetGroup: ``targetgroup/web/73e2d6bc24d8a067``."""
    return arn.rpartition(":")[2]


def _all(sets: Sets, values: Mapping[str, str]) -> Iterator[Dimensions]:
    """Each set with its values, for those whose values are known."""
    for names in sets:
        if all(values[name] for name in names):
            yield tuple((name, values[name]) for name in names)


def _put(
    service: "ElasticLoadBalancing",
    balancer: LoadBalancer,
    name: str,
    sets: Sets,
    values: Mapping[str, str],
    datapoint: Datapoint,
    turn: Turn,
    unit: str = "Count",
) -> None:
    for dimensions in _all(sets, values):
        namespace = NAMESPACE[balancer.kind]
        service.publisher.publish(namespace, name, dimensions, datapoint, turn, unit)


def _values(balancer: LoadBalancer, group: str, zone: str) -> dict[str, str]:
    return {
        ZONE: zone,
        BALANCER: balancer_dimension(balancer.arn),
        GROUP: group_dimension(group) if group else "",
    }


def publish_served(
    service: "ElasticLoadBalancing", balancer: LoadBalancer, served: Balanced, turn: Turn
) -> None:
    """Publish what a load balancer did in one second."""
    at, values = float(served.second), _values(balancer, served.group, served.zone)
    for name, number in served.counts.items():
        if name in TOTALS:
            datapoint, unit = of_value(at, number), "Bytes" if "Bytes" in name else "Count"
        else:
            datapoint, unit = of_value(at, 1.0, number), "Count"
        sets = _sets(name, served.group)
        _put(service, balancer, name, sets, values, datapoint, turn, unit)
    if served.response_time.counts:
        seconds = of_sketch(at, served.response_time)
        _put(service, balancer, "TargetResponseTime", OF_BOTH, values, seconds, turn, "Seconds")
    requests = served.counts.get("RequestCount", 0.0)
    group = service.state.groups.get(served.group)
    if requests and group is not None and group.kind != "lambda":
        share = 1 / (served.targets or float(_healthy(group)))
        datapoint, name = of_value(at, share, requests), "RequestCountPerTarget"
        _put(service, balancer, name, PER_TARGET, values, datapoint, turn, "None")


def _sets(name: str, group: str) -> Sets:
    if name == "RuleEvaluations":
        return ((BALANCER,),)
    if not group or name in TOTALS:
        return OF_BALANCER
    return OF_GROUP if name == "UnhealthyRoutingRequestCount" else OF_BOTH


def _healthy(group: TargetGroup) -> int:
    """How many targets share the requests: the healthy ones, or all where none is; at least 1.

    RequestCountPerTarget: each request counts 1 / healthy targets, or registered, if none is. Ten
    requests to a group with four healthy targets of five add up to 2.5.
    """
    present = [target for target in group.targets.values() if not target.draining]
    healthy = sum(target.state == "healthy" for target in present)
    return max(healthy or len(present), 1)


def publish_idle(
    service: "ElasticLoadBalancing",
    balancer: LoadBalancer,
    group: TargetGroup,
    minute: int,
    turn: Turn,
) -> None:
    """Publish that a group with targets had no request in a minute.

    Of a Network Load Balancer, which knows no requests, nothing is published.
    """
    if balancer.kind != "application":
        return
    values = _values(balancer, group.arn, "")
    zero = of_value(float(minute), 0.0)
    _put(service, balancer, "RequestCount", OF_GROUP, values, zero, turn)
    if group.kind != "lambda":
        name = "RequestCountPerTarget"
        _put(service, balancer, name, PER_TARGET, values, zero, turn, "None")


def publish_hosts(
    service: "ElasticLoadBalancing", balancer: LoadBalancer, group: TargetGroup, turn: Turn
) -> None:
    """Publish how many targets of a group are healthy and unhealthy now, in all and by zone.

    A target that drains, is new, or is an instance that does not run, is neither.
    """
    present = [
        target
        for target in group.targets.values()
        if not target.draining and service.instance_state(target.id) not in STOPPED
    ]
    zones = dict.fromkeys(target.zone for target in present if target.zone != "all")
    for name, state in (("HealthyHostCount", "healthy"), ("UnHealthyHostCount", "unhealthy")):
        for zone in ("", *zones):
            number = sum(target.state == state and zone in ("", target.zone) for target in present)
            values = _values(balancer, group.arn, zone)
            sets = OF_GROUP[1:] if zone else OF_GROUP[:1]
            datapoint = of_value(turn.at, float(number))
            _put(service, balancer, name, sets, values, datapoint, turn)
