"""Statuses of stacks, and which operation each of them lets begin. AWS: Stack status codes."""

from collections.abc import Callable

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.stack_story import StackStory, template, thing
from understudy.testing.things import Things

Story = Callable[[StackStory, Things], object]
BODY = {"A": thing(Size=1), "B": thing()}
CHANGED = {"A": thing(Size=2), "B": thing()}
NEVER = {"A": thing(Size=2, Seconds=9e9), "B": thing()}


def refuse(things: Things, operation: str, name: str) -> None:
    things.refused.add((f"{operation}Thing", name))


def created(stack: StackStory, things: Things) -> None:
    stack.create(BODY)


def create_failed(stack: StackStory, things: Things) -> None:
    refuse(things, "Create", "B")
    stack.create(BODY, DisableRollback=True)
    things.refused.clear()


def rolled_back(stack: StackStory, things: Things) -> None:
    refuse(things, "Create", "B")
    stack.create(BODY)
    things.refused.clear()


def rollback_failed(stack: StackStory, things: Things) -> None:
    refuse(things, "Create", "B")
    refuse(things, "Delete", "A")
    stack.create({"A": thing(), "B": thing(_DependsOn="A")})
    things.refused.clear()


def updated(stack: StackStory, things: Things) -> None:
    created(stack, things)
    stack.update({**BODY, "C": thing()})


def update_failed(stack: StackStory, things: Things) -> None:
    created(stack, things)
    refuse(things, "Update", "A")
    stack.update({"A": thing(Size=3), "B": thing()}, DisableRollback=True)
    things.refused.clear()


def update_rolled_back(stack: StackStory, things: Things) -> None:
    created(stack, things)
    refuse(things, "Create", "C")
    stack.update({**BODY, "C": thing()})
    things.refused.clear()


def update_rollback_failed(stack: StackStory, things: Things) -> None:
    created(stack, things)
    refuse(things, "Create", "C")
    both = {"A": thing(Size=3), "B": thing(), "C": thing(_DependsOn="A")}
    stack.account.pace.calls["CreateThing"] = 50.0
    stack.update(both, run=10)
    refuse(things, "Update", "A")
    stack.run(1000)
    things.refused.clear()


def delete_failed(stack: StackStory, things: Things) -> None:
    created(stack, things)
    refuse(things, "Delete", "A")
    stack.delete()
    things.refused.clear()


def in_review(stack: StackStory, things: Things) -> None:
    change = {"ChangeSetName": "c", "ChangeSetType": "CREATE"}
    stack.id = stack.call("CreateChangeSet", TemplateBody=template(BODY), **change)["StackId"]


def creating(stack: StackStory, things: Things) -> None:
    stack.create(NEVER, run=10)


def updating(stack: StackStory, things: Things) -> None:
    created(stack, things)
    stack.update(NEVER, run=10)


STORIES: dict[str, Story] = {
    "REVIEW_IN_PROGRESS": in_review,
    "CREATE_IN_PROGRESS": creating,
    "CREATE_COMPLETE": created,
    "CREATE_FAILED": create_failed,
    "ROLLBACK_COMPLETE": rolled_back,
    "ROLLBACK_FAILED": rollback_failed,
    "UPDATE_IN_PROGRESS": updating,
    "UPDATE_COMPLETE": updated,
    "UPDATE_FAILED": update_failed,
    "UPDATE_ROLLBACK_COMPLETE": update_rolled_back,
    "UPDATE_ROLLBACK_FAILED": update_rollback_failed,
    "DELETE_FAILED": delete_failed,
}
UPDATE = {"TemplateBody": template(CHANGED)}
OPERATIONS: dict[str, tuple[str, Params]] = {
    "update": ("UpdateStack", UPDATE),
    "update that keeps": ("UpdateStack", {**UPDATE, "DisableRollback": True}),
    "cancel": ("CancelUpdateStack", {}),
    "continue": ("ContinueUpdateRollback", {}),
    "roll back": ("RollbackStack", {}),
    "delete": ("DeleteStack", {}),
}
UPDATABLE = {
    "update": "UPDATE_COMPLETE",
    "update that keeps": "UPDATE_COMPLETE",
    "delete": "DELETE_COMPLETE",
}
GOES = {"delete": "DELETE_COMPLETE"}
LETS: dict[str, dict[str, str]] = {
    "REVIEW_IN_PROGRESS": GOES,
    "CREATE_IN_PROGRESS": GOES,
    "CREATE_COMPLETE": UPDATABLE,
    "CREATE_FAILED": {
        "update that keeps": "UPDATE_COMPLETE",
        "roll back": "DELETE_COMPLETE",
        **GOES,
    },
    "ROLLBACK_COMPLETE": GOES,
    "ROLLBACK_FAILED": GOES,
    "UPDATE_IN_PROGRESS": {"cancel": "UPDATE_ROLLBACK_COMPLETE"},
    "UPDATE_COMPLETE": UPDATABLE,
    "UPDATE_FAILED": {
        "update that keeps": "UPDATE_COMPLETE",
        "roll back": "UPDATE_ROLLBACK_COMPLETE",
        **GOES,
    },
    "UPDATE_ROLLBACK_COMPLETE": UPDATABLE,
    "UPDATE_ROLLBACK_FAILED": {"continue": "UPDATE_ROLLBACK_COMPLETE", **GOES},
    "DELETE_FAILED": GOES,
}
"""In which status an operation ends that a status lets begin; the others are refused."""


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", STORIES)
def test_a_status_lets_an_operation_begin_or_refuses_it(
    stack: StackStory, things: Things, status: str, operation: str
) -> None:
    STORIES[status](stack, things)
    assert stack.status == status
    name, params = OPERATIONS[operation]
    ended = LETS[status].get(operation)
    if ended is not None:
        stack.call(name, **params)
        assert stack.run(1000) == ended
        return
    with pytest.raises(Fault) as caught:
        stack.call(name, **params)
    assert caught.value.code == "ValidationError"
    assert any(text in caught.value.message for text in (status, "from current stack status"))
    assert stack.status == status
