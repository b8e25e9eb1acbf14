"""Counts that scaling has changed and that an update would set back to what the template says.

AWS: AWS::ECS::Service DesiredCount; AWS::AutoScaling::AutoScalingGroup DesiredCapacity and the
UpdatePolicy attribute; AWS::SageMaker::Endpoint RetainAllVariantProperties.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.app.stacks.preview import properties_in
from understudy.app.views import Reset

SERVICE = "AWS::ECS::Service"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
ENDPOINT = "AWS::SageMaker::Endpoint"
CONFIG = "AWS::SageMaker::EndpointConfig"


@dataclass(frozen=True, slots=True)
class Counted:
    """A resource whose count a template gives and scaling changes.

    ``counts`` are the template's by name: of a service or a group one, of an endpoint one for each
    variant. ``physical_id`` finds the living one.
    """

    logical_id: str
    resource_type: str
    physical_id: str
    what: str
    counts: Mapping[str, int | None]
    patch: str


def counted(described: Iterable[Mapping[str, Any]]) -> list[Counted]:
    """The resources in a change set's Changes whose counts the update would set."""
    raw = [each["ResourceChange"] for each in described if each.get("Type") == "Resource"]
    found: list[Counted] = []
    for each in raw:
        looked = _LOOKS.get(each["ResourceType"])
        if looked is not None and each["Action"] == "Modify":
            after = properties_in(each, "AfterContext") or {}
            found += looked(each, after, raw)
    return found


def resets(
    found: Iterable[Counted], living: Callable[[Counted], Mapping[str, int] | None]
) -> tuple[Reset, ...]:
    """Those counts that would change. ``living`` reads the present ones; None if it cannot."""
    warned: list[Reset] = []
    for each in found:
        now = living(each)
        for name, wanted in each.counts.items():
            current = now.get(name) if now else None
            if now is None or current != wanted:
                what = f"{each.what} of {name}" if name else each.what
                warned.append(Reset(each.logical_id, what, wanted, current, each.patch))
    return tuple(warned)


Raw = Mapping[str, Any]


def _service(raw: Raw, after: Mapping[str, Any], _: Sequence[Raw]) -> list[Counted]:
    if "DesiredCount" not in after:
        return []
    name = raw["LogicalResourceId"]
    patch = (
        f"Resources:\n  {name}:\n    Properties:\n-     DesiredCount: {after['DesiredCount']}\n"
        "# Without it an update leaves the count alone; a new service starts with 1."
    )
    return [_counted(raw, "DesiredCount", {"": _number(after["DesiredCount"])}, patch)]


def _group(raw: Raw, after: Mapping[str, Any], _: Sequence[Raw]) -> list[Counted]:
    policy = _policy(raw).get("AutoScalingScheduledAction", {})
    ignores = str(policy.get("IgnoreUnmodifiedGroupSizeProperties", "")).lower() == "true"
    if "DesiredCapacity" not in after or ignores:
        return []
    patch = (
        f"Resources:\n  {raw['LogicalResourceId']}:\n+   UpdatePolicy:\n"
        "+     AutoScalingScheduledAction:\n+       IgnoreUnmodifiedGroupSizeProperties: true"
    )
    return [_counted(raw, "DesiredCapacity", {"": _number(after["DesiredCapacity"])}, patch)]


def _endpoint(raw: Raw, after: Mapping[str, Any], others: Sequence[Raw]) -> list[Counted]:
    retains = str(after.get("RetainAllVariantProperties", "")).lower() == "true"
    moved = any(
        detail["Target"].get("Name") == "EndpointConfigName" for detail in raw.get("Details", ())
    )
    if retains or not moved:
        return []
    counts = {
        variant.get("VariantName", ""): _number(variant.get("InitialInstanceCount"))
        for other in others
        if other["ResourceType"] == CONFIG and other["Action"] in ("Add", "Modify")
        for variant in (properties_in(other, "AfterContext") or {}).get("ProductionVariants", [])
        if "ServerlessConfig" not in variant
    }
    patch = (
        f"Resources:\n  {raw['LogicalResourceId']}:\n    Properties:\n"
        "+     RetainAllVariantProperties: true"
    )
    return [_counted(raw, "InitialInstanceCount", counts, patch)] if counts else []


_LOOKS: Mapping[str, Callable[[Raw, Mapping[str, Any], Sequence[Raw]], list[Counted]]] = {
    SERVICE: _service,
    GROUP: _group,
    ENDPOINT: _endpoint,
}


def _counted(raw: Raw, what: str, counts: Mapping[str, int | None], patch: str) -> Counted:
    physical_id: str = raw.get("PhysicalResourceId", "")
    return Counted(raw["LogicalResourceId"], raw["ResourceType"], physical_id, what, counts, patch)


def _policy(raw: Raw) -> dict[str, Any]:
    text = raw.get("AfterContext")
    return json.loads(text).get("UpdatePolicy", {}) if text else {}


def _number(value: Any) -> int | None:
    """A count as a number; one that is not known yet, or is none, is None."""
    return int(value) if str(value).isdecimal() else None
