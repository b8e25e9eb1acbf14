"""The ways in and out of EC2's networks: gateways, route tables and their routes."""

from typing import Any

from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.ec2_forms import regular
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, own, owns

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


NAT_GATEWAY = regular(
    "NatGateway",
    "SubnetId AllocationId ConnectivityType PrivateIpAddress",
    live="SubnetId ConnectivityType",
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


TYPES = (
    INTERNET_GATEWAY,
    EGRESS_ONLY_GATEWAY,
    GATEWAY_ATTACHMENT,
    VPN_GATEWAY,
    CUSTOMER_GATEWAY,
    NAT_GATEWAY,
    TRANSIT_GATEWAY,
    ROUTE_TABLE,
    ROUTE,
    ROUTE_TABLE_ASSOCIATION,
)
