"""Quotas of templates and of calls. AWS: Understand CloudFormation quotas."""

import json
from typing import Any

import pytest

from understudy.api.wire import violations
from understudy.control.events import Params
from understudy.deploy import stacks
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing


def refusal(account: Account, body: str, **more: Any) -> str:
    return message(account, "CreateStack", StackName="app", TemplateBody=body, **more)


def test_the_size_of_a_request_is_looked_at_before_the_template_is_read(account: Account) -> None:
    body = "{" + "x" * 51_200
    assert refusal(account, body) == (
        f"ValidationError: 1 validation error detected: Value '{body}' at 'templateBody' failed to "
        "satisfy constraint: Member must have length less than or equal to 51200"
    )


def test_a_template_in_a_bucket_may_be_a_megabyte(real: StackStory, services: Services) -> None:
    def put(size: int) -> str:
        body = template({"A": thing()}, Metadata={"Padding": "x" * size})
        services.ask("s3", "CreateBucket", Bucket="big")
        services.ask("s3", "PutObject", Bucket="big", Key="t.json", Body=body.encode())
        return "https://big.s3.us-east-1.amazonaws.com/t.json"

    call = {"StackName": "app", "TemplateURL": put(1_000_000)}
    assert message(real.account, "CreateStack", **call) == (
        "ValidationError: Template may not exceed 1000000 bytes in size."
    )
    real.id = real.call("CreateStack", TemplateURL=put(999_000))["StackId"]
    assert real.run(1000) == "CREATE_COMPLETE"


LIMITS: dict[str, tuple[Params, str]] = {
    "a description": ({"Description": "x" * 1025}, "Description"),
    "a parameter's value": (
        {"Parameters": {"P": {"Type": "String", "Default": "x" * 4097}}},
        "4096",
    ),
    "dynamic references": (
        {"Outputs": {}, "Resources": {"A": thing(Needs=["{{resolve:ssm:/p}}"] * 61)}},
        "60",
    ),
}


@pytest.mark.parametrize(("sections", "said"), LIMITS.values(), ids=LIMITS)
def test_what_is_too_long_is_refused(account: Account, sections: Params, said: str) -> None:
    whole = {"Resources": {"A": thing()}, **sections}
    assert said in refusal(account, json.dumps(whole))


CALLS: dict[str, tuple[Params, str]] = {
    "tags": ({"Tags": [{"Key": f"k{n}", "Value": "v"} for n in range(51)]}, "50"),
    "topics": ({"NotificationARNs": [f"arn:aws:sns:us-east-1:0:t{n}" for n in range(6)]}, "5"),
    "a name with signs": ({"StackName": "*@da591fa3_$"}, "[a-zA-Z][-a-zA-Z0-9]*"),
}


@pytest.mark.parametrize(("call", "said"), CALLS.values(), ids=CALLS)
def test_a_call_with_too_much_is_refused(call: Params, said: str) -> None:
    (found,) = violations("cloudformation", "CreateStack", {"StackName": "app", **call})
    assert said in found


def test_the_name_of_a_stack_is_not_longer_than_128(account: Account) -> None:
    body = template({"A": thing()})
    for call in (
        {"StackName": "a" * 129},
        {"StackName": "b" * 129, "ChangeSetName": "c", "ChangeSetType": "CREATE"},
    ):
        operation = "CreateChangeSet" if "ChangeSetName" in call else "CreateStack"
        refused = message(account, operation, TemplateBody=body, **call)
        assert refused.endswith("Member must have length less than or equal to 128")
    account.call("cloudformation", "CreateStack", StackName="a" * 128, TemplateBody=body)


def test_quotas_are_those_of_the_template_that_loops_have_made(stack: StackStory) -> None:
    items = [f"i{n}" for n in range(501)]
    loop = {"Fn::ForEach::Many": ["X", items, {"T${X}": thing()}]}
    stack.create(
        loop,
        sections={"Transform": "AWS::LanguageExtensions"},
        Capabilities=["CAPABILITY_AUTO_EXPAND"],
    )
    assert stack.status == "ROLLBACK_COMPLETE"
    assert any("Number of resources, 501" in line for line in stack.events())


def test_an_account_has_two_thousand_stacks_in_a_region(
    account: Account, stack: StackStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stacks.MAX_STACKS == 2000
    monkeypatch.setattr(stacks, "MAX_STACKS", 1)
    stack.create({"A": thing()})
    refused = message(account, "CreateStack", StackName="b", TemplateBody=template({"A": thing()}))
    assert refused == "LimitExceededException: Limit for stack has been exceeded"
