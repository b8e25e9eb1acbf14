"""A change set as DescribeChangeSet gives it.

AWS: DescribeChangeSet; ResourceChange. The shapes of the two views, with and without property
values, follow recorded answers.
"""

import json
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from understudy.cloudformation.change import Change, Detail
from understudy.cloudformation.schema import Recreation


def described(changes: Iterable[Change], *, property_values: bool = False) -> list[dict[str, Any]]:
    """The Changes of DescribeChangeSet.

    With property values AWS works values out as things stand, so that a property which only reads
    an attribute of a resource updated in place does not appear; without, it does (recorded).
    """
    shown = [_with_values(change) for change in changes] if property_values else list(changes)
    return [
        {"Type": "Resource", "ResourceChange": to_aws(change, property_values=property_values)}
        for change in shown
        if change is not None
    ]


def _with_values(change: Change) -> Change | None:
    kept = tuple(d for d in change.details if not _reads_updated(d))
    if len(kept) == len(change.details):
        return change
    if not kept:
        return None
    return replace(change, details=kept)


def _reads_updated(detail: Detail) -> bool:
    return detail.change_source == "ResourceAttribute" and detail.evaluation == "Dynamic"


def to_aws(change: Change, *, property_values: bool = False) -> dict[str, Any]:
    """The ResourceChange of DescribeChangeSet. Contexts are JSON text."""
    details = _expanded(change.details) if property_values else _merged(change.details)
    answer: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.resource_type,
        "Scope": list(change.scope),
        "Details": [_detail(detail, property_values=property_values) for detail in details],
    }
    replacement = change.replacement
    if property_values and change.action == "Add":
        replacement = "True"
    optional = {
        "PhysicalResourceId": change.physical_id or None,
        "Replacement": replacement,
        "PolicyAction": change.policy_action,
        "BeforeContext": _json(change.before) if property_values else None,
        "AfterContext": _json(change.after) if property_values else None,
    }
    return answer | {key: value for key, value in optional.items() if value is not None}


def _json(context: dict[str, Any] | None) -> str | None:
    return None if context is None else json.dumps(context, separators=(",", ":"))


_ORDER: tuple[Recreation, ...] = ("Never", "Conditionally", "Always")


def _merged(details: Iterable[Detail]) -> list[Detail]:
    """One detail for each property and cause, as AWS gives them without values."""
    strongest: dict[tuple[str, ...], Detail] = {}
    for detail in details:
        key = (detail.attribute, detail.name, detail.change_source, detail.causing_entity)
        other = strongest.setdefault(key, detail)
        if _ORDER.index(detail.requires_recreation) > _ORDER.index(other.requires_recreation):
            strongest[key] = detail
    return list(strongest.values())


def _expanded(details: tuple[Detail, ...]) -> list[Detail]:
    """Recorded: with values, what a reference changes is listed as modified as well, first."""
    found: list[Detail] = []
    direct = {d.path for d in details if d.change_source == "DirectModification"}
    for detail in sorted(details, key=lambda d: d.change_source != "DirectModification"):
        if detail.change_source.startswith("Resource") and detail.path not in direct:
            direct.add(detail.path)
            plain = replace(
                detail,
                change_source="DirectModification",
                evaluation="Dynamic",
                causing_entity="",
            )
            found.append(plain)
        found.append(detail)
    return found


def _detail(detail: Detail, *, property_values: bool) -> dict[str, Any]:
    target: dict[str, Any] = {
        "Attribute": detail.attribute,
        "RequiresRecreation": detail.requires_recreation,
    }
    if detail.name:
        target["Name"] = detail.name
    if property_values and detail.path:
        values = {"BeforeValue": detail.before, "AfterValue": detail.after}
        target |= {"Path": detail.path, "AttributeChangeType": detail.kind}
        target |= {key: value for key, value in values.items() if value is not None}
    answer: dict[str, Any] = {
        "Target": target,
        "Evaluation": detail.evaluation,
        "ChangeSource": detail.change_source,
    }
    if detail.causing_entity:
        answer["CausingEntity"] = detail.causing_entity
    return answer


def warnings(changes: Iterable[Change]) -> str:
    """The status reason of a change set of which some values could not be worked out, or empty."""
    found = [c for c in changes if c.warning]
    if not found:
        return ""
    causes = ", ".join(
        f"ChangeSet creation failed for resource [{c.logical_id}] because: {c.warning}"
        for c in found
    )
    option = "--include-property-values option can return incomplete ChangeSet data"
    return f"[WARN] {option} because: {causes}"
