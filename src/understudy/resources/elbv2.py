"""AWS::ElasticLoadBalancingV2: LoadBalancer, TargetGroup, Listener, ListenerRule, certificates."""

from understudy.base.arn import resource_of
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Stabilize,
    Steps,
    Wait,
)
from understudy.resources.tags import tag_list, without

SERVICE = "elbv2"
NAME_LIMIT = 32
LOOK_SECONDS = 1.0
MISSING = (
    "LoadBalancerNotFound",
    "ListenerNotFound",
    "RuleNotFound",
    "TargetGroupNotFound",
)


def _retagged(request: Request) -> Steps[None]:
    """Give a resource the tags that it shall have, and take those off that it had."""
    wanted = tag_list(request)
    names = {each["Key"] for each in wanted}
    gone = [each["Key"] for each in _old_tags(request) if each["Key"] not in names]
    if gone:
        arns = {"ResourceArns": [request.physical_id], "TagKeys": gone}
        yield Invoke(SERVICE, "RemoveTags", arns)
    if wanted:
        arns = {"ResourceArns": [request.physical_id], "Tags": wanted}
        yield Invoke(SERVICE, "AddTags", arns)


def _old_tags(request: Request) -> list[Params]:
    return request.previous.get("Tags", [])


def _gone(operation: str, params: Params) -> Steps[None]:
    """Delete something; what is gone already counts as deleted."""
    try:
        yield Invoke(SERVICE, operation, params)
    except Fault as fault:
        if fault.code not in MISSING:
            raise


def _set(operation: str, arn: Params, properties: Params, name: str) -> Steps[None]:
    """Change the attributes that a property names."""
    attributes: list[Params] = properties.get(name, [])
    if attributes:
        yield Invoke(SERVICE, operation, {**arn, "Attributes": attributes})


def create_load_balancer(request: Request) -> Handler:
    """Create a load balancer and wait until it is active."""
    params = {
        **without(request.properties, "LoadBalancerAttributes", *_UNOFFERED),
        "Name": request.properties.get("Name") or request.name(NAME_LIMIT),
        "Tags": tag_list(request),
    }
    answer = yield Invoke(SERVICE, "CreateLoadBalancer", params)
    made: Params = answer["LoadBalancers"][0]
    arn: str = made["LoadBalancerArn"]
    yield Identify(arn, _balancer_attributes(made))
    yield from _set(
        "ModifyLoadBalancerAttributes",
        {"LoadBalancerArn": arn},
        request.properties,
        "LoadBalancerAttributes",
    )
    described = yield from _active(arn)
    return Done(arn, _balancer_attributes(described))


_UNOFFERED = (
    "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
    "MinimumLoadBalancerCapacity",
    "EnableCapacityReservationProvisionStabilize",
)


def _active(arn: str) -> Steps[Params]:
    while True:
        answer = yield Invoke(SERVICE, "DescribeLoadBalancers", {"LoadBalancerArns": [arn]})
        (found,) = answer["LoadBalancers"]
        if found["State"]["Code"] == "active":
            return found
        if found["State"]["Code"] == "failed":
            raise HandlerFailure(found["State"].get("Reason", "it failed"), "NotStabilized")
        yield Stabilize(LOOK_SECONDS)


def _balancer_attributes(described: Params) -> Params:
    arn: str = described["LoadBalancerArn"]
    return {
        "LoadBalancerArn": arn,
        "DNSName": described["DNSName"],
        "CanonicalHostedZoneID": described["CanonicalHostedZoneId"],
        "LoadBalancerFullName": resource_of(arn).removeprefix("loadbalancer/"),
        "LoadBalancerName": described["LoadBalancerName"],
        "SecurityGroups": described.get("SecurityGroups", []),
    }


def update_load_balancer(request: Request) -> Handler:
    """Change a load balancer's subnets, security groups, addresses, attributes and tags."""
    arn = {"LoadBalancerArn": request.physical_id}
    wanted, before = request.properties, request.previous
    for operation, names in (
        ("SetSubnets", ("Subnets", "SubnetMappings")),
        ("SetSecurityGroups", ("SecurityGroups",)),
        ("SetIpAddressType", ("IpAddressType",)),
    ):
        changed = {n: wanted[n] for n in names if n in wanted and wanted[n] != before.get(n)}
        if changed:
            yield Invoke(SERVICE, operation, {**arn, **changed})
    yield from _set("ModifyLoadBalancerAttributes", arn, wanted, "LoadBalancerAttributes")
    yield from _retagged(request)
    return Done(
        request.physical_id, _balancer_attributes((yield from _active(arn["LoadBalancerArn"])))
    )


def read_load_balancer(request: Request) -> Handler:
    """A load balancer as it is."""
    arns = {"LoadBalancerArns": [request.physical_id]}
    answer = yield Invoke(SERVICE, "DescribeLoadBalancers", arns)
    (found,) = answer["LoadBalancers"]
    told = yield Invoke(SERVICE, "DescribeTags", {"ResourceArns": [request.physical_id]})
    properties = {
        **request.properties,
        "SecurityGroups": found.get("SecurityGroups", []),
        "Tags": told["TagDescriptions"][0]["Tags"],
        "Name": found["LoadBalancerName"],
        "Scheme": found["Scheme"],
        "Type": found["Type"],
        "IpAddressType": found["IpAddressType"],
        "Subnets": [each["SubnetId"] for each in found["AvailabilityZones"]],
    }
    return Done(request.physical_id, _balancer_attributes(found), properties)


def delete_load_balancer(request: Request) -> Handler:
    """Delete a load balancer."""
    yield from _gone("DeleteLoadBalancer", {"LoadBalancerArn": request.physical_id})
    return Done(request.physical_id)


_CHECKS = (
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "UnhealthyThresholdCount",
)


def create_target_group(request: Request) -> Handler:
    """Create a target group with its attributes and targets."""
    params = {
        **without(request.properties, "TargetGroupAttributes", "Targets"),
        "Name": request.properties.get("Name") or request.name(NAME_LIMIT),
        "Tags": tag_list(request),
    }
    answer = yield Invoke(SERVICE, "CreateTargetGroup", params)
    arn = answer["TargetGroups"][0]["TargetGroupArn"]
    yield Identify(arn)
    key = {"TargetGroupArn": arn}
    yield from _set("ModifyTargetGroupAttributes", key, request.properties, "TargetGroupAttributes")
    yield from _targets(key, request.properties.get("Targets", []), [])
    return Done(arn, (yield from _group_attributes(arn)))


def _targets(key: Params, wanted: list[Params], before: list[Params]) -> Steps[None]:
    """Register the targets that are wanted, and deregister those that were.

    Instances can only be registered once they run, for which nobody has waited in EXPRESS mode.
    """
    gone = [each for each in before if each not in wanted]
    if gone:
        yield Invoke(SERVICE, "DeregisterTargets", {**key, "Targets": gone})
    while wanted:
        try:
            yield Invoke(SERVICE, "RegisterTargets", {**key, "Targets": wanted})
        except Fault as fault:
            if fault.code != "InvalidTarget" or not (yield from _start(wanted)):
                raise
            yield Wait(LOOK_SECONDS)
        else:
            break


def _start(targets: list[Params]) -> Steps[bool]:
    """Whether some targets are instances that are about to run."""
    ids = [each["Id"] for each in targets if each["Id"].startswith("i-")]
    pending = {"Name": "instance-state-name", "Values": ["pending"]}
    chosen = {"Name": "instance-id", "Values": ids}
    answer = yield Invoke("ec2", "DescribeInstances", {"Filters": [pending, chosen]})
    return bool(ids and answer["Reservations"])


def _group_attributes(arn: str) -> Steps[Params]:
    answer = yield Invoke(SERVICE, "DescribeTargetGroups", {"TargetGroupArns": [arn]})
    (found,) = answer["TargetGroups"]
    return {
        "TargetGroupArn": arn,
        "TargetGroupFullName": resource_of(arn),
        "TargetGroupName": found["TargetGroupName"],
        "LoadBalancerArns": found["LoadBalancerArns"],
    }


def update_target_group(request: Request) -> Handler:
    """Change a target group's health checks, attributes, targets and tags."""
    key = {"TargetGroupArn": request.physical_id}
    wanted = request.properties
    checks = {name: wanted[name] for name in _CHECKS if name in wanted}
    if any(wanted.get(name) != request.previous.get(name) for name in _CHECKS) and checks:
        yield Invoke(SERVICE, "ModifyTargetGroup", {**key, **checks})
    yield from _set("ModifyTargetGroupAttributes", key, wanted, "TargetGroupAttributes")
    if wanted.get("Targets") != request.previous.get("Targets"):
        yield from _targets(key, wanted.get("Targets", []), request.previous.get("Targets", []))
    yield from _retagged(request)
    return Done(request.physical_id, (yield from _group_attributes(request.physical_id)))


def read_target_group(request: Request) -> Handler:
    """A target group as it is."""
    arns = {"TargetGroupArns": [request.physical_id]}
    answer = yield Invoke(SERVICE, "DescribeTargetGroups", arns)
    (found,) = answer["TargetGroups"]
    names = ("Port", "Protocol", "VpcId", "TargetType", *_CHECKS)
    properties = request.properties | {name: found[name] for name in names if name in found}
    properties["Name"] = found["TargetGroupName"]
    attributes = yield from _group_attributes(request.physical_id)
    return Done(request.physical_id, attributes, properties)


def delete_target_group(request: Request) -> Handler:
    """Delete a target group."""
    yield from _gone("DeleteTargetGroup", {"TargetGroupArn": request.physical_id})
    return Done(request.physical_id)


def create_listener(request: Request) -> Handler:
    """Create a listener; of several certificates the first is its default."""
    params = {**without(request.properties, "ListenerAttributes"), **_no_tags(request)}
    answer = yield Invoke(SERVICE, "CreateListener", params)
    arn = answer["Listeners"][0]["ListenerArn"]
    yield Identify(arn)
    key = {"ListenerArn": arn}
    yield from _set("ModifyListenerAttributes", key, request.properties, "ListenerAttributes")
    return Done(arn, key)


def _no_tags(request: Request) -> Params:
    """The tags of the stack: listeners and rules have no tags of their own in a template."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()]}


def update_listener(request: Request) -> Handler:
    """Change a listener."""
    key = {"ListenerArn": request.physical_id}
    params = without(request.properties, "LoadBalancerArn", "ListenerAttributes")
    yield Invoke(SERVICE, "ModifyListener", {**key, **params})
    yield from _set("ModifyListenerAttributes", key, request.properties, "ListenerAttributes")
    return Done(request.physical_id, key)


def read_listener(request: Request) -> Handler:
    """A listener as it is."""
    answer = yield Invoke(SERVICE, "DescribeListeners", {"ListenerArns": [request.physical_id]})
    (found,) = answer["Listeners"]
    names = ("LoadBalancerArn", "Port", "Protocol", "SslPolicy")
    properties = request.properties | {name: found[name] for name in names if name in found}
    return Done(request.physical_id, {"ListenerArn": request.physical_id}, properties)


def delete_listener(request: Request) -> Handler:
    """Delete a listener."""
    yield from _gone("DeleteListener", {"ListenerArn": request.physical_id})
    return Done(request.physical_id)


def create_rule(request: Request) -> Handler:
    """Create a rule of a listener."""
    answer = yield Invoke(SERVICE, "CreateRule", {**request.properties, **_no_tags(request)})
    (rule,) = answer["Rules"]
    return Done(rule["RuleArn"], {"RuleArn": rule["RuleArn"], "IsDefault": rule["IsDefault"]})


def update_rule(request: Request) -> Handler:
    """Change a rule, and its place among the others."""
    wanted = request.properties
    params = {name: wanted[name] for name in _RULE if name in wanted}
    yield Invoke(SERVICE, "ModifyRule", {"RuleArn": request.physical_id, **params})
    if wanted["Priority"] != request.previous.get("Priority"):
        priority = {"RuleArn": request.physical_id, "Priority": wanted["Priority"]}
        yield Invoke(SERVICE, "SetRulePriorities", {"RulePriorities": [priority]})
    return Done(request.physical_id, {"RuleArn": request.physical_id, "IsDefault": False})


_RULE = ("Conditions", "Actions", "Transforms")


def read_rule(request: Request) -> Handler:
    """A rule as it is."""
    answer = yield Invoke(SERVICE, "DescribeRules", {"RuleArns": [request.physical_id]})
    (found,) = answer["Rules"]
    attributes = {"RuleArn": request.physical_id, "IsDefault": found["IsDefault"]}
    properties = {**request.properties, "Priority": int(found["Priority"])}
    return Done(request.physical_id, attributes, properties)


def delete_rule(request: Request) -> Handler:
    """Delete a rule."""
    yield from _gone("DeleteRule", {"RuleArn": request.physical_id})
    return Done(request.physical_id)


def add_certificates(request: Request) -> Handler:
    """Add certificates to a secure listener."""
    yield Invoke(SERVICE, "AddListenerCertificates", _certificates(request.properties))
    return Done(f"{request.properties['ListenerArn']}-certificates")


def _certificates(properties: Params) -> Params:
    return {name: properties[name] for name in ("ListenerArn", "Certificates")}


def update_certificates(request: Request) -> Handler:
    """Put other certificates in the place of those that were added."""
    yield Invoke(SERVICE, "AddListenerCertificates", _certificates(request.properties))
    wanted: list[Params] = request.properties["Certificates"]
    gone = [each for each in request.previous["Certificates"] if each not in wanted]
    if gone:
        params = {"ListenerArn": request.properties["ListenerArn"], "Certificates": gone}
        yield Invoke(SERVICE, "RemoveListenerCertificates", params)
    return Done(request.physical_id)


def remove_certificates(request: Request) -> Handler:
    """Take certificates off a listener."""
    yield from _gone("RemoveListenerCertificates", _certificates(request.properties))
    return Done(request.physical_id)


_PREFIX = "AWS::ElasticLoadBalancingV2::"
LOAD_BALANCER = ResourceType(
    f"{_PREFIX}LoadBalancer",
    "runs",
    create_load_balancer,
    delete_load_balancer,
    update_load_balancer,
    read_load_balancer,
)
TARGET_GROUP = ResourceType(
    f"{_PREFIX}TargetGroup",
    "runs",
    create_target_group,
    delete_target_group,
    update_target_group,
    read_target_group,
)
LISTENER = ResourceType(
    f"{_PREFIX}Listener",
    "runs",
    create_listener,
    delete_listener,
    update_listener,
    read_listener,
)
LISTENER_RULE = ResourceType(
    f"{_PREFIX}ListenerRule", "runs", create_rule, delete_rule, update_rule, read_rule
)
LISTENER_CERTIFICATE = ResourceType(
    f"{_PREFIX}ListenerCertificate",
    "runs",
    add_certificates,
    remove_certificates,
    update_certificates,
)
BALANCING = (LOAD_BALANCER, TARGET_GROUP, LISTENER, LISTENER_RULE, LISTENER_CERTIFICATE)
