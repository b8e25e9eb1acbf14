"""Why a change set is refused as a whole, or a change in it: nothing to do, a type, a name."""

from collections.abc import Collection, Mapping
from typing import Any

from understudy.base.diagnostic import Diagnostic
from understudy.cloudformation.change import NO_CHANGES, NO_UPDATES, Change
from understudy.cloudformation.difference import shown
from understudy.cloudformation.graph import enabled, is_enabled
from understudy.cloudformation.revision import (
    Deployed,
    Revision,
    as_deployed,
    evaluated_or_written,
)
from understudy.cloudformation.schema import Schema
from understudy.cloudformation.template import Output


def outputs(after: Revision, state: Mapping[str, Deployed]) -> dict[str, Any]:
    """The outputs of a deployed revision that exist: name to value; unknown where it is."""
    scope = as_deployed(after.scope, state)
    return {
        name: evaluated_or_written(output.value, scope)
        for name, output in after.template.outputs.items()
        if is_enabled(output.condition, scope.conditions)
    }


def no_change(
    before: Revision | None,
    after: Revision,
    changes: Collection[Change],
    state: Mapping[str, Deployed],
    *,
    stack_changed: bool = False,
    transformed: bool = False,
) -> str | None:
    """AWS's sentence for a change set that changes nothing, or None if it does change something.

    ``stack_changed`` says that tags, notification topics or the role differ. Changed outputs are a
    change; descriptions of the template, conditions and defaults without effect are none.
    ``transformed`` is true where macros ran.
    """
    if before is None or changes or stack_changed:
        return None
    if _shown_outputs(before, state) != _shown_outputs(after, state):
        return None
    return NO_UPDATES if transformed else NO_CHANGES


def _shown_outputs(of: Revision, state: Mapping[str, Deployed]) -> dict[str, Any]:
    scope = as_deployed(of.scope, state)
    values = outputs(of, state)

    def rest(output: Output) -> tuple[str, Any]:
        return output.description, shown(evaluated_or_written(output.export, scope) or "")

    return {name: (shown(v), *rest(of.template.outputs[name])) for name, v in values.items()}


def retyped(after: Revision, state: Mapping[str, Deployed]) -> Diagnostic | None:
    """AWS's refusal of a template that gives a deployed resource another type, or None."""
    names = [
        logical_id
        for logical_id, resource in enabled(after.template, after.scope.conditions).items()
        if logical_id in state and state[logical_id].type != resource.type
    ]
    if not names:
        return None
    return Diagnostic(
        "Update of resource type is not permitted. The new template modifies resource type of the "
        f"following resources: [{', '.join(names)}]",
        ("Resources", names[0], "Type"),
        action="give the resource of the new type another logical id",
    )


def custom_name_conflict(change: Change, schema: Schema) -> str | None:
    """Why a resource cannot be replaced under the name that its template gives it, or None.

    CloudFormation makes the new resource before it deletes the old one, so that both would have
    the same name. ``change`` is a replacement whose values are known.
    """
    before, after = ((side or {}).get("Properties", {}) for side in (change.before, change.after))
    if change.replacement != "True" or schema.deletes_first:
        return None
    names = name_properties(schema)
    kept = [after[name] for name in names if name in after and after[name] == before.get(name)]
    if not kept or len(kept) < len(names):
        return None
    return (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        f"Rename {kept[0]} and update the stack again."
    )


def name_properties(schema: Schema) -> list[str]:
    """The properties by which a template may name a resource of this type."""
    own = f"{schema.name.rsplit('::', 1)[-1]}Name"
    named = {pointer[0] for pointer in schema.primary_identifier if len(pointer) == 1}
    return [
        pointer[0]
        for pointer in schema.create_only
        if len(pointer) == 1 and (pointer[0] in named or pointer[0] in ("Name", own))
    ]
