"""Load balancers: create, describe, change, delete.

AWS: CreateLoadBalancer, DescribeLoadBalancers, SetSubnets, SetSecurityGroups, SetIpAddressType,
DeleteLoadBalancer, ModifyLoadBalancerAttributes.
"""

import re
from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.elbv2 import attributes, tags
from understudy.control.elbv2.faults import (
    bad_configuration,
    not_allowed,
)
from understudy.control.elbv2.pages import marked
from understudy.control.elbv2.state import OWNER, LoadBalancer
from understudy.control.events import Params, RemoveBalancer
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

PREFIX = {"application": "app", "network": "net"}
STAND_IN = "A stand-in of Understudy: nothing listens, its targets are taken to be healthy"
HOSTED_ZONE = {"application": "Z35SXDOTRQ7X7K", "network": "Z26RNL4JYFTOTI"}
"""Route 53 hosted zones of load balancers in us-east-1. AWS: Elastic Load Balancing endpoints."""


def create_load_balancer(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """CreateLoadBalancer: it is provisioning, then active."""
    name, kind = params["Name"], params.get("Type", "application")
    _check_name("Load balancer", name)
    _check_kind(kind, params)
    known = next((b for b in service.state.load_balancers.values() if b.name == name), None)
    if known is not None:
        if known.created_as != tags_apart(params):
            raise Fault(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
        return {"LoadBalancers": [describe(known)]}
    subnets, vpc = _placed(service, kind, params, turn)
    tags.checked(params)
    number = turn.ids.hex(16)
    internal = params.get("Scheme") == "internal"
    balancer = LoadBalancer(
        arn=turn.arn("elasticloadbalancing", f"loadbalancer/{PREFIX[kind]}/{name}/{number}"),
        name=name,
        kind=kind,
        scheme="internal" if internal else "internet-facing",
        dns_name=_dns_name(name, kind, number, turn, internal=internal),
        vpc=vpc,
        subnets=subnets,
        created_at=turn.at,
        created_as=tags_apart(params),
        ip_address_type=params.get("IpAddressType", "ipv4"),
        security_groups=tuple(params.get("SecurityGroups", ())),
        attributes=attributes.defaults(attributes.LOAD_BALANCER[kind]),
    )
    if internal:
        balancer.attributes["ipv6.deny_all_igw_traffic"] = "true"
    service.state.load_balancers[balancer.arn] = balancer
    tags.put(service, balancer.arn, params)
    turn.schedule(turn.at + service.config.provisioning, OWNER, "provisioned", balancer.arn)
    return {"LoadBalancers": [describe(balancer)]}


def tags_apart(params: Params) -> Params:
    """A request without its tags: what makes two requests the same."""
    return {key: value for key, value in params.items() if key != "Tags"}


def _dns_name(name: str, kind: str, number: str, turn: Turn, *, internal: bool) -> str:
    prefix = "internal-" if internal else ""
    if kind == "network":
        return f"{prefix}{name}-{number}.elb.{turn.region}.amazonaws.com"
    digits = int(number, 16) % 10**10
    return f"{prefix}{name}-{digits}.{turn.region}.elb.amazonaws.com"


def _check_name(noun: str, name: str) -> None:
    """Raises Fault (ValidationError) for a name that AWS refuses."""
    check_name(noun, name)
    if name.startswith("internal-"):
        raise validation_error(f"{noun} name '{name}' cannot begin with 'internal-'")


def check_name(noun: str, name: str) -> None:
    """Raises Fault (ValidationError) for the name of a load balancer or a target group."""
    if len(name) > 32:
        raise validation_error(f"{noun} name '{name}' cannot be longer than '32' characters")
    if not re.fullmatch("[A-Za-z0-9-]+", name):
        raise validation_error(
            f"{noun} name '{name}' can only contain characters that are alphanumeric characters "
            "or hyphens(-)"
        )
    if name[0] == "-" or name[-1] == "-":
        raise validation_error(f"{noun} name '{name}' cannot begin or end with '-'")


def _check_kind(kind: str, params: Params) -> None:
    if kind not in PREFIX:
        raise bad_configuration(
            f"Understudy offers application and network load balancers; {kind} is not offered"
        )
    if params.get("CustomerOwnedIpv4Pool") or params.get("IpamPools"):
        raise bad_configuration("Address pools are not offered")


def _placed(
    service: "ElasticLoadBalancing", kind: str, params: Params, turn: Turn
) -> tuple[dict[str, str], str]:
    """The subnets of a request with their zones, and their VPC. Raises Fault."""
    if bool(params.get("Subnets")) == bool(params.get("SubnetMappings")):
        raise validation_error("You must specify either subnets or subnet mappings, but not both")
    ids: list[str] = params.get("Subnets") or [
        mapping["SubnetId"] for mapping in params["SubnetMappings"]
    ]
    placed = service.networks.subnets(ids, turn.region)
    zones = [subnet.zone for subnet in placed]
    if len(set(zones)) < len(zones):
        raise bad_configuration(
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        )
    if kind == "application" and len(zones) < 2:
        raise validation_error(
            "At least two subnets in two different Availability Zones must be specified"
        )
    return dict(zip(ids, zones, strict=True)), placed[0].vpc


def describe(balancer: LoadBalancer) -> Params:
    """A load balancer as AWS describes it."""
    described: Params = {
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": HOSTED_ZONE[balancer.kind],
        "CreatedTime": balancer.created_at,
        "LoadBalancerName": balancer.name,
        "Scheme": balancer.scheme,
        "VpcId": balancer.vpc,
        "State": _state(balancer),
        "Type": balancer.kind,
        "AvailabilityZones": _zones(balancer),
        "IpAddressType": balancer.ip_address_type,
    }
    if balancer.security_groups:
        described["SecurityGroups"] = list(balancer.security_groups)
    return described


def _state(balancer: LoadBalancer) -> Params:
    """The state; its reason says, in the open, where the load balancer can be reached here."""
    if balancer.endpoint is None:
        return {"Code": balancer.state}
    reached = f"Understudy serves it at {balancer.endpoint}"
    return {"Code": balancer.state, "Reason": reached if balancer.endpoint else STAND_IN}


def _zones(balancer: LoadBalancer) -> list[Params]:
    return [
        {"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": []}
        for subnet, zone in balancer.subnets.items()
    ]


def describe_load_balancers(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeLoadBalancers: all, or those of some ARNs or names."""
    del turn
    arns, names = params.get("LoadBalancerArns"), params.get("Names")
    if arns and names:
        raise validation_error("Load balancer names and ARNs cannot be specified together")
    if arns:
        return {"LoadBalancers": [describe(service.state.load_balancer(arn)) for arn in arns]}
    there = list(service.state.load_balancers.values())
    if names:
        known = {balancer.name for balancer in there}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise Fault(
                "LoadBalancerNotFound", f"Load balancers '[{', '.join(unknown)}]' not found"
            )
        there = [balancer for balancer in there if balancer.name in names]
    shown, more = marked(there, params)
    return {"LoadBalancers": [describe(each) for each in shown], **more}


def delete_load_balancer(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DeleteLoadBalancer: with its listeners and rules; one that is gone is deleted already."""
    balancer = service.state.load_balancers.get(params["LoadBalancerArn"])
    if balancer is None:
        return {}
    if balancer.attributes["deletion_protection.enabled"] == "true":
        raise not_allowed(
            f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is "
            "enabled"
        )
    for listener in service.state.listeners_of(balancer.arn):
        service.state.forget_listener(listener)
    del service.state.load_balancers[balancer.arn]
    service.state.tags.pop(balancer.arn, None)
    turn.emit(RemoveBalancer(turn.region, balancer.arn))
    return {}


def set_subnets(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """SetSubnets: the zones that a load balancer serves in from now on."""
    balancer = service.state.load_balancer(params["LoadBalancerArn"])
    balancer.subnets, balancer.vpc = _placed(service, balancer.kind, params, turn)
    balancer.ip_address_type = params.get("IpAddressType", balancer.ip_address_type)
    service.touch(balancer.arn)
    return {"AvailabilityZones": _zones(balancer), "IpAddressType": balancer.ip_address_type}


def set_security_groups(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """SetSecurityGroups: they are kept, nothing is filtered by them."""
    del turn
    balancer = service.state.load_balancer(params["LoadBalancerArn"])
    if balancer.kind == "network" and not balancer.security_groups:
        raise bad_configuration(
            "You cannot set security groups on a Network Load Balancer that was created without"
        )
    balancer.security_groups = tuple(params["SecurityGroups"])
    return {"SecurityGroupIds": list(balancer.security_groups)}


def set_ip_address_type(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """SetIpAddressType: it is kept."""
    del turn
    balancer = service.state.load_balancer(params["LoadBalancerArn"])
    if balancer.scheme == "internal" and params["IpAddressType"] != "ipv4":
        raise bad_configuration("Internal load balancers must use the ipv4 IP address type")
    balancer.ip_address_type = params["IpAddressType"]
    return {"IpAddressType": balancer.ip_address_type}


def describe_attributes(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeLoadBalancerAttributes."""
    del turn
    balancer = service.state.load_balancer(params["LoadBalancerArn"])
    return {"Attributes": attributes.pairs(balancer.attributes)}


def modify_attributes(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """ModifyLoadBalancerAttributes: change those that the request names."""
    del turn
    balancer = service.state.load_balancer(params["LoadBalancerArn"])
    balancer.attributes = attributes.changed(
        attributes.LOAD_BALANCER[balancer.kind], balancer.attributes, params["Attributes"]
    )
    service.touch(balancer.arn)
    return {"Attributes": attributes.pairs(balancer.attributes)}
