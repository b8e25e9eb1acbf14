"""What a task does to its resource: begin, identify, finish, fail, and the events of each."""

import dataclasses

from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.base.identity import MIXED
from understudy.cloudformation.coerce import coerce
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.validate import failure, validate
from understudy.cloudformation.value import text
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import decision
from understudy.deploy.blueprint import Blueprint, evaluated
from understudy.deploy.handler import Done, Handler, HandlerFailure, Request, ResourceType
from understudy.deploy.history import note
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Deployment, Stack, StackResource, Target, Task

ALPHABET = MIXED
NEW_RESOURCE = (
    "Requested update requires the creation of a new physical resource; hence creating one."
)
INITIATED = "Resource creation Initiated"
PREFIX = {"create": "CREATE", "update": "UPDATE", "restore": "UPDATE", "delete": "DELETE"}


def deployment_of(stack: Stack) -> Deployment:
    """The deployment that runs on a stack."""
    if stack.deployment is None:
        raise AssertionError(f"{stack.name} has a task but no deployment")
    return stack.deployment


def subject(stack: Stack, task: Task) -> StackResource:
    """The resource that a task is about."""
    return task.resource if task.resource is not None else stack.resources[task.logical_id]


def begin(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler | None:
    """Start a task: its first event and its handler; None where there is nothing to do.

    Raises HandlerFailure where the resource cannot even be described.
    """
    if task.verb == "delete":
        return _begin_delete(engine, stack, task, turn)
    if task.verb == "restore":
        return _begin_restore(engine, stack, task, turn)
    deployment = deployment_of(stack)
    blueprint = engine.blueprints.of(stack, deployment.target)
    before = deployment.before.get(task.logical_id)
    if before is None:
        task.verb = "create"
        return _begin_create(engine, stack, task, blueprint, turn)
    return _begin_update(engine, stack, task, blueprint, before, turn)


def _begin_create(
    engine: Engine, stack: Stack, task: Task, blueprint: Blueprint, turn: Turn
) -> Handler:
    name = task.logical_id
    try:
        stack.resources[name] = wanted(engine, stack, blueprint, name, "")
    except HandlerFailure:
        stack.resources[name] = StackResource(name, blueprint.resources[name].type)
        note(stack, stack.resources[name], "CREATE_IN_PROGRESS", turn)
        raise
    note(stack, stack.resources[name], "CREATE_IN_PROGRESS", turn)
    return resume(engine, stack, task, turn)


def wanted(
    engine: Engine, stack: Stack, blueprint: Blueprint, logical_id: str, physical_id: str
) -> StackResource:
    """A resource as its template wants it, everything that it refers to being there."""
    resource = blueprint.resources[logical_id]
    try:
        properties = evaluated(resource.properties, blueprint, stack)
        metadata = evaluated(resource.metadata, blueprint, stack)
        deletion = evaluated(resource.deletion_policy, blueprint, stack)
        replacement = evaluated(resource.update_replace_policy, blueprint, stack)
    except EvaluationError as error:
        raise HandlerFailure(error.message) from error
    return StackResource(
        logical_id=logical_id,
        type=resource.type,
        physical_id=physical_id,
        properties=typed(engine, resource.type, logical_id, properties),
        metadata=metadata,
        depends_on=blueprint.needs[logical_id],
        deletion_policy=text(deletion or "Delete"),
        update_replace_policy=text(replacement or "Delete"),
    )


def typed(engine: Engine, type_name: str, logical_id: str, properties: Params) -> Params:
    """Properties typed as their schema asks. Raises HandlerFailure where they break it."""
    schema = engine.schemas.get(type_name)
    if schema is None:
        return properties
    proper = coerce(properties, schema)
    problems = validate(proper, schema)
    if problems:
        raise HandlerFailure(failure(logical_id, problems))
    return proper


def keeps(deployment: Deployment, resource: StackResource) -> bool:
    """Whether a resource outlives its removal, by its policy. AWS: DeletionPolicy attribute."""
    policy = resource.deletion_policy
    if resource.logical_id in deployment.retain:
        return True
    if policy == "RetainExceptOnCreate":
        return deployment.phase not in ("rollback", "rollback-cleanup")
    return policy in ("Retain", "Snapshot")


def _begin_update(
    engine: Engine,
    stack: Stack,
    task: Task,
    blueprint: Blueprint,
    before: StackResource,
    turn: Turn,
) -> Handler | None:
    after = wanted(engine, stack, blueprint, task.logical_id, before.physical_id)
    after.attributes = before.attributes
    after.status, after.updated_at = before.status, before.updated_at
    stack.resources[task.logical_id] = after
    action = decision.decide(engine, before, after)
    if action == "none":
        return None
    task.begun = True
    task.previous = before.properties
    if action == "update":
        note(stack, after, "UPDATE_IN_PROGRESS", turn)
        return resume(engine, stack, task, turn)
    task.replaces = True
    decision.refuse_custom_name(engine, before, after)
    note(stack, after, "UPDATE_IN_PROGRESS", turn, NEW_RESOURCE)
    return resume(engine, stack, task, turn)


def _begin_delete(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler | None:
    resource = subject(stack, task)
    if keeps(deployment_of(stack), resource):
        note(stack, resource, "DELETE_SKIPPED", turn)
        return None
    if not resource.physical_id:
        note(stack, resource, "DELETE_COMPLETE", turn)
        return None
    note(stack, resource, "DELETE_IN_PROGRESS", turn)
    return resume(engine, stack, task, turn)


def _begin_restore(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler | None:
    """Bring an updated resource back: to its old physical resource, or to its old properties."""
    deployment = deployment_of(stack)
    before = deployment.before[task.logical_id]
    current = stack.resources[task.logical_id]
    restored = replace(before)
    stack.resources[task.logical_id] = restored
    note(stack, restored, "UPDATE_IN_PROGRESS", turn)
    if task.replaces:
        if current.physical_id and current.physical_id != before.physical_id:
            deployment.retired.append(replace(current, deletion_policy="Delete"))
        note(stack, restored, "UPDATE_COMPLETE", turn)
        return None
    task.previous = current.properties
    return resume(engine, stack, task, turn)


def resume(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler:
    """A task's handler from its start."""
    resource = subject(stack, task)
    kind = engine.types[resource.type]
    target = deployment_of(stack).target
    request = _request(stack, task, resource, target, turn)
    if task.verb == "delete":
        return kind.delete(request)
    if task.verb == "create" or task.replaces:
        return kind.create(dataclasses.replace(request, physical_id="", previous={}, attributes={}))
    return _update(kind, request)


def _update(kind: ResourceType, request: Request) -> Handler:
    if kind.update is None:
        raise AssertionError(f"{kind.name} has no update handler; it should have been replaced")
    return kind.update(request)


def _request(
    stack: Stack, task: Task, resource: StackResource, target: Target, turn: Turn
) -> Request:
    return Request(
        stack_name=stack.name,
        stack_id=stack.id,
        region=turn.region,
        logical_id=resource.logical_id,
        physical_id=resource.physical_id,
        properties=resource.properties,
        previous=task.previous,
        attributes=resource.attributes,
        tags={
            **target.tags,
            "aws:cloudformation:stack-name": stack.name,
            "aws:cloudformation:stack-id": stack.id,
            "aws:cloudformation:logical-id": resource.logical_id,
        },
        generated=task.generated,
    )


def identified(stack: Stack, task: Task, physical_id: str, turn: Turn) -> None:
    """A created resource has its physical id."""
    resource = subject(stack, task)
    creates = task.verb == "create" or task.replaces
    if not creates or task.identified:
        return
    task.identified = True
    resource.physical_id = physical_id
    if task.state == "Running":
        note(stack, resource, f"{PREFIX[task.verb]}_IN_PROGRESS", turn, INITIATED)


def finish(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """A handler has ended well."""
    resource = subject(stack, task)
    if task.verb != "delete":
        identified(stack, task, done.physical_id, turn)
        resource.physical_id = done.physical_id
        resource.attributes = done.attributes
    if task.replaces and task.verb == "update":
        deployment = deployment_of(stack)
        old = deployment.before[task.logical_id]
        deployment.retired.append(replace(old, deletion_policy=old.update_replace_policy))
    note(stack, resource, f"{PREFIX[task.verb]}_COMPLETE", turn)


def failed(stack: Stack, task: Task, reason: str, turn: Turn) -> None:
    """A handler has given up, or could not be begun."""
    note(stack, subject(stack, task), f"{PREFIX[task.verb]}_FAILED", turn, reason)


def cancelled(stack: Stack, task: Task, turn: Turn) -> None:
    """A resource is not gone on with because another failed."""
    if task.verb == "delete":
        return
    word = "creation" if task.verb == "create" else "update"
    note(
        stack,
        subject(stack, task),
        f"{PREFIX[task.verb]}_FAILED",
        turn,
        f"Resource {word} cancelled",
    )


def explain(failure: HandlerFailure | Fault, task: Task, turn: Turn) -> str:
    """Why a handler gave up, in the wording of CloudFormation's resource handlers."""
    if isinstance(failure, HandlerFailure):
        message, code = failure.message, failure.code
    else:
        service = SERVICE_NAMES.get(task.service, task.service.capitalize())
        message = (
            f"{failure.message} (Service: {service}, Status Code: {failure.status}, "
            f"Request ID: {turn.ids.uuid()})"
        )
        code = _error_code(failure)
    return (
        f'Resource handler returned message: "{message}" '
        f"(RequestToken: {turn.ids.uuid()}, HandlerErrorCode: {code})"
    )


SERVICE_NAMES = {
    "application-autoscaling": "ApplicationAutoScaling",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "iam": "Iam",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "ssm": "Ssm",
}


def _error_code(fault: Fault) -> str:
    """The handler error code of a service's fault. AWS: CloudFormation CLI, Handler error codes."""
    name = fault.code.lower()
    for part, code in _ERROR_CODES:
        if part in name or (part == "already" and part in fault.message.lower()):
            return code
    return "GeneralServiceException"


_ERROR_CODES: tuple[tuple[str, str], ...] = (
    ("already", "AlreadyExists"),
    ("nosuch", "NotFound"),
    ("notfound", "NotFound"),
    ("limitexceeded", "ServiceLimitExceeded"),
    ("accessdenied", "AccessDenied"),
    ("throttl", "Throttling"),
    ("conflict", "ResourceConflict"),
    ("validation", "InvalidRequest"),
    ("invalid", "InvalidRequest"),
    ("malformed", "InvalidRequest"),
)
