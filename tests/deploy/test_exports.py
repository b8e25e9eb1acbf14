"""Exports and imports: one name in a region, and nobody pulls what another uses from under it."""

import json
from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things


def exporting(value: Any, name: str = "shared", **more: Any) -> Params:
    return {"Outputs": {"Out": {"Value": value, "Export": {"Name": name}, **more}}}


def importing(name: Any = "shared") -> Params:
    return {"B": thing(Needs={"Fn::ImportValue": name})}


def reading(stack: Any = "app", output: Any = "Out", **more: Any) -> Params:
    asked = {"StackName": stack, "OutputName": output, **more}
    return {"B": thing(Needs={"Fn::GetStackOutput": asked})}


@pytest.fixture
def other(account: Account) -> StackStory:
    return StackStory(account, "other")


def test_an_export_is_imported_by_another_stack(
    stack: StackStory, other: StackStory, things: Things
) -> None:
    stack.create({"A": thing()}, sections=exporting({"Ref": "A"}))
    assert other.create(importing({"Fn::Sub": "sha${AWS::NoValue}red"})) in (
        "CREATE_COMPLETE",
        "ROLLBACK_COMPLETE",
    )
    other.delete()
    again = StackStory(other.account, "again")
    assert again.create(importing()) == "CREATE_COMPLETE"
    assert things.things[again.physical("B")]["Needs"] == stack.physical("A")
    listed = stack.account.ask("cloudformation", "ListExports")["Exports"]
    assert listed == [
        {"ExportingStackId": stack.id, "Name": "shared", "Value": stack.physical("A")}
    ]
    found = stack.account.ask("cloudformation", "ListImports", ExportName="shared")
    assert found["Imports"] == ["again"]
    output = stack.described["Outputs"][0]
    assert output["ExportName"] == "shared"


def test_an_export_that_is_not_there_fails_the_importing_stack(other: StackStory) -> None:
    assert other.create(importing()) == "ROLLBACK_COMPLETE"
    assert any("No export named shared found." in line for line in other.events())


def test_two_stacks_cannot_export_one_name(stack: StackStory, other: StackStory) -> None:
    stack.create({"A": thing()}, sections=exporting("x"))
    assert other.create({"A": thing()}, sections=exporting("y")) == "ROLLBACK_COMPLETE"
    assert any(
        "Export with name shared is already exported by stack app" in line
        for line in other.events()
    )


def test_an_export_in_use_keeps_its_stack(stack: StackStory, other: StackStory) -> None:
    stack.create({"A": thing()}, sections=exporting("x"))
    other.create(importing())
    stack.events()
    assert stack.delete() == "CREATE_COMPLETE"
    assert any(
        "Cannot delete export shared as it is in use by other." in line for line in stack.events()
    )
    other.delete()
    assert stack.delete() == "DELETE_COMPLETE"


def test_the_value_of_an_export_in_use_cannot_change(stack: StackStory, other: StackStory) -> None:
    stack.create({"A": thing()}, sections=exporting("x"))
    other.create(importing())
    assert stack.update({"A": thing(Size=1)}, sections=exporting("y")) == (
        "UPDATE_ROLLBACK_COMPLETE"
    )
    assert any(
        "Export shared cannot be updated as it is in use by other" in line
        for line in stack.events()
    )
    assert stack.described["Outputs"][0]["OutputValue"] == "x"
    described = exporting("x", Description="new")
    assert stack.update({"A": thing(Size=2)}, sections=described) == "UPDATE_COMPLETE"


def test_an_export_in_use_cannot_be_left_out(stack: StackStory, other: StackStory) -> None:
    stack.create({"A": thing()}, sections=exporting("x"))
    other.create(importing())
    assert stack.update({"A": thing(Size=1)}) == "UPDATE_ROLLBACK_COMPLETE"
    assert any(
        "Export shared cannot be deleted as it is in use by other" in each
        for each in stack.events()
    )


def test_an_export_that_nobody_imports_says_so(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing()}, sections=exporting("x"))
    assert message(account, "ListImports", ExportName="shared") == (
        "ValidationError: Export 'shared' is not imported by any stack."
    )


def test_a_stack_that_no_longer_imports_is_forgotten(stack: StackStory, other: StackStory) -> None:
    stack.create({"A": thing()}, sections=exporting("x"))
    other.create(importing())
    other.update({"B": thing(Needs="own")})
    assert message(stack.account, "ListImports", ExportName="shared").endswith(
        "not imported by any stack."
    )
    assert template({}) == '{"Resources": {}}'


# AWS: Fn::GetStackOutput, a weak reference that needs no export


def test_an_output_of_another_stack_is_read_when_a_stack_is_created_and_updated(
    stack: StackStory, other: StackStory, things: Things
) -> None:
    stack.create({"A": thing()}, sections={"Outputs": {"Out": {"Value": "one"}}})
    name = {"Ref": "From"}
    sections = {"Parameters": {"From": {"Type": "String", "Default": "app"}}}
    region = {"Region": {"Ref": "AWS::Region"}}
    assert other.create(reading(name, **region), sections=sections) == "CREATE_COMPLETE"
    assert things.things[other.physical("B")]["Needs"] == "one"
    stack.update({"A": thing()}, sections={"Outputs": {"Out": {"Value": "two"}}})
    assert other.update(reading(name, **region), sections=sections) == "UPDATE_COMPLETE"
    assert things.things[other.physical("B")]["Needs"] == "two"
    assert stack.delete() == "DELETE_COMPLETE"


def test_an_output_of_a_stack_of_another_region_is_read(
    account: Account, stack: StackStory, other: StackStory, things: Things
) -> None:
    account.region = "eu-west-1"
    stack.create({"A": thing()}, sections={"Outputs": {"Out": {"Value": "far"}}})
    account.region = "us-east-1"
    assert other.create(reading(Region="eu-west-1")) == "CREATE_COMPLETE"
    assert things.things[other.physical("B")]["Needs"] == "far"
    account.restart()
    assert other.update(reading(output="None", Region="eu-west-1")) == "UPDATE_ROLLBACK_COMPLETE"


ROOT = {"AWS": "arn:aws:iam::000000000000:root"}
CLOUDFORMATION = {"Service": "cloudformation.amazonaws.com"}


@pytest.mark.parametrize(
    ("principal", "arn", "refused"),
    [
        (ROOT, "arn:aws:iam::000000000000:role/r", False),
        (CLOUDFORMATION, "arn:aws:iam::000000000000:role/r", True),
        (ROOT, "arn:aws:iam::000000000000:role/other", True),
        (ROOT, "arn:aws:iam::111122223333:role/r", True),
    ],
    ids=["that trusts the account", "that trusts others", "that is not there", "of nobody here"],
)
def test_an_output_is_read_by_a_role(
    real: StackStory, services: Services, principal: Params, arn: str, refused: bool
) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    services.ask("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust)
    queue = {"Type": "AWS::SQS::Queue"}
    real.create({"Q": queue}, sections={"Outputs": {"Out": {"Value": "jobs"}}})
    asked = {"StackName": "app", "OutputName": "Out", "RoleArn": arn}
    named = {**queue, "Properties": {"QueueName": {"Fn::GetStackOutput": asked}}}
    body = template({"Q": named})
    if refused:
        assert message(real.account, "CreateStack", StackName="b", TemplateBody=body) == (
            f"ValidationError: Role {arn} is invalid or cannot be assumed"
        )
    else:
        other = StackStory(real.account, "b")
        assert other.create({"Q": named}) == "CREATE_COMPLETE"
        assert other.physical("Q").endswith("/jobs")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (reading("nowhere"), "No output named Out found in stack nowhere."),
        (reading(output="Other"), "No output named Other found in stack app."),
        (reading(Region="eu-west-1"), "No output named Out found in stack app."),
    ],
    ids=["no such stack", "no such output", "another region"],
)
def test_an_output_that_cannot_be_read_fails_its_resource(
    stack: StackStory, other: StackStory, asked: Params, reason: str
) -> None:
    stack.create({"A": thing()}, sections={"Outputs": {"Out": {"Value": "one"}}})
    assert other.create(asked) == "ROLLBACK_COMPLETE"
    assert any(line.startswith("B CREATE_FAILED") and reason in line for line in other.events())


def test_the_name_of_a_stack_and_of_an_output_are_needed(account: Account) -> None:
    body = template({"B": thing(Needs={"Fn::GetStackOutput": {"StackName": "app"}})})
    refusal = message(account, "CreateStack", StackName="b", TemplateBody=body)
    assert "requires a StackName and an OutputName" in refusal
