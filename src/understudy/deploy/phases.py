"""The phases of a deployment: which tasks each has, and what follows when they have settled.

    create:  main -> CREATE_COMPLETE                     | rollback -> ROLLBACK_COMPLETE
    update:  main -> cleanup -> UPDATE_COMPLETE          | rollback -> rollback-cleanup
    import:  main -> IMPORT_COMPLETE                     | rollback -> IMPORT_ROLLBACK_COMPLETE
    delete:  main -> DELETE_COMPLETE                     | DELETE_FAILED

Where an operation has rollback triggers, ``monitoring`` comes after main.
Source: AWS, CloudFormation stack statuses; the order of events is that of DescribeStackEvents.
"""

from understudy.cloudformation.resolve import EvaluationError
from understudy.control.turn import Turn
from understudy.deploy import exports, monitoring, policy, rollback
from understudy.deploy.deletion import begin_deletion, deletion_tasks
from understudy.deploy.history import USER_INITIATED, note
from understudy.deploy.ports import OWNER, Engine
from understudy.deploy.refactors import moving
from understudy.deploy.stack import Deployment, Past, Stack, Task
from understudy.deploy.status import change, end, held_children, record

KEPT_SECONDS = 90 * 86400.0
"""How long a deleted stack can be described by its ARN. AWS: DescribeStacks."""
UNDELETED = "One or more resources could not be deleted."
_OPERATIONS = {"create": "CREATE_STACK", "delete": "DELETE_STACK"}


def begin(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Start an operation: its status, its first event and the tasks of its first phase."""
    stack.deployment = deployment
    if deployment.phase == "rollback":
        rollback.resume(engine, stack, deployment, turn)
        return
    record(stack, deployment, _OPERATIONS.get(deployment.kind, "UPDATE_STACK"))
    if deployment.kind == "delete":
        begin_deletion(engine, stack, deployment, turn, USER_INITIATED)
        return
    if deployment.kind != "create":
        stack.updated_at = turn.at
    change(engine, stack, f"{deployment.kind.upper()}_IN_PROGRESS", turn, USER_INITIATED)
    deployment.before = {n: each for n, each in stack.resources.items() if each.was_made}
    _retire_unmade(stack, deployment)
    if not deployment.reason:
        deployment.reason = exports.missing_import(engine, stack, deployment)
    if not deployment.reason and not _refuses_removal(engine, stack, deployment, turn):
        deployment.tasks = _main_tasks(engine, stack, deployment)


def _main_tasks(engine: Engine, stack: Stack, deployment: Deployment) -> dict[str, Task]:
    blueprint = engine.blueprints.of(stack, deployment.target)
    names = deployment.imports if deployment.kind == "import" else blueprint.needs
    return {
        name: Task(
            name,
            _verb(deployment, name),
            blueprint.needs[name],
            blueprint.resources[name].depends_on,
        )
        for name in names
    }


def _verb(deployment: Deployment, name: str) -> str:
    if name in deployment.imports:
        return "import"
    return "update" if name in deployment.before else "create"


def _retire_unmade(stack: Stack, deployment: Deployment) -> None:
    """What an earlier operation began to make, and left, goes once it has been made anew."""
    for name in [n for n, each in stack.resources.items() if not each.was_made]:
        resource = stack.resources.pop(name)
        if resource.is_present and resource.physical_id:
            deployment.retired.append(resource)


def _refuses_removal(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> bool:
    """Whether the stack policy protects a resource that the new template leaves out."""
    wanted = engine.blueprints.of(stack, deployment.target).resources
    for name, resource in deployment.before.items():
        if name not in wanted:
            refusal = policy.refusal(stack, deployment, "Update:Delete", resource)
            if refusal:
                note(stack, resource, "UPDATE_FAILED", turn, refusal)
                deployment.failed.append(name)
    return bool(deployment.failed)


def stops_at_failure(deployment: Deployment) -> bool:
    """Whether the first failure of a phase stops its other tasks."""
    return deployment.phase == "main" and deployment.kind != "delete"


def advance(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """All tasks of a phase have settled: go to the next phase, or end the operation."""
    if deployment.kind == "delete":
        _end_deletion(engine, stack, deployment, turn)
    elif deployment.kind == "refactor":
        moving.advance(engine, deployment, turn)
    elif deployment.phase == "main":
        _after_main(engine, stack, deployment, turn)
    elif deployment.phase == "rollback":
        _after_rollback(engine, stack, deployment, turn)
    else:
        rolled_back = deployment.phase == "rollback-cleanup"
        word = "Rollback" if rolled_back else "Update"
        reason = f"{word} successful. {UNDELETED}" if deployment.failed else ""
        status = "UPDATE_ROLLBACK_COMPLETE" if rolled_back else "UPDATE_COMPLETE"
        end(engine, stack, status, turn, reason)


def _after_main(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    if deployment.then_delete:
        begin_deletion(engine, stack, deployment, turn, USER_INITIATED)
        return
    if not deployment.failed and not deployment.reason:
        try:
            deployment.outputs = exports.outputs(engine, stack, deployment)
        except EvaluationError as error:
            deployment.reason = error.message
    if deployment.failed or deployment.reason:
        rollback.begin(engine, stack, deployment, turn)
    elif monitoring.begins(stack, deployment, turn):
        deployment.phase, deployment.held = "monitoring", True
    else:
        succeed(engine, stack, deployment, turn)


def succeed(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Everything is made: the stack is what it was to be, and what it needs no more goes."""
    deployment.past = Past(
        stack.target, stack.description, stack.outputs, stack.imports, stack.policy
    )
    stack.target = deployment.target
    stack.description = engine.blueprints.of(stack, deployment.target).template.description
    stack.outputs = deployment.outputs or stack.outputs
    stack.imports = exports.imported(engine, stack, deployment)
    stack.policy = deployment.new_policy or stack.policy
    stack.stable = stack.stable_target = None
    if deployment.kind != "update":
        end(engine, stack, f"{deployment.kind.upper()}_COMPLETE", turn)
        return
    _retire_removed(engine, stack, deployment)
    deployment.retired += stack.leftover
    stack.leftover = []
    _begin_cleanup(engine, stack, deployment, "UPDATE_COMPLETE", turn)


def _retire_removed(engine: Engine, stack: Stack, deployment: Deployment) -> None:
    wanted = engine.blueprints.of(stack, deployment.target).resources
    for name in [name for name in stack.resources if name not in wanted]:
        resource = stack.resources.pop(name)
        if resource.is_present:
            deployment.retired.append(resource)


def _begin_cleanup(
    engine: Engine, stack: Stack, deployment: Deployment, status: str, turn: Turn
) -> None:
    """Delete what is needed no more; a nested stack waits with it for its root."""
    parent = engine.state.stacks.get(stack.parent_id)
    deployment.held = parent is not None and parent.deployment is not None
    deployment.phase = "cleanup" if status == "UPDATE_COMPLETE" else "rollback-cleanup"
    deployment.failed = []
    deployment.tasks = {
        **deletion_tasks(deployment.retired, retired=True),
        **{f"{name}/": Task(name, "release") for name, _ in held_children(engine, stack)},
    }
    change(engine, stack, f"{status}_CLEANUP_IN_PROGRESS", turn)


def _after_rollback(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    if deployment.kind == "create":
        _after_creation_rollback(engine, stack, deployment, turn)
    elif deployment.kind == "import":
        end(engine, stack, "IMPORT_ROLLBACK_COMPLETE", turn)
    elif deployment.failed:
        stack.stable, stack.stable_target = deployment.before, stack.target
        stack.leftover = deployment.retired
        names = ", ".join(deployment.failed)
        reason = f"The following resource(s) failed to update: [{names}]. "
        end(engine, stack, "UPDATE_ROLLBACK_FAILED", turn, reason)
    else:
        stack.stable = stack.stable_target = None
        _begin_cleanup(engine, stack, deployment, "UPDATE_ROLLBACK_COMPLETE", turn)


def _after_creation_rollback(
    engine: Engine, stack: Stack, deployment: Deployment, turn: Turn
) -> None:
    if deployment.failed:
        end(engine, stack, "ROLLBACK_FAILED", turn, _undeleted(deployment))
    elif deployment.then_delete:
        _gone(engine, stack, turn)
    else:
        end(engine, stack, "ROLLBACK_COMPLETE", turn)


def _end_deletion(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    if deployment.failed and not deployment.force:
        end(engine, stack, "DELETE_FAILED", turn, _undeleted(deployment))
    else:
        _gone(engine, stack, turn)


def _gone(engine: Engine, stack: Stack, turn: Turn) -> None:
    """The stack is no more: its name is free."""
    end(engine, stack, "DELETE_COMPLETE", turn)
    engine.forget(stack)
    stack.change_sets.clear()
    turn.schedule(turn.at + KEPT_SECONDS, OWNER, "kept", stack.id)


def _undeleted(deployment: Deployment) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(deployment.failed)}]. "
