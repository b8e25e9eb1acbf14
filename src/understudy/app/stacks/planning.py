"""Planning a deployment: a change set made, described, and ready to be executed or dropped."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from understudy.app.deployment import message_of
from understudy.app.invalid_changes import found_in
from understudy.app.stacks.deployed import LEFT_BEHIND, UPDATABLE, DeployedStack, stack_named
from understudy.app.stacks.following import in_progress
from understudy.app.stacks.living import asking, living_counts
from understudy.app.stacks.place import Place
from understudy.app.stacks.preview import resource_changes
from understudy.app.stacks.resets import counted, resets
from understudy.app.stacks.source import StackSource
from understudy.app.stacks.staging import template_argument
from understudy.app.views import ChangeSetView, Fidelity
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.resources.registry import BY_NAME

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
"""AWS: the two ways of saying that a change set has no changes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a stack is deployed, beside its template and parameters."""

    capabilities: tuple[str, ...] = CAPABILITIES
    role_arn: str = ""
    rollback: bool = True


@dataclass(frozen=True, slots=True)
class StackPlan:
    """A change set that was made and not yet executed.

    ``changes`` are those of DescribeChangeSet; ``fingerprint`` tells whether the stack is still as
    it was when the plan was made. A plan without a change set changes nothing.
    """

    source: StackSource
    stack_id: str
    change_set_id: str
    view: ChangeSetView
    changes: tuple[Mapping[str, Any], ...] = ()
    fingerprint: str = ""
    settings: Settings = field(default_factory=Settings)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.change_set_id

    @property
    def is_new(self) -> bool:
        """Whether it creates the stack."""
        return self.view.change_set_type == "CREATE"


def plan_stack(place: Place, source: StackSource, settings: Settings) -> StackPlan:
    """Plan one stack. Raises InvalidInput where CloudFormation refuses, Failed where it cannot."""
    from botocore.exceptions import ClientError

    stack = stack_named(place, source.stack_name)
    if stack is not None and stack.status == "REVIEW_IN_PROGRESS":
        stack = None
    if stack is not None:
        assert_updatable(stack)
    try:
        made = _change_set(place, source, stack, settings)
        described = describe(place, made["Id"])
    except ClientError as error:
        raise InvalidInput((Diagnostic(message_of(error), action=_hint(error, source)),)) from error
    return _planned(place, source, stack, described, settings)


def assert_updatable(stack: DeployedStack) -> None:
    """Raise Failed or InvalidInput, with what to do, where a stack cannot be updated now."""
    if stack.status in UPDATABLE:
        return
    name, status = stack.name, stack.status
    if in_progress(status):
        action = f"wait for it with `understudy events {name} --follow`"
    elif status in LEFT_BEHIND or status == "DELETE_FAILED":
        action = f"`understudy destroy {name}` first"
    else:
        action = f"`understudy rollback {name}` first"
    summary = f"Stack {name} is in {status} state and cannot be updated."
    raise InvalidInput((Diagnostic(summary, action=action),))


def _change_set(
    place: Place, source: StackSource, stack: DeployedStack | None, settings: Settings
) -> Mapping[str, Any]:
    options: dict[str, Any] = {"RoleARN": settings.role_arn} if settings.role_arn else {}
    tags = source.tags or (stack.tags if stack else {})
    return place.client.cloudformation.create_change_set(
        StackName=source.stack_name,
        ChangeSetName=f"understudy-{time.time_ns() // 1_000_000}",
        ChangeSetType="UPDATE" if stack else "CREATE",
        Capabilities=list(settings.capabilities),
        Parameters=parameters_argument(source, stack),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        **template_argument(place, source),
        **options,
    )


def parameters_argument(source: StackSource, stack: DeployedStack | None) -> list[dict[str, Any]]:
    """The Parameters of a call: those given, and for the others what the stack has."""
    given: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in source.parameters.items()
    ]
    kept = set(stack.parameters if stack else ()) & set(_declared(source))
    return given + [
        {"ParameterKey": key, "UsePreviousValue": True}
        for key in sorted(kept - source.parameters.keys())
    ]


def _declared(source: StackSource) -> Sequence[str]:
    from understudy.cloudformation.parse import parse
    from understudy.cloudformation.value import is_map

    data, _ = parse(source.text)
    section: Any = data.get("Parameters", {}) if is_map(data) else {}
    return list(section) if is_map(section) else []


def describe(place: Place, change_set_id: str) -> dict[str, Any]:
    """A change set with all its pages, once it has been made or has failed."""
    api = place.client.cloudformation
    while True:
        pages = api.get_paginator("describe_change_set").paginate(
            ChangeSetName=change_set_id, IncludePropertyValues=True
        )
        whole: dict[str, Any] = {}
        for page in pages:
            whole = {**page, "Changes": [*whole.get("Changes", []), *page.get("Changes", [])]}
        if not whole["Status"].endswith(("_IN_PROGRESS", "_PENDING")):
            return whole
        time.sleep(place.seconds)


def _planned(
    place: Place,
    source: StackSource,
    stack: DeployedStack | None,
    described: Mapping[str, Any],
    settings: Settings,
) -> StackPlan:
    reason = described.get("StatusReason", "")
    kind = "UPDATE" if stack else "CREATE"
    if described["Status"] != "CREATE_COMPLETE":
        wrong = found_in(place.client.cloudformation, described)
        drop(place, described["ChangeSetId"], described["StackId"] if stack is None else "")
        if any(text in reason for text in NO_CHANGES):
            return StackPlan(
                source, described["StackId"], "", ChangeSetView(source.stack_name, kind, ())
            )
        raise InvalidInput(wrong)
    ask = asking(place.client)
    view = ChangeSetView(
        source.stack_name,
        kind,
        tuple(
            replace(each, origin=str(source.origins.get(each.logical_id, "")))
            for each in resource_changes(described["Changes"], fidelities(place))
        ),
        resets(counted(described["Changes"]), lambda each: living_counts(ask, each)),
        _note(described),
    )
    return StackPlan(
        source=source,
        stack_id=described["StackId"],
        change_set_id=described["ChangeSetId"],
        view=view,
        changes=tuple(described["Changes"]),
        fingerprint=fingerprint(stack),
        settings=settings,
    )


def fidelities(place: Place) -> Mapping[str, Fidelity]:
    """What each resource type does there; empty where that is not ours to say."""
    if place.kind != "engine":
        return {}
    return {name: each.fidelity for name, each in BY_NAME.items()}


def _note(described: Mapping[str, Any]) -> str:
    if not described["Changes"]:
        return "Only outputs, tags or other settings of the stack change; no resource does."
    return described.get("StatusReason", "")


def drop(place: Place, change_set_id: str, stack_id: str = "") -> None:
    """Delete a change set; and the stack that was made for it and holds nothing."""
    api = place.client.cloudformation
    api.delete_change_set(ChangeSetName=change_set_id)
    if stack_id:
        api.delete_stack(StackName=stack_id)


def drop_plan(place: Place, plan: StackPlan) -> None:
    """Leave nothing of a plan behind."""
    if not plan.is_empty:
        drop(place, plan.change_set_id, plan.stack_id if plan.is_new else "")


def fingerprint(stack: DeployedStack | None) -> str:
    """Whether a stack is still as it was: its status, its last change and its parameters."""
    if stack is None:
        return ""
    facts = [stack.id, stack.status, stack.updated_at, stack.parameters, stack.tags]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _hint(error: Exception, source: StackSource) -> str:
    text = str(error)
    if "must have values" in text:
        return "give them with -p NAME=VALUE, or in understudy.toml"
    if "do not exist in the template" in text:
        return f"the template has {', '.join(_declared(source)) or 'no parameters'}"
    return ""
