"""What a prepared target changes in a stack."""

from collections.abc import Collection, Mapping

from understudy.cloudformation.change import Change
from understudy.cloudformation.changeset import plan
from understudy.cloudformation.refusal import no_change, retyped
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.revision import Deployed
from understudy.deploy import reverting
from understudy.deploy.blueprint import deployed
from understudy.deploy.ports import Engine
from understudy.deploy.prepare import Prepared
from understudy.deploy.reading import refuse
from understudy.deploy.stack import ResourceDrift, Stack, Target


def planned_changes(
    engine: Engine,
    stack: Stack,
    prepared: Prepared,
    *,
    new: bool,
    imports: Mapping[str, str] | None = None,
    unchanged_stacks: Collection[str] = (),
    drifts: Mapping[str, ResourceDrift] | None = None,
) -> tuple[list[Change], str]:
    """The changes, and AWS's sentence where there are none.

    ``imports`` are physical ids of resources to import, ``unchanged_stacks`` nested stacks known to
    have no changes of their own; where ``drifts`` are given, changes start from the actual state.
    Raises EvaluationError where the plan cannot be made, and
    ValidationError where it changes the type of a resource, which AWS refuses at once unless macros
    have made the template.
    """
    state = made_resources(stack, drifts or {})
    before = None if new else engine.blueprints.of(stack, stack.target).revision
    after = prepared.ready
    wrong = retyped(after, state)
    if wrong and prepared.transformed:
        raise EvaluationError(wrong.summary)
    refuse([wrong] if wrong else [])
    changes = plan(
        before, after, state, engine.schemas, imports=imports, unchanged_stacks=unchanged_stacks
    )
    changes = (*changes, *reverting.synced(stack, drifts or {}, changes))
    differs = not new and _options(stack.target) != _options(prepared.target)
    reason = no_change(
        before,
        after,
        changes,
        state,
        stack_changed=differs,
        transformed=prepared.transformed,
    )
    return list(changes), reason or ""


def made_resources(stack: Stack, drifts: Mapping[str, ResourceDrift]) -> dict[str, Deployed]:
    """The resources of a stack as planning sees them: as they are, where they have drifted."""
    there = reverting.actual(stack, drifts)
    return {name: deployed(each) for name, each in there.items() if each.was_made}


def _options(target: Target) -> tuple[object, ...]:
    """What of a target is the stack's own, beside its template."""
    return (
        target.tags,
        target.role_arn,
        target.notification_arns,
        target.triggers,
        target.monitoring_minutes,
    )
