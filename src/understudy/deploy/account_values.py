"""Whether the values of parameters of AWS-specific types exist in the account.

AWS: Supplied parameter types. Images are AWS's own and none is kept here: what has the form of an
image's id is let pass.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.base.fault import Fault
from understudy.cloudformation.parameters import Bound
from understudy.cloudformation.template import Parameter
from understudy.cloudformation.value import is_list
from understudy.control.events import Params
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import lookup

Ids = Callable[[Params], list[str]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the service is asked which of some values it has: by a filter, or all that it has."""

    service: str
    operation: str
    ids: Ids
    filter: str = ""

    def invoke(self, values: list[str]) -> Invoke:
        filters = {"Filters": [{"Name": self.filter, "Values": values}]} if self.filter else {}
        return Invoke(self.service, self.operation, filters)


def _of(members: str, name: str) -> Ids:
    return lambda answer: [each.get(name, "") for each in answer.get(members, [])]


def _instances(answer: Params) -> list[str]:
    found: list[Params] = answer.get("Reservations", [])
    return [each["InstanceId"] for group in found for each in group["Instances"]]


def _zones(answer: Params) -> list[str]:
    return [each["Id"].removeprefix("/hostedzone/") for each in answer.get("HostedZones", [])]


_KINDS: Mapping[str, _Kind] = {
    "AWS::EC2::Instance::Id": _Kind("ec2", "DescribeInstances", _instances, "instance-id"),
    "AWS::EC2::KeyPair::KeyName": _Kind(
        "ec2", "DescribeKeyPairs", _of("KeyPairs", "KeyName"), "key-name"
    ),
    "AWS::EC2::SecurityGroup::GroupName": _Kind(
        "ec2", "DescribeSecurityGroups", _of("SecurityGroups", "GroupName"), "group-name"
    ),
    "AWS::EC2::SecurityGroup::Id": _Kind(
        "ec2", "DescribeSecurityGroups", _of("SecurityGroups", "GroupId"), "group-id"
    ),
    "AWS::EC2::Subnet::Id": _Kind(
        "ec2", "DescribeSubnets", _of("Subnets", "SubnetId"), "subnet-id"
    ),
    "AWS::EC2::Volume::Id": _Kind(
        "ec2", "DescribeVolumes", _of("Volumes", "VolumeId"), "volume-id"
    ),
    "AWS::EC2::VPC::Id": _Kind("ec2", "DescribeVpcs", _of("Vpcs", "VpcId"), "vpc-id"),
    "AWS::Route53::HostedZone::Id": _Kind("route53", "ListHostedZones", _zones),
}
ZONE = "AWS::EC2::AvailabilityZone::Name"
IMAGE = "AWS::EC2::Image::Id"
_IMAGE_ID = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")
"""AWS: Longer format for resource IDs."""
WORDS = tuple(_KINDS)
"""The types whose values are looked up."""


def missing_value(
    declared: Mapping[str, Parameter], bound: Bound, params: Params, zones: Callable[[str], Any]
) -> str | None:
    """AWS's sentence about the first value that is not in the account, or None.

    ``zones`` gives the Availability Zones of a region, empty for the own one. Raises Missing.
    """
    for name, parameter in declared.items():
        kind = _inner(parameter.type)
        wanted = list(_members(bound.values.get(name, [])))
        if kind == ZONE:
            found = list(zones(""))
        elif kind == IMAGE:
            found = list(filter(_IMAGE_ID.fullmatch, wanted))
        elif kind in _KINDS and wanted:
            found = _found(_KINDS[kind], wanted, params)
        else:
            continue
        for value in wanted:
            if value not in found:
                return (
                    f"Parameter validation failed: parameter value {value} for parameter name "
                    f"{name} does not exist"
                )
    return None


def _found(kind: _Kind, values: list[str], params: Params) -> list[str]:
    try:
        return kind.ids(lookup(params, kind.invoke(values)))
    except Fault:  # Such as an id that is none: the service has nothing under it.
        return []


def _inner(kind: str) -> str:
    """The type of the members: ``AWS::SSM::Parameter::Value<List<T>>`` has members of T."""
    for wrapper in ("AWS::SSM::Parameter::Value<", "List<"):
        if kind.startswith(wrapper):
            kind = kind[len(wrapper) : -1]
    return kind


def _members(value: Any) -> Iterator[str]:
    yield from map(str, value if is_list(value) else [value])
