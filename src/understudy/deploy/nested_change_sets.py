"""Change sets of nested stacks, made, executed and deleted with the change set of their root.

AWS: Change sets for nested stacks. A nested stack that does not exist yet is created in review.
"""

from dataclasses import dataclass, field
from typing import Any

from understudy.base.fault import Fault
from understudy.base.identity import UPPER
from understudy.cloudformation.change import NO_CHANGES, NO_UPDATES
from understudy.cloudformation.graph import enabled
from understudy.cloudformation.physical import fit
from understudy.cloudformation.resolve import EvaluationError, Scope
from understudy.cloudformation.revision import as_deployed, evaluated_or_written
from understudy.cloudformation.unknown import KNOWN_AFTER_APPLY, is_known
from understudy.cloudformation.value import is_list, text
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import validation
from understudy.deploy.history import STACK_TYPE, USER_INITIATED, become
from understudy.deploy.planning import made_resources, planned_changes
from understudy.deploy.prepare import Prepared, prepare
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import GONE, ChangeSetRecord, Stack
from understudy.deploy.stacks import MAX_NAME, NO_TARGET, new_stack, register


@dataclass(slots=True)
class Nested:
    """What came of planning the nested stacks of a template.

    ``planned`` are the stacks with their change sets by logical id, ``unchanged`` the resources
    whose stacks stay as they are, ``failure`` why the parent's change set fails.
    """

    planned: dict[str, tuple[Stack, ChangeSetRecord]] = field(
        default_factory=dict[str, tuple[Stack, ChangeSetRecord]]
    )
    unchanged: list[str] = field(default_factory=list[str])
    failure: str = ""


def planned(
    service: CloudFormation,
    stack: Stack,
    record: ChangeSetRecord,
    prepared: Prepared,
    params: Params,
    turn: Turn,
) -> Nested:
    """The change sets of the nested stacks, which nobody knows yet. Raises Missing."""
    nested = Nested()
    if not record.include_nested or prepared.late:
        return nested
    ready = prepared.ready
    scope = as_deployed(ready.scope, made_resources(stack, {}))
    for name, resource in enabled(ready.template, ready.scope.conditions).items():
        if resource.type == STACK_TYPE and not nested.failure:
            properties = _properties(resource.properties, scope)
            child = _child(service, stack, name, turn)
            _plan(service, child, record, name, properties, params, turn, nested)
    return nested


def _properties(written: Params, scope: Scope) -> Params:
    """The properties of the nested stack; parameters that are not known yet say so."""
    properties = evaluated_or_written(written, scope)
    given: Params = properties.get("Parameters", {})
    return {
        **properties,
        "Parameters": {name: _text(value) for name, value in given.items()},
    }


def _text(value: Any) -> str:
    if not is_known(value):
        return KNOWN_AFTER_APPLY
    return ",".join(map(text, value)) if is_list(value) else text(value)


def _child(service: CloudFormation, stack: Stack, logical_id: str, turn: Turn) -> Stack:
    resource = stack.resources.get(logical_id)
    known = service.state.stacks.get(resource.physical_id) if resource else None
    if known is not None:
        return known
    child = new_stack(fit(stack.name, logical_id, turn.ids.letters(12, UPPER), MAX_NAME), turn)
    child.parent_id, child.root_id = stack.id, stack.root_id or stack.id
    return child


def _plan(
    service: CloudFormation,
    child: Stack,
    parent: ChangeSetRecord,
    logical_id: str,
    properties: Params,
    params: Params,
    turn: Turn,
    nested: Nested,
) -> None:
    """Plan one nested stack."""
    call = {
        **{key: value for key, value in params.items() if key not in _OWN},
        "TemplateURL": properties["TemplateURL"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in properties["Parameters"].items()
        ],
    }
    record = _record(child, parent, logical_id, turn)
    nested.planned[logical_id] = child, record
    new = child.status == "REVIEW_IN_PROGRESS"
    try:
        prepared = prepare(service, child, call, None if new else child.target, reviewed=True)
        record.target = prepared.target
        below = planned(service, child, record, prepared, call, turn)
        record.changes, record.reason = planned_changes(
            service, child, prepared, new=new, unchanged_stacks=below.unchanged
        )
        record.findings = validation.of_change_set(
            service, child, prepared, record.changes, call, turn
        )
        invalid = validation.refusal(record.findings)
        record.reason = prepared.late or below.failure or invalid or record.reason
        nested.planned |= {f"{logical_id}.{name}": each for name, each in below.planned.items()}
        record.nested = {name: each.id for name, (_, each) in below.planned.items()}
    except (Fault, EvaluationError) as error:
        record.reason = error.message
    if record.reason in (NO_CHANGES, NO_UPDATES):
        nested.unchanged.append(logical_id)
        del nested.planned[logical_id]
    elif record.reason:
        record.status, record.execution_status = "FAILED", "UNAVAILABLE"
        nested.failure = (
            f"Nested change set {record.id} was not successfully created: Currently in FAILED."
        )


_OWN = (
    "TemplateBody",
    "TemplateURL",
    "UsePreviousTemplate",
    "Parameters",
    "StackName",
    "ChangeSetName",
)


def _record(child: Stack, parent: ChangeSetRecord, logical_id: str, turn: Turn) -> ChangeSetRecord:
    name = f"{parent.name}-{logical_id}-{turn.ids.letters(12, UPPER)}"[-128:]
    return ChangeSetRecord(
        name=name,
        id=turn.arn("cloudformation", f"changeSet/{name}/{turn.ids.uuid()}"),
        created_at=turn.at,
        type="CREATE" if child.status == "REVIEW_IN_PROGRESS" else "UPDATE",
        description="",
        target=NO_TARGET,
        status="CREATE_COMPLETE",
        execution_status="AVAILABLE",
        include_nested=True,
        parent_id=parent.id,
        root_id=parent.root_id or parent.id,
    )


def keep(service: CloudFormation, record: ChangeSetRecord, nested: Nested, turn: Turn) -> None:
    """Let the planned change sets, and the stacks in review, be known."""
    for name, (child, each) in nested.planned.items():
        if child.id not in service.state.stacks:
            register(service, child)
            become(child, "REVIEW_IN_PROGRESS", turn, USER_INITIATED)
        child.change_sets[each.name] = each
        if "." not in name:
            record.nested[name] = each.id


def forget(service: CloudFormation, record: ChangeSetRecord, turn: Turn) -> None:
    """Delete the nested change sets of one that is deleted, and stacks that were only for them."""
    for identity in record.nested.values():
        for child in list(service.present()):
            each = next((r for r in child.change_sets.values() if r.id == identity), None)
            if each is None:
                continue
            forget(service, each, turn)
            del child.change_sets[each.name]
            if child.status == "REVIEW_IN_PROGRESS" and not child.change_sets:
                become(child, GONE, turn)
                child.deleted_at = turn.at
                service.forget(child)
