"""Deleting resources: with their stack, in a rollback, or in the cleanup of an update."""

from collections.abc import Iterable

from understudy.control.turn import Turn
from understudy.deploy import provision
from understudy.deploy.handler import Done, Handler
from understudy.deploy.history import note
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Deployment, Stack, StackResource, Task
from understudy.deploy.status import CLEANUPS, change

CLEANUP_ATTEMPTS = 3
"""AWS: Troubleshooting CloudFormation, a cleanup that cannot delete is tried three times."""


def begin_deletion(
    engine: Engine, stack: Stack, deployment: Deployment, turn: Turn, reason: str
) -> None:
    """Delete all that the stack has, and what failed operations have left."""
    stack.deleted_at = turn.at
    deployment.kind, deployment.phase, deployment.failed = "delete", "main", []
    change(engine, stack, "DELETE_IN_PROGRESS", turn, reason)
    deployment.tasks = {
        **deletion_tasks(each for each in stack.resources.values() if each.is_present),
        **deletion_tasks(stack.leftover, retired=True),
    }


def deletion_tasks(resources: Iterable[StackResource], *, retired: bool = False) -> dict[str, Task]:
    """Tasks that delete resources, each after all that need it.

    With ``retired`` a task carries its resource, which is no longer the stack's.
    """
    chosen = [
        (f"{each.logical_id}#{place}" if retired else each.logical_id, each)
        for place, each in enumerate(resources)
    ]
    needed_by: dict[str, list[str]] = {}
    for key, resource in chosen:
        for need in resource.depends_on:
            needed_by.setdefault(need, []).append(key)
    return {
        key: Task(
            resource.logical_id,
            "delete",
            tuple(needed_by.get(resource.logical_id, ())),
            resource=resource if retired else None,
        )
        for key, resource in chosen
    }


def begin(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler | None:
    """Start to delete a resource; one that its policy protects is left behind."""
    resource = provision.subject(stack, task)
    deployment = provision.deployment_of(stack)
    if _is_kept(deployment, resource):
        _note(stack, task, "DELETE_SKIPPED", turn)
        return None
    if not resource.physical_id:
        _note(stack, task, "DELETE_COMPLETE", turn)
        return None
    _note(stack, task, "DELETE_IN_PROGRESS", turn)
    return provision.handler(engine, stack, task, turn)


def finish(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """The resource is gone."""
    _note(stack, task, "DELETE_COMPLETE", turn)


def failed(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> str:
    """The resource could not be deleted: a cleanup tries again, a forced deletion goes on."""
    _note(stack, task, "DELETE_FAILED", turn, reason)
    deployment = provision.deployment_of(stack)
    if deployment.phase in CLEANUPS and task.attempts < CLEANUP_ATTEMPTS:
        return "Waiting"
    return "Done" if deployment.force else "Failed"


def _note(stack: Stack, task: Task, status: str, turn: Turn, reason: str = "") -> None:
    resource = provision.subject(stack, task)
    note(stack, resource, status, turn, reason, cleanup=task.resource is not None)


def _is_kept(deployment: Deployment, resource: StackResource) -> bool:
    """Whether a resource outlives its removal. AWS: DeletionPolicy attribute."""
    policy = resource.deletion_policy
    if resource.logical_id in deployment.retain:
        return True
    undone = "rollback" in deployment.phase
    if undone and resource.logical_id in deployment.imports:
        return True
    if undone and (deployment.retain_except_on_create or policy == "RetainExceptOnCreate"):
        return False
    return policy in ("Retain", "RetainExceptOnCreate")
