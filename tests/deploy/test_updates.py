"""Updates: in place, by replacement, with cleanup, and what each policy keeps."""

import pytest

from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


def test_an_update_in_place_keeps_the_physical_resource(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(Size=1), "B": thing()})
    before = stack.physical("A")
    stack.events()
    assert stack.update({"A": thing(Size=2), "B": thing()}) == "UPDATE_COMPLETE"
    assert stack.events() == [
        "stack UPDATE_IN_PROGRESS User Initiated",
        "A UPDATE_IN_PROGRESS A1",
        "A UPDATE_COMPLETE A1",
        "stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "stack UPDATE_COMPLETE",
    ]
    assert stack.physical("A") == before
    assert things.things[before]["Size"] == 2


def test_a_replacement_comes_in_the_recorded_order_and_is_cleaned_up(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(Kind="one"), "B": thing(Needs={"Ref": "A"})})
    old = stack.physical("A")
    stack.events()
    assert stack.update({"A": thing(Kind="two"), "B": thing(Needs={"Ref": "A"})}) == (
        "UPDATE_COMPLETE"
    )
    assert stack.events() == [
        "stack UPDATE_IN_PROGRESS User Initiated",
        f"A UPDATE_IN_PROGRESS A1 {REPLACING}",
        "A UPDATE_IN_PROGRESS A2 Resource creation Initiated",
        "A UPDATE_COMPLETE A2",
        "B UPDATE_IN_PROGRESS B1",
        "B UPDATE_COMPLETE B1",
        "stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "A DELETE_IN_PROGRESS A1",
        "A DELETE_COMPLETE A1",
        "stack UPDATE_COMPLETE",
    ]
    new = stack.physical("A")
    assert new != old
    assert set(things.things) == {new, stack.physical("B")}
    assert things.things[stack.physical("B")]["Needs"] == new


def test_events_of_a_cleanup_have_random_ids_and_no_properties(stack: StackStory) -> None:
    stack.create({"A": thing(Kind="one")})
    stack.update({"A": thing(Kind="two")})
    cleanup = [each for each in stack.all_events() if each["ResourceStatus"].startswith("DELETE")]
    assert [each["ResourceProperties"] for each in cleanup] == [None, None]
    for event in cleanup:
        name, _, random = event["EventId"].partition("-")
        assert (name, len(random)) == ("A", 36)


def test_a_resource_that_is_left_out_is_deleted_after_everything_else(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(), "B": thing(Size=1)})
    stack.events()
    assert stack.update({"B": thing(Size=2)}) == "UPDATE_COMPLETE"
    assert stack.events()[-4:] == [
        "stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "A DELETE_IN_PROGRESS A1",
        "A DELETE_COMPLETE A1",
        "stack UPDATE_COMPLETE",
    ]
    assert list(stack.resources) == ["B"]


@pytest.mark.parametrize(
    ("attributes", "replaced", "removed"),
    [
        pytest.param({}, 0, 0, id="nothing is kept"),
        pytest.param({"_UpdateReplacePolicy": "Retain"}, 1, 0, id="what is replaced is kept"),
        pytest.param({"_DeletionPolicy": "Retain"}, 0, 1, id="what is removed is kept"),
        pytest.param(
            {"_DeletionPolicy": "RetainExceptOnCreate"}, 0, 1, id="except on create: kept later"
        ),
    ],
)
def test_what_policies_keep(
    stack: StackStory, things: Things, attributes: dict[str, str], replaced: int, removed: int
) -> None:
    other = {"B": thing()}
    stack.create({"A": thing(Kind="one", **attributes), **other})
    stack.update({"A": thing(Kind="two", **attributes), **other})
    assert len(things.things) == 2 + replaced
    stack.events()
    stack.update(other)
    assert len(things.things) == 1 + replaced + removed
    assert ("A DELETE_SKIPPED A2" in stack.events()) == bool(removed)


def test_a_retained_resource_is_skipped_when_the_stack_is_deleted(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(_DeletionPolicy="Retain"), "B": thing()})
    stack.events()
    assert stack.delete() == "DELETE_COMPLETE"
    events = stack.events()
    assert "A DELETE_SKIPPED A1" in events
    assert "A DELETE_IN_PROGRESS A1" not in events
    assert len(things.things) == 1


def test_a_cleanup_that_cannot_delete_tries_three_times_and_still_succeeds(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(), "B": thing()})
    things.refused.add(("DeleteThing", "A"))
    stack.events()
    assert stack.update({"B": thing()}) == "UPDATE_COMPLETE"
    assert stack.described["StackStatusReason"] == (
        "Update successful. One or more resources could not be deleted."
    )
    assert sum(line.startswith("A DELETE_FAILED") for line in stack.events()) == 3


def test_a_custom_named_resource_cannot_be_replaced_while_its_name_stays(
    stack: StackStory, things: Things
) -> None:
    stack.create({"A": thing(Name="mine", Kind="one")})
    assert stack.update({"A": thing(Name="mine", Kind="two")}) == "UPDATE_ROLLBACK_COMPLETE"
    assert any(
        line.endswith(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            "Rename mine and update the stack again."
        )
        for line in stack.events()
    )
    assert things.calls == [("CreateThing", "mine")]


def test_a_change_of_nothing_is_refused(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing(Size=1)})
    body = template({"A": thing(Size=1)})
    assert message(account, "UpdateStack", StackName="app", TemplateBody=body) == (
        "ValidationError: No updates are to be performed."
    )


@pytest.mark.parametrize(
    ("attributes", "changes"),
    [
        pytest.param({"_DependsOn": "B"}, False, id="an order is no change"),
        pytest.param({"_Metadata": {"a": 1}}, True, id="metadata are one"),
        pytest.param({"_DeletionPolicy": "Retain"}, True, id="a deletion policy is one"),
        pytest.param({"_UpdateReplacePolicy": "Retain"}, True, id="a replace policy is one"),
    ],
)
def test_what_beside_properties_is_a_change(
    stack: StackStory, things: Things, attributes: dict[str, object], changes: bool
) -> None:
    stack.create({"A": thing(Size=1), "B": thing()})
    made = list(things.calls)
    wish = template({"A": thing(Size=1, **attributes), "B": thing()})
    if not changes:
        refusal = message(stack.account, "UpdateStack", StackName="app", TemplateBody=wish)
        assert refusal.endswith("No updates are to be performed.")
        return
    stack.call("UpdateStack", TemplateBody=wish)
    assert stack.run(100) == "UPDATE_COMPLETE"
    assert things.calls == made


def test_what_refers_to_a_changed_resource_is_updated_only_if_the_value_changes(
    stack: StackStory,
) -> None:
    needs = {"Ref": "A"}
    stack.create({"A": thing(Size=1), "B": thing(Needs=needs)})
    stack.events()
    stack.update({"A": thing(Size=2), "B": thing(Needs=needs)})
    assert not any(line.startswith("B ") for line in stack.events())


def test_new_tags_of_the_stack_reach_its_resources(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(Name="a")})
    stack.call("UpdateStack", UsePreviousTemplate=True, Tags=[{"Key": "team", "Value": "ml"}])
    assert stack.run(100) == "UPDATE_COMPLETE"
    assert things.things["a"]["Tags"]["team"] == "ml"
    assert stack.described["Tags"] == [{"Key": "team", "Value": "ml"}]


def test_a_parameter_keeps_its_previous_value_where_asked_to(
    stack: StackStory, things: Things
) -> None:
    sections = {
        "Parameters": {
            "Size": {"Type": "Number", "Default": 1},
            "Kind": {"Type": "String", "Default": "k"},
        }
    }
    resources = {"A": thing(Name="a", Size={"Ref": "Size"}, Needs={"Ref": "Kind"})}
    given = [{"ParameterKey": "Size", "ParameterValue": "5"}]
    stack.create(resources, sections=sections, Parameters=given)
    wish = [
        {"ParameterKey": "Size", "UsePreviousValue": True},
        {"ParameterKey": "Kind", "ParameterValue": "new"},
    ]
    stack.call("UpdateStack", UsePreviousTemplate=True, Parameters=wish)
    stack.run(100)
    assert (things.things["a"]["Size"], things.things["a"]["Needs"]) == (5, "new")


def test_fields_of_a_stack_by_phase(stack: StackStory) -> None:
    stack.create({"A": thing()})
    fields = set(stack.described)
    assert {"LastUpdatedTime", "ChangeSetId", "Capabilities", "Parameters"}.isdisjoint(fields)
    described = stack.described
    assert described["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    assert described["EnableTerminationProtection"] is False
    assert described["DisableRollback"] is False
    assert (described["NotificationARNs"], described["Tags"]) == ([], [])
    assert described["RollbackConfiguration"] == {}
    stack.update({"A": thing(Size=1)})
    assert "LastUpdatedTime" in stack.described
    stack.delete()
    fields = set(stack.described)
    assert "DeletionTime" in fields
    assert "EnableTerminationProtection" not in fields


def test_a_stack_is_not_updated_while_something_runs_on_it(
    stack: StackStory, account: Account
) -> None:
    stack.create({"A": thing(Seconds=100)}, run=10)
    body = template({"A": thing(Size=1)})
    assert message(account, "UpdateStack", StackName="app", TemplateBody=body) == (
        f"ValidationError: Stack:{stack.id} is in CREATE_IN_PROGRESS state and can not be updated."
    )


def test_a_stack_that_was_rolled_back_can_only_be_deleted(
    stack: StackStory, account: Account, things: Things
) -> None:
    things.refused.add(("CreateThing", "A"))
    stack.create({"A": thing()})
    body = template({"A": thing(Size=1)})
    assert message(account, "UpdateStack", StackName="app", TemplateBody=body) == (
        f"ValidationError: Stack:{stack.id} is in ROLLBACK_COMPLETE state and can not be updated."
    )
    assert stack.delete() == "DELETE_COMPLETE"
    again = StackStory(account)
    things.refused.clear()
    assert again.create({"A": thing()}) == "CREATE_COMPLETE"
    assert again.id != stack.id
    assert stack.status == "DELETE_COMPLETE"


RETYPED = (
    "Update of resource type is not permitted. The new template modifies resource type of the "
    "following resources: [A]"
)


@pytest.mark.parametrize("transformed", [False, True], ids=["plain", "made by macros"])
def test_a_resource_cannot_become_one_of_another_type(
    stack: StackStory, account: Account, transformed: bool
) -> None:
    sections = {"Transform": "AWS::LanguageExtensions"} if transformed else {}
    more = {"StackName": "app", "Capabilities": ["CAPABILITY_AUTO_EXPAND"]}
    stack.create({"A": thing()}, sections=sections, Capabilities=more["Capabilities"])
    body = template({"A": {"Type": "AWS::SQS::Queue"}}, **sections)
    refused = message(account, "UpdateStack", TemplateBody=body, **more)
    assert refused == f"ValidationError: {RETYPED}"
    if not transformed:
        refused = message(account, "CreateChangeSet", TemplateBody=body, ChangeSetName="c", **more)
        assert refused == f"ValidationError: {RETYPED}"
        return
    stack.call("CreateChangeSet", ChangeSetName="c", TemplateBody=body)
    found = stack.ask("DescribeChangeSet", ChangeSetName="c")
    assert (found["Status"], found["StatusReason"]) == ("FAILED", RETYPED)
    assert stack.status == "CREATE_COMPLETE"


def test_a_stack_that_is_being_updated_cannot_be_deleted(
    stack: StackStory, account: Account
) -> None:
    stack.create({"A": thing()})
    stack.update({"A": thing(Seconds=100)}, run=5)
    assert message(account, "DeleteStack", StackName="app") == (
        f"ValidationError: Stack [{stack.id}] cannot be deleted while in status UPDATE_IN_PROGRESS"
    )


def test_a_deleted_stack_can_be_described_for_90_days(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing()})
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.run(88 * 86400.0) == "DELETE_COMPLETE"
    account.run(2 * 86400.0)
    refused = message(account, "DescribeStacks", StackName=stack.id)
    assert refused == f"ValidationError: Stack with id {stack.id} does not exist"
    assert account.ask("cloudformation", "ListStacks")["StackSummaries"] == []
