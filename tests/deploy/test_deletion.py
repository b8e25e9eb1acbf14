"""Deleting stacks: the order, what fails, and what may be left. AWS: DeleteStack."""

from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory, message, thing
from understudy.testing.things import Things


def test_a_deletion_that_fails_names_what_failed_and_can_leave_it(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(), "B": thing(Needs={"Ref": "A"}), "C": thing()})
    things.refused.add(("DeleteThing", "B"))
    assert stack.delete() == "DELETE_FAILED"
    assert stack.described["StackStatusReason"] == (
        "The following resource(s) failed to delete: [B]. "
    )
    assert stack.resources["C"] == "DELETE_COMPLETE"
    assert stack.delete(RetainResources=["B"]) == "DELETE_COMPLETE"
    assert [each["LogicalId"] for each in things.things.values()] == ["B"]


def test_resources_to_retain_are_for_a_failed_deletion_only(
    stack: StackStory, account: Account
) -> None:
    stack.create({"A": thing()})
    assert message(account, "DeleteStack", StackName="app", RetainResources=["A"]).endswith(
        "RetainResources can be specified only for a stack in DELETE_FAILED state"
    )


def test_a_forced_deletion_leaves_what_it_cannot_delete(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(), "B": thing()})
    things.refused.add(("DeleteThing", "A"))
    assert stack.delete() == "DELETE_FAILED"
    assert stack.delete(DeletionMode="FORCE_DELETE_STACK") == "DELETE_COMPLETE"


def test_a_stack_is_deleted_in_reverse_order(stack: StackStory) -> None:
    stack.create({"A": thing(), "B": thing(Needs={"Ref": "A"}), "C": thing()})
    stack.events()
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.events() == [
        "stack DELETE_IN_PROGRESS User Initiated",
        "C DELETE_IN_PROGRESS C1",
        "B DELETE_IN_PROGRESS B1",
        "C DELETE_COMPLETE C1",
        "B DELETE_COMPLETE B1",
        "A DELETE_IN_PROGRESS A1",
        "A DELETE_COMPLETE A1",
        "stack DELETE_COMPLETE",
    ]


def test_a_stack_that_does_not_exist_counts_as_deleted(account: Account) -> None:
    assert account.call("cloudformation", "DeleteStack", StackName="none") == {}


def test_a_stack_that_is_being_created_can_be_deleted(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(), "B": thing(Seconds=1000)}, run=10)
    assert stack.delete() == "DELETE_COMPLETE"
    assert things.things == {}
