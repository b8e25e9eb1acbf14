"""What EC2's instances are given: addresses, interfaces, disks, key pairs."""

from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.ec2_forms import TAGS, UNTAG, regular
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import (
    Here,
    all_tags,
    as_list,
    attribute,
    own,
    owns,
    prop,
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
    snapshot=Call("CreateSnapshot", VolumeId=own),
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


TYPES = (
    EIP,
    EIP_ASSOCIATION,
    NETWORK_INTERFACE,
    VOLUME,
    KEY_PAIR,
)
