"""Load balancers for tests: what a story is not about is filled in."""

from dataclasses import dataclass
from typing import Any

from understudy.control.events import Params
from understudy.testing.region import Region

SUBNETS = ["subnet-a", "subnet-b"]
PATH = [{"Field": "path-pattern", "Values": ["/img/*"]}]


@dataclass(frozen=True, slots=True)
class Web:
    """A load balancer with one listener that forwards to one target group, by their ARNs."""

    balancer: str
    listener: str
    group: str


def group(region: Region, name: str = "web", **changes: Any) -> str:
    """The ARN of a new target group of IP addresses at port 8080."""
    params: Params = {
        "Name": name,
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": "vpc-1",
        "TargetType": "ip",
        **changes,
    }
    params = {key: value for key, value in params.items() if value is not None}
    return region.elbv2("CreateTargetGroup", **params)["TargetGroups"][0]["TargetGroupArn"]


def balancer(region: Region, name: str = "front", **changes: Any) -> str:
    """The ARN of a new load balancer in two zones."""
    params = {"Name": name, "Subnets": SUBNETS, **changes}
    return region.elbv2("CreateLoadBalancer", **params)["LoadBalancers"][0]["LoadBalancerArn"]


def forward(*groups: str) -> list[Params]:
    """The actions that forward to a target group, or evenly to several."""
    if len(groups) == 1:
        return [{"Type": "forward", "TargetGroupArn": groups[0]}]
    tuples = [{"TargetGroupArn": each, "Weight": 1} for each in groups]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]


def listener(region: Region, balancer: str, *groups: str, port: int = 80, **changes: Any) -> str:
    """The ARN of a new listener (HTTP, if not changed) that forwards."""
    params = {"Protocol": "HTTP", "Port": port, "DefaultActions": forward(*groups), **changes}
    answer = region.elbv2("CreateListener", LoadBalancerArn=balancer, **params)
    return answer["Listeners"][0]["ListenerArn"]


def web(region: Region, attributes: dict[str, str] | None = None, **changes: Any) -> Web:
    """A load balancer in front of a target group; ``changes`` are the group's."""
    targets, front = group(region, **changes), balancer(region)
    if attributes:
        pairs = [{"Key": key, "Value": value} for key, value in attributes.items()]
        region.elbv2("ModifyTargetGroupAttributes", TargetGroupArn=targets, Attributes=pairs)
    return Web(front, listener(region, front, targets), targets)


def add_rule(region: Region, front: Web, priority: int, **changes: Any) -> Params:
    """A new rule that forwards what is under ``/img/``."""
    params = {
        "ListenerArn": front.listener,
        "Priority": priority,
        "Conditions": PATH,
        "Actions": forward(front.group),
        **changes,
    }
    return region.elbv2("CreateRule", **params)["Rules"][0]


def register(region: Region, group: str, *addresses: str) -> None:
    """Register IP addresses with a target group."""
    targets = [{"Id": each} for each in addresses]
    region.elbv2("RegisterTargets", TargetGroupArn=group, Targets=targets)


def health(region: Region, group: str) -> dict[str, str]:
    """The state of each target of a group by its address."""
    answer = region.elbv2("DescribeTargetHealth", TargetGroupArn=group)
    return {
        each["Target"]["Id"]: each["TargetHealth"]["State"]
        for each in answer["TargetHealthDescriptions"]
    }
