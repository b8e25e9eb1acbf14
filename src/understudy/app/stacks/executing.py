"""Executing what was planned, deleting stacks, and saying why something failed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.app.deployment import message_of
from understudy.app.failures import Failed
from understudy.app.instance_logs import tail
from understudy.app.stacks.audience import StackAudience
from understudy.app.stacks.deployed import DeployedStack, existing, stack_named, template_of
from understudy.app.stacks.following import Events, Following, Show, first_causes
from understudy.app.stacks.history import record
from understudy.app.stacks.place import Place
from understudy.app.stacks.planning import StackPlan
from understudy.app.views import DeploymentView
from understudy.base.arn import last_name
from understudy.cloudformation.graph import dependencies
from understudy.cloudformation.parse import parse
from understudy.cloudformation.template import read

SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


def execute(place: Place, plan: StackPlan, audience: StackAudience) -> DeployedStack:
    """Execute a plan and follow it to its end; the stack then. Raises Failed with the causes."""
    _keep_what_there_is(place, plan)
    following = Following(
        place,
        plan.stack_id,
        plan.source.stack_name,
        needs_of(plan.source.text),
        {each.logical_id: each.resource_type for each in plan.view.changes},
    )
    following.began()
    place.client.cloudformation.execute_change_set(
        ChangeSetName=plan.change_set_id, DisableRollback=not plan.settings.rollback
    )
    told = follow(following, audience)
    stack = existing(place, plan.stack_id)
    if told.status not in SUCCEEDED:
        raise failed(place, following, told)
    record(place, stack, "understudy")
    audience.result(stack.name, told.status, ())
    audience.outputs(stack.name, stack.outputs)
    return stack


def _keep_what_there_is(place: Place, plan: StackPlan) -> None:
    """What others deployed is kept before it is changed, so that one can go back to it."""
    if not plan.is_new:
        record(place, existing(place, plan.stack_id), "others")


class Told:
    """What was told while an operation went on: its last status and all its events."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self.status = ""
        self.events: list[Mapping[str, Any]] = []

    def __call__(self, view: DeploymentView, events: Events) -> None:
        """Take in a look at the stack, and show it."""
        self.status = view.stack_status
        self.events += events
        self._show(view, events)


def follow(following: Following, audience: StackAudience) -> Told:
    """Follow an operation that has begun to its end."""
    told = Told(audience.deployment)
    told.status = following.until_done(told)
    return told


def failed(place: Place, following: Following, told: Told) -> Failed:
    """Why an operation failed: the first cause first, then the end of its log."""
    causes = first_causes(place, following.stack_id, told.events)
    said = list(dict.fromkeys(f"{name}: {reason}" for name, reason, _ in causes))
    logs = [log for _, _, physical_id in causes for log in log_of(place, physical_id)]
    return Failed(f"Stack {following.name}: {told.status}", said + logs)


def log_of(place: Place, physical_id: str) -> list[str]:
    """The last lines that a failed resource's instance wrote, where it ran on this machine."""
    if place.kind != "engine" or not physical_id:
        return []
    name = last_name(physical_id)
    state = Path(place.client.status["state"])
    found = [each for each in state.glob(f"instances/{name}/**/log") if each.stat().st_size]
    if not found:
        return []
    newest = max(found, key=lambda log: log.stat().st_mtime)
    return [f"The log of its instance, {newest}, ends:\n{tail(newest)}"]


def needs_of(text: str) -> Mapping[str, Sequence[str]]:
    """What each resource of a template needs; nothing where macros have still to make it."""
    data, _ = parse(text)
    template, _ = read(data) if data is not None else (None, [])
    graph = dependencies(template) if template is not None else {}
    return {name: tuple(needs) for name, needs in graph.items()}


def retained(text: str) -> set[str]:
    """The resources of a template that outlive their stack."""
    data, _ = parse(text)
    template, _ = read(data) if data is not None else (None, [])
    if template is None:
        return set()
    return {n for n, each in template.resources.items() if each.deletion_policy == "Retain"}


def destroy(place: Place, name: str, audience: StackAudience, retain: Sequence[str] = ()) -> str:
    """Delete a stack and follow it until it is gone; its last status. Raises Failed."""
    from botocore.exceptions import ClientError

    stack = stack_named(place, name)
    if stack is None:
        return "DELETE_COMPLETE"
    waits_for = _backwards(needs_of_deployed(place, stack))
    following = Following(place, stack.id, stack.name, waits_for, _types(place, stack))
    following.began()
    options = {"RetainResources": list(retain)} if retain else {}
    try:
        place.client.cloudformation.delete_stack(StackName=stack.id, **options)
    except ClientError as error:
        raise Failed(f"Stack {name} cannot be deleted", [message_of(error)]) from error
    told = follow(following, audience)
    if told.status != "DELETE_COMPLETE":
        raise failed(place, following, told) if told.events else _refused(place, name)
    audience.result(stack.name, told.status, ())
    return told.status


def _refused(place: Place, name: str) -> Failed:
    """A deletion that did not even begin, for instance as an export is in use."""
    stack = existing(place, name)
    reason = stack.described.get("StackStatusReason", "The stack was not deleted.")
    return Failed(f"Stack {name}: {stack.status}", [reason])


def _types(place: Place, stack: DeployedStack) -> dict[str, str]:
    api = place.client.cloudformation
    found = api.describe_stack_resources(StackName=stack.id)["StackResources"]
    return {
        each["LogicalResourceId"]: each["ResourceType"]
        for each in found
        if each["ResourceStatus"] != "DELETE_COMPLETE"
    }


def needs_of_deployed(place: Place, stack: DeployedStack) -> Mapping[str, Sequence[str]]:
    """What each resource of a deployed stack needs."""
    return needs_of(template_of(place, stack.id, "Processed"))


def _backwards(needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """On deletion a resource waits for those that need it."""
    users: dict[str, list[str]] = {}
    for name, wanted in needs.items():
        for each in wanted:
            users.setdefault(each, []).append(name)
    return {name: tuple(found) for name, found in users.items()}
