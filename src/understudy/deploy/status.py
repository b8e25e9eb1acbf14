"""The status of a stack: changed, ended, and told to whoever waits for it."""

from collections.abc import Iterator

from understudy.control.turn import Turn
from understudy.deploy.history import STACK_TYPE, become
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Deployment, Operation, Stack

VALIDATION_FAILED = "VALIDATION_FAILED"
"""The DetailedStatus of an operation that failed before it made anything."""
CLEANUPS = ("cleanup", "rollback-cleanup")


def change(
    engine: Engine, stack: Stack, status: str, turn: Turn, reason: str = "", *, detailed: str = ""
) -> None:
    """Give the stack a status; its parent is told."""
    become(stack, status, turn, reason, detailed=detailed)
    if stack.parent_id:
        engine.wake(f"stack/{stack.id}")


def end(
    engine: Engine, stack: Stack, status: str, turn: Turn, reason: str = "", *, detailed: str = ""
) -> None:
    """The operation is over."""
    change(engine, stack, status, turn, reason, detailed=detailed)
    stack.deployment = None
    if stack.executed is not None and stack.executed.execution_status == "EXECUTE_IN_PROGRESS":
        worked = status.endswith("_COMPLETE") and "ROLLBACK" not in status
        stack.executed.execution_status = "EXECUTE_COMPLETE" if worked else "EXECUTE_FAILED"
    for _, child in held_children(engine, stack):
        release(engine, child)


def record(stack: Stack, deployment: Deployment, kind: str) -> None:
    """Remember the operation as the last one; a rollback is remembered beside what it undoes."""
    entry = Operation(kind, deployment.operation_id)
    stack.operations = (*stack.operations[-1:], entry) if "ROLLBACK" in kind else (entry,)


def held_children(engine: Engine, stack: Stack) -> Iterator[tuple[str, Stack]]:
    """The nested stacks, by logical id, that wait with their cleanup for this stack."""
    for name, resource in stack.resources.items():
        if resource.type != STACK_TYPE:
            continue
        child = engine.state.stacks.get(resource.physical_id)
        if child is not None and _is_held(child):
            yield name, child


def _is_held(child: Stack) -> bool:
    deployment = child.deployment
    return deployment is not None and deployment.held and deployment.phase in CLEANUPS


def release(engine: Engine, child: Stack) -> None:
    """Let a nested stack go on with its cleanup."""
    if child.deployment is not None:
        child.deployment.held = False
        engine.touch(child)
