"""A task's handler, with what CloudFormation adds to any: secrets before, signals after.

Dynamic references are resolved when a resource is created or updated; a resource with a
CreationPolicy is complete when it has signalled. AWS: Dynamic references; CreationPolicy attribute.
"""

import dataclasses
from collections.abc import Mapping

from understudy.cloudformation.dynamic import dynamic_references
from understudy.control.turn import Turn
from understudy.deploy import dynamic, signals
from understudy.deploy.handler import Done, Handler, Identify, Request, ResourceType, Start
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Deployment, Stack, StackResource, Task

GROUP = "AWS::AutoScaling::AutoScalingGroup"


def deployment_of(stack: Stack) -> Deployment:
    """The deployment that runs on a stack."""
    if stack.deployment is None:
        raise AssertionError(f"{stack.name} has a task but no deployment")
    return stack.deployment


def subject(stack: Stack, task: Task) -> StackResource:
    """The resource that a task is about."""
    return task.resource if task.resource is not None else stack.resources[task.logical_id]


def handler(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler:
    """A task's handler, from its start."""
    resource = subject(stack, task)
    kind = engine.types[resource.type]
    request = request_for(stack, task, resource, turn)
    if task.verb == "delete":
        return (
            _deleted(kind, request)
            if resource.deletion_policy == "Snapshot"
            else kind.delete(request)
        )
    if task.verb == "read":
        return _there(kind, kind.read)(request)
    if task.verb == "import":
        return _imported(kind, request)
    if task.verb == "release":
        return _there(kind, kind.release)(request)
    if task.verb == "move":
        return _moved(engine, stack, task, kind, request)
    if task.replaces:
        request = dataclasses.replace(request, physical_id="", previous={}, attributes={})
    if task.verb == "create" or task.replaces:
        return _created(engine, stack, task, kind, request)
    start = kind.restore if task.verb == "restore" and kind.restore else kind.update
    return _resolved(_there(kind, start), request)


def _there(kind: ResourceType, start: Start | None) -> Start:
    if start is None:
        raise AssertionError(f"{kind.name} has no such handler; nobody should have asked for it")
    return start


def _deleted(kind: ResourceType, request: Request) -> Handler:
    """Delete a resource after a snapshot of it. AWS: DeletionPolicy attribute, Snapshot."""
    if kind.snapshot is not None:
        yield from kind.snapshot(request)
    return (yield from kind.delete(request))


def _imported(kind: ResourceType, request: Request) -> Handler:
    """Look a resource up that the stack shall have, and give it the stack's tags."""
    done = yield from _there(kind, kind.read)(request)
    if kind.update is None:
        return done
    known = dataclasses.replace(
        request,
        physical_id=done.physical_id,
        attributes=done.attributes,
        previous=request.properties,
        old_tags={},
    )
    return (yield from kind.update(known))


def _moved(
    engine: Engine, stack: Stack, task: Task, kind: ResourceType, request: Request
) -> Handler:
    """Give a resource the tags of the stack that it moves to, or moves back to."""
    deployment = deployment_of(stack)
    move = next(
        each
        for each in engine.state.refactors[deployment.refactor].moves
        if (each.destination, each.new_id) == (stack.id, task.logical_id)
    )
    source = engine.state.stacks[move.source]
    old, new = {**source.target.tags, **own_tags(source, move.old_id)}, request.tags
    if deployment.phase == "rollback":
        old, new = new, old
    known = dataclasses.replace(request, previous=request.properties, tags=new, old_tags=old)
    return _resolved(_there(kind, kind.update), known)


def _created(
    engine: Engine, stack: Stack, task: Task, kind: ResourceType, request: Request
) -> Handler:
    schema = engine.schemas.get(kind.name)
    deployment = deployment_of(stack)
    before = deployment.before.get(task.logical_id) if task.replaces else None
    if before is not None and schema is not None and schema.deletes_first:
        old = dataclasses.replace(
            request,
            physical_id=before.physical_id,
            properties=before.properties,
            attributes=before.attributes,
        )
        yield from kind.delete(old)
    done = yield from _resolved(kind.create, request)
    policy = subject(stack, task).creation_policy
    if policy and task.verb == "create":
        yield Identify(done.physical_id, done.attributes)
        yield from signals.received(request, policy, grouped=kind.name == GROUP)
    return done


def _resolved(start: Start, request: Request) -> Handler:
    """A handler whose properties have their dynamic references resolved."""
    if next(dynamic_references(request.properties), None) is None:
        return start(request)
    return _resolving(start, request)


def _resolving(start: Start, request: Request) -> Handler:
    properties = yield from dynamic.resolved(request.properties)
    return (yield from start(dataclasses.replace(request, properties=properties)))


def request_for(stack: Stack, task: Task, resource: StackResource, turn: Turn) -> Request:
    """What a task's handler is told."""
    tags, old_tags = _stack_tags(stack, task)
    own = own_tags(stack, resource.logical_id)
    return Request(
        stack_name=stack.name,
        stack_id=stack.id,
        region=turn.region,
        logical_id=resource.logical_id,
        physical_id=resource.physical_id,
        properties=resource.properties,
        previous=task.previous,
        attributes=resource.attributes,
        tags={**tags, **own},
        old_tags={**old_tags, **own},
        generated=task.generated,
        started_at=task.started_at,
        update_policy=resource.update_policy or {},
    )


def own_tags(stack: Stack, logical_id: str) -> dict[str, str]:
    """The tags that CloudFormation itself gives a resource."""
    return {
        "aws:cloudformation:stack-name": stack.name,
        "aws:cloudformation:stack-id": stack.id,
        "aws:cloudformation:logical-id": logical_id,
    }


def _stack_tags(stack: Stack, task: Task) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The stack's tags as they shall be, and as they were."""
    if stack.deployment is None:
        return stack.target.tags, stack.target.tags
    old, new = stack.target.tags, stack.deployment.target.tags
    return (old, new) if task.verb == "restore" else (new, old)


def configured(stack: Stack, task: Task) -> Done:
    """The end of a handler whose service has been told, and need not be waited for."""
    resource = subject(stack, task)
    return Done(resource.physical_id, resource.attributes)
