"""The operations of stack refactoring. AWS: Stack refactoring; CreateStackRefactor."""

import json
from collections.abc import Callable, Mapping

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy import stacks
from understudy.deploy.history import STACK_TYPE
from understudy.deploy.location import text_at
from understudy.deploy.options import tag_list
from understudy.deploy.prepare import prepare
from understudy.deploy.provision import own_tags
from understudy.deploy.refactors import moving
from understudy.deploy.refactors.arranging import arranged, stack_of
from understudy.deploy.refactors.mapping import moves_of
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import Deployment, Move, Refactor, Stack, Target

PAGE_SIZE = 100
MAX_STACKS = 5
"""AWS: Stack refactoring, considerations."""


def create(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Work out a stack refactor. What is wrong with it is said in its status."""
    refactor = Refactor(turn.ids.uuid(), params.get("Description", ""))
    for definition in _definitions(params):
        stack = _stack(service, definition, params, turn)
        refactor.names[stack.id] = stack.name
        if stack.events:
            refactor.seen[stack.id] = len(stack.events)
    try:
        for definition, identity in zip(_definitions(params), refactor.names, strict=True):
            stack = stack_of(service, refactor, identity)
            refactor.targets[identity] = _target(service, stack, definition, params)
        refactor.moves = _moves(service, refactor, params)
        refactor.targets = {
            each.id: refactor.targets[each.id] for each in arranged(service, refactor)
        }
    except (Fault, EvaluationError) as refusal:
        refactor.status, refactor.reason = "CREATE_FAILED", refusal.message
    else:
        refactor.execution = "AVAILABLE"
    service.state.refactors[refactor.id] = refactor
    return {"StackRefactorId": refactor.id}


def look(service: CloudFormation, params: Params, turn: Turn) -> None:
    """What has to be known before a refactor can be worked out, as Missing."""
    for definition in _definitions(params):
        stack = _stack(service, definition, params, turn)
        _target(service, stack, definition, params)


def _definitions(params: Params) -> list[Params]:
    definitions: list[Params] = params["StackDefinitions"]
    names = [each.get("StackName") for each in definitions]
    if len(names) > MAX_STACKS:
        raise validation_error(f"A stack refactor can have at most {MAX_STACKS} stacks")
    if not names or None in names or len(set(names)) != len(names):
        raise validation_error("Each stack definition must have a StackName of its own")
    return definitions


def _stack(service: CloudFormation, definition: Params, params: Params, turn: Turn) -> Stack:
    """The stack of a definition, or one that is known to nobody yet."""
    name: str = definition["StackName"]
    found = service.find(name)
    if found is None:
        if not params.get("EnableStackCreation"):
            raise validation_error(f"Stack [{name}] does not exist")
        return stacks.new_stack(name, turn)
    if found.status not in stacks.UPDATABLE:
        raise validation_error(
            f"Stack [{found.id}] is in {found.status} state and can not be refactored."
        )
    return found


def _target(service: CloudFormation, stack: Stack, definition: Params, params: Params) -> Target:
    """What a stack shall be: its new template, with the parameters and options that it has."""
    previous = stack.target if stack.events else None
    known = previous.supplied if previous else {}
    body = (
        text_at(definition["TemplateURL"], params)
        if "TemplateURL" in definition
        else definition.get("TemplateBody", "")
    )
    call: Params = {
        **params,
        "TemplateBody": body,
        "Parameters": [{"ParameterKey": name, "UsePreviousValue": True} for name in known],
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    prepared = prepare(service, stack, call, previous)
    if prepared.late:
        raise validation_error(prepared.late)
    return prepared.target


def _moves(service: CloudFormation, refactor: Refactor, params: Params) -> tuple[Move, ...]:
    found = [stack_of(service, refactor, each) for each in refactor.targets]
    wanted = {
        stack.id: {
            name: each.type
            for name, each in service.blueprints.of(
                stack, refactor.targets[stack.id]
            ).resources.items()
        }
        for stack in found
    }
    moves = moves_of(found, wanted, params.get("ResourceMappings", []))
    nested = [each.old_id for each in moves if each.type == STACK_TYPE]
    if nested:
        raise EvaluationError(
            f"Stack refactor does not support moving nested stacks: [{', '.join(nested)}]"
        )
    return moves


def _find(service: CloudFormation, params: Params) -> Refactor:
    identity: str = params["StackRefactorId"]
    found = service.state.refactors.get(identity)
    if found is None:
        raise Fault("StackRefactorNotFoundException", f"Stack refactor {identity} not found", 404)
    return found


def execute(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Begin to move the resources of a stack refactor, as it was worked out."""
    refactor = _find(service, params)
    if refactor.execution == "AVAILABLE" and _is_obsolete(service, refactor):
        refactor.execution = "OBSOLETE"
        refactor.execution_reason = "A stack has been changed since the stack refactor was created"
    if refactor.execution != "AVAILABLE":
        raise validation_error(
            f"Stack refactor [{refactor.id}] cannot be executed in its current execution status of "
            f"[{refactor.execution}]"
        )
    refactor.execution = "EXECUTE_IN_PROGRESS"
    for identity, target in refactor.targets.items():
        stack = stack_of(service, refactor, identity)
        if identity not in refactor.seen:
            stack.created_at, stack.target = turn.at, target
            stacks.register(service, stack)
        deployment = Deployment("refactor", "main", "", turn.ids.uuid(), target)
        deployment.refactor = refactor.id
        moving.begin(service, stack, deployment, turn)
    return {}


def _is_obsolete(service: CloudFormation, refactor: Refactor) -> bool:
    """Whether the stacks are others than when the refactor was worked out."""
    new = [name for identity, name in refactor.names.items() if identity not in refactor.seen]
    return any(service.find(name) is not None for name in new) or any(
        len(service.state.stacks[identity].events) != events
        for identity, events in refactor.seen.items()
    )


def describe(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """How far a stack refactor is."""
    refactor = _find(service, params)
    return {**_summary(refactor), "StackIds": list(refactor.names)}


def _summary(refactor: Refactor) -> Params:
    return {
        "StackRefactorId": refactor.id,
        "Description": refactor.description or None,
        "Status": refactor.status,
        "StatusReason": refactor.reason or None,
        "ExecutionStatus": refactor.execution,
        "ExecutionStatusReason": refactor.execution_reason or None,
    }


def list_refactors(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Summaries of the stack refactors, the latest first."""
    wanted: list[str] = params.get("ExecutionStatusFilter", [])
    known = list(service.state.refactors.values())[::-1]
    found = [each for each in known if not wanted or each.execution in wanted]
    refused = validation_error("NextToken is invalid")
    size: int = params.get("MaxResults", PAGE_SIZE)
    shown, token = page(found, params.get("NextToken"), size, refused)
    return {"StackRefactorSummaries": [_summary(each) for each in shown], "NextToken": token}


def list_actions(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What a stack refactor creates and moves."""
    refactor = _find(service, params)
    created = [
        {
            "Action": "CREATE",
            "Entity": "STACK",
            "Description": f"Stack {name} created.",
            "Detection": "MANUAL",
        }
        for identity, name in refactor.names.items()
        if identity not in refactor.seen
    ]
    moved = [_move(service, refactor, each) for each in refactor.moves]
    refused = validation_error("NextToken is invalid")
    size: int = params.get("MaxResults", PAGE_SIZE)
    shown, token = page([*created, *moved], params.get("NextToken"), size, refused)
    return {"StackRefactorActions": shown, "NextToken": token}


def _move(service: CloudFormation, refactor: Refactor, move: Move) -> Params:
    source = stack_of(service, refactor, move.source)
    destination = stack_of(service, refactor, move.destination)
    old = {**source.target.tags, **own_tags(source, move.old_id)}
    new = {**refactor.targets[destination.id].tags, **own_tags(destination, move.new_id)}
    return {
        "Action": "MOVE",
        "Entity": "RESOURCE",
        "PhysicalResourceId": move.physical_id,
        "ResourceIdentifier": _identifier(service, move),
        "Description": "No configuration changes detected.",
        "Detection": move.detection,
        "DetectionReason": _REASONS[move.detection],
        "TagResources": tag_list(new),
        "UntagResources": [name for name in old if name not in new],
        "ResourceMapping": {
            "Source": {"StackName": source.name, "LogicalResourceId": move.old_id},
            "Destination": {"StackName": destination.name, "LogicalResourceId": move.new_id},
        },
    }


_REASONS = {
    "AUTO": "The resource was found by its type and its logical id.",
    "MANUAL": "The mapping was given in ResourceMappings.",
}


def _identifier(service: CloudFormation, move: Move) -> str | None:
    """The primary identifier of a resource as JSON text, where it is one property."""
    schema = service.schemas.get(move.type)
    if schema is None or len(schema.primary_identifier) != 1:
        return None
    return json.dumps({".".join(schema.primary_identifier[0]): move.physical_id})


OPERATIONS: Mapping[str, Callable[[CloudFormation, Params, Turn], Params]] = {
    "CreateStackRefactor": create,
    "DescribeStackRefactor": describe,
    "ExecuteStackRefactor": execute,
    "ListStackRefactors": list_refactors,
    "ListStackRefactorActions": list_actions,
}
LOOKS: Mapping[str, Callable[[CloudFormation, Params, Turn], object]] = {
    "CreateStackRefactor": look,
}
