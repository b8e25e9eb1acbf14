"""The outputs and exports of a stack that has been built."""

from understudy.cloudformation.graph import is_enabled
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.value import is_scalar, text
from understudy.deploy.blueprint import evaluated
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Deployment, Stack


def publish(engine: Engine, stack: Stack, deployment: Deployment) -> None:
    """Give the stack the outputs and exports of its new target.

    Raises EvaluationError where one cannot be made, or its export belongs to another stack.
    """
    blueprint = engine.blueprints.of(stack, deployment.target)
    outputs: dict[str, str] = {}
    exports: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, output in blueprint.template.outputs.items():
        if not is_enabled(output.condition, blueprint.revision.scope.conditions):
            continue
        value = evaluated(output.value, blueprint, stack)
        if not is_scalar(value):
            raise EvaluationError(
                f"Template format error: The Value field of every Outputs member must evaluate to "
                f"a String. [{name}]"
            )
        outputs[name] = text(value)
        if output.export is not None:
            names[name] = text(evaluated(output.export, blueprint, stack))
            exports[names[name]] = outputs[name]
    _refuse_taken(engine, stack, exports)
    stack.outputs, stack.exports, stack.export_names = outputs, exports, names


def _refuse_taken(engine: Engine, stack: Stack, exports: dict[str, str]) -> None:
    for other in engine.state.stacks.values():
        if other.id == stack.id or other.status == "DELETE_COMPLETE":
            continue
        for name in exports:
            if name in other.exports:
                raise EvaluationError(
                    f"Export with name {name} is already exported by stack {other.name}"
                )
