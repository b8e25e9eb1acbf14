"""Drift-aware change sets. AWS: Using drift-aware change sets."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing


def parameter(value: str, **more: str) -> Params:
    properties = {"Name": "/limit", "Type": "String", "Value": value, **more}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties}


def planned(stack: StackStory, resources: Params, **more: Any) -> Params:
    call = {"ChangeSetName": "c", "TemplateBody": template(resources), **more}
    stack.call("CreateChangeSet", DeploymentMode="REVERT_DRIFT", **call)
    found = stack.ask("DescribeChangeSet", ChangeSetName="c", IncludePropertyValues=True)
    return {key: value for key, value in found.items() if value is not None}


def executed(stack: StackStory) -> str:
    stack.call("ExecuteChangeSet", ChangeSetName="c")
    return stack.run(1000)


def value(services: Services) -> str:
    return services.ask("ssm", "GetParameter", Name="/limit")["Parameter"]["Value"]


def put(services: Services, text: str) -> None:
    services.ask("ssm", "PutParameter", Name="/limit", Value=text, Overwrite=True)


def test_what_was_changed_behind_its_back_is_set_back(real: StackStory, services: Services) -> None:
    real.create({"P": parameter("10")})
    put(services, "99")
    found = planned(real, {"P": parameter("10")})
    assert (found["DeploymentMode"], found["StackDriftStatus"]) == ("REVERT_DRIFT", "DRIFTED")
    (change,) = (each["ResourceChange"] for each in found["Changes"])
    assert (change["Action"], change["Replacement"]) == ("Modify", "False")
    assert change["ResourceDriftStatus"] == "MODIFIED"
    (target,) = (each["Target"] for each in change["Details"])
    drift = target.pop("Drift")
    assert target == {
        "Attribute": "Properties",
        "Name": "Value",
        "Path": "/Properties/Value",
        "RequiresRecreation": "Never",
        "AttributeChangeType": "Modify",
        "BeforeValue": "99",
        "AfterValue": "10",
        "BeforeValueFrom": "ACTUAL_STATE",
        "AfterValueFrom": "TEMPLATE",
    }
    assert (drift["PreviousValue"], drift["ActualValue"]) == ("10", "99")
    assert json.loads(change["BeforeContext"])["Properties"]["Value"] == "99"
    previous = json.loads(change["PreviousDeploymentContext"])
    assert previous == {"Properties": {"Name": "/limit", "Type": "String", "Value": "10"}}
    assert change["ResourceDriftIgnoredAttributes"] == []
    assert executed(real) == "UPDATE_COMPLETE"
    assert value(services) == "10"


def test_a_template_that_says_what_is_resets_the_drift_and_changes_nothing(
    real: StackStory, services: Services
) -> None:
    real.create({"P": parameter("10")})
    put(services, "99")
    found = planned(real, {"P": parameter("99")})
    (change,) = (each["ResourceChange"] for each in found["Changes"])
    assert (change["Action"], change["ResourceDriftStatus"]) == ("SyncWithActual", "MODIFIED")
    written = len(services.pages.written)
    assert executed(real) == "UPDATE_COMPLETE"
    assert len(services.pages.written) == written
    found = real.call("DetectStackResourceDrift", LogicalResourceId="P")["StackResourceDrift"]
    assert found["StackResourceDriftStatus"] == "IN_SYNC"


def test_what_was_deleted_behind_its_back_is_made_again(
    real: StackStory, services: Services
) -> None:
    real.create({"P": parameter("10"), "A": thing()})
    services.ask("ssm", "DeleteParameter", Name="/limit")
    found = planned(real, {"P": parameter("10"), "A": thing()})
    (change,) = (each["ResourceChange"] for each in found["Changes"])
    assert (change["Action"], change["ResourceDriftStatus"]) == ("Add", "DELETED")
    assert executed(real) == "UPDATE_COMPLETE"
    assert value(services) == "10"


def test_a_rollback_goes_back_to_what_actually_was(real: StackStory, services: Services) -> None:
    real.create({"P": parameter("10")})
    put(services, "99")
    unknown = {"Fn::GetAtt": ["P", "Type"]}
    bad = thing(Size=unknown)  # No whole number, which is known once the parameter is updated.
    planned(real, {"P": parameter("50"), "Bad": bad})
    assert executed(real) == "UPDATE_ROLLBACK_COMPLETE"
    assert value(services) == "99"


def test_a_stack_that_is_as_its_template_says_has_no_changes(real: StackStory) -> None:
    real.create({"P": parameter("10")})
    found = planned(real, {"P": parameter("10")})
    assert (found["Status"], found["StackDriftStatus"]) == ("FAILED", "IN_SYNC")
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_an_ordinary_change_set_knows_nothing_of_drift(
    real: StackStory, services: Services
) -> None:
    real.create({"P": parameter("10")})
    put(services, "99")
    body = template({"P": parameter("10")})
    real.call("CreateChangeSet", ChangeSetName="c", TemplateBody=body)
    found = real.ask("DescribeChangeSet", ChangeSetName="c")
    assert found["Status"] == "FAILED"
    assert found["StackDriftStatus"] is None


def test_nested_change_sets_cannot_revert_drift(stack: StackStory, account: Account) -> None:
    stack.create({"A": thing()})
    call = {"StackName": "app", "ChangeSetName": "c", "TemplateBody": template({"A": thing()})}
    more = {"DeploymentMode": "REVERT_DRIFT", "IncludeNestedStacks": True}
    assert "IncludeNestedStacks" in message(account, "CreateChangeSet", **call, **more)
    with pytest.raises(Fault, match="does not exist"):
        stack.ask("DescribeChangeSet", ChangeSetName="c")


def test_what_cannot_be_compared_is_named_with_its_reason(
    real: StackStory, services: Services
) -> None:
    services.ask("ssm", "PutParameter", Name="/tier", Value="jobs", Type="String")
    secret = "{{resolve:ssm:/tier}}"
    real.create({"P": parameter(secret, Description="one")})
    found = planned(real, {"P": parameter(secret, Description="two")})
    (change,) = (each["ResourceChange"] for each in found["Changes"])
    assert change["ResourceDriftIgnoredAttributes"] == [
        {"Path": "/Properties/Value", "Reason": "SENSITIVE_PROPERTY"},
        {"Path": "/Properties/Description", "Reason": "WRITE_ONLY_PROPERTY"},
    ]
    without = real.ask("DescribeChangeSet", ChangeSetName="c")["Changes"][0]["ResourceChange"]
    assert "PreviousDeploymentContext" not in without
