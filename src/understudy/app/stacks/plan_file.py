"""A reviewed plan in a file: executed only if nothing has changed since."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from understudy.app.stacks.deployed import stack_named
from understudy.app.stacks.place import Place
from understudy.app.stacks.planning import Settings, StackPlan, describe, fidelities, fingerprint
from understudy.app.stacks.preview import resource_changes
from understudy.app.stacks.source import StackSource
from understudy.app.views import ChangeSetView
from understudy.base.diagnostic import Diagnostic, InvalidInput

SCHEMA = "understudy.plan/1"


class PlannedStack(msgspec.Struct, frozen=True):
    """One stack of a plan."""

    stack_name: str
    stack_id: str
    change_set_id: str
    change_set_type: str
    fingerprint: str
    changes: str
    """A digest of the changes that were reviewed."""
    template: str
    capabilities: tuple[str, ...]
    rollback: bool


class PlanFile(msgspec.Struct, frozen=True):
    """A plan for one place. ``endpoint`` is empty for AWS."""

    schema: str
    endpoint: str
    account: str
    region: str
    stacks: tuple[PlannedStack, ...]


def write(path: Path, place: Place, plans: Sequence[StackPlan]) -> None:
    """Write plans to a file. Raises InvalidInput where that is not possible."""
    stacks = tuple(
        PlannedStack(
            stack_name=each.source.stack_name,
            stack_id=each.stack_id,
            change_set_id=each.change_set_id,
            change_set_type=each.view.change_set_type,
            fingerprint=each.fingerprint,
            changes=_digest(each.changes),
            template=each.source.text,
            capabilities=each.settings.capabilities,
            rollback=each.settings.rollback,
        )
        for each in plans
        if not each.is_empty
    )
    whole = PlanFile(SCHEMA, place.client.endpoint, place.account, place.region, stacks)
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")
    except OSError as error:
        raise InvalidInput((Diagnostic(f"{path}: {error.strerror}."),)) from error


def is_plan(path: Path) -> bool:
    """Whether a file is a plan, and not a template."""
    try:
        with path.open("rb") as file:
            return SCHEMA.encode() in file.read(200)
    except OSError:
        return False


def read(path: Path) -> PlanFile:
    """A plan. Raises InvalidInput where the file is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=PlanFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise InvalidInput((Diagnostic(f"{path} is no plan: {error}."),)) from error


def reviewed(path: Path, plan: PlanFile, place: Place) -> list[StackPlan]:
    """The plans of a file as they stand now. Raises InvalidInput, naming all that has changed."""
    problems: list[str] = []
    if (plan.account, plan.region) != (place.account, place.region):
        problems.append(f"it is for account {plan.account} in {plan.region}, not for {place}")
    found: list[StackPlan] = []
    stacks: tuple[PlannedStack, ...] = () if problems else plan.stacks
    for each in stacks:
        now = _standing(place, each)
        if isinstance(now, str):
            problems.append(f"{each.stack_name}: {now}")
        else:
            found.append(_plan(place, path, each, now))
    if problems:
        raise InvalidInput(
            (
                Diagnostic(
                    f"{path} cannot be executed any more.",
                    detail="\n".join(problems),
                    action="plan again, and review it",
                ),
            )
        )
    return found


def _standing(place: Place, each: PlannedStack) -> Mapping[str, Any] | str:
    """The change set as it is described now, or what has changed since it was reviewed."""
    from botocore.exceptions import ClientError

    stack = stack_named(place, each.stack_id)
    under_review = stack is not None and stack.status == "REVIEW_IN_PROGRESS"
    if fingerprint(None if under_review else stack) != each.fingerprint:
        return "the stack has changed since"
    try:
        described = describe(place, each.change_set_id)
    except ClientError:
        return "its change set is gone"
    if described["ExecutionStatus"] != "AVAILABLE":
        return f"its change set is {described['ExecutionStatus']}"
    if _digest(described["Changes"]) != each.changes:
        return "its change set is not the one that was reviewed"
    return described


def _plan(place: Place, path: Path, each: PlannedStack, described: Mapping[str, Any]) -> StackPlan:
    kind: Any = each.change_set_type
    changes = resource_changes(described["Changes"], fidelities(place))
    return StackPlan(
        source=StackSource(each.stack_name, each.template, path),
        stack_id=each.stack_id,
        change_set_id=each.change_set_id,
        view=ChangeSetView(each.stack_name, kind, changes),
        changes=tuple(described["Changes"]),
        fingerprint=each.fingerprint,
        settings=Settings(each.capabilities, rollback=each.rollback),
    )


def _digest(changes: Sequence[Mapping[str, Any]]) -> str:
    """A digest of changes, whatever the order in which they are told."""
    told = sorted(json.dumps(each, sort_keys=True, default=str) for each in changes)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
