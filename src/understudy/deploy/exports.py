"""Outputs, exports and imports: what a stack shows, and what other stacks take of it."""

from understudy.base.fault import validation_error
from understudy.cloudformation.graph import is_enabled
from understudy.cloudformation.outputs import NO_TEXT
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.value import is_scalar, text
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy.blueprint import Blueprint, evaluated
from understudy.deploy.ports import Engine
from understudy.deploy.stack import GONE, Deployment, Outputs, Stack

PAGE_SIZE = 100


def outputs(engine: Engine, stack: Stack, deployment: Deployment) -> Outputs:
    """The outputs and exports that the new target gives the stack.

    Raises EvaluationError where one cannot be made, belongs to another stack, or changes what
    another stack has imported.
    """
    made = shown(engine.blueprints.of(stack, deployment.target), stack)
    _refuse_taken(engine, stack, made.exports)
    _refuse_in_use(engine, stack, made.exports)
    return made


def shown(blueprint: Blueprint, stack: Stack) -> Outputs:
    """The outputs of a blueprint, whatever others export. Raises EvaluationError."""
    made = Outputs({}, {}, {})
    for name, output in blueprint.template.outputs.items():
        if not is_enabled(output.condition, blueprint.revision.scope.conditions):
            continue
        value = evaluated(output.value, blueprint, stack)
        if not is_scalar(value):
            raise EvaluationError(f"{NO_TEXT}.")
        made.values[name] = text(value)
        if output.export is not None:
            made.names[name] = text(evaluated(output.export, blueprint, stack))
            made.exports[made.names[name]] = made.values[name]
    return made


def _refuse_taken(engine: Engine, stack: Stack, exports: dict[str, str]) -> None:
    for other in engine.state.stacks.values():
        if other.id != stack.id and other.status != GONE:
            for name in exports.keys() & other.outputs.exports.keys():
                raise EvaluationError(
                    f"Export with name {name} is already exported by stack {other.name}"
                )


def _refuse_in_use(engine: Engine, stack: Stack, exports: dict[str, str]) -> None:
    for name, value in stack.outputs.exports.items():
        if exports.get(name) != value and (users := importers(engine, name)):
            verb = "updated" if name in exports else "deleted"
            raise EvaluationError(
                f"Export {name} cannot be {verb} as it is in use by {' and '.join(users)}"
            )


def importers(engine: Engine, name: str) -> list[str]:
    """The names of the stacks that import an export."""
    return [
        stack.name
        for stack in engine.state.stacks.values()
        if name in stack.imports and stack.status != GONE
    ]


def imported(engine: Engine, stack: Stack, deployment: Deployment) -> tuple[str, ...]:
    """The exports that a target takes of other stacks."""
    return engine.blueprints.of(stack, deployment.target).imports


def missing_import(engine: Engine, stack: Stack, deployment: Deployment) -> str:
    """What CloudFormation says of an import that nobody exports, or an empty text.

    It looks before it makes anything; the stack counts as an importer from then on.
    """
    names = imported(engine, stack, deployment)
    blueprint = engine.blueprints.of(stack, deployment.target)
    for name in names:
        if blueprint.revision.scope.exports(name) is None:
            return f"No export named {name} found."
    stack.imports = tuple(dict.fromkeys((*stack.imports, *names)))
    return ""


def list_exports(engine: Engine, params: Params, turn: Turn) -> Params:
    """All exports of the region, by name."""
    exports = sorted(
        (name, value, stack.id)
        for stack in engine.state.stacks.values()
        if stack.status != GONE
        for name, value in stack.outputs.exports.items()
    )
    refused = validation_error("NextToken is invalid")
    shown, token = page(exports, params.get("NextToken"), PAGE_SIZE, refused)
    return {
        "Exports": [
            {"ExportingStackId": stack_id, "Name": name, "Value": value}
            for name, value, stack_id in shown
        ],
        "NextToken": token,
    }


def list_imports(engine: Engine, params: Params, turn: Turn) -> Params:
    """The stacks that import an export. Raises ValidationError where there are none."""
    name: str = params["ExportName"]
    users = importers(engine, name)
    if not users:
        raise validation_error(f"Export '{name}' is not imported by any stack.")
    refused = validation_error("NextToken is invalid")
    shown, token = page(users, params.get("NextToken"), PAGE_SIZE, refused)
    return {"Imports": shown, "NextToken": token}
