"""EC2's networks: VPCs and what is in them. No packet is routed by them."""

from collections.abc import Callable
from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.table import Call, Kept, Part
from understudy.resources.kept.values import (
    Here,
    Value,
    all_tags,
    as_list,
    attribute,
    document,
    own,
    owns,
    prop,
    stale,
)

TAGS = (Call("CreateTags", when="", needs="Tags", Resources=owns, Tags=as_list(all_tags)),)
UNTAG = Call(
    "DeleteTags",
    needs="Tags",
    Resources=owns,
    Tags=lambda here: [{"Key": key} for key in stale(here) or ()] or None,
)


def regular(
    name: str,
    take: str,
    *,
    live: str = "",
    attributes: str = "",
    then: tuple[Part, ...] = (),
    update: tuple[Part, ...] = (),
    noun: str = "",
    plural: str = "",
    key: str = "",
    translate: Callable[[Params], Params] | None = None,
    identity: str = "",
    found: str = "",
    **params: Value,
) -> Kept:
    """A type of EC2 in its regular form: Create, Describe (by ids) and Delete of one noun."""
    noun = noun or name
    key = key or f"{noun}Id"
    plural = plural or f"{noun}s"
    return Kept(
        f"AWS::EC2::{name}",
        "ec2",
        create=Call(f"Create{noun}", take).having(params),
        id=f"{noun}.{key}",
        then=(*TAGS, *then),
        update=(UNTAG, *update),
        read=Call(f"Describe{plural}").having({f"{key}s": owns}),
        record=f"{plural}.0",
        translate=translate,
        identity=identity or key,
        found=found,
        attributes=attributes,
        live=f"{live} Tags",
        delete=(Call(f"Delete{noun}").having({key: own}),),
    )


def _flag(operation: str, key: str, *names: str, default: bool | None = None) -> tuple[Call, ...]:
    """Attributes that are set one by one after creation, each as ``{"Value": true}``."""

    def flag(name: str) -> Value:
        def value(here: Here) -> Any:
            found = here.properties.get(name, default)
            return None if found is None else {"Value": found}

        return value

    return tuple(
        Call(operation, when=name, needs=name).having({key: own, name: flag(name)})
        for name in names
    )


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
        *_flag("ModifyVpcAttribute", "VpcId", "EnableDnsSupport", "EnableDnsHostnames"),
        _vpc_attributes,
    ),
    found="DefaultSecurityGroup DefaultNetworkAcl",
)

SUBNET = regular(
    "Subnet",
    "VpcId CidrBlock AvailabilityZone Ipv6CidrBlock",
    live="VpcId CidrBlock AvailabilityZone MapPublicIpOnLaunch",
    attributes="AvailabilityZone CidrBlock VpcId",
    then=_flag("ModifySubnetAttribute", "SubnetId", "MapPublicIpOnLaunch"),
)

INTERNET_GATEWAY = regular("InternetGateway", "")
EGRESS_ONLY_GATEWAY = Kept(
    "AWS::EC2::EgressOnlyInternetGateway",
    "ec2",
    create=Call("CreateEgressOnlyInternetGateway", "VpcId"),
    id="EgressOnlyInternetGateway.EgressOnlyInternetGatewayId",
    identity="Id",
    read=Call("DescribeEgressOnlyInternetGateways", EgressOnlyInternetGatewayIds=owns),
    record="EgressOnlyInternetGateways.0",
    delete=(Call("DeleteEgressOnlyInternetGateway", EgressOnlyInternetGatewayId=own),),
)


def _attach_gateway(here: Here) -> Steps[None]:
    given, before = here.properties, here.before
    if before and before != given:
        yield from _detach(before)
    vpc = {"VpcId": given["VpcId"]}
    if "InternetGatewayId" in given:
        params = {**vpc, "InternetGatewayId": given["InternetGatewayId"]}
        yield Invoke("ec2", "AttachInternetGateway", params)
    if "VpnGatewayId" in given:
        yield Invoke("ec2", "AttachVpnGateway", {**vpc, "VpnGatewayId": given["VpnGatewayId"]})


def _detach_gateway(here: Here) -> Steps[None]:
    yield from _detach(here.properties)


def _detach(given: Any) -> Steps[None]:
    vpc = {"VpcId": given["VpcId"]}
    if "InternetGatewayId" in given:
        params = {**vpc, "InternetGatewayId": given["InternetGatewayId"]}
        yield Invoke("ec2", "DetachInternetGateway", params)
    if "VpnGatewayId" in given:
        yield Invoke("ec2", "DetachVpnGateway", {**vpc, "VpnGatewayId": given["VpnGatewayId"]})


GATEWAY_ATTACHMENT = Kept(
    "AWS::EC2::VPCGatewayAttachment",
    "ec2",
    create=_attach_gateway,
    id=lambda here: (
        f"{'IGW' if 'InternetGatewayId' in here.properties else 'VGW'}|{here.properties['VpcId']}"
    ),
    update=(_attach_gateway,),
    delete=(_detach_gateway,),
)

VPN_GATEWAY = regular("VPNGateway", "Type AmazonSideAsn", noun="VpnGateway", live="Type")
CUSTOMER_GATEWAY = regular(
    "CustomerGateway", "Type BgpAsn IpAddress>PublicIp DeviceName", live="Type"
)

ROUTE_TABLE = regular("RouteTable", "VpcId", live="VpcId")

_TARGETS = (
    "GatewayId NatGatewayId InstanceId NetworkInterfaceId VpcPeeringConnectionId TransitGatewayId "
    "EgressOnlyInternetGatewayId VpcEndpointId"
)
_DESTINATION = "DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId"

ROUTE = Kept(
    "AWS::EC2::Route",
    "ec2",
    create=Call("CreateRoute", f"RouteTableId {_DESTINATION} {_TARGETS}"),
    id=lambda here: "|".join(
        (
            here.properties["RouteTableId"],
            str(next(here.properties[k] for k in _DESTINATION.split() if k in here.properties)),
        )
    ),
    update=(Call("ReplaceRoute", f"RouteTableId {_DESTINATION} {_TARGETS}", when=_TARGETS),),
    attributes="",
    delete=(
        Call(
            "DeleteRoute",
            "RouteTableId DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId",
        ),
    ),
)

ROUTE_TABLE_ASSOCIATION = Kept(
    "AWS::EC2::SubnetRouteTableAssociation",
    "ec2",
    create=Call("AssociateRouteTable", "SubnetId RouteTableId"),
    id="AssociationId",
    identity="Id",
    delete=(Call("DisassociateRouteTable", AssociationId=own),),
)

EIP = Kept(
    "AWS::EC2::EIP",
    "ec2",
    create=Call("AllocateAddress", "PublicIpv4Pool", Domain=prop("Domain", "vpc")),
    id="PublicIp",
    made="",
    attributes="AllocationId PublicIp",
    then=(
        Call("AssociateAddress", "InstanceId", when="InstanceId", needs="InstanceId", PublicIp=own),
        Call(
            "CreateTags",
            needs="Tags",
            Resources=lambda here: [attribute("AllocationId")(here)],
            Tags=as_list(all_tags),
        ),
    ),
    read=Call("DescribeAddresses", PublicIps=owns),
    record="Addresses.0",
    live="Domain Tags",
    delete=(
        Call(
            "DisassociateAddress", needs="InstanceId", InstanceId=prop("InstanceId"), PublicIp=own
        ),
        Call("ReleaseAddress", AllocationId=attribute("AllocationId")),
    ),
)

EIP_ASSOCIATION = Kept(
    "AWS::EC2::EIPAssociation",
    "ec2",
    create=Call(
        "AssociateAddress",
        "AllocationId EIP>PublicIp InstanceId NetworkInterfaceId PrivateIpAddress",
    ),
    id="AssociationId",
    identity="Id",
    delete=(Call("DisassociateAddress", AssociationId=own),),
)

NAT_GATEWAY = Kept(
    "AWS::EC2::NatGateway",
    "ec2",
    create=Call("CreateNatGateway", "SubnetId AllocationId ConnectivityType PrivateIpAddress"),
    id="NatGateway.NatGatewayId",
    identity="NatGatewayId",
    then=TAGS,
    update=(UNTAG,),
    read=Call("DescribeNatGateways", NatGatewayIds=owns),
    record="NatGateways.0",
    live="SubnetId ConnectivityType Tags",
    attributes="",
    delete=(Call("DeleteNatGateway", NatGatewayId=own),),
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

NETWORK_INTERFACE = regular(
    "NetworkInterface",
    "SubnetId Description GroupSet>Groups PrivateIpAddress InterfaceType "
    "SecondaryPrivateIpAddressCount",
    live="SubnetId Description PrivateIpAddress",
    attributes="PrimaryPrivateIpAddress>PrivateIpAddress VpcId",
    identity="Id",
    update=(
        Call(
            "ModifyNetworkInterfaceAttribute",
            when="GroupSet",
            NetworkInterfaceId=own,
            Groups=prop("GroupSet"),
        ),
        Call(
            "ModifyNetworkInterfaceAttribute",
            when="Description",
            NetworkInterfaceId=own,
            Description=lambda here: {"Value": here.properties.get("Description", "")},
        ),
    ),
)

VOLUME = Kept(
    "AWS::EC2::Volume",
    "ec2",
    create=Call(
        "CreateVolume",
        "AvailabilityZone Size SnapshotId VolumeType Iops Throughput Encrypted KmsKeyId",
    ),
    id="VolumeId",
    identity="VolumeId",
    then=TAGS,
    update=(
        Call(
            "ModifyVolume",
            "Size VolumeType Iops Throughput",
            when="Size VolumeType Iops Throughput",
            VolumeId=own,
        ),
        UNTAG,
    ),
    read=Call("DescribeVolumes", VolumeIds=owns),
    record="Volumes.0",
    live="AvailabilityZone Size VolumeType Encrypted Iops Tags",
    delete=(Call("DeleteVolume", VolumeId=own),),
)


def _key_pair(here: Here) -> Steps[None]:
    """Import the public key where there is one, else have one made."""
    material, name = here.properties.get("PublicKeyMaterial"), here.properties["KeyName"]
    if material:
        params = {"KeyName": name, "PublicKeyMaterial": material}
        yield Invoke("ec2", "ImportKeyPair", params)
    else:
        kind = here.properties.get("KeyType", "rsa")
        yield Invoke("ec2", "CreateKeyPair", {"KeyName": name, "KeyType": kind})


KEY_PAIR = Kept(
    "AWS::EC2::KeyPair",
    "ec2",
    create=_key_pair,
    id=lambda here: here.properties["KeyName"],
    read=Call("DescribeKeyPairs", KeyNames=owns),
    record="KeyPairs.0",
    attributes="KeyPairId KeyFingerprint",
    live="KeyName KeyType",
    delete=(Call("DeleteKeyPair", KeyName=own),),
)


DHCP_OPTIONS = Kept(
    "AWS::EC2::DHCPOptions",
    "ec2",
    create=Call(
        "CreateDhcpOptions",
        DhcpConfigurations=lambda here: [
            {"Key": key, "Values": value if isinstance(value, list) else [str(value)]}
            for name, key in _DHCP.items()
            if (value := here.properties.get(name)) is not None
        ],
    ),
    id="DhcpOptions.DhcpOptionsId",
    identity="DhcpOptionsId",
    then=TAGS,
    update=(UNTAG,),
    read=Call("DescribeDhcpOptions", DhcpOptionsIds=owns),
    record="DhcpOptions.0",
    live="Tags",
    delete=(Call("DeleteDhcpOptions", DhcpOptionsId=own),),
)
_DHCP = {
    "DomainName": "domain-name",
    "DomainNameServers": "domain-name-servers",
    "NtpServers": "ntp-servers",
    "NetbiosNameServers": "netbios-name-servers",
    "NetbiosNodeType": "netbios-node-type",
}

DHCP_ASSOCIATION = Kept(
    "AWS::EC2::VPCDHCPOptionsAssociation",
    "ec2",
    create=Call("AssociateDhcpOptions", "DhcpOptionsId VpcId"),
    id=lambda here: f"{here.properties['DhcpOptionsId']}|{here.properties['VpcId']}",
    update=(Call("AssociateDhcpOptions", "DhcpOptionsId VpcId"),),
    delete=(Call("AssociateDhcpOptions", "VpcId", DhcpOptionsId="default"),),
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


PEERING = Kept(
    "AWS::EC2::VPCPeeringConnection",
    "ec2",
    create=Call("CreateVpcPeeringConnection", "VpcId PeerVpcId PeerOwnerId PeerRegion"),
    id="VpcPeeringConnection.VpcPeeringConnectionId",
    identity="Id",
    then=TAGS,
    update=(UNTAG,),
    read=Call("DescribeVpcPeeringConnections", VpcPeeringConnectionIds=owns),
    record="VpcPeeringConnections.0",
    live="Tags",
    delete=(Call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=own),),
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

TRANSIT_GATEWAY = regular(
    "TransitGateway",
    "Description",
    live="Description",
    attributes="TransitGatewayArn",
    Options=lambda here: {
        name: value for name, value in here.properties.items() if name in _TRANSIT
    },
    identity="Id",
)
_TRANSIT = (
    "AmazonSideAsn",
    "AutoAcceptSharedAttachments",
    "DefaultRouteTableAssociation",
    "DefaultRouteTablePropagation",
    "DnsSupport",
    "MulticastSupport",
    "VpnEcmpSupport",
)

TYPES = (
    VPC,
    SUBNET,
    INTERNET_GATEWAY,
    EGRESS_ONLY_GATEWAY,
    GATEWAY_ATTACHMENT,
    VPN_GATEWAY,
    CUSTOMER_GATEWAY,
    ROUTE_TABLE,
    ROUTE,
    ROUTE_TABLE_ASSOCIATION,
    EIP,
    EIP_ASSOCIATION,
    NAT_GATEWAY,
    ENDPOINT,
    NETWORK_INTERFACE,
    VOLUME,
    KEY_PAIR,
    DHCP_OPTIONS,
    DHCP_ASSOCIATION,
    CIDR_BLOCK,
    PEERING,
    FLOW_LOG,
    TRANSIT_GATEWAY,
)
