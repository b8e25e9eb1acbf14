"""What a prepared target changes in a stack."""

from understudy.cloudformation.change import Change
from understudy.cloudformation.changeset import plan
from understudy.cloudformation.refusal import no_change
from understudy.deploy.blueprint import deployed
from understudy.deploy.phases import GONE
from understudy.deploy.ports import Engine
from understudy.deploy.prepare import Prepared
from understudy.deploy.stack import Stack, Target


def planned_changes(
    engine: Engine, stack: Stack, prepared: Prepared, *, new: bool
) -> tuple[list[Change], str]:
    """The changes, and AWS's sentence where there are none.

    Raises EvaluationError where the plan cannot be made.
    """
    state = {
        name: deployed(resource)
        for name, resource in stack.resources.items()
        if resource.status != GONE
    }
    before = None if new else engine.blueprints.of(stack, stack.target).revision
    changes = plan(before, prepared.revision, state, engine.schemas)
    differs = not new and _options(stack.target) != _options(prepared.target)
    reason = no_change(before, prepared.revision, changes, state, stack_changed=differs)
    return list(changes), reason or ""


def _options(target: Target) -> tuple[object, ...]:
    """What of a target is the stack's own, beside its template."""
    return target.tags, target.role_arn, target.notification_arns
