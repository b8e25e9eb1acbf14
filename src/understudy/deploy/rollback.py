"""Rolling back: a failed creation is deleted, a failed update goes back to what was before.

Source: AWS, CloudFormation stack failure options; RollbackStack; ContinueUpdateRollback.
"""

from msgspec.structs import replace

from understudy.control.turn import Turn
from understudy.deploy import decision, provision, validation
from understudy.deploy.deletion import begin_deletion, deletion_tasks
from understudy.deploy.handler import Done, Handler
from understudy.deploy.history import USER_INITIATED, note
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Deployment, Stack, StackResource, Task
from understudy.deploy.status import VALIDATION_FAILED, change, end, record

REQUESTED = "Rollback requested by user."


def begin(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """The main phase has failed: roll back, delete, or leave everything as it is."""
    reason = _reason(stack, deployment)
    if deployment.disable_rollback or deployment.on_failure == "DO_NOTHING":
        _preserve(engine, stack, deployment, reason, turn)
        return
    if deployment.invalid:
        failed = f"{deployment.kind.upper()}_FAILED"
        change(engine, stack, failed, turn, deployment.reason, detailed=VALIDATION_FAILED)
        reason = validation.DETECTED
    if deployment.kind == "create" and deployment.on_failure == "DELETE":
        begin_deletion(engine, stack, deployment, turn, f"{reason}Delete requested by user.")
    else:
        undo(engine, stack, deployment, reason, turn)


def undo(engine: Engine, stack: Stack, deployment: Deployment, reason: str, turn: Turn) -> None:
    """Roll the operation back; that is an operation of its own."""
    past = deployment.past
    if past is not None:
        stack.target, stack.description = past.target, past.description
        stack.outputs, stack.imports, stack.policy = past.outputs, past.imports, past.policy
    deployment.operation_id = turn.ids.uuid()
    record(stack, deployment, "ROLLBACK")
    _roll_back(engine, stack, deployment, reason, turn)


def resume(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Roll back what an earlier operation has left; ``before`` says to what."""
    continues = stack.status == "UPDATE_ROLLBACK_FAILED"
    record(stack, deployment, "CONTINUE_ROLLBACK" if continues else "ROLLBACK")
    _roll_back(engine, stack, deployment, USER_INITIATED, turn)


def _roll_back(
    engine: Engine, stack: Stack, deployment: Deployment, reason: str, turn: Turn
) -> None:
    deployment.phase, deployment.failed, deployment.held = "rollback", [], False
    if deployment.kind == "create":
        if reason not in (USER_INITIATED, validation.DETECTED):
            reason = f"{reason}{REQUESTED}"
        stack.deleted_at = turn.at
        change(engine, stack, "ROLLBACK_IN_PROGRESS", turn, reason)
        deployment.tasks = deletion_tasks(r for r in stack.resources.values() if r.is_present)
    elif deployment.kind == "import":
        change(engine, stack, "IMPORT_ROLLBACK_IN_PROGRESS", turn, reason)
        deployment.tasks = _import_tasks(deployment)
    else:
        change(engine, stack, "UPDATE_ROLLBACK_IN_PROGRESS", turn, reason)
        deployment.tasks = _restore_tasks(stack, deployment)


def _preserve(
    engine: Engine, stack: Stack, deployment: Deployment, reason: str, turn: Turn
) -> None:
    """Leave what succeeded, and remember to what the stack can still go back."""
    if deployment.kind == "update" and stack.stable is None:
        stack.stable, stack.stable_target = deployment.before, stack.target
    stack.leftover += deployment.retired
    stack.target = deployment.target
    detailed = VALIDATION_FAILED if deployment.invalid else ""
    end(engine, stack, f"{deployment.kind.upper()}_FAILED", turn, reason, detailed=detailed)


def _reason(stack: Stack, deployment: Deployment) -> str:
    """Why an operation failed, as its stack event says it; all that did not end well is named."""
    reason = deployment.reason
    if reason:
        plain = reason == USER_INITIATED
        return reason if plain else f"{reason} " if reason.endswith(".") else f"{reason}. "
    parts: list[str] = []
    for verb in ("create", "update", "import", "delete"):
        names = [name for name in deployment.failed if _verb(deployment, name) == verb]
        if names:
            parts.append(f"The following resource(s) failed to {verb}: [{', '.join(names)}]. ")
    return "".join(parts)


def _verb(deployment: Deployment, name: str) -> str:
    task = deployment.tasks.get(name)
    return task.verb if task is not None else "update"


def _import_tasks(deployment: Deployment) -> dict[str, Task]:
    return {
        name: Task(name, "forget")
        for name, task in deployment.tasks.items()
        if task.verb == "import" and task.begun
    }


def _restore_tasks(stack: Stack, deployment: Deployment) -> dict[str, Task]:
    """Tasks that bring every touched resource back to what it was before the update.

    What the update has replaced is not deleted: it is what the stack goes back to. What the update
    has created goes in the cleanup.
    """
    stays = {(each.logical_id, each.physical_id) for each in deployment.before.values()}
    deployment.retired = [
        each
        for each in (*deployment.retired, *stack.leftover)
        if (each.logical_id, each.physical_id) not in stays
    ]
    stack.leftover = []
    tasks: dict[str, Task] = {}
    for name, before in deployment.before.items():
        current = stack.resources.get(name)
        if current is None or current.updated_at == before.updated_at:
            stack.resources[name] = before
        else:
            tasks[name] = Task(name, "restore", before.depends_on)
    for name in [name for name in stack.resources if name not in deployment.before]:
        deployment.retired.append(stack.resources.pop(name))
    return tasks


def begin_restore(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler | None:
    """Start to bring a resource back: to its old physical resource, or to its old properties."""
    deployment = provision.deployment_of(stack)
    before = deployment.before[task.logical_id]
    current = stack.resources[task.logical_id]
    restored = replace(before)
    stack.resources[task.logical_id] = restored
    if task.logical_id not in deployment.skip:
        note(stack, restored, "UPDATE_IN_PROGRESS", turn)
        task.previous = current.properties
        if _has_to_act(engine, stack, task, before, current):
            return provision.handler(engine, stack, task, turn)
    else:
        restored.drift = None  # AWS: StackResourceDriftInformation, a skipped one is NOT_CHECKED.
    _restored(stack, restored, turn)
    return None


def _has_to_act(
    engine: Engine, stack: Stack, task: Task, before: StackResource, current: StackResource
) -> bool:
    """Whether bringing a resource back takes more than remembering it.

    A successor that was made is deleted in the cleanup; one that was not made has changed nothing.
    """
    if current.physical_id == before.physical_id:
        return decision.decide(engine, current, before) != "replace"
    if current.physical_id:
        retired = replace(current, deletion_policy="Delete")
        provision.deployment_of(stack).retired.append(retired)
    schema = engine.schemas.get(before.type)
    task.replaces = schema is not None and schema.deletes_first
    return task.replaces


def finish_restore(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """A resource is what it was."""
    resource = stack.resources[task.logical_id]
    resource.physical_id, resource.attributes = done.physical_id, done.attributes
    _restored(stack, resource, turn)


def _restored(stack: Stack, resource: StackResource, turn: Turn) -> None:
    """Say that a resource is back; it need not be brought back again."""
    note(stack, resource, "UPDATE_COMPLETE", turn)
    provision.deployment_of(stack).before[resource.logical_id] = resource


def restore_failed(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> str:
    """A resource could not be brought back."""
    note(stack, stack.resources[task.logical_id], "UPDATE_FAILED", turn, reason)
    return "Failed"
