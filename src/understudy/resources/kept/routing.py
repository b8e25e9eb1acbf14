"""Route 53 and classic load balancers."""

from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import (
    Here,
    as_list,
    name,
    own,
    owns,
    prop,
)

# Route 53


def _zone_id(here: Here) -> str:
    return here.found["HostedZone"]["Id"].rpartition("/")[2]


def _dotted(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


ZONE = Kept(
    "AWS::Route53::HostedZone",
    "route53",
    create=Call(
        "CreateHostedZone",
        "HostedZoneConfig",
        Name=lambda here: _dotted(here.properties["Name"]),
        CallerReference=lambda here: here.request.generated + here.request.logical_id,
        VPC=lambda here: next(iter(here.properties.get("VPCs", [])), None),
    ),
    id=_zone_id,
    identity="Id",
    then=(
        Call(
            "ChangeTagsForResource",
            when="HostedZoneTags",
            needs="AddTags",
            ResourceType="hostedzone",
            ResourceId=own,
            AddTags=prop("HostedZoneTags"),
        ),
    ),
    update=(
        Call(
            "UpdateHostedZoneComment",
            when="HostedZoneConfig",
            Id=own,
            Comment=prop("HostedZoneConfig.Comment"),
        ),
    ),
    read=Call("GetHostedZone", Id=own),
    attributes="NameServers>DelegationSet.NameServers",
    delete=(Call("DeleteHostedZone", Id=own),),
)


def _record_set(given: Any) -> Params:
    """A record as the API has it: values as maps, times to live as numbers."""
    found = {
        key: value
        for key, value in given.items()
        if key not in ("HostedZoneId", "HostedZoneName", "Comment", "ResourceRecords")
    }
    found["Name"] = _dotted(given["Name"])
    if "ResourceRecords" in given:
        found["ResourceRecords"] = [{"Value": each} for each in given["ResourceRecords"]]
    return found


def _zone_of(given: Any) -> Steps[str]:
    if "HostedZoneId" in given:
        return given["HostedZoneId"]
    name = _dotted(given["HostedZoneName"])
    answer = yield Invoke("route53", "ListHostedZonesByName", {"DNSName": name})
    return answer["HostedZones"][0]["Id"].rpartition("/")[2]


def _change(action: str, zone: str, records: list[Params]) -> Invoke:
    changes = [{"Action": action, "ResourceRecordSet": _record_set(each)} for each in records]
    return Invoke(
        "route53",
        "ChangeResourceRecordSets",
        {"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}},
    )


def _records(properties: Any) -> list[Params]:
    return properties.get("RecordSets", []) if "RecordSets" in properties else [properties]


def _put_records(here: Here) -> Steps[None]:
    zone = yield from _zone_of(here.properties)
    if _records(here.properties):
        yield _change("UPSERT", zone, _records(here.properties))
    kept = [(each["Name"], each["Type"]) for each in _records(here.properties)]
    before = here.before
    gone = [e for e in (_records(before) if before else []) if (e["Name"], e["Type"]) not in kept]
    if gone:
        yield _change("DELETE", zone, gone)


def _delete_records(here: Here) -> Steps[None]:
    zone = yield from _zone_of(here.properties)
    if _records(here.properties):
        yield _change("DELETE", zone, _records(here.properties))


RECORD = Kept(
    "AWS::Route53::RecordSet",
    "route53",
    create=_put_records,
    id=lambda here: here.properties["Name"],
    update=(_put_records,),
    delete=(_delete_records,),
)
RECORD_GROUP = Kept(
    "AWS::Route53::RecordSetGroup",
    "route53",
    create=_put_records,
    id=lambda here: here.request.name(100),
    identity="Id",
    update=(_put_records,),
    delete=(_delete_records,),
)
HEALTH_CHECK = Kept(
    "AWS::Route53::HealthCheck",
    "route53",
    create=Call(
        "CreateHealthCheck",
        "HealthCheckConfig",
        CallerReference=lambda here: here.request.generated + here.request.logical_id,
    ),
    id="HealthCheck.Id",
    identity="HealthCheckId",
    read=Call("GetHealthCheck", HealthCheckId=own),
    record="HealthCheck",
    delete=(Call("DeleteHealthCheck", HealthCheckId=own),),
)

# Classic load balancers


def _balancer_extras(here: Here) -> Steps[None]:
    before, after = here.before, here.properties
    who = {"LoadBalancerName": here.id}
    check = after.get("HealthCheck")
    if check and check != before.get("HealthCheck"):
        yield Invoke("elb", "ConfigureHealthCheck", {**who, "HealthCheck": check})
    old, new = before.get("Instances", []), after.get("Instances", [])
    joined = [{"InstanceId": each} for each in new if each not in old]
    left = [{"InstanceId": each} for each in old if each not in new]
    if joined:
        yield Invoke("elb", "RegisterInstancesWithLoadBalancer", {**who, "Instances": joined})
    if left:
        yield Invoke("elb", "DeregisterInstancesFromLoadBalancer", {**who, "Instances": left})
    settings = _attributes(after)
    if settings and settings != _attributes(before):
        params = {**who, "LoadBalancerAttributes": settings}
        yield Invoke("elb", "ModifyLoadBalancerAttributes", params)


def _attributes(properties: Any) -> Params:
    """The settings that have members of their own in a template."""
    found: Params = {}
    if "CrossZone" in properties:
        found["CrossZoneLoadBalancing"] = {"Enabled": properties["CrossZone"]}
    if "ConnectionDrainingPolicy" in properties:
        found["ConnectionDraining"] = properties["ConnectionDrainingPolicy"]
    if "ConnectionSettings" in properties:
        found["ConnectionSettings"] = properties["ConnectionSettings"]
    if "AccessLoggingPolicy" in properties:
        found["AccessLog"] = properties["AccessLoggingPolicy"]
    return found


def _replace_listeners(here: Here) -> Steps[None]:
    before, after = here.before.get("Listeners", []), here.properties["Listeners"]
    if before == after:
        return
    who = {"LoadBalancerName": here.id}
    ports = [int(each["LoadBalancerPort"]) for each in before]
    yield Invoke("elb", "DeleteLoadBalancerListeners", {**who, "LoadBalancerPorts": ports})
    yield Invoke("elb", "CreateLoadBalancerListeners", {**who, "Listeners": after})


BALANCER = Kept(
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "elb",
    create=Call(
        "CreateLoadBalancer",
        "Listeners AvailabilityZones Subnets SecurityGroups Scheme",
        LoadBalancerName=name("LoadBalancerName", 32),
        Tags=as_list(),
    ),
    id=lambda here: here.found["LoadBalancerName"],
    then=(_balancer_extras,),
    update=(_replace_listeners,),
    read=Call("DescribeLoadBalancers", LoadBalancerNames=owns),
    record="LoadBalancerDescriptions.0",
    attributes=(
        "DNSName CanonicalHostedZoneName CanonicalHostedZoneNameID "
        "SourceSecurityGroup.GroupName SourceSecurityGroup.OwnerAlias"
    ),
    live="Scheme LoadBalancerName",
    delete=(Call("DeleteLoadBalancer", LoadBalancerName=own),),
)

TYPES = (ZONE, RECORD, RECORD_GROUP, HEALTH_CHECK, BALANCER)
