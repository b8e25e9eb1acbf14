"""Traffic sources of groups: load balancers and target groups, attached and detached.

AWS: API_AttachTrafficSources, API_AttachLoadBalancerTargetGroups, API_AttachLoadBalancers and
their counterparts.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from understudy.control.autoscaling.capacity import IN_SERVICE
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.state import Group
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

CLASSIC, MODERN, LATTICE = "elb", "elbv2", "vpc-lattice"


def add_all(group: Group, params: Params) -> None:
    """Keep the sources that a request to create a group names."""
    for name in params.get("LoadBalancerNames", ()):
        group.sources[name] = CLASSIC
    for arn in params.get("TargetGroupARNs", ()):
        group.sources[arn] = MODERN
    for source in params.get("TrafficSources", ()):
        group.sources[source["Identifier"]] = source.get("Type") or kind_of(source["Identifier"])


def kind_of(identifier: str) -> str:
    """The type of a source from its identifier.

    >>> kind_of("arn:aws:vpc-lattice:us-east-1:000000000000:targetgroup/tg-1"), kind_of("web")
    ('vpc-lattice', 'elb')
    """
    if not identifier.startswith("arn:"):
        return CLASSIC
    return LATTICE if ":vpc-lattice:" in identifier else MODERN


def shown(group: Group) -> Params:
    """The sources of a group as DescribeAutoScalingGroups has them."""
    return {
        "LoadBalancerNames": _of(group, CLASSIC),
        "TargetGroupARNs": _of(group, MODERN),
        "TrafficSources": [
            {"Identifier": source, "Type": kind} for source, kind in group.sources.items()
        ],
    }


def _of(group: Group, kind: str) -> list[str]:
    return [source for source, own in group.sources.items() if own == kind]


def _attach(
    service: "AutoScaling", params: Params, sources: Iterable[tuple[str, str]], turn: Turn
) -> Params:
    group = service.group(params["AutoScalingGroupName"])
    for source, kind in sources:
        if source in group.sources:
            continue
        group.sources[source] = kind
        if "AddToLoadBalancer" not in group.suspended:
            for each in group.instances.values():
                if each.lifecycle == IN_SERVICE:
                    service.balancing.register(source, each.id, turn)
    return {}


def _detach(service: "AutoScaling", params: Params, sources: Iterable[str], turn: Turn) -> Params:
    group = service.group(params["AutoScalingGroupName"])
    for source in sources:
        if group.sources.pop(source, None) is not None:
            for each in group.instances.values():
                service.balancing.deregister(source, each.id, turn)
    return {}


def attach_traffic_sources(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """AttachTrafficSources: the instances in service are registered."""
    found = [
        (each["Identifier"], each.get("Type") or kind_of(each["Identifier"]))
        for each in params["TrafficSources"]
    ]
    return _attach(service, params, found, turn)


def detach_traffic_sources(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DetachTrafficSources: the instances are deregistered."""
    return _detach(service, params, [e["Identifier"] for e in params["TrafficSources"]], turn)


def attach_load_balancer_target_groups(
    service: "AutoScaling", params: Params, turn: Turn
) -> Params:
    """AttachLoadBalancerTargetGroups."""
    return _attach(service, params, [(arn, MODERN) for arn in params["TargetGroupARNs"]], turn)


def detach_load_balancer_target_groups(
    service: "AutoScaling", params: Params, turn: Turn
) -> Params:
    """DetachLoadBalancerTargetGroups."""
    return _detach(service, params, params["TargetGroupARNs"], turn)


def attach_load_balancers(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """AttachLoadBalancers: Classic Load Balancers by name."""
    return _attach(service, params, [(n, CLASSIC) for n in params["LoadBalancerNames"]], turn)


def detach_load_balancers(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DetachLoadBalancers."""
    return _detach(service, params, params["LoadBalancerNames"], turn)


def _state(group: Group) -> str:
    checks = "ELB" in group.params.get("HealthCheckType", "")
    serving = any(each.lifecycle == IN_SERVICE for each in group.instances.values())
    if not serving:
        return "Added"
    return "InService" if checks else "Added"


def describe_traffic_sources(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeTrafficSources: of one group, by type."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    wanted: str | None = params.get("TrafficSourceType")
    found = [
        {"TrafficSource": source, "Identifier": source, "Type": kind, "State": _state(group)}
        for source, kind in group.sources.items()
        if wanted in {None, "", kind}
    ]
    return paged("TrafficSources", found, params)


def describe_load_balancer_target_groups(
    service: "AutoScaling", params: Params, turn: Turn
) -> Params:
    """DescribeLoadBalancerTargetGroups: of one group."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    state = _state(group)
    found = [{"LoadBalancerTargetGroupARN": arn, "State": state} for arn in _of(group, MODERN)]
    return paged("LoadBalancerTargetGroups", found, params, 100)


def describe_load_balancers(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeLoadBalancers: the Classic Load Balancers of one group."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    state = _state(group)
    found = [{"LoadBalancerName": name, "State": state} for name in _of(group, CLASSIC)]
    return paged("LoadBalancers", found, params, 100)
