"""Change sets: what they say, what becomes of them, and that what was reviewed is executed."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)


def plan(stack: StackStory, resources: Params, name: str = "cs", **more: Any) -> Params:
    sections = more.pop("sections", {})
    body = template(resources, **sections)
    made = stack.call("CreateChangeSet", ChangeSetName=name, TemplateBody=body, **more)
    stack.id = made["StackId"]
    return described(stack, name)


def described(stack: StackStory, name: str = "cs", **more: Any) -> Params:
    params = {"StackName": stack.name, "ChangeSetName": name, **more}
    found = stack.account.ask("cloudformation", "DescribeChangeSet", **params)
    return {key: value for key, value in found.items() if value is not None}


def changes(change_set: Params) -> list[Params]:
    return [
        {key: value for key, value in each["ResourceChange"].items() if value is not None}
        for each in change_set["Changes"]
    ]


def execute(stack: StackStory, name: str = "cs", run: float = 1000, **more: Any) -> str:
    stack.call("ExecuteChangeSet", ChangeSetName=name, **more)
    return stack.run(run)


def test_a_stack_is_created_by_a_change_set(stack: StackStory) -> None:
    planned = plan(stack, {"A": thing(Size=1)}, ChangeSetType="CREATE")
    assert (planned["Status"], planned["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert stack.status == "REVIEW_IN_PROGRESS"
    assert changes(planned) == [
        {
            "Action": "Add",
            "LogicalResourceId": "A",
            "ResourceType": "Test::Unit::Thing",
            "Scope": [],
            "Details": [],
        }
    ]
    assert execute(stack) == "CREATE_COMPLETE"
    assert stack.events()[:3] == [
        "stack REVIEW_IN_PROGRESS User Initiated",
        "stack CREATE_IN_PROGRESS User Initiated",
        "A CREATE_IN_PROGRESS",
    ]
    assert {"LastUpdatedTime", "ChangeSetId"} <= set(stack.described)
    with pytest.raises(Fault, match=r"ChangeSet \[cs\] does not exist"):
        described(stack)


def test_an_executed_name_can_be_used_again_and_its_arn_still_answers(stack: StackStory) -> None:
    first = plan(stack, {"A": thing(Size=1)}, ChangeSetType="CREATE")
    execute(stack)
    found = stack.account.ask(
        "cloudformation", "DescribeChangeSet", ChangeSetName=first["ChangeSetId"]
    )
    assert found["ExecutionStatus"] == "EXECUTE_COMPLETE"
    second = plan(stack, {"A": thing(Size=2)})
    assert second["ChangeSetId"] != first["ChangeSetId"]
    assert execute(stack) == "UPDATE_COMPLETE"


def test_a_literal_edit_has_one_static_detail(stack: StackStory) -> None:
    stack.create({"A": thing(Size=1)})
    change = changes(plan(stack, {"A": thing(Size=2)}))[0]
    assert change == {
        "Action": "Modify",
        "LogicalResourceId": "A",
        "PhysicalResourceId": stack.physical("A"),
        "ResourceType": "Test::Unit::Thing",
        "Replacement": "False",
        "Scope": ["Properties"],
        "Details": [
            {
                "Target": {
                    "Attribute": "Properties",
                    "Name": "Size",
                    "RequiresRecreation": "Never",
                },
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }
        ],
    }


def test_a_replacement_says_what_becomes_of_the_old_resource(stack: StackStory) -> None:
    kept = {"_UpdateReplacePolicy": "Retain"}
    stack.create({"A": thing(Kind="one"), "B": thing(Kind="one", **kept), "C": thing()})
    planned = plan(stack, {"A": thing(Kind="two"), "B": thing(Kind="two", **kept)})
    found = {each["LogicalResourceId"]: each for each in changes(planned)}
    assert (found["A"]["Replacement"], found["A"]["PolicyAction"]) == ("True", "ReplaceAndDelete")
    assert (found["B"]["Replacement"], found["B"]["PolicyAction"]) == ("True", "ReplaceAndRetain")
    assert (found["C"]["Action"], found["C"]["PolicyAction"]) == ("Remove", "Delete")
    assert "Replacement" not in found["C"]
    assert found["C"]["Scope"] == []


def test_a_changed_parameter_is_named_as_the_cause(stack: StackStory) -> None:
    sections = {"Parameters": {"Size": {"Type": "Number"}}}
    resources = {"A": thing(Size={"Ref": "Size"})}
    one = [{"ParameterKey": "Size", "ParameterValue": "1"}]
    two = [{"ParameterKey": "Size", "ParameterValue": "2"}]
    stack.create(resources, sections=sections, Parameters=one)
    details = changes(plan(stack, resources, sections=sections, Parameters=two))[0]["Details"]
    found = {(d["ChangeSource"], d["Evaluation"], d.get("CausingEntity")) for d in details}
    assert found == {
        ("ParameterReference", "Static", "Size"),
        ("DirectModification", "Dynamic", None),
    }


def test_what_refers_to_a_replaced_resource_may_change(stack: StackStory) -> None:
    def resources(kind: str) -> Params:
        return {
            "A": thing(Kind=kind),
            "B": thing(Needs={"Ref": "A"}),
            "C": thing(Kind={"Ref": "A"}),
        }

    stack.create(resources("one"))
    found = {c["LogicalResourceId"]: c for c in changes(plan(stack, resources("two")))}
    detail = found["B"]["Details"][0]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ResourceReference", "A")
    assert found["B"]["Replacement"] == "False"
    assert (found["C"]["Replacement"], found["C"]["Details"][0]["Evaluation"]) == ("True", "Static")


def test_property_values_before_and_after(stack: StackStory) -> None:
    stack.create({"A": thing(Size=1, Needs={"x": "y"}), "B": thing(Kind="one")})
    wish = {"A": thing(Size=2, Needs={"x": "z"}), "B": thing(Kind={"Ref": "New"}), "New": thing()}
    plan(stack, wish)
    found = {
        c["LogicalResourceId"]: c for c in changes(described(stack, IncludePropertyValues=True))
    }
    assert json.loads(found["A"]["BeforeContext"]) == {
        "Properties": {"Size": "1", "Needs": {"x": "y"}}
    }
    assert json.loads(found["A"]["AfterContext"]) == {
        "Properties": {"Size": "2", "Needs": {"x": "z"}}
    }
    targets = {d["Target"]["Path"]: d["Target"] for d in found["A"]["Details"]}
    size = targets["/Properties/Size"]
    assert (size["BeforeValue"], size["AfterValue"]) == ("1", "2")
    assert size["AttributeChangeType"] == "Modify"
    assert "{{changeSet:KNOWN_AFTER_APPLY}}" in found["B"]["AfterContext"]
    assert found["New"]["Replacement"] == "True"


def test_nothing_to_change_fails_with_the_first_text(stack: StackStory) -> None:
    stack.create({"A": thing(Size=1)})
    planned = plan(stack, {"A": thing(Size=1)})
    assert planned["Status"] == "FAILED"
    assert planned["ExecutionStatus"] == "UNAVAILABLE"
    assert planned["StatusReason"] == NO_CHANGES
    assert planned["Changes"] == []
    arn = planned["ChangeSetId"]
    assert message(stack.account, "ExecuteChangeSet", ChangeSetName=arn) == (
        f"InvalidChangeSetStatus: ChangeSet [{arn}] cannot be executed in its current status of "
        "[FAILED]"
    )


def test_nothing_to_change_after_a_transform_fails_with_the_second_text(stack: StackStory) -> None:
    sections = {"Transform": "AWS::LanguageExtensions"}
    acknowledged = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}
    stack.create({"A": thing(Size=1)}, sections=sections, **acknowledged)
    planned = plan(stack, {"A": thing(Size=1)}, sections=sections, **acknowledged)
    assert planned["StatusReason"] == "No updates are to be performed."


@pytest.mark.parametrize(
    ("sections", "more"),
    [
        pytest.param({"Outputs": {"O": {"Value": "v"}}}, {}, id="only an output"),
        pytest.param({}, {"Tags": [{"Key": "a", "Value": "b"}]}, id="only a tag of the stack"),
    ],
)
def test_what_is_a_change_though_no_resource_changes(
    stack: StackStory, sections: Params, more: Params
) -> None:
    stack.create({"A": thing(Size=1)})
    planned = plan(stack, {"A": thing(Size=1)}, sections=sections, **more)
    assert planned["Status"] == "CREATE_COMPLETE"
    assert execute(stack) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    "sections",
    [{"Description": "new"}, {"Conditions": {"C": {"Fn::Equals": ["a", "a"]}}}],
    ids=["a description", "a condition that nothing uses"],
)
def test_what_is_no_change(stack: StackStory, sections: Params) -> None:
    stack.create({"A": thing(Size=1)})
    assert plan(stack, {"A": thing(Size=1)}, sections=sections)["Status"] == "FAILED"


def test_what_was_reviewed_is_executed_though_the_template_has_changed_meanwhile(
    real: StackStory, services: Services
) -> None:
    services.ask("s3", "CreateBucket", Bucket="templates")
    url = "https://templates.s3.amazonaws.com/t.json"

    def put(size: int) -> None:
        body = template({"A": thing(Name="a", Size=size)}).encode()
        services.ask("s3", "PutObject", Bucket="templates", Key="t.json", Body=body)

    put(1)
    call = {"ChangeSetName": "cs", "ChangeSetType": "CREATE", "TemplateURL": url}
    real.call("CreateChangeSet", **call)
    put(2)
    assert execute(real) == "CREATE_COMPLETE"
    assert services.things.things["a"]["Size"] == 1


def test_executing_one_makes_the_others_go(stack: StackStory) -> None:
    stack.create({"A": thing(Size=1)})
    plan(stack, {"A": thing(Size=2)}, "one")
    plan(stack, {"A": thing(Size=3)}, "two")
    found = stack.ask("ListChangeSets")["Summaries"]
    assert {each["ChangeSetName"] for each in found} == {"one", "two"}
    execute(stack, "one")
    assert stack.ask("ListChangeSets")["Summaries"] == []
    with pytest.raises(Fault, match=r"ChangeSet \[two\] does not exist"):
        described(stack, "two")


def test_deleting_is_idempotent_on_a_stack_that_exists(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing(Size=1)})
    plan(stack, {"A": thing(Size=2)})
    for _ in range(2):
        stack.call("DeleteChangeSet", ChangeSetName="cs")
    assert message(account, "DeleteChangeSet", StackName="no", ChangeSetName="cs") == (
        "ValidationError: Stack [no] does not exist"
    )
    assert message(account, "DeleteChangeSet", ChangeSetName="cs") == (
        "ValidationError: StackName must be specified if ChangeSetName is not specified as an ARN."
    )


def test_a_stack_in_review_is_deleted_at_once(stack: StackStory, account: Account) -> None:
    plan(stack, {"A": thing()}, ChangeSetType="CREATE")
    stack.call("DeleteStack")
    assert stack.status == "DELETE_COMPLETE"
    assert message(account, "DescribeStacks", StackName="app") == (
        "ValidationError: Stack with id app does not exist"
    )


def test_several_change_sets_may_wait_in_review(stack: StackStory) -> None:
    plan(stack, {"A": thing(Size=1)}, "one", ChangeSetType="CREATE")
    plan(stack, {"A": thing(Size=2)}, "two", ChangeSetType="CREATE")
    assert execute(stack, "two") == "CREATE_COMPLETE"


def test_a_live_stack_cannot_be_created_again(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing()})
    body = template({"A": thing()})
    call = {"ChangeSetName": "cs", "ChangeSetType": "CREATE", "TemplateBody": body}
    for name in ("app", stack.id):
        assert message(account, "CreateChangeSet", StackName=name, **call) == (
            f"ValidationError: Stack [{name}] already exists and cannot be created again with the "
            "changeSet [cs]."
        )


def test_a_change_set_for_a_stack_that_is_deleted_is_refused(
    stack: StackStory, account: Account
) -> None:
    stack.create({"A": thing()})
    stack.delete()
    call = {"ChangeSetName": "test", "TemplateBody": template({"A": thing()})}
    arn = stack.id
    assert message(account, "CreateChangeSet", StackName=arn, ChangeSetType="UPDATE", **call) == (
        f"ValidationError: Stack:{arn} is in DELETE_COMPLETE state and can not be updated."
    )
    assert message(account, "CreateChangeSet", StackName=arn, ChangeSetType="CREATE", **call) == (
        f"ValidationError: Stack [{arn}] already exists and cannot be created again with the "
        "changeSet [test]."
    )


@pytest.mark.parametrize(
    ("choice", "status"),
    [
        ("DELETE", "DELETE_COMPLETE"),
        ("DO_NOTHING", "CREATE_FAILED"),
        ("ROLLBACK", "ROLLBACK_COMPLETE"),
    ],
)
def test_on_stack_failure(stack: StackStory, things: Things, choice: str, status: str) -> None:
    things.refused.add(("CreateThing", "A"))
    plan(stack, {"A": thing()}, ChangeSetType="CREATE", OnStackFailure=choice)
    assert execute(stack) == status


def test_options_of_a_change_set_are_shown_again(stack: StackStory) -> None:
    planned = plan(
        stack,
        {"A": thing()},
        ChangeSetType="CREATE",
        Description="why",
        Tags=[{"Key": "a", "Value": "b"}],
        Capabilities=["CAPABILITY_IAM"],
        OnStackFailure="DELETE",
        IncludeNestedStacks=True,
    )
    assert planned["Description"] == "why"
    assert planned["Tags"] == [{"Key": "a", "Value": "b"}]
    assert planned["Capabilities"] == ["CAPABILITY_IAM"]
    assert planned["OnStackFailure"] == "DELETE"
    assert planned["IncludeNestedStacks"] is True


def test_a_long_list_of_changes_comes_in_pages(stack: StackStory) -> None:
    resources = {f"R{n}": thing() for n in range(250)}
    plan(stack, resources, ChangeSetType="CREATE")
    seen: list[str] = []
    more: Params = {}
    while True:
        found = described(stack, **more)
        seen += [each["LogicalResourceId"] for each in changes(found)]
        if "NextToken" not in found:
            break
        more = {"NextToken": found["NextToken"]}
    assert sorted(seen) == sorted(resources)


def test_the_same_token_plans_once(stack: StackStory) -> None:
    body = template({"A": thing()})
    call = {"ChangeSetName": "cs", "ChangeSetType": "CREATE", "TemplateBody": body}
    first = stack.call("CreateChangeSet", ClientToken="t", **call)
    assert stack.call("CreateChangeSet", ClientToken="t", **call) == first
    assert message(stack.account, "CreateChangeSet", StackName="app", **call).startswith(
        "AlreadyExistsException"
    )


# Nested change sets


def nested(url: str, **parameters: str) -> Params:
    return {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": url, "Parameters": parameters},
    }


def child_body(size: int) -> str:
    return template(
        {"Inner": thing(Size=size, Needs={"Ref": "Word"})},
        Parameters={"Word": {"Type": "String", "Default": "w"}},
    )


def put_child(services: Services, size: int) -> str:
    if not services.has("s3", "HeadBucket", Bucket="templates"):
        services.ask("s3", "CreateBucket", Bucket="templates")
    body = child_body(size).encode()
    services.ask("s3", "PutObject", Bucket="templates", Key="c.json", Body=body)
    return "https://s3.amazonaws.com/templates/c.json"


def test_nested_change_sets_are_made_with_their_parent_and_executed_from_the_root(
    real: StackStory, services: Services
) -> None:
    url = put_child(services, 1)
    planned = plan(real, {"C": nested(url)}, ChangeSetType="CREATE", IncludeNestedStacks=True)
    child_id = changes(planned)[0]["ChangeSetId"]
    child = real.account.ask("cloudformation", "DescribeChangeSet", ChangeSetName=child_id)
    assert child["ParentChangeSetId"] == child["RootChangeSetId"] == planned["ChangeSetId"]
    assert [each["LogicalResourceId"] for each in changes(child)] == ["Inner"]
    with pytest.raises(Fault):
        real.account.call("cloudformation", "ExecuteChangeSet", ChangeSetName=child_id)
    put_child(services, 7)
    assert execute(real) == "CREATE_COMPLETE"
    made = next(iter(services.things.things.values()))
    assert made["Size"] == 1
    planned = plan(real, {"C": nested(url)}, IncludeNestedStacks=True)
    change = changes(planned)[0]
    assert (change["Action"], change["Replacement"]) == ("Modify", "False")
    child = real.account.ask(
        "cloudformation", "DescribeChangeSet", ChangeSetName=change["ChangeSetId"]
    )
    assert [each["Action"] for each in changes(child)] == ["Modify"]
    assert execute(real) == "UPDATE_COMPLETE"
    assert next(iter(services.things.things.values()))["Size"] == 7


def test_deleting_the_root_deletes_nested_change_sets_and_stacks_in_review(
    real: StackStory, services: Services
) -> None:
    url = put_child(services, 1)
    planned = plan(real, {"C": nested(url)}, ChangeSetType="CREATE", IncludeNestedStacks=True)
    child_id = changes(planned)[0]["ChangeSetId"]
    real.call("DeleteChangeSet", ChangeSetName="cs")
    real.run(10)
    with pytest.raises(Fault, match="does not exist"):
        real.account.ask("cloudformation", "DescribeChangeSet", ChangeSetName=child_id)
    shown = real.account.ask("cloudformation", "DescribeStacks")["Stacks"]
    assert [each["StackName"] for each in shown] == ["app"]


INVALID = {
    "Bad": thing(Size="many", Needs={"Fn::GetAtt": ["Good", "Arn"]}, Color="red"),
    "Good": thing(Size=1, Kind={"Ref": "Named"}),
    "Named": thing(),
}
EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To "
    "troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure "
    "information."
)


def test_a_change_set_whose_properties_break_the_schema_fails_before_anything_is_made(
    stack: StackStory, things: Things
) -> None:
    stack.call(
        "CreateChangeSet",
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=template(INVALID),
    )
    found = stack.ask("DescribeChangeSet", ChangeSetName="c")
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"] == EARLY
    wanted = {"ChangeSetName": found["ChangeSetId"], "Filters": {"FailedEvents": True}}
    events = stack.account.ask("cloudformation", "DescribeEvents", **wanted)["OperationEvents"]
    members = ("LogicalResourceId", "EventType", "ValidationPath", "ValidationStatusReason")
    assert [tuple(each[name] for name in members) for each in events] == [
        (
            "Bad",
            "VALIDATION_ERROR",
            "/Resources/Bad/Properties",
            "#: extraneous key [Color] is not permitted",
        ),
        (
            "Bad",
            "VALIDATION_ERROR",
            "/Resources/Bad/Properties/Size",
            "#/Size: expected type: Integer, found: String",
        ),
    ]
    assert things.calls == []


def test_the_validation_of_a_change_set_can_be_left_out(stack: StackStory) -> None:
    stack.call(
        "CreateChangeSet",
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=template(INVALID),
        DisableValidation=True,
    )
    assert stack.ask("DescribeChangeSet", ChangeSetName="c")["Status"] == "CREATE_COMPLETE"
    stack.call("ExecuteChangeSet", ChangeSetName="c")
    assert stack.run(1000) == "ROLLBACK_COMPLETE"


def test_an_update_is_validated_where_something_changes(stack: StackStory) -> None:
    stack.create({"A": thing(Size=1), "B": thing()})
    body = template({"A": thing(Size="x"), "B": thing()})
    stack.call("CreateChangeSet", ChangeSetName="c", TemplateBody=body)
    assert stack.ask("DescribeChangeSet", ChangeSetName="c")["StatusReason"] == EARLY
