"""Updates that fail: back to the old physical resources, and every way on from there."""

import pytest

from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

BEFORE = {"A": thing(Kind="one"), "B": thing(Size=1, Needs={"Ref": "A"})}
AFTER = {"A": thing(Kind="two"), "B": thing(Size=2, Needs={"Ref": "A"}), "New": thing()}
FAILS = {**AFTER, "Bad": thing(_DependsOn=["B", "New"])}


def test_a_failed_update_goes_back_to_the_old_physical_resource(
    stack: StackStory, things: Things
) -> None:
    stack.create(BEFORE)
    old = {name: stack.physical(name) for name in BEFORE}
    live = dict(things.things)
    stack.events()
    things.refused.add(("CreateThing", "Bad"))
    assert stack.update(FAILS) == "UPDATE_ROLLBACK_COMPLETE"
    events = stack.events()
    rolled_back = next(n for n, line in enumerate(events) if "ROLLBACK_IN_PROGRESS" in line)
    assert events[rolled_back:] == [
        "stack UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Bad].",
        "A UPDATE_IN_PROGRESS A1",
        "A UPDATE_COMPLETE A1",
        "B UPDATE_IN_PROGRESS B1",
        "B UPDATE_COMPLETE B1",
        "stack UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "Bad DELETE_COMPLETE",
        "A DELETE_IN_PROGRESS A2",
        "New DELETE_IN_PROGRESS New1",
        "A DELETE_COMPLETE A2",
        "New DELETE_COMPLETE New1",
        "stack UPDATE_ROLLBACK_COMPLETE",
    ]
    assert {name: stack.physical(name) for name in BEFORE} == old
    assert things.things == live


def test_a_resource_whose_new_properties_are_invalid_is_what_it_was_after_the_rollback(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(Size=1)})
    stack.events()
    many = {"A": thing(Size="many")}
    assert stack.update(many, DisableValidation=True) == "UPDATE_ROLLBACK_COMPLETE"
    events = stack.events()
    assert [line.split(" Properties")[0] for line in events[1:3]] == [
        "A UPDATE_IN_PROGRESS A1",
        "A UPDATE_FAILED A1",
    ]
    assert events[-4:-2] == ["A UPDATE_IN_PROGRESS A1", "A UPDATE_COMPLETE A1"]
    assert stack.resources == {"A": "UPDATE_COMPLETE"}
    assert things.things[stack.physical("A")]["Size"] == 1


def test_a_rollback_has_an_operation_of_its_own(stack: StackStory, things: Things) -> None:
    stack.create(BEFORE)
    things.refused.add(("CreateThing", "Bad"))
    stack.update(FAILS, ClientRequestToken="mine")
    events = stack.all_events()
    update = {e["OperationId"] for e in events if e["ResourceStatus"] == "UPDATE_IN_PROGRESS"}
    back = {e["OperationId"] for e in events if "UPDATE_ROLLBACK" in e["ResourceStatus"]}
    assert len(back) == 1
    assert len(update - back) == 1
    assert [each["OperationType"] for each in stack.described["LastOperations"]] == [
        "UPDATE_STACK",
        "ROLLBACK",
    ]


def test_siblings_of_a_failed_update_are_cancelled(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(Size=1), "B": thing(Size=1)})
    stack.events()
    things.refused.add(("UpdateThing", "B"))
    slow = {"A": thing(Size=2, Seconds=100), "B": thing(Size=2)}
    assert stack.update(slow) == "UPDATE_ROLLBACK_FAILED"
    events = stack.events()
    assert "A UPDATE_FAILED A1 Resource update cancelled" in events
    failed = "stack UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [B, A]."
    assert failed in events


def test_a_rollback_that_cannot_go_back_goes_on_when_told_to(
    stack: StackStory, things: Things
) -> None:
    stack.create(BEFORE)
    old = stack.physical("A")
    things.refused |= {("CreateThing", "Bad")}
    stack.call("UpdateStack", TemplateBody=template(FAILS))
    stack.run(0.12)
    things.refused.add(("UpdateThing", "B"))
    assert stack.run(100) == "UPDATE_ROLLBACK_FAILED"
    assert stack.described["StackStatusReason"] == (
        "The following resource(s) failed to update: [B]. "
    )
    things.refused.clear()
    stack.events()
    stack.call("ContinueUpdateRollback")
    assert stack.run(100) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.physical("A") == old
    assert things.things[stack.physical("B")]["Needs"] == old
    assert len(things.things) == 2
    assert stack.events()[0] == "stack UPDATE_ROLLBACK_IN_PROGRESS User Initiated"


def test_resources_to_skip_count_as_rolled_back(stack: StackStory, things: Things) -> None:
    stack.create(BEFORE)
    things.refused |= {("CreateThing", "Bad")}
    stack.call("UpdateStack", TemplateBody=template(FAILS))
    stack.run(0.12)
    things.refused.add(("UpdateThing", "B"))
    stack.run(100)
    with pytest.raises(Exception, match=r"A.*to skip must be in UPDATE_FAILED state"):
        stack.call("ContinueUpdateRollback", ResourcesToSkip=["A"])
    stack.events()
    stack.call("ContinueUpdateRollback", ResourcesToSkip=["B"])
    assert stack.run(100) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.resources["B"] == "UPDATE_COMPLETE"
    assert "B UPDATE_COMPLETE B1" in stack.events()


def test_a_failed_rollback_can_be_deleted(stack: StackStory, things: Things) -> None:
    stack.create(BEFORE)
    things.refused |= {("CreateThing", "Bad"), ("UpdateThing", "B")}
    stack.update(FAILS)
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    assert stack.delete() == "DELETE_COMPLETE"
    assert things.things == {}


def test_cancelling_an_update_rolls_it_back(stack: StackStory, things: Things) -> None:
    stack.create(BEFORE)
    live = dict(things.things)
    stack.events()
    stack.update({**AFTER, "Slow": thing(Seconds=1000)}, run=10)
    stack.call("CancelUpdateStack")
    assert stack.run(100) == "UPDATE_ROLLBACK_COMPLETE"
    assert "stack UPDATE_ROLLBACK_IN_PROGRESS User Initiated" in stack.events()
    assert things.things == live


def test_only_an_update_can_be_cancelled(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing(Seconds=100)}, run=5)
    assert message(account, "CancelUpdateStack", StackName="app") == (
        "ValidationError: CancelUpdateStack cannot be called from current stack status"
    )


def test_with_rollback_disabled_what_worked_is_kept_and_tried_again(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(Size=1)})
    things.refused.add(("CreateThing", "Bad"))
    wish = {"A": thing(Size=2), "Bad": thing(_DependsOn="A")}
    assert stack.update(wish, DisableRollback=True) == "UPDATE_FAILED"
    assert stack.resources == {"A": "UPDATE_COMPLETE", "Bad": "CREATE_FAILED"}
    assert things.things[stack.physical("A")]["Size"] == 2
    things.refused.clear()
    assert stack.update(wish, DisableRollback=True) == "UPDATE_COMPLETE"
    assert len(things.things) == 2


def test_a_failed_update_that_was_kept_can_be_rolled_back(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(Size=1)})
    live = dict(things.things)
    things.refused.add(("CreateThing", "Bad"))
    stack.update({"A": thing(Size=2), "Bad": thing(_DependsOn="A")}, DisableRollback=True)
    stack.call("RollbackStack")
    assert stack.run(100) == "UPDATE_ROLLBACK_COMPLETE"
    assert things.things == live


def test_a_failed_creation_that_was_kept_is_deleted_by_rolling_it_back(
    stack: StackStory, things: Things
) -> None:
    things.refused.add(("CreateThing", "Bad"))
    stack.create({"A": thing(), "Bad": thing(_DependsOn="A")}, DisableRollback=True)
    assert stack.status == "CREATE_FAILED"
    stack.call("RollbackStack")
    stack.run(100)
    assert stack.status == "DELETE_COMPLETE"
    assert things.things == {}


def test_a_failed_creation_that_was_kept_can_be_finished_by_an_update(
    stack: StackStory, things: Things
) -> None:
    things.refused.add(("CreateThing", "Bad"))
    wish = {"A": thing(), "Bad": thing(_DependsOn="A")}
    stack.create(wish, DisableRollback=True)
    things.refused.clear()
    made = stack.physical("A")
    assert stack.update(wish, DisableRollback=True) == "UPDATE_COMPLETE"
    assert stack.physical("A") == made


def test_a_creation_that_does_nothing_on_failure_cannot_be_updated(
    stack: StackStory, things: Things, account: Account
) -> None:
    things.refused.add(("CreateThing", "A"))
    stack.create({"A": thing()}, OnFailure="DO_NOTHING")
    body = template({"A": thing(Size=1)})
    assert message(
        account, "UpdateStack", StackName="app", TemplateBody=body, DisableRollback=True
    ) == (
        "ValidationError: This stack cannot be updated from [CREATE_FAILED] state because it "
        "contains [on-failure: DO_NOTHING]. Please use disable-rollback option instead during "
        "stack creation."
    )


def test_a_replacement_is_refused_where_rollback_is_disabled(stack: StackStory) -> None:
    stack.create({"A": thing(Kind="one")})
    assert stack.update({"A": thing(Kind="two")}, DisableRollback=True) == "UPDATE_FAILED"
    assert any(
        line.endswith("Replacement type updates not supported on stack with disable-rollback.")
        for line in stack.events()
    )


def test_outputs_that_cannot_be_made_fail_the_operation_after_its_resources(
    stack: StackStory, things: Things
) -> None:
    zones = {"Fn::Select": [5, {"Fn::Split": [",", {"Ref": "A"}]}]}
    sections = {"Outputs": {"Out": {"Value": zones}}}
    assert stack.create({"A": thing()}, sections=sections) == "ROLLBACK_COMPLETE"
    assert things.things == {}
    assert any("Fn::Select cannot select nonexistent value" in line for line in stack.events())
