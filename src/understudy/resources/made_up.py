"""Attributes that nobody sets because nothing runs: made up in the shapes that AWS gives them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.base.arn import ACCOUNT, URL_SUFFIX
from understudy.base.identity import LOWER, MIXED, Ids
from understudy.cloudformation.pattern import occurs
from understudy.cloudformation.schema import Pointer, Schema
from understudy.cloudformation.specimen import matching, specimen
from understudy.control.events import Params
from understudy.resources.arn_formats import Formats, arns, service_of

_SETTLED = (
    "ACTIVE", "AVAILABLE", "ENABLED", "READY", "CREATED", "COMPLETE", "COMPLETED", "SUCCEEDED",
    "CREATE_COMPLETE", "SUCCESSFUL", "SUCCESS", "RUNNING", "HEALTHY", "ISSUED", "VALID", "IN_USE",
    "DEPLOYED", "ASSOCIATED", "CONNECTED", "ONLINE", "PUBLISHED", "REGISTERED", "VERIFIED",
)  # fmt: skip
"""What services call a resource that is there and well, the likeliest first."""

_PREFIXES = {
    "capacityreservation": "cr", "carriergateway": "cagw", "customergateway": "cgw",
    "dhcpoptions": "dopt", "egressonlyinternetgateway": "eigw", "flowlog": "fl", "host": "h",
    "image": "ami", "instance": "i", "internetgateway": "igw", "ipam": "ipam", "key": "key",
    "ipampool": "ipam-pool", "ipamscope": "ipam-scope", "keypair": "key", "launchtemplate": "lt",
    "localgateway": "lgw", "natgateway": "nat", "networkacl": "acl", "networkinterface": "eni",
    "prefixlist": "pl", "routetable": "rtb", "securitygroup": "sg", "securitygrouprule": "sgr",
    "snapshot": "snap", "subnet": "subnet", "trafficmirrorfilter": "tmf",
    "trafficmirrorsession": "tms", "trafficmirrortarget": "tmt", "transitgateway": "tgw",
    "transitgatewayattachment": "tgw-attach", "transitgatewayroutetable": "tgw-rtb",
    "transitgatewayvpcattachment": "tgw-attach", "volume": "vol", "vpc": "vpc",
    "vpcendpoint": "vpce", "vpcpeeringconnection": "pcx", "vpnconnection": "vpn",
    "vpngateway": "vgw", "filesystem": "fs", "accesspoint": "fsap", "mounttarget": "fsmt",
}  # fmt: skip
"""AWS: Resource IDs of EC2 and of EFS: what comes before the 17 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Making:
    """What made-up values may draw on. ``name`` is the resource's own; ``at`` in ISO 8601."""

    schema: Schema
    region: str
    name: str
    at: str
    formats: Formats
    ids: Ids
    version: str = ""


def attributes(making: Making, properties: Params) -> Params:
    """Every attribute that the service would set, dotted: ``Endpoint.Address``.

    What the template itself gives is not made up. Attributes inside lists are left out, as
    Fn::GetAtt cannot reach them.
    """
    made: Params = {}
    for pointer in sorted(making.schema.read_only, key=_ids_first):
        if "*" not in pointer and not _given(properties, pointer):
            made[".".join(pointer)] = value(making, pointer, made)
    return made


def _ids_first(pointer: Pointer) -> tuple[bool, bool]:
    """ARNs are made of ids, so ids come first."""
    leaf = pointer[-1]
    return leaf.upper().endswith("ARN"), not leaf.endswith("Id")


def _given(properties: Any, pointer: Pointer) -> bool:
    for step in pointer:
        if not isinstance(properties, dict) or step not in properties:
            return False
        properties = properties[step]  # pyright: ignore[reportUnknownVariableType]
    return True


def node_at(schema: Schema, pointer: Pointer) -> Mapping[str, Any]:
    """The schema of what a pointer points at; empty where it says nothing."""
    node: Any = schema.raw
    for step in pointer:
        here = schema.resolved(node)
        node = here.get("items", {}) if step == "*" else here.get("properties", {}).get(step, {})
    return schema.resolved(node)


def value(making: Making, pointer: Pointer, made: Params) -> Any:
    """The value of one attribute, from its name first, then from its schema."""
    node, leaf = node_at(making.schema, pointer), pointer[-1]
    if node.get("enum"):
        return _settled(node["enum"])
    if node.get("type", "string") != "string":
        return specimen(node, making.schema, making.ids)
    for candidate in _candidates(making, leaf, made):
        if _admits(node, candidate):
            return candidate
    return specimen(node, making.schema, making.ids)


def _settled(allowed: list[Any]) -> Any:
    found = {str(each).upper().replace("-", "_"): each for each in allowed}
    return next((found[word] for word in _SETTLED if word in found), allowed[0])


def _admits(node: Mapping[str, Any], text: str) -> bool:
    pattern = node.get("pattern")
    low, high = node.get("minLength", 0), node.get("maxLength", len(text))
    return low <= len(text) <= high and (not isinstance(pattern, str) or occurs(pattern, text))


def _candidates(making: Making, leaf: str, made: Params) -> Iterator[str]:
    """What an attribute of this name is like on AWS."""
    word = leaf.lower()
    if word.endswith("arn"):
        yield from _arns(making, leaf[:-3], made)
    elif word.endswith(_ACCOUNT_ENDS):
        yield ACCOUNT
    elif leaf.endswith("Id") or word == "id":
        yield from _identifiers(making, leaf[:-2])
    for ends, text in (
        (("createdat", "updatedat", "time", "date", "timestamp", "modifiedat"), making.at),
        (("status", "state"), "ACTIVE"),
        (("region",), making.region),
        (("version",), "1"),
        (("name",), making.name),
    ):
        if word.endswith(ends) and not word.endswith(_HOST_ENDS):
            yield text
    if word.endswith((*_HOST_ENDS, "url", "uri")):
        yield f"https://{_host(making)}" if word.endswith(("url", "uri")) else _host(making)


_ACCOUNT_ENDS = ("accountid", "ownerid", "owneraccount", "registryid", "catalogid")
_HOST_ENDS = ("endpoint", "dnsname", "domainname", "address", "hostname")


def _arns(making: Making, subject: str, made: Params) -> Iterator[str]:
    service = service_of(making.schema)
    own = made.get("Id") or made.get(f"{making.schema.name.split('::')[2]}Id") or making.name
    if service == "imagebuilder":
        own = "/".join(filter(None, (making.name.lower(), making.version)))
        own = f"{own}/1" if making.schema.name.endswith("::Component") else own
    names = [str(own), making.name, making.ids.letters(10, LOWER), making.ids.uuid()]
    for name in dict.fromkeys(names):
        yield from arns(making.schema, making.region, subject, name, making.formats, service)


def _identifiers(making: Making, subject: str) -> Iterator[str]:
    kind = making.schema.name.split("::")[2]
    prefix = _PREFIXES.get((subject or kind).lower())
    if prefix:
        yield f"{prefix}-0{making.ids.hex(16)}"
    if (subject or kind) == "Collection":
        yield making.ids.letters(20, LOWER)
    if (subject or kind) == "UserPool":
        yield f"{making.region}_{making.ids.letters(9, MIXED)}"
    yield making.ids.uuid()
    yield making.ids.letters(10, LOWER)


def _host(making: Making) -> str:
    service = service_of(making.schema)
    return f"{making.ids.letters(12, LOWER)}.{service}.{making.region}.{URL_SUFFIX}"


def own_name(schema: Schema, pointer: Pointer, generated: str, ids: Ids) -> str:
    """A name for a resource that its template does not name: as CloudFormation generates it.

    Cut and changed until the schema admits it; where it cannot be, one made from the pattern.
    """
    node = node_at(schema, pointer)
    limit = int(node.get("maxLength", 255))
    bare = "".join(c for c in generated if c.isalnum())
    for name in (generated, generated.lower(), bare, bare.lower()):
        for cut in (name[:limit], name[-limit:]):
            if _admits(node, cut):
                return cut
    pattern = node.get("pattern")
    made = matching(pattern, ids, int(node.get("minLength", 0)), limit) if pattern else None
    return made or generated[:limit]
