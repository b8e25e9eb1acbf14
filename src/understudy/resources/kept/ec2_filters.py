"""What lets traffic through in EC2's networks: security groups and network access lists."""

from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.ec2_forms import TAGS, UNTAG, regular
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, own, owns, prop

NETWORK_ACL = regular("NetworkAcl", "VpcId", live="VpcId", identity="Id")

_ENTRY = (
    "NetworkAclId RuleNumber Protocol RuleAction CidrBlock Ipv6CidrBlock PortRange "
    "Icmp>IcmpTypeCode"
)
NETWORK_ACL_ENTRY = Kept(
    "AWS::EC2::NetworkAclEntry",
    "ec2",
    create=Call("CreateNetworkAclEntry", _ENTRY, Egress=prop("Egress", default=False)),
    id=lambda here: f"{here.properties['NetworkAclId']}-{here.properties['RuleNumber']}",
    identity="Id",
    update=(Call("ReplaceNetworkAclEntry", _ENTRY, Egress=prop("Egress", default=False)),),
    delete=(
        Call(
            "DeleteNetworkAclEntry", "NetworkAclId RuleNumber", Egress=prop("Egress", default=False)
        ),
    ),
)


def _replace_acl(here: Here) -> Steps[None]:
    """Give a subnet another list: its present association is replaced."""
    acl = here.properties["NetworkAclId"]
    here.found["AssociationId"] = yield from _associate(here.properties["SubnetId"], acl)


def _restore_acl(here: Here) -> Steps[None]:
    """Give a subnet the default list of its VPC again."""
    own = yield Invoke(
        "ec2", "DescribeNetworkAcls", {"NetworkAclIds": [here.properties["NetworkAclId"]]}
    )
    default: Params = {
        "Filters": [
            {"Name": "vpc-id", "Values": [own["NetworkAcls"][0]["VpcId"]]},
            {"Name": "default", "Values": ["true"]},
        ]
    }
    found = yield Invoke("ec2", "DescribeNetworkAcls", default)
    acl = found["NetworkAcls"][0]["NetworkAclId"]
    yield from _associate(here.properties["SubnetId"], acl)


def _associate(subnet: str, acl: str) -> Steps[str]:
    where = {"Filters": [{"Name": "association.subnet-id", "Values": [subnet]}]}
    answer = yield Invoke("ec2", "DescribeNetworkAcls", where)
    present = [
        each["NetworkAclAssociationId"]
        for one in answer["NetworkAcls"]
        for each in one["Associations"]
        if each["SubnetId"] == subnet
    ]
    params = {"AssociationId": present[0], "NetworkAclId": acl}
    made = yield Invoke("ec2", "ReplaceNetworkAclAssociation", params)
    return made["NewAssociationId"]


NETWORK_ACL_ASSOCIATION = Kept(
    "AWS::EC2::SubnetNetworkAclAssociation",
    "ec2",
    create=_replace_acl,
    id=lambda here: here.found.get("AssociationId", ""),
    identity="AssociationId",
    delete=(_restore_acl,),
)


def _permission(rule: Any) -> Params:
    """A rule of a template as an IpPermission of the API."""
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    found: Params = {k: rule[k] for k in ("IpProtocol", "FromPort", "ToPort") if k in rule}
    if "CidrIp" in rule:
        found["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    if "CidrIpv6" in rule:
        found["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **described}]
    for key in ("SourcePrefixListId", "DestinationPrefixListId"):
        if key in rule:
            found["PrefixListIds"] = [{"PrefixListId": rule[key], **described}]
    for key in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
        if key in rule:
            found["UserIdGroupPairs"] = [{"GroupId": rule[key], **described}]
    if "SourceSecurityGroupName" in rule:
        pair = {"GroupName": rule["SourceSecurityGroupName"], **described}
        found["UserIdGroupPairs"] = [pair]
    return found


_EVERYWHERE: Params = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}


def _rules(here: Here) -> Steps[None]:
    """Bring the rules of a group to what they shall be; by default all may leave."""
    before, after = here.before, here.properties
    for direction, listed in (
        ("Ingress", "SecurityGroupIngress"),
        ("Egress", "SecurityGroupEgress"),
    ):
        fallback = [_EVERYWHERE] if direction == "Egress" else []
        old = before.get(listed, fallback) if before else fallback
        new = after.get(listed, fallback)
        for operation, rules in (
            ("Revoke", [each for each in old if each not in new]),
            ("Authorize", [each for each in new if each not in old]),
        ):
            if rules:
                permissions = [_permission(each) for each in rules]
                params = {"GroupId": here.id, "IpPermissions": permissions}
                yield Invoke("ec2", f"{operation}SecurityGroup{direction}", params)


SECURITY_GROUP = Kept(
    "AWS::EC2::SecurityGroup",
    "ec2",
    create=Call(
        "CreateSecurityGroup",
        "VpcId GroupDescription>Description",
        GroupName=lambda here: here.properties.get("GroupName") or here.request.name(255),
    ),
    id="GroupId",
    identity="GroupId Id",
    then=(*TAGS, _rules),
    update=(UNTAG,),
    read=Call("DescribeSecurityGroups", GroupIds=owns),
    record="SecurityGroups.0",
    attributes="VpcId",
    live="VpcId GroupDescription>Description GroupName Tags",
    delete=(Call("DeleteSecurityGroup", GroupId=own),),
)


def _rule(direction: str) -> Kept:
    """AWS::EC2::SecurityGroupIngress and SecurityGroupEgress: one rule of a group."""

    def permissions(here: Here) -> Any:
        return [_permission(here.properties)]

    return Kept(
        f"AWS::EC2::SecurityGroup{direction}",
        "ec2",
        create=Call(
            f"AuthorizeSecurityGroup{direction}", "GroupId GroupName", IpPermissions=permissions
        ),
        id="SecurityGroupRules.0.SecurityGroupRuleId",
        identity="Id",
        read=Call("DescribeSecurityGroupRules", SecurityGroupRuleIds=owns),
        record="SecurityGroupRules.0",
        live="IpProtocol FromPort ToPort",
        update=(
            Call(
                f"UpdateSecurityGroupRuleDescriptions{direction}",
                "GroupId",
                when="Description",
                IpPermissions=permissions,
            ),
        ),
        delete=(
            Call(f"RevokeSecurityGroup{direction}", "GroupId GroupName", IpPermissions=permissions),
        ),
    )


TYPES = (
    SECURITY_GROUP,
    _rule("Ingress"),
    _rule("Egress"),
    NETWORK_ACL,
    NETWORK_ACL_ENTRY,
    NETWORK_ACL_ASSOCIATION,
)
