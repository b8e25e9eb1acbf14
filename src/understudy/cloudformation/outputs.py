"""What outputs may be, as far as that is known before any resource exists. AWS: Outputs section."""

from collections.abc import Iterator
from typing import Any

from understudy.base.diagnostic import Diagnostic, Path
from understudy.cloudformation.graph import is_enabled
from understudy.cloudformation.intrinsics import called, calls
from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.revision import Revision, as_deployed
from understudy.cloudformation.structure import EXPORT_NAME, MALFORMED_EXPORT
from understudy.cloudformation.unknown import is_known
from understudy.cloudformation.value import is_list, is_map, is_scalar, text

NO_TEXT = "Template format error: The Value field of every Outputs member must evaluate to a String"
_DEPENDS = (
    "Template format error: Output {} is malformed. The Name field of Export must not depend on "
    "any resources, imported values, or Fn::GetAZs."
)
_LATE = ("Fn::GetAtt", "Fn::ImportValue", "Fn::GetAZs")


def check_outputs(ready: Revision) -> Iterator[Diagnostic]:
    """What is wrong with the outputs that will be made, in AWS's words."""
    scope = as_deployed(ready.scope, {})
    for name, output in ready.template.outputs.items():
        if is_enabled(output.condition, ready.scope.conditions):
            yield from _value(("Outputs", name, "Value"), output.value, scope)
            if output.export is not None:
                yield from _export(name, output.export, scope)


def _value(path: Path, value: Any, scope: Scope) -> Iterator[Diagnostic]:
    if called(value) is None and (is_list(value) or is_map(value)):
        yield Diagnostic(f"{NO_TEXT} and not a {'List' if is_list(value) else 'Map'}.", path)
        return
    try:
        found = evaluate(value, scope)
    except EvaluationError:
        return  # What is wrong with a function is said of the function.
    if is_known(found) and not is_scalar(found):
        yield Diagnostic(f"{NO_TEXT}.", path)


def _export(name: str, export: Any, scope: Scope) -> Iterator[Diagnostic]:
    path = ("Outputs", name, "Export", "Name")
    late = any(function in _LATE for _, function, _ in calls(export))
    try:
        found = "" if late else evaluate(export, scope)
    except EvaluationError:
        return
    if late or not is_known(found):
        yield Diagnostic(_DEPENDS.format(name), path)
    elif not is_scalar(found) or not EXPORT_NAME.fullmatch(text(found)):
        yield Diagnostic(MALFORMED_EXPORT.format(name), path)
