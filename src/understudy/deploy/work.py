"""Creating and updating a resource: how its task begins, ends and fails, and the events of each."""

from msgspec.structs import replace

from understudy.cloudformation.changeset import retention
from understudy.cloudformation.coerce import coerce
from understudy.cloudformation.dynamic import not_yet_known
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.validate import Problem, failure, validate
from understudy.control.turn import Turn
from understudy.deploy import configuration, decision, policy, provision
from understudy.deploy.blueprint import Blueprint, evaluated
from understudy.deploy.handler import Done, Handler, HandlerFailure, Identify
from understudy.deploy.history import note
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Stack, StackResource, Task

NEW_RESOURCE = (
    "Requested update requires the creation of a new physical resource; hence creating one."
)
INITIATED = "Resource creation Initiated"
NO_REPLACEMENT = "Replacement type updates not supported on stack with disable-rollback."


def prefix(task: Task) -> str:
    """How the statuses of a task's resource begin."""
    return "CREATE" if task.verb == "create" else "UPDATE"


def wanted(
    engine: Engine,
    stack: Stack,
    blueprint: Blueprint,
    logical_id: str,
    physical_id: str,
    before: StackResource | None = None,
) -> StackResource:
    """A resource as its template wants it, everything that it refers to being there.

    Raises HandlerFailure.
    """
    resource, problems = drafted(engine, stack, blueprint, logical_id, physical_id, before)
    if problems:
        raise HandlerFailure(failure(logical_id, problems), "")
    return resource


def drafted(
    engine: Engine,
    stack: Stack,
    blueprint: Blueprint,
    logical_id: str,
    physical_id: str,
    before: StackResource | None = None,
) -> tuple[StackResource, list[Problem]]:
    """The same, and how its properties break their schema, unless they are those from before.

    What a dynamic reference comes to is the concern of the service that is given it. Raises
    HandlerFailure where a value cannot be worked out.
    """
    resource = blueprint.resources[logical_id]
    try:
        values = evaluated(
            {
                "properties": resource.properties,
                "metadata": resource.metadata,
                "deletion": resource.deletion_policy,
                "replacement": resource.update_replace_policy,
                "creation": resource.creation_policy,
                "update": resource.update_policy,
            },
            blueprint,
            stack,
        )
    except EvaluationError as error:
        raise HandlerFailure(error.message, "") from error
    properties, problems = values["properties"], list[Problem]()
    schema = engine.schemas.get(resource.type)
    if schema is not None:
        properties = coerce(properties, schema)
        if before is None or (before.type, before.properties) != (resource.type, properties):
            problems = validate(not_yet_known(properties), schema)
    made = StackResource(
        logical_id=logical_id,
        type=resource.type,
        physical_id=physical_id,
        properties=properties,
        metadata=values.get("metadata"),
        depends_on=blueprint.needs[logical_id],
        deletion_policy=retention(resource.type, values.get("deletion"), properties),
        update_replace_policy=retention(resource.type, values.get("replacement"), properties),
        creation_policy=values.get("creation"),
        update_policy=values.get("update"),
    )
    return made, problems


def begin_create(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler:
    """Start to create a resource."""
    name = task.logical_id
    deployment = provision.deployment_of(stack)
    blueprint = engine.blueprints.of(stack, deployment.target)
    try:
        resource = blueprint.drafts.pop(name, None) or wanted(engine, stack, blueprint, name, "")
    except HandlerFailure:
        _appear(stack, StackResource(name, blueprint.resources[name].type), turn)
        raise
    _appear(stack, resource, turn)
    return provision.handler(engine, stack, task, turn)


def _appear(stack: Stack, resource: StackResource, turn: Turn) -> None:
    """A resource becomes the stack's; what one of its name has signalled before is void."""
    stack.resources[resource.logical_id] = resource
    if resource.creation_policy:
        stack.signals.pop(resource.logical_id, None)
    note(stack, resource, "CREATE_IN_PROGRESS", turn)


def begin_update(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler | None:
    """Start to update or to replace a resource, where its properties have changed.

    Raises HandlerFailure where that is refused.
    """
    deployment = provision.deployment_of(stack)
    before = deployment.before[task.logical_id]
    blueprint = engine.blueprints.of(stack, deployment.target)
    try:
        after = wanted(engine, stack, blueprint, task.logical_id, before.physical_id, before)
    except HandlerFailure:
        stack.resources[task.logical_id] = replace(before)
        note(stack, stack.resources[task.logical_id], "UPDATE_IN_PROGRESS", turn)
        raise
    after.attributes, after.drift = before.attributes, before.drift
    after.status, after.updated_at = before.status, before.updated_at
    stack.resources[task.logical_id] = after
    if after.update_policy:
        stack.signals.pop(task.logical_id, None)
    action = decision.decide(engine, before, after, retagged=_retagged(stack))
    if action == "none":
        return None
    task.begun = True
    task.previous = before.properties
    task.replaces = action == "replace"
    refusal = policy.refusal(
        stack, deployment, "Update:Replace" if task.replaces else "Update:Modify", before
    )
    if refusal:
        raise HandlerFailure(refusal, "")
    if task.replaces:
        return _begin_replacement(engine, stack, task, before, after, turn)
    note(stack, after, "UPDATE_IN_PROGRESS", turn)
    if action == "touch":
        note(stack, after, "UPDATE_COMPLETE", turn)
        return None
    return provision.handler(engine, stack, task, turn)


def _retagged(stack: Stack) -> bool:
    """Whether the stack's own tags change, which its resources carry too."""
    deployment = provision.deployment_of(stack)
    return deployment.target.tags != stack.target.tags


def _begin_replacement(
    engine: Engine,
    stack: Stack,
    task: Task,
    before: StackResource,
    after: StackResource,
    turn: Turn,
) -> Handler:
    decision.refuse_custom_name(engine, before, after)
    if provision.deployment_of(stack).disable_rollback:
        raise HandlerFailure(NO_REPLACEMENT, "")
    after.attributes = {}
    note(stack, after, "UPDATE_IN_PROGRESS", turn, NEW_RESOURCE)
    return provision.handler(engine, stack, task, turn)


def identified(stack: Stack, task: Task, effect: Identify, turn: Turn) -> None:
    """A created resource has its physical id."""
    if not (task.verb == "create" or task.replaces) or task.identified:
        return
    resource = provision.subject(stack, task)
    task.identified = True
    resource.physical_id = effect.physical_id
    resource.attributes = effect.attributes
    if task.state == "Running":
        note(stack, resource, f"{prefix(task)}_IN_PROGRESS", turn, INITIATED)


def report(stack: Stack, task: Task, reason: str, turn: Turn) -> None:
    """A resource that is being worked on says how far it is."""
    resource = provision.subject(stack, task)
    note(stack, resource, resource.status, turn, reason)


def finish(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """A resource is created or updated."""
    identified(stack, task, Identify(done.physical_id), turn)
    resource = provision.subject(stack, task)
    resource.physical_id = done.physical_id
    resource.attributes = done.attributes
    configuration.checked(stack, task, turn)
    deployment = provision.deployment_of(stack)
    if task.replaces:
        old = deployment.before[task.logical_id]
        schema = engine.schemas.get(resource.type)
        if schema is None or not schema.deletes_first:
            deployment.retired.append(replace(old, deletion_policy=old.update_replace_policy))
    elif task.verb == "update":
        old = deployment.before[task.logical_id]
        if old.physical_id != done.physical_id:  # what a custom resource may answer
            deployment.retired.append(replace(old, deletion_policy=old.update_replace_policy))
    note(stack, resource, f"{prefix(task)}_COMPLETE", turn)


def failed(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> str:
    """A resource could not be created or updated."""
    note(stack, provision.subject(stack, task), f"{prefix(task)}_FAILED", turn, reason)
    return "Failed"


def cancelled(stack: Stack, task: Task, turn: Turn) -> None:
    """A resource is not gone on with because another failed."""
    word = "creation" if task.verb == "create" else "update"
    resource = provision.subject(stack, task)
    note(stack, resource, f"{prefix(task)}_FAILED", turn, f"Resource {word} cancelled")
