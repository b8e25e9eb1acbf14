"""A described change set as people review it: what is lost, what interrupts, what was renamed.

AWS: ResourceChange; Update behaviors of stack resources.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from understudy.app.views import Fidelity, PropertyChange, ResourceChange
from understudy.cloudformation.value import is_list, is_map

DATA_LOST, GONE, INTERRUPTED, REPLACED, MAY_BE_REPLACED, CHANGED, ADDED = 6, 5, 4, 3, 2, 1, 0
"""How dangerous a change is."""

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""AWS: what a change set writes for a value that is known once its resource exists."""

HOLDS = {
    "AWS::S3::Bucket": "its objects",
    "AWS::DynamoDB::Table": "its items",
    "AWS::DynamoDB::GlobalTable": "its items",
    "AWS::RDS::DBInstance": "its database",
    "AWS::RDS::DBCluster": "its database",
    "AWS::EFS::FileSystem": "its files",
    "AWS::EC2::Volume": "its blocks",
    "AWS::ECR::Repository": "its images",
    "AWS::Logs::LogGroup": "its log events",
    "AWS::KMS::Key": "all that was encrypted with it",
    "AWS::SecretsManager::Secret": "its secret value",
    "AWS::SQS::Queue": "its messages",
    "AWS::Kinesis::Stream": "its records",
    "AWS::Cognito::UserPool": "its users",
    "AWS::ElastiCache::ReplicationGroup": "its cache",
    "AWS::OpenSearchService::Domain": "its indices",
    "AWS::SageMaker::FeatureGroup": "its features",
    "AWS::SageMaker::ModelPackageGroup": "its model versions",
}
"""Types that keep something of the user's, and what goes with them."""

SERVES = {
    "AWS::SageMaker::Endpoint": "a second endpoint starts beside it, both fleets run and are "
    "billed until clean-up, and callers have to use the new name",
    "AWS::AutoScaling::AutoScalingGroup": "a second group starts beside it, and both fleets run "
    "and are billed until clean-up",
    "AWS::ECS::Service": "a second service starts beside it, and both fleets run and are billed "
    "until clean-up",
    "AWS::EC2::Instance": "a second instance starts beside it, and its own volumes and addresses "
    "go with the old one",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "it gets another DNS name, and what resolves the "
    "old one is cut off at clean-up",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "targets have to become healthy in the new group "
    "before it gets requests",
    "AWS::ElasticLoadBalancingV2::Listener": "requests to its port fail until the new one listens",
    "AWS::Lambda::Function": "callers have to use the new name",
    "AWS::EC2::VPC": "everything in it has to move",
    "AWS::EC2::Subnet": "everything in it has to move",
    "AWS::EC2::NatGateway": "connections through it break, and its address changes",
    "AWS::ApiGateway::RestApi": "it gets another address",
}
"""Types that answer requests, and what a replacement of them means."""


def resource_changes(
    described: Iterable[Mapping[str, Any]], fidelities: Mapping[str, Fidelity]
) -> tuple[ResourceChange, ...]:
    """The Changes of DescribeChangeSet (with property values), the most dangerous first.

    ``fidelities`` says what each type does here; empty for AWS.
    """
    raw = [each["ResourceChange"] for each in described if each.get("Type") == "Resource"]
    renames = renamed(raw)
    changes = [_change(each, fidelities, renames) for each in raw]
    return tuple(sorted(changes, key=lambda each: (-each.danger, each.logical_id)))


def _change(
    raw: Mapping[str, Any], fidelities: Mapping[str, Fidelity], renames: Mapping[str, str]
) -> ResourceChange:
    name: str = raw["LogicalResourceId"]
    action = raw["Action"]
    unnamed = ResourceChange(
        action=action,
        logical_id=name,
        resource_type=raw["ResourceType"],
        fidelity=fidelities.get(raw["ResourceType"], "recorded") if fidelities else "",
        replacement="" if action in ("Add", "Import") else raw.get("Replacement", ""),
        properties=properties_of(raw.get("Details", ())),
        physical_id=raw.get("PhysicalResourceId", ""),
        policy_action=raw.get("PolicyAction", ""),
        renamed=renames.get(name, ""),
    )
    return replace(unnamed, danger=danger(unnamed), consequences=consequences(unnamed))


def properties_of(details: Sequence[Mapping[str, Any]]) -> tuple[PropertyChange, ...]:
    """What changes in a resource, each path once, with all that makes it change."""
    found: dict[str, PropertyChange] = {}
    for detail in details:
        target = detail["Target"]
        path = target.get("Path") or target.get("Name") or target.get("Attribute", "")
        path = path.removeprefix("/Properties/").lstrip("/")
        before = found.get(path) or PropertyChange(path, None, None)
        cause = detail.get("CausingEntity")
        found[path] = PropertyChange(
            path,
            before.before if before.before is not None else target.get("BeforeValue"),
            before.after if before.after is not None else target.get("AfterValue"),
            _stronger(before.recreation, target.get("RequiresRecreation", "Never")),
            tuple(dict.fromkeys([*before.causes, *([cause] if cause else [])])),
        )
    return tuple(found.values())


def _stronger(one: Any, other: Any) -> Any:
    return max(one, other, key=("Never", "Conditionally", "Always").index)


def leaves(change: ResourceChange) -> bool:
    """Whether the physical resource that there is goes: it is removed or replaced, not retained."""
    goes = change.action == "Remove" or change.replacement == "True"
    return goes and "Retain" not in change.policy_action and change.physical_id != ""


def danger(change: ResourceChange) -> int:
    """How dangerous a change is, one of the figures above."""
    if leaves(change) and change.resource_type in HOLDS and "Snapshot" not in change.policy_action:
        return DATA_LOST
    if change.action == "Remove":
        return GONE if leaves(change) else CHANGED
    if change.replacement == "True":
        return INTERRUPTED if change.resource_type in SERVES else REPLACED
    if change.replacement == "Conditional":
        return MAY_BE_REPLACED
    return ADDED if change.action in ("Add", "Import") else CHANGED


def consequences(change: ResourceChange) -> tuple[str, ...]:
    """What a removal or a replacement means, in sentences."""
    said: list[str] = []
    if change.replacement == "True":
        said += _of_replacement(change)
    if change.action == "Remove" and "Retain" in change.policy_action:
        said.append("It is kept and leaves the stack.")
    elif leaves(change) and change.resource_type in HOLDS:
        said.append(_lost(change))
    elif change.action == "Remove" and change.resource_type in SERVES:
        said.append("What it serves ends with it.")
    if change.renamed:
        said.append(_of_rename(change))
    return tuple(said)


def _of_replacement(change: ResourceChange) -> list[str]:
    why = [p.path for p in change.properties if p.recreation == "Always"]
    reason = f"because of {', '.join(why)}" if why else "because of what it refers to"
    meaning = SERVES.get(change.resource_type)
    said = [f"A new one is made {reason}, and the old one deleted at the end."]
    if "Retain" in change.policy_action:
        said = [f"A new one is made {reason}; the old one is kept, outside the stack."]
    return [*said, f"{meaning[0].upper()}{meaning[1:]}."] if meaning else said


def _lost(change: ResourceChange) -> str:
    what = HOLDS[change.resource_type]
    if "Snapshot" in change.policy_action:
        return f"A snapshot is taken; what changes after it in {what} is lost."
    if change.resource_type == "AWS::S3::Bucket":
        return (
            "It is deleted if it is empty; with objects in it the deletion fails and it stays "
            "behind, outside the stack."
        )
    return f"{what[0].upper()}{what[1:]} are lost."


def _of_rename(change: ResourceChange) -> str:
    if change.action == "Remove":
        return (
            f"It is the same as {change.renamed}, which is new: a logical ID was renamed. "
            "CloudFormation makes it again under the new one; keep the logical ID to keep it."
        )
    return f"It was {change.renamed}: a logical ID was renamed, so it is made again."


def renamed(raw: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Pairs of a resource that goes and one that comes with the same type and properties.

    Both ways: the old logical id to the new one, and the new one to the old. A pair counts only
    where neither side has another partner, so two alike buckets are never confused.
    """
    going = [each for each in raw if each["Action"] == "Remove"]
    coming = [each for each in raw if each["Action"] == "Add"]
    pairs: dict[str, str] = {}
    for old in going:
        partners = [new for new in coming if _alike(old, new)]
        if len(partners) == 1 and sum(_alike(each, partners[0]) for each in going) == 1:
            was, now = old["LogicalResourceId"], partners[0]["LogicalResourceId"]
            pairs[was], pairs[now] = now, was
    return pairs


def _alike(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if old["ResourceType"] != new["ResourceType"]:
        return False
    before, after = properties_in(old, "BeforeContext"), properties_in(new, "AfterContext")
    return before is not None and after is not None and _matches(before, after)


def _matches(before: Any, after: Any) -> bool:
    """Whether two values are the same as far as the later one is known."""
    if after == UNKNOWN:
        return True
    if is_map(before) and is_map(after):
        keys = before.keys() | after.keys()
        return all(_matches(before.get(key), after.get(key)) for key in keys)
    if is_list(before) and is_list(after):
        return len(before) == len(after) and all(map(_matches, before, after))
    if isinstance(after, str) and UNKNOWN in after:
        return isinstance(before, str)
    return before == after


def properties_in(raw: Mapping[str, Any], context: str) -> dict[str, Any] | None:
    """The properties in a ResourceChange's BeforeContext or AfterContext; None without values."""
    text = raw.get(context)
    return json.loads(text).get("Properties", {}) if text else None
