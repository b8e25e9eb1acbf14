"""Importing resources that exist already. AWS: Import AWS resources into a CloudFormation stack."""

from collections.abc import Iterator, Mapping

from understudy.base.fault import validation_error
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.template import Output
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import existing, provision, work
from understudy.deploy.blueprint import planning_scope
from understudy.deploy.handler import Done, Handler
from understudy.deploy.history import note
from understudy.deploy.planning import planned_changes
from understudy.deploy.ports import Engine
from understudy.deploy.prepare import Prepared
from understudy.deploy.stack import GONE, Stack, Task

TAGGING = "Apply stack-level tags to imported resource if applicable."
RETAINING = ("Retain", "RetainExceptOnCreate")


def wanted(
    engine: Engine, stack: Stack, prepared: Prepared, params: Params, turn: Turn
) -> dict[str, str]:
    """The physical ids of the resources that a change set imports, by logical id.

    Raises ValidationError where the import is not allowed, and Missing.
    """
    if params.get("ChangeSetType") == "IMPORT":
        return _named(engine, stack, prepared, params) if not prepared.late else {}
    if params.get("ImportExistingResources") and not prepared.late:
        return dict(_existing(engine, stack, prepared, params, turn))
    return {}


def _named(engine: Engine, stack: Stack, prepared: Prepared, params: Params) -> dict[str, str]:
    """The resources that the call names."""
    imports: dict[str, str] = {}
    resources = prepared.ready.template.resources
    wishes: list[Params] = params.get("ResourcesToImport", [])
    for wish in wishes:
        name = wish["LogicalResourceId"]
        if name not in resources or resources[name].type != wish["ResourceType"]:
            raise validation_error(f"Resource [{name}] to import is not in the template")
        imports[name] = _identity(engine, wish)
    _refuse(engine, stack, prepared, imports)
    unprotected = [name for name in imports if resources[name].deletion_policy is None]
    if unprotected:
        raise validation_error(
            f"The following resources to import [{', '.join(unprotected)}] must have "
            "DeletionPolicy attribute specified in the template."
        )
    for name in imports:
        if engine.types[resources[name].type].read is None:
            raise validation_error(f"ResourceType [{resources[name].type}] is not supported")
    return imports


def _identity(engine: Engine, wish: Params) -> str:
    """The physical id by the parts of the type's identifier. Raises ValidationError."""
    schema = engine.schemas.get(wish["ResourceType"])
    wanted = schema.identifiers if schema else []
    given: dict[str, str] = wish["ResourceIdentifier"]
    if given.keys() != set(wanted):
        name = wish["LogicalResourceId"]
        raise validation_error(
            f"Resource [{name}] to import is identified by [{', '.join(wanted)}], not by "
            f"[{', '.join(given)}]"
        )
    return "|".join(given[part] for part in wanted)


def _refuse(engine: Engine, stack: Stack, prepared: Prepared, imports: dict[str, str]) -> None:
    """An import changes nothing else: neither resources nor outputs."""
    resources = prepared.ready.template.resources
    known = {name for name, each in stack.resources.items() if each.was_made}
    modified = _modified(engine, stack, prepared, imports)
    changed = sorted(((set(resources) ^ known) | modified) - imports.keys())
    if changed:
        raise validation_error(
            f"You have modified resources [{', '.join(changed)}] in your template that are not "
            "being imported. Update, create or delete operations cannot be executed during import "
            "operations."
        )
    old: Mapping[str, Output] = {}
    if not _is_new(stack):
        old = engine.blueprints.of(stack, stack.target).template.outputs
    outputs = prepared.ready.template.outputs
    if any(old.get(name) != output for name, output in outputs.items()):
        raise validation_error(
            "As part of the import operation, you cannot modify or add [Outputs]"
        )


def _is_new(stack: Stack) -> bool:
    return stack.status == "REVIEW_IN_PROGRESS"


def _modified(
    engine: Engine, stack: Stack, prepared: Prepared, imports: dict[str, str]
) -> set[str]:
    """The resources that the template changes of its own."""
    try:
        new = _is_new(stack)
        changes, _ = planned_changes(engine, stack, prepared, new=new, imports=imports)
    except EvaluationError:
        return set()  # Why it cannot be planned becomes the change set's status.
    return {
        each.logical_id
        for each in changes
        if any(detail.change_source != "Automatic" for detail in each.details)
    }


def _existing(
    engine: Engine, stack: Stack, prepared: Prepared, params: Params, turn: Turn
) -> Iterator[tuple[str, str]]:
    """New resources with a name of their own that exist, and are no stack's."""
    scope = planning_scope(prepared.ready.scope)
    managed = {
        resource.physical_id
        for other in engine.state.stacks.values()
        if other.status != GONE
        for resource in other.resources.values()
    }
    for name, resource in prepared.ready.template.resources.items():
        if name in stack.resources or resource.deletion_policy not in RETAINING:
            continue
        given = existing.given_name(engine, resource, scope)
        if given:
            found = existing.found(engine, stack, name, resource, given, scope, params, turn)
            if found and found not in managed:
                yield name, found


def begin(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler:
    """Start to import a resource. Raises HandlerFailure."""
    deployment = provision.deployment_of(stack)
    blueprint = engine.blueprints.of(stack, deployment.target)
    name = task.logical_id
    task.begun = True
    stack.resources[name] = work.wanted(engine, stack, blueprint, name, deployment.imports[name])
    note(stack, stack.resources[name], "IMPORT_IN_PROGRESS", turn)
    return provision.handler(engine, stack, task, turn)


def finish(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """A resource is the stack's, and has its tags."""
    resource = stack.resources[task.logical_id]
    resource.physical_id, resource.attributes = done.physical_id, done.attributes
    note(stack, resource, "IMPORT_COMPLETE", turn)
    note(stack, resource, "UPDATE_IN_PROGRESS", turn, TAGGING)
    note(stack, resource, "UPDATE_COMPLETE", turn)


def failed(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> str:
    """There is no such resource, or the stack may not have it."""
    note(stack, stack.resources[task.logical_id], "IMPORT_FAILED", turn, reason)
    return "Failed"


def begin_forget(engine: Engine, stack: Stack, task: Task, turn: Turn) -> None:
    """Give an imported resource up; nothing happens to the resource itself."""
    resource = stack.resources.pop(task.logical_id)
    note(stack, resource, "IMPORT_ROLLBACK_IN_PROGRESS", turn)
    note(stack, resource, "IMPORT_ROLLBACK_COMPLETE", turn)
