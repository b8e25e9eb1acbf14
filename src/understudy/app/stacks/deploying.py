"""Deploying stacks together: planned in their order, approved once, executed one by one."""

from collections.abc import Mapping, Sequence

from understudy.app.stacks.audience import StackAudience
from understudy.app.stacks.deployed import LEFT_BEHIND, DeployedStack, stack_named
from understudy.app.stacks.estimates import estimates
from understudy.app.stacks.executing import destroy, execute
from understudy.app.stacks.exports import taken_away
from understudy.app.stacks.place import Place
from understudy.app.stacks.planning import Settings, StackPlan, drop_plan, plan_stack
from understudy.app.stacks.preview import INTERRUPTED
from understudy.app.stacks.project import warnings_of
from understudy.app.stacks.source import StackSource
from understudy.app.stacks.staging import upload_assets
from understudy.app.views import ChangeSetView
from understudy.base.diagnostic import InvalidInput

NOT_YET = "No export named"
"""AWS: what a change set says of an import whose exporter has not been deployed."""


def planned(
    place: Place, sources: Sequence[StackSource], settings: Settings, audience: StackAudience
) -> list[StackPlan]:
    """The plans of stacks, shown. Raises InvalidInput and Failed; then no change set is left."""
    stacks = {each.stack_name: stack_named(place, each.stack_name) for each in sources}
    audience.warn(warnings_of(place, sources, _exist(stacks)))
    conflicts = taken_away(place, sources)
    if conflicts:
        raise InvalidInput(tuple(conflicts))
    upload_assets(place, sources, audience.say)
    plans: list[StackPlan] = []
    try:
        for source in sources:
            with audience.working(f"Planning {source.stack_name}"):
                plans.append(_plan(place, source, settings, plans))
    except BaseException:
        discard(place, plans)
        raise
    for each in plans:
        audience.plan(each.view)
        for line in estimates(place, each.source):
            audience.say(line)
    return plans


def _exist(stacks: Mapping[str, DeployedStack | None]) -> dict[str, bool]:
    return {
        name: stack is not None and stack.status != "REVIEW_IN_PROGRESS"
        for name, stack in stacks.items()
    }


def _plan(
    place: Place, source: StackSource, settings: Settings, before: Sequence[StackPlan]
) -> StackPlan:
    """A plan; one that needs what an earlier plan is to export has to wait for that."""
    try:
        return plan_stack(place, source, settings)
    except InvalidInput as invalid:
        waits = [p.source.stack_name for p in before if p.source.stack_name in source.needs]
        if not waits or NOT_YET not in str(invalid):
            raise
        note = f"It is planned once {', '.join(waits)} is deployed, whose exports it imports."
        return StackPlan(source, "", "", ChangeSetView(source.stack_name, "CREATE", (), note=note))


def clear_the_way(place: Place, sources: Sequence[StackSource], audience: StackAudience) -> None:
    """Delete stacks whose creation has failed: they hold nothing, and cannot be updated."""
    for source in sources:
        stack = stack_named(place, source.stack_name)
        if stack is not None and stack.status in LEFT_BEHIND:
            audience.say(f"Stack {stack.name} is in {stack.status} state: deleting it first.")
            destroy(place, stack.name, audience)


def is_pending(plan: StackPlan) -> bool:
    """Whether a plan still waits for the stacks that it needs."""
    return plan.is_empty and bool(plan.view.note)


def has_changes(plans: Sequence[StackPlan]) -> bool:
    """Whether there is anything to do."""
    return any(not each.is_empty or is_pending(each) for each in plans)


def is_dangerous(plans: Sequence[StackPlan]) -> bool:
    """Whether a plan interrupts something, or loses data."""
    return any(change.danger >= INTERRUPTED for plan in plans for change in plan.view.changes)


def carried_out(
    place: Place, plans: Sequence[StackPlan], settings: Settings, audience: StackAudience
) -> list[DeployedStack]:
    """The stacks after all plans were executed, in their order. Raises Failed at the first failure.

    A plan that had to wait is made, shown and executed when its turn comes.
    """
    done: list[DeployedStack] = []
    left = list(plans)
    try:
        while left:
            plan = left.pop(0)
            if is_pending(plan):
                plan = plan_stack(place, plan.source, settings)
                audience.plan(plan.view)
            if not plan.is_empty:
                done.append(execute(place, plan, audience))
    except BaseException:
        discard(place, left)
        raise
    return done


def discard(place: Place, plans: Sequence[StackPlan]) -> None:
    """Leave nothing of plans that are not carried out."""
    for each in plans:
        drop_plan(place, each)
