"""EC2's networks: VPCs, subnets and what belongs to them. No packet is routed by them."""

from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.ec2_forms import TAGS, UNTAG, flags, regular
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, document, own, owns, prop


def _vpc_attributes(here: Here) -> Steps[None]:
    """What DescribeVpcs does not tell: the lists that others make for a new VPC."""
    where = {"Filters": [{"Name": "vpc-id", "Values": [here.id]}]}
    groups = yield Invoke("ec2", "DescribeSecurityGroups", where)
    acls = yield Invoke("ec2", "DescribeNetworkAcls", where)
    default = [g for g in groups.get("SecurityGroups", []) if g["GroupName"] == "default"]
    here.found["DefaultSecurityGroup"] = default[0]["GroupId"] if default else None
    first = [each for each in acls.get("NetworkAcls", []) if each.get("IsDefault")]
    here.found["DefaultNetworkAcl"] = first[0]["NetworkAclId"] if first else None


def _vpc(record: Any) -> Params:
    blocks: list[Params] = record.get("CidrBlockAssociationSet", [])
    sixes: list[Params] = record.get("Ipv6CidrBlockAssociationSet", [])
    return {
        **record,
        "CidrBlockAssociations": [each["AssociationId"] for each in blocks],
        "Ipv6CidrBlocks": [each["Ipv6CidrBlock"] for each in sixes],
    }


VPC = regular(
    "VPC",
    "CidrBlock InstanceTenancy",
    noun="Vpc",
    live="CidrBlock InstanceTenancy",
    attributes="CidrBlock CidrBlockAssociations Ipv6CidrBlocks",
    translate=_vpc,
    then=(
        *flags("ModifyVpcAttribute", "VpcId", "EnableDnsSupport", "EnableDnsHostnames"),
        _vpc_attributes,
    ),
    found="DefaultSecurityGroup DefaultNetworkAcl",
)


SUBNET = regular(
    "Subnet",
    "VpcId CidrBlock AvailabilityZone Ipv6CidrBlock",
    live="VpcId CidrBlock AvailabilityZone MapPublicIpOnLaunch",
    attributes="AvailabilityZone CidrBlock VpcId",
    then=flags("ModifySubnetAttribute", "SubnetId", "MapPublicIpOnLaunch"),
)


CIDR_BLOCK = Kept(
    "AWS::EC2::VPCCidrBlock",
    "ec2",
    create=Call("AssociateVpcCidrBlock", "VpcId CidrBlock AmazonProvidedIpv6CidrBlock"),
    id=lambda here: _block(here.found),
    identity="Id",
    delete=(Call("DisassociateVpcCidrBlock", AssociationId=own),),
)


def _block(found: Params) -> str:
    for key in ("CidrBlockAssociation", "Ipv6CidrBlockAssociation"):
        if found.get(key, {}).get("AssociationId"):
            return found[key]["AssociationId"]
    return ""


_DHCP = {
    "DomainName": "domain-name",
    "DomainNameServers": "domain-name-servers",
    "NtpServers": "ntp-servers",
    "NetbiosNameServers": "netbios-name-servers",
    "NetbiosNodeType": "netbios-node-type",
}


DHCP_OPTIONS = regular(
    "DHCPOptions",
    "",
    noun="DhcpOptions",
    plural="DhcpOptions",
    DhcpConfigurations=lambda here: [
        {"Key": key, "Values": value if isinstance(value, list) else [str(value)]}
        for name, key in _DHCP.items()
        if (value := here.properties.get(name)) is not None
    ],
)


DHCP_ASSOCIATION = Kept(
    "AWS::EC2::VPCDHCPOptionsAssociation",
    "ec2",
    create=Call("AssociateDhcpOptions", "DhcpOptionsId VpcId"),
    id=lambda here: f"{here.properties['DhcpOptionsId']}|{here.properties['VpcId']}",
    update=(Call("AssociateDhcpOptions", "DhcpOptionsId VpcId"),),
    delete=(Call("AssociateDhcpOptions", "VpcId", DhcpOptionsId="default"),),
)


ENDPOINT = Kept(
    "AWS::EC2::VPCEndpoint",
    "ec2",
    create=Call(
        "CreateVpcEndpoint",
        "VpcId ServiceName SubnetIds SecurityGroupIds RouteTableIds PrivateDnsEnabled",
        VpcEndpointType=prop("VpcEndpointType", "Gateway"),
        PolicyDocument=document("PolicyDocument"),
    ),
    id="VpcEndpoint.VpcEndpointId",
    identity="Id",
    then=TAGS,
    update=(
        Call(
            "ModifyVpcEndpoint",
            "PrivateDnsEnabled",
            when="PolicyDocument PrivateDnsEnabled SubnetIds RouteTableIds SecurityGroupIds",
            VpcEndpointId=own,
            PolicyDocument=document("PolicyDocument"),
            AddSubnetIds=prop("SubnetIds"),
            AddRouteTableIds=prop("RouteTableIds"),
            AddSecurityGroupIds=prop("SecurityGroupIds"),
        ),
        UNTAG,
    ),
    read=Call("DescribeVpcEndpoints", VpcEndpointIds=owns),
    record="VpcEndpoints.0",
    attributes="CreationTimestamp DnsEntries NetworkInterfaceIds",
    translate=lambda record: {
        **record,
        "CreationTimestamp": str(record.get("CreationTimestamp", "")),
        "DnsEntries": [
            f"{each.get('HostedZoneId', 'Z')}:{each.get('DnsName', '')}"
            for each in record.get("DnsEntries", [])
        ],
    },
    live="VpcId ServiceName VpcEndpointType",
    delete=(Call("DeleteVpcEndpoints", VpcEndpointIds=owns),),
)


PEERING = regular(
    "VPCPeeringConnection",
    "VpcId PeerVpcId PeerOwnerId PeerRegion",
    noun="VpcPeeringConnection",
    identity="Id",
)


FLOW_LOG = Kept(
    "AWS::EC2::FlowLog",
    "ec2",
    create=Call(
        "CreateFlowLogs",
        "ResourceType TrafficType LogDestinationType LogDestination LogGroupName LogFormat "
        "DeliverLogsPermissionArn MaxAggregationInterval",
        ResourceIds=lambda here: [here.properties["ResourceId"]],
    ),
    id="FlowLogIds.0",
    identity="Id",
    then=TAGS,
    update=(UNTAG,),
    read=Call("DescribeFlowLogs", FlowLogIds=owns),
    record="FlowLogs.0",
    live="ResourceId TrafficType LogDestinationType Tags",
    delete=(Call("DeleteFlowLogs", FlowLogIds=owns),),
)


TYPES = (
    VPC,
    SUBNET,
    CIDR_BLOCK,
    DHCP_OPTIONS,
    DHCP_ASSOCIATION,
    ENDPOINT,
    PEERING,
    FLOW_LOG,
)
