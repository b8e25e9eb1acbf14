"""What stacks will be when a stack refactor has moved their resources.

Every value is worked out as it will be, exports of the same refactor included: a resource that
would change with its move is found before anything is moved.
AWS: Stack refactoring, considerations.
"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from understudy.cloudformation.resolve import EvaluationError
from understudy.deploy import exports, work
from understudy.deploy.blueprint import Blueprint, Blueprints
from understudy.deploy.handler import HandlerFailure
from understudy.deploy.ports import Engine
from understudy.deploy.stack import (
    GONE,
    Outputs,
    Refactor,
    Stack,
    StackResource,
    Target,
)

NOTHING = Target("")


@dataclass(frozen=True, slots=True)
class Arranged:
    """A stack as it will be."""

    id: str
    resources: dict[str, StackResource]
    outputs: Outputs
    imports: tuple[str, ...]
    description: str


def arranged(engine: Engine, refactor: Refactor) -> list[Arranged]:
    """The stacks of a refactor as they will be, those that export before those that import.

    Raises EvaluationError with the reason why that cannot be.
    """
    made: dict[str, Arranged] = {}
    blueprints = engine.blueprints.with_exports(_exports(engine, refactor, made))
    waiting = list(refactor.targets)
    while waiting:
        refusals: dict[str, EvaluationError] = {}
        for identity in waiting:
            try:
                made[identity] = _arranged(engine, blueprints, refactor, identity)
            except EvaluationError as refusal:
                refusals[identity] = refusal
        if len(refusals) == len(waiting):
            raise refusals[waiting[0]]
        waiting = list(refusals)
    _check_exports(engine, refactor, list(made.values()))
    return list(made.values())


def _exports(
    engine: Engine, refactor: Refactor, made: dict[str, Arranged]
) -> Callable[[str], str | None]:
    def export(name: str) -> str | None:
        others = (
            each.outputs.exports
            for each in engine.state.stacks.values()
            if each.id not in refactor.targets and each.status != GONE
        )
        for known in (*(each.outputs.exports for each in made.values()), *others):
            if name in known:
                return known[name]
        return None

    return export


def _arranged(
    engine: Engine, blueprints: Blueprints, refactor: Refactor, identity: str
) -> Arranged:
    stack = stack_of(engine, refactor, identity)
    future = replace(stack, resources=_moved(engine, refactor, stack), deployment=None)
    blueprint = blueprints.of(future, refactor.targets[identity])
    resources = {name: _same(engine, future, blueprint, name) for name in blueprint.resources}
    for name in blueprint.imports:
        if blueprint.revision.scope.exports(name) is None:
            raise EvaluationError(f"No export named {name} found.")
    description = blueprint.template.description
    outputs = exports.shown(blueprint, future)
    return Arranged(identity, resources, outputs, blueprint.imports, description)


def stack_of(engine: Engine, refactor: Refactor, identity: str) -> Stack:
    """A stack of a refactor; one that is yet to be created is nothing."""
    found = engine.state.stacks.get(identity)
    return found or Stack(identity, refactor.names[identity], 0.0, "REVIEW_IN_PROGRESS", NOTHING)


def _moved(engine: Engine, refactor: Refactor, stack: Stack) -> dict[str, StackResource]:
    """The resources of a stack after the moves, as they were before them."""
    gone = {each.old_id for each in refactor.moves if each.source == stack.id}
    stay = {n: each for n, each in stack.resources.items() if n not in gone and each.is_present}
    come = {
        each.new_id: replace(
            engine.state.stacks[each.source].resources[each.old_id],
            logical_id=each.new_id,
            status="IMPORT_COMPLETE",
            reason="",
        )
        for each in refactor.moves
        if each.destination == stack.id
    }
    return {**stay, **come}


def _same(engine: Engine, stack: Stack, blueprint: Blueprint, name: str) -> StackResource:
    """A resource as the new template has it, which changes nothing of it."""
    known = stack.resources[name]
    try:
        after = work.wanted(engine, stack, blueprint, name, known.physical_id)
    except HandlerFailure as failure:
        raise EvaluationError(failure.message) from failure
    if after.type != known.type or after.properties != known.properties:
        raise EvaluationError(
            "Stack refactor does not support changing the configuration of resources. Resource "
            f"{name} of stack {stack.name} would change."
        )
    after.attributes, after.drift = known.attributes, known.drift
    after.status, after.updated_at = known.status, known.updated_at
    return after


def _check_exports(engine: Engine, refactor: Refactor, stacks: list[Arranged]) -> None:
    """Refuse exports that are taken, and the loss of those that others import."""
    new: dict[str, str] = {}
    for each in stacks:
        for name, value in each.outputs.exports.items():
            if new.setdefault(name, value) != value:
                raise EvaluationError(f"Export with name {name} is exported by two stacks")
    for other in engine.state.stacks.values():
        if other.status == GONE:
            continue
        if other.id in refactor.targets:
            _check_imported(engine, refactor, other, new)
        elif new.keys() & other.outputs.exports.keys():
            name = min(new.keys() & other.outputs.exports.keys())
            raise EvaluationError(
                f"Export with name {name} is already exported by stack {other.name}"
            )


def _check_imported(engine: Engine, refactor: Refactor, stack: Stack, new: dict[str, str]) -> None:
    ours = set(refactor.names.values())
    for name, value in stack.outputs.exports.items():
        users = [each for each in exports.importers(engine, name) if each not in ours]
        if new.get(name) != value and users:
            raise EvaluationError(
                f"Export {name} cannot be deleted as it is in use by {' and '.join(users)}"
            )
