"""Target groups: create, describe, change, delete.

AWS: CreateTargetGroup, DescribeTargetGroups, ModifyTargetGroup, ModifyTargetGroupAttributes,
DeleteTargetGroup; Health checks for Application Load Balancer target groups.
"""

import re
from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.elbv2 import attributes, tags
from understudy.control.elbv2.faults import bad_configuration, missing
from understudy.control.elbv2.load_balancers import check_name, tags_apart
from understudy.control.elbv2.pages import marked
from understudy.control.elbv2.state import TargetGroup
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

WEB = ("HTTP", "HTTPS")
OFFERED = (*WEB, "TCP", "TLS", "UDP", "TCP_UDP")
_CHECKS = (
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckPath",
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)
CODES = re.compile(r"\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*")


def create_target_group(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """CreateTargetGroup: with AWS's defaults for what the request leaves out."""
    name = params["Name"]
    check_name("Target group", name)
    known = next((group for group in service.state.groups.values() if group.name == name), None)
    if known is not None:
        if known.created_as != tags_apart(params):
            raise Fault(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{name}' exists, but with different settings",
            )
        return {"TargetGroups": [describe(service, known)]}
    described = {**_identity(params), **_checks(params)}
    tags.checked(params)
    arn = turn.arn("elasticloadbalancing", f"targetgroup/{name}/{turn.ids.hex(16)}")
    table = attributes.of_group(described["TargetType"], described.get("Protocol", ""))
    group = TargetGroup(arn, name, described, tags_apart(params), attributes.defaults(table))
    if group.params.get("Protocol") in ("UDP", "TCP_UDP"):
        group.attributes["deregistration_delay.connection_termination.enabled"] = "true"
    service.state.groups[arn] = group
    tags.put(service, arn, params)
    return {"TargetGroups": [describe(service, group)]}


def _identity(params: Params) -> Params:
    """What a group is: its target type, protocol, port and VPC. Raises Fault."""
    kind = params.get("TargetType", "instance")
    common: Params = {"TargetType": kind, "IpAddressType": params.get("IpAddressType", "ipv4")}
    if kind == "lambda":
        for member, noun in (("Protocol", "Protocol"), ("Port", "Port"), ("VpcId", "VPC ID")):
            if member in params:
                raise validation_error(
                    f"{noun} cannot be specified for target groups with target type 'lambda'"
                )
        return common
    for member, noun in (("Protocol", "protocol"), ("Port", "port"), ("VpcId", "VPC ID")):
        if member not in params:
            raise validation_error(f"A {noun} must be specified")
    protocol = params["Protocol"]
    if protocol not in OFFERED:
        raise bad_configuration(f"Target groups of protocol {protocol} are not offered")
    if kind == "alb" and protocol != "TCP":
        raise validation_error("Target groups with target type 'alb' must have protocol TCP")
    identity = {**common, "Protocol": protocol, "Port": params["Port"], "VpcId": params["VpcId"]}
    if protocol in WEB:
        identity["ProtocolVersion"] = params.get("ProtocolVersion", "HTTP1")
    elif "ProtocolVersion" in params:
        raise validation_error(f"Protocol version cannot be specified with protocol {protocol}")
    return identity


def _checks(params: Params) -> Params:
    """The health check of a new group: what the request says over AWS's defaults. Raises Fault."""
    kind, protocol = params.get("TargetType", "instance"), params.get("Protocol", "")
    said = {member: params[member] for member in _CHECKS if member in params}
    merged = {**_default_checks(kind, protocol, params), **said}
    _check_checks(kind, protocol, merged)
    return merged


def _default_checks(kind: str, protocol: str, params: Params) -> Params:
    """AWS's defaults. The user guide has 5 s for HTTP groups where the API reference has 6."""
    common: Params = {"HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2}
    web: Params = {"HealthCheckPath": _default_path(params), "Matcher": _default_matcher(params)}
    if kind == "lambda":
        slow = {"HealthCheckIntervalSeconds": 35, "HealthCheckTimeoutSeconds": 30}
        return {**common, **web, **slow, "UnhealthyThresholdCount": 5, "HealthCheckEnabled": False}
    check = params.get("HealthCheckProtocol", "HTTP" if protocol in WEB or kind == "alb" else "TCP")
    defaults: Params = {
        **common,
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": check,
        "HealthCheckPort": "traffic-port",
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5 if protocol in WEB else _layer_four_timeout(check),
    }
    return {**defaults, **web} if check in WEB else defaults


def _layer_four_timeout(check: str) -> int:
    return 6 if check == "HTTP" else 10


def _default_path(params: Params) -> str:
    return "/AWS.ALB/healthcheck" if params.get("ProtocolVersion") == "GRPC" else "/"


def _default_matcher(params: Params) -> Params:
    if params.get("ProtocolVersion") == "GRPC":
        return {"GrpcCode": "12"}
    web = params.get("Protocol", "HTTP") in WEB
    return {"HttpCode": "200" if web else "200-399"}


def _check_checks(kind: str, protocol: str, checks: Params) -> None:
    """Raises Fault where a health check's settings do not fit each other."""
    if kind != "lambda" and not checks["HealthCheckEnabled"]:
        raise bad_configuration(
            f"Health check enabled must be true for target groups with target type '{kind}'"
        )
    check = checks.get("HealthCheckProtocol", "HTTP")
    if check not in (*WEB, "TCP") or (check == "TCP" and protocol in WEB):
        raise bad_configuration(
            f"Health check protocol '{check}' is not supported for protocol '{protocol}'"
        )
    interval, timeout = checks["HealthCheckIntervalSeconds"], checks["HealthCheckTimeoutSeconds"]
    if timeout >= interval if kind != "lambda" else timeout > interval:
        raise validation_error(
            f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'"
        )
    if check == "TCP" and ("Matcher" in checks or "HealthCheckPath" in checks):
        raise validation_error("Health check path and matcher cannot be specified with TCP")
    _check_details(checks)


def _check_details(checks: Params) -> None:
    path = checks.get("HealthCheckPath", "/")
    if not path.startswith("/"):
        raise validation_error(f"Health check path '{path}' must begin with a '/' character")
    port = checks.get("HealthCheckPort", "traffic-port")
    if port != "traffic-port" and not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise validation_error(
            f"Health check port '{port}' must be 'traffic-port' or in the range 1-65535"
        )
    matcher = checks.get("Matcher", {})
    codes = matcher.get("HttpCode", matcher.get("GrpcCode", "200"))
    if not CODES.fullmatch(codes):
        raise validation_error(f"Health check matcher HTTP code '{codes}' is not valid")


def describe(service: "ElasticLoadBalancing", group: TargetGroup) -> Params:
    """A target group as AWS describes it."""
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        **group.params,
        "LoadBalancerArns": service.balancers_of(group.arn),
    }


def describe_target_groups(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeTargetGroups: all, or those of a load balancer, of some ARNs or names."""
    del turn
    chosen = _chosen(service, params)
    shown, more = marked(chosen, params)
    return {"TargetGroups": [describe(service, each) for each in shown], **more}


def _chosen(service: "ElasticLoadBalancing", params: Params) -> list[TargetGroup]:
    filters = [each for each in ("LoadBalancerArn", "TargetGroupArns", "Names") if params.get(each)]
    if len(filters) > 1:
        raise validation_error(
            "You can specify only one of: a load balancer ARN, target group ARNs, names"
        )
    groups = list(service.state.groups.values())
    if params.get("LoadBalancerArn"):
        arn = service.state.load_balancer(params["LoadBalancerArn"]).arn
        return [group for group in groups if arn in service.balancers_of(group.arn)]
    if params.get("TargetGroupArns"):
        return [service.state.group(arn) for arn in params["TargetGroupArns"]]
    if params.get("Names"):
        found = [group for group in groups if group.name in params["Names"]]
        if len(found) < len(set(params["Names"])):
            raise missing("target group")
        return found
    return groups


def modify_target_group(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """ModifyTargetGroup: change the health check."""
    del turn
    group = service.state.group(params["TargetGroupArn"])
    said = {member: params[member] for member in _CHECKS if member in params}
    after = {**group.params, **said}
    if said.get("HealthCheckProtocol") == "TCP":
        after = {k: v for k, v in after.items() if k not in ("Matcher", "HealthCheckPath")}
    elif said.get("HealthCheckProtocol"):
        after = {"HealthCheckPath": "/", "Matcher": _default_matcher(after), **after}
    _check_checks(group.kind, group.params.get("Protocol", ""), after)
    group.params = after
    service.touch_group(group.arn)
    return {"TargetGroups": [describe(service, group)]}


def delete_target_group(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DeleteTargetGroup: one that no rule forwards to."""
    del turn
    group = service.state.groups.get(params["TargetGroupArn"])
    if group is None:
        return {}
    if service.balancers_of(group.arn):
        raise Fault(
            "ResourceInUse",
            f"Target group '{group.arn}' is currently in use by a listener or a rule",
        )
    del service.state.groups[group.arn]
    service.state.tags.pop(group.arn, None)
    return {}


def describe_attributes(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeTargetGroupAttributes."""
    del turn
    group = service.state.group(params["TargetGroupArn"])
    return {"Attributes": attributes.pairs(group.attributes)}


def modify_attributes(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """ModifyTargetGroupAttributes: change those that the request names."""
    del turn
    group = service.state.group(params["TargetGroupArn"])
    table = attributes.of_group(group.kind, group.params.get("Protocol", ""))
    group.attributes = attributes.changed(table, group.attributes, params["Attributes"])
    service.touch_group(group.arn)
    return {"Attributes": attributes.pairs(group.attributes)}
