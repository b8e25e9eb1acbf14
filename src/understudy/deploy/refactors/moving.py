"""Executing a stack refactor: tags first, then all stacks turn at once into what they shall be.

Moved resources get the tags of their new stack. Where one cannot be tagged, all get their old tags
back, and nothing has moved.
"""

from msgspec.structs import replace

from understudy.cloudformation.resolve import EvaluationError
from understudy.control.turn import Turn
from understudy.deploy import provision
from understudy.deploy.handler import Done, Handler
from understudy.deploy.history import note
from understudy.deploy.ports import Engine
from understudy.deploy.refactors.arranging import Arranged, arranged
from understudy.deploy.stack import Deployment, Refactor, Stack, Task
from understudy.deploy.status import change, end, record

REASON = "Stack Refactor"


def tasks_of(engine: Engine, refactor: Refactor, stack: Stack) -> dict[str, Task]:
    """The tasks of a stack: one for each resource that moves to it."""
    return {
        each.new_id: Task(
            each.new_id,
            "move",
            resource=replace(
                engine.state.stacks[each.source].resources[each.old_id], logical_id=each.new_id
            ),
        )
        for each in refactor.moves
        if each.destination == stack.id
    }


def begin(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Begin with the part of a stack."""
    refactor = engine.state.refactors[deployment.refactor]
    new = stack.id not in refactor.seen
    stack.deployment = deployment
    record(stack, deployment, "CREATE_STACK" if new else "UPDATE_STACK")
    status = "CREATE_IN_PROGRESS" if new else "UPDATE_IN_PROGRESS"
    change(engine, stack, status, turn, REASON)
    for each in refactor.moves:
        if each.source == stack.id:
            note(stack, stack.resources[each.old_id], "EXPORT_IN_PROGRESS", turn)
    deployment.tasks = tasks_of(engine, refactor, stack)
    engine.touch(stack)


def begin_move(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler | None:
    """Take a resource over, and give it its tags, where its type has any."""
    resource = provision.subject(stack, task)
    task.begun = True
    back = provision.deployment_of(stack).phase == "rollback"
    word = "IMPORT_ROLLBACK" if back else "IMPORT"
    note(stack, resource, f"{word}_IN_PROGRESS", turn)
    schema = engine.schemas.get(resource.type)
    if engine.types[resource.type].update is None or schema is None or not schema.tags:
        note(stack, resource, f"{word}_COMPLETE", turn)
        return None
    return provision.handler(engine, stack, task, turn)


def finish_move(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """A resource has its tags."""
    back = provision.deployment_of(stack).phase == "rollback"
    status = "IMPORT_ROLLBACK_COMPLETE" if back else "IMPORT_COMPLETE"
    note(stack, provision.subject(stack, task), status, turn)


def move_failed(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> str:
    """A resource could not be tagged."""
    back = provision.deployment_of(stack).phase == "rollback"
    status = "IMPORT_ROLLBACK_FAILED" if back else "IMPORT_FAILED"
    note(stack, provision.subject(stack, task), status, turn, reason)
    return "Failed"


def advance(engine: Engine, deployment: Deployment, turn: Turn) -> None:
    """A stack has done its part: once all have, turn them into what they shall be, or go back."""
    deployment.held = True
    refactor = engine.state.refactors[deployment.refactor]
    stacks = [engine.state.stacks[each] for each in refactor.targets]
    deployments = [provision.deployment_of(each) for each in stacks]
    if not all(each.held for each in deployments):
        return
    failed = [name for each in deployments for name in each.failed]
    if deployment.phase == "rollback":
        _end_rollback(engine, refactor, stacks, failed, turn)
    elif failed:
        names = ", ".join(dict.fromkeys(failed))
        _go_back(engine, refactor, stacks, f"Resource(s) [{names}] could not be moved", turn)
    else:
        try:
            result = arranged(engine, refactor)
        except EvaluationError as refusal:
            _go_back(engine, refactor, stacks, refusal.message, turn)
        else:
            _turn(engine, refactor, result, turn)


def _turn(engine: Engine, refactor: Refactor, result: list[Arranged], turn: Turn) -> None:
    """Let every stack be what it shall be."""
    for move in refactor.moves:
        source = engine.state.stacks[move.source]
        note(source, source.resources[move.old_id], "EXPORT_COMPLETE", turn)
    for each in result:
        stack = engine.state.stacks[each.id]
        new = stack.id not in refactor.seen
        stack.target = refactor.targets[each.id]
        stack.resources, stack.outputs = each.resources, each.outputs
        stack.imports, stack.description = each.imports, each.description
        stack.updated_at = 0.0 if new else turn.at
        end(engine, stack, "CREATE_COMPLETE" if new else "UPDATE_COMPLETE", turn, REASON)
    refactor.execution = "EXECUTE_COMPLETE"


def _go_back(
    engine: Engine, refactor: Refactor, stacks: list[Stack], reason: str, turn: Turn
) -> None:
    """Give the resources that have been tagged their old tags."""
    refactor.execution, refactor.execution_reason = "ROLLBACK_IN_PROGRESS", reason
    for stack in stacks:
        deployment = provision.deployment_of(stack)
        begun = [name for name, task in deployment.tasks.items() if task.begun]
        known = tasks_of(engine, refactor, stack)
        deployment.tasks = {name: known[name] for name in begun}
        deployment.phase, deployment.held, deployment.failed = "rollback", False, []
        prefix = "UPDATE_ROLLBACK" if stack.id in refactor.seen else "ROLLBACK"
        change(engine, stack, f"{prefix}_IN_PROGRESS", turn, reason)
        engine.touch(stack)


def _end_rollback(
    engine: Engine, refactor: Refactor, stacks: list[Stack], failed: list[str], turn: Turn
) -> None:
    """The stacks are what they were; those that were to be created are gone."""
    refactor.execution = "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE"
    for move in refactor.moves:
        source = engine.state.stacks[move.source]
        note(source, source.resources[move.old_id], "EXPORT_ROLLBACK_COMPLETE", turn)
    for stack in stacks:
        if stack.id in refactor.seen:
            end(engine, stack, "UPDATE_ROLLBACK_COMPLETE", turn)
        else:
            end(engine, stack, "DELETE_COMPLETE", turn)
            engine.forget(stack)
