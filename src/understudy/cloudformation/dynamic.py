"""Dynamic references such as ``{{resolve:ssm:name}}``, found in values; the caller resolves them.

AWS: Get values stored in other services using dynamic references.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from understudy.cloudformation.unknown import unknown
from understudy.cloudformation.value import is_list, is_map, items

MAX_REFERENCES = 60
"""AWS: CloudFormation quotas."""

SECURE_STRINGS = frozenset(
    (
        "AWS::DirectoryService::MicrosoftAD/Properties/Password",
        "AWS::DirectoryService::SimpleAD/Properties/Password",
        "AWS::ElastiCache::ReplicationGroup/Properties/AuthToken",
        "AWS::IAM::User/Properties/LoginProfile/Password",
        "AWS::KinesisFirehose::DeliveryStream/Properties/RedshiftDestinationConfiguration/Password",
        "AWS::OpsWorks::App/Properties/AppSource/Password",
        "AWS::OpsWorks::Stack/Properties/CustomCookbooksSource/Password",
        "AWS::OpsWorks::Stack/Properties/RdsDbInstances/DbPassword",
        "AWS::RDS::DBCluster/Properties/MasterUserPassword",
        "AWS::RDS::DBInstance/Properties/MasterUserPassword",
        "AWS::Redshift::Cluster/Properties/MasterUserPassword",
    )
)
"""AWS: Resources that support dynamic parameter patterns for secure strings."""

_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")


@dataclass(frozen=True, slots=True)
class DynamicReference:
    """One reference: ``service`` is ssm, ssm-secure or secretsmanager; ``text`` all of it.

    For the parameter store ``name`` and ``version`` count. For a secret ``name`` may be an ARN;
    ``json_key``, ``stage`` and ``version`` choose the value, empty ones the whole and the current.
    """

    service: str
    text: str
    name: str
    version: str = ""
    json_key: str = ""
    stage: str = ""


def dynamic_references(value: Any) -> Iterator[DynamicReference]:
    """Every dynamic reference in a value, in order."""
    if isinstance(value, str):
        if "{{resolve:" in value:
            yield from map(_parsed, _REFERENCE.finditer(value))
        return
    for _, child in items(value):
        yield from dynamic_references(child)


def placed_references(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], DynamicReference]]:
    """Every dynamic reference in a value with the path of the text in which it stands."""
    if isinstance(value, str):
        yield from ((path, reference) for reference in dynamic_references(value))
        return
    for step, child in items(value):
        yield from placed_references(child, (*path, step))


def substituted(value: Any, resolve: Callable[[DynamicReference], str]) -> Any:
    """The value with every dynamic reference replaced by what ``resolve`` says of it."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: resolve(_parsed(match)), value)
    if is_map(value):
        return {key: substituted(child, resolve) for key, child in value.items()}
    return [substituted(child, resolve) for child in value] if is_list(value) else value


def not_yet_known(value: Any) -> Any:
    """The value with every text in which a dynamic reference stands unknown."""
    if isinstance(value, str):
        return unknown(()) if _REFERENCE.search(value) else value
    if is_map(value):
        return {key: not_yet_known(child) for key, child in value.items()}
    return [not_yet_known(child) for child in value] if is_list(value) else value


def _parsed(match: re.Match[str]) -> DynamicReference:
    service, rest = match.groups()
    if service == "secretsmanager":
        return _secret(match[0], rest)
    name, _, version = rest.partition(":")
    return DynamicReference(service, match[0], name, version)


def _secret(text: str, rest: str) -> DynamicReference:
    """A secret's id may itself be an ARN, whose seven parts have colons between them."""
    parts = rest.split(":")
    length = 7 if rest.startswith("arn:") else 1
    name = ":".join(parts[:length])
    _, json_key, stage, version = [*parts[length:], "", "", "", ""][:4]
    return DynamicReference("secretsmanager", text, name, version, json_key, stage)
