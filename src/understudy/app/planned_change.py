"""What the change set of an update says, as a report keeps it."""

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.app.stacks.living import Ask, living_counts
from understudy.app.stacks.preview import resource_changes
from understudy.app.stacks.resets import counted, resets
from understudy.app.views import ChangeSetView, Fidelity
from understudy.control.outcome import ChangedResource, CountSetBack, PlannedChange
from understudy.resources.registry import BY_NAME


def reviewed(stack_name: str, changes: Sequence[Mapping[str, Any]], ask: Ask) -> ChangeSetView:
    """The Changes of DescribeChangeSet, of an update that is about to be executed.

    ``ask`` calls the services that know the present counts.
    """
    fidelities: dict[str, Fidelity] = {name: each.fidelity for name, each in BY_NAME.items()}
    found = resets(counted(changes), lambda each: living_counts(ask, each))
    return ChangeSetView(stack_name, "UPDATE", resource_changes(changes, fidelities), found)


def planned_change(view: ChangeSetView) -> PlannedChange:
    """The same in few words."""
    return PlannedChange(
        tuple(
            ChangedResource(
                each.action,
                each.logical_id,
                each.resource_type,
                each.replacement,
                tuple(found.path for found in each.properties),
            )
            for each in view.changes
        ),
        tuple(
            CountSetBack(each.logical_id, each.what, each.template, each.current, each.patch)
            for each in view.resets
        ),
    )
