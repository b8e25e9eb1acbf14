"""The phases of a deployment: which tasks each has, and what follows when they have settled.

    create:  main -> CREATE_COMPLETE                     | rollback -> ROLLBACK_COMPLETE
    update:  main -> cleanup -> UPDATE_COMPLETE          | rollback -> rollback-cleanup
    delete:  main -> DELETE_COMPLETE                     | DELETE_FAILED

Source: AWS, CloudFormation stack statuses; the order of events is that of DescribeStackEvents.
"""

from collections.abc import Iterable

from understudy.cloudformation.resolve import EvaluationError
from understudy.control.turn import Turn
from understudy.deploy import outputs
from understudy.deploy.history import USER_INITIATED, become
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Deployment, Stack, StackResource, Task

GONE = "DELETE_COMPLETE"
ROLLBACK_REQUESTED = "Rollback requested by user."


def begin(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Start an operation: its status, its first event and the tasks of its main phase."""
    stack.deployment = deployment
    deployment.before = {
        name: resource for name, resource in stack.resources.items() if resource.status != GONE
    }
    if deployment.kind == "delete":
        become(stack, "DELETE_IN_PROGRESS", turn, USER_INITIATED)
        deployment.tasks = deletion_tasks(deployment.before.values())
        return
    if deployment.kind == "create":
        become(stack, "CREATE_IN_PROGRESS", turn, USER_INITIATED)
    else:
        stack.updated_at = turn.at
        become(stack, "UPDATE_IN_PROGRESS", turn, USER_INITIATED)
    blueprint = engine.blueprints.of(stack, deployment.target)
    deployment.tasks = {
        name: Task(name, "update" if name in deployment.before else "create", needs)
        for name, needs in blueprint.needs.items()
    }


def deletion_tasks(resources: Iterable[StackResource], *, held: bool = False) -> dict[str, Task]:
    """Tasks that delete resources, each after all that need it.

    With ``held`` a task carries its resource, which is then no longer the stack's.
    """
    chosen = list(resources)
    needed_by: dict[str, list[str]] = {}
    for place, resource in enumerate(chosen):
        for need in resource.depends_on:
            needed_by.setdefault(need, []).append(_key(place, resource, held=held))
    return {
        _key(place, resource, held=held): Task(
            resource.logical_id,
            "delete",
            tuple(needed_by.get(resource.logical_id, ())),
            resource=resource if held else None,
        )
        for place, resource in enumerate(chosen)
    }


def _key(place: int, resource: StackResource, *, held: bool) -> str:
    return f"{resource.logical_id}#{place}" if held else resource.logical_id


def stops_at_failure(deployment: Deployment) -> bool:
    """Whether the first failure of a phase stops its other tasks."""
    return deployment.phase == "main" and deployment.kind != "delete"


def advance(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """All tasks of a phase have settled: go to the next phase, or end the operation."""
    if deployment.kind == "delete":
        _end_delete(engine, stack, deployment, turn)
    elif deployment.phase == "main":
        _after_main(engine, stack, deployment, turn)
    elif deployment.phase == "cleanup":
        _end(stack, "UPDATE_COMPLETE", turn)
    elif deployment.phase == "rollback":
        _after_rollback(engine, stack, deployment, turn)
    else:
        _end(stack, "UPDATE_ROLLBACK_COMPLETE", turn)


def _after_main(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    if deployment.then_delete:
        deployment.kind, deployment.failed = "delete", []
        present = [each for each in stack.resources.values() if each.status != GONE]
        become(stack, "DELETE_IN_PROGRESS", turn, USER_INITIATED)
        deployment.tasks = deletion_tasks(present)
        return
    if not deployment.failed and not deployment.reason:
        try:
            outputs.publish(engine, stack, deployment)
        except EvaluationError as error:
            deployment.reason = error.message
    if deployment.failed or deployment.reason:
        _fail(engine, stack, deployment, turn)
        return
    stack.target = deployment.target
    stack.description = engine.blueprints.of(stack, deployment.target).template.description
    if deployment.kind == "create":
        _end(stack, "CREATE_COMPLETE", turn)
        return
    become(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", turn)
    _retire_removed(engine, stack, deployment)
    deployment.phase = "cleanup"
    deployment.tasks = deletion_tasks(deployment.retired, held=True)


def _retire_removed(engine: Engine, stack: Stack, deployment: Deployment) -> None:
    wanted = engine.blueprints.of(stack, deployment.target).resources
    for name in [name for name in stack.resources if name not in wanted]:
        resource = stack.resources.pop(name)
        if resource.status != GONE:
            deployment.retired.append(resource)


def _fail(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    reason = failure_reason(stack, deployment)
    if deployment.kind == "create":
        _fail_create(stack, deployment, reason, turn)
    elif deployment.disable_rollback:
        _end(stack, "UPDATE_FAILED", turn, reason)
    else:
        become(stack, "UPDATE_ROLLBACK_IN_PROGRESS", turn, reason)
        deployment.phase = "rollback"
        deployment.tasks = _restore_tasks(stack, deployment)
        deployment.failed = []


def _fail_create(stack: Stack, deployment: Deployment, reason: str, turn: Turn) -> None:
    if deployment.disable_rollback or deployment.on_failure == "DO_NOTHING":
        _end(stack, "CREATE_FAILED", turn, reason)
        return
    if deployment.on_failure == "DELETE":
        deployment.kind = "delete"
        become(stack, "DELETE_IN_PROGRESS", turn, f"{reason}Delete requested by user.")
    else:
        become(stack, "ROLLBACK_IN_PROGRESS", turn, f"{reason}{ROLLBACK_REQUESTED}")
    deployment.phase = "rollback"
    deployment.tasks = deletion_tasks(
        resource for resource in stack.resources.values() if resource.status != GONE
    )
    deployment.failed = []


def failure_reason(stack: Stack, deployment: Deployment) -> str:
    """Why an operation failed, as its stack event says it."""
    if deployment.reason and not deployment.failed:
        return f"{deployment.reason}. " if deployment.reason[-1] != "." else f"{deployment.reason} "
    created = [n for n in deployment.failed if deployment.tasks[n].verb == "create"]
    updated = [n for n in deployment.failed if deployment.tasks[n].verb != "create"]
    parts: list[str] = []
    if created:
        parts.append(f"The following resource(s) failed to create: [{', '.join(created)}]. ")
    if updated:
        parts.append(f"The following resource(s) failed to update: [{', '.join(updated)}]. ")
    return "".join(parts)


def _restore_tasks(stack: Stack, deployment: Deployment) -> dict[str, Task]:
    """Tasks that bring every touched resource back to what it was before the update.

    What the update has replaced is not deleted: it is what the stack goes back to. What the update
    has created goes in the cleanup.
    """
    deployment.retired = []
    tasks: dict[str, Task] = {}
    for name, before in deployment.before.items():
        task = deployment.tasks.get(name)
        if task is not None and task.begun:
            tasks[name] = Task(name, "restore", before.depends_on, replaces=task.replaces)
        else:
            stack.resources[name] = before
    for name in [name for name in stack.resources if name not in deployment.before]:
        deployment.retired.append(stack.resources.pop(name))
    return tasks


def _after_rollback(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    if deployment.kind == "create":
        if deployment.failed:
            _end(stack, "ROLLBACK_FAILED", turn, _undeleted(deployment))
        else:
            _end(stack, "ROLLBACK_COMPLETE", turn)
        return
    if deployment.failed:
        names = ", ".join(deployment.failed)
        _end(
            stack,
            "UPDATE_ROLLBACK_FAILED",
            turn,
            f"The following resource(s) failed to update: [{names}]. ",
        )
        return
    become(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", turn)
    deployment.phase = "rollback-cleanup"
    deployment.tasks = deletion_tasks(deployment.retired, held=True)


def _end_delete(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    if deployment.failed:
        _end(stack, "DELETE_FAILED", turn, _undeleted(deployment))
        return
    stack.deleted_at = turn.at
    _end(stack, "DELETE_COMPLETE", turn)
    if engine.state.names.get(stack.name) == stack.id:
        del engine.state.names[stack.name]
    stack.change_sets.clear()


def _undeleted(deployment: Deployment) -> str:
    names = ", ".join(deployment.failed)
    return f"The following resource(s) failed to delete: [{names}]. "


def _end(stack: Stack, status: str, turn: Turn, reason: str = "") -> None:
    become(stack, status, turn, reason)
    stack.deployment = None
