"""Change sets that bring drifted resources back in line with a template.

AWS: Using drift-aware change sets. Every resource that can be read is read; what it actually is
takes the place of what the last deployment has made of it, when the changes are planned and when
they are made. So a rollback goes back to the actual state, too.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from understudy.base.fault import validation_error
from understudy.cloudformation.change import Change
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import drift
from understudy.deploy.difference import ignored
from understudy.deploy.history import json_text
from understudy.deploy.ports import Engine
from understudy.deploy.stack import ChangeSetRecord, ResourceDrift, Stack, StackResource

MODE = "REVERT_DRIFT"
_DRIFTED = ("MODIFIED", "DELETED")


def looked(engine: Engine, stack: Stack, params: Params, turn: Turn) -> dict[str, ResourceDrift]:
    """How the resources of a stack differ now; nothing where a change set does not ask for it.

    Raises Missing, and ValidationError for nested change sets, which AWS does not make so.
    """
    if params.get("DeploymentMode") != MODE:
        return {}
    if params.get("IncludeNestedStacks"):
        raise validation_error(
            "IncludeNestedStacks cannot be used with DeploymentMode REVERT_DRIFT"
        )
    return {
        name: _with_context(engine, resource, drift.now(engine, stack, resource, params, turn))
        for name, resource in stack.resources.items()
        if resource.was_made
    }


def _with_context(engine: Engine, resource: StackResource, found: ResourceDrift) -> ResourceDrift:
    """How a resource differs, with what the last deployment has made of it."""
    hidden = ignored(resource.properties, engine.schemas.get(resource.type))
    context: dict[str, Any] = {"Properties": resource.properties}
    if resource.metadata is not None:
        context["Metadata"] = resource.metadata
    return replace(found, ignored=tuple(hidden), previous=context)


def actual(stack: Stack, drifts: Mapping[str, ResourceDrift]) -> dict[str, StackResource]:
    """The resources of a stack as they actually are, without those that are gone."""
    return {
        name: _overlaid(resource, drifts[name]) if name in drifts else resource
        for name, resource in stack.resources.items()
        if name not in drifts or drifts[name].status != "DELETED"
    }


def _overlaid(resource: StackResource, found: ResourceDrift) -> StackResource:
    """A resource with its actual values where they differ."""
    differing = {each["PropertyPath"].split("/")[1] for each in found.differences}
    if not differing:
        return resource
    kept = {name: value for name, value in resource.properties.items() if name not in differing}
    live = {name: value for name, value in found.actual.items() if name in differing}
    return replace(resource, properties={**kept, **live}, drift=None)


def synced(
    stack: Stack, drifts: Mapping[str, ResourceDrift], changes: Iterable[Change]
) -> list[Change]:
    """The drifted resources that the template now describes as they are: nothing happens to them.

    Their drift status is reset. AWS: ResourceChange, SyncWithActual.
    """
    changed = {each.logical_id for each in changes}
    return [
        Change("SyncWithActual", name, resource.type, resource.physical_id)
        for name, resource in stack.resources.items()
        if name in drifts and drifts[name].status == "MODIFIED" and name not in changed
    ]


def take(stack: Stack, drifts: Mapping[str, ResourceDrift]) -> None:
    """Let a stack know what its resources actually are, before a change set is executed."""
    if drifts:
        stack.resources = actual(stack, drifts)


def stack_status(record: ChangeSetRecord) -> str:
    """The drift status of the stack when a change set was made."""
    statuses = {each.status for each in record.drifts.values()}
    if statuses.intersection(_DRIFTED):
        return "DRIFTED"
    return "UNKNOWN" if "UNKNOWN" in statuses else "IN_SYNC"


def describe(record: ChangeSetRecord, change: dict[str, Any], *, property_values: bool) -> None:
    """Add to a ResourceChange what a drift-aware change set says of it.

    With property values also what the last deployment has made of the resource.
    """
    found = record.drifts.get(change["LogicalResourceId"])
    if found is None:
        return
    change["ResourceDriftStatus"] = found.status
    change["ResourceDriftIgnoredAttributes"] = [
        {"Path": path, "Reason": reason} for path, reason in found.ignored
    ]
    if property_values and found.previous:
        change["PreviousDeploymentContext"] = json_text(found.previous)
    is_known = found.status in ("IN_SYNC", "MODIFIED")
    differences = {f"/Properties{each['PropertyPath']}": each for each in found.differences}
    for target in (each["Target"] for each in change["Details"]):
        if "Path" not in target:
            continue
        target["BeforeValueFrom"] = "ACTUAL_STATE" if is_known else "PREVIOUS_DEPLOYMENT_STATE"
        target["AfterValueFrom"] = "TEMPLATE"
        if target["Path"] in differences:
            difference = differences[target["Path"]]
            target["Drift"] = {
                "PreviousValue": difference["ExpectedValue"],
                "ActualValue": difference["ActualValue"],
                "DriftDetectionTimestamp": found.at,
            }
