"""Stack policies: which resources an update may touch. AWS: Prevent updates to stack resources."""

import json
from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, thing


def statement(effect: str, action: str, resource: str = "*", **more: Any) -> Params:
    return {"Effect": effect, "Action": action, "Principal": "*", "Resource": resource, **more}


def policy(*statements: Params) -> str:
    return json.dumps({"Statement": [*statements]})


EVERYTHING = statement("Allow", "Update:*")


@pytest.mark.parametrize(
    ("denied", "wish", "ends"),
    [
        ("Update:Modify", {"A": thing(Size=2)}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:Replace", {"A": thing(Size=2)}, "UPDATE_COMPLETE"),
        ("Update:Replace", {"A": thing(Kind="x", Size=1)}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:Delete", {"B": thing()}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:*", {"A": thing(Size=2)}, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:*", {"A": thing(Size=1), "New": thing()}, "UPDATE_COMPLETE"),
    ],
    ids=[
        "it protects from a change",
        "a change is no replacement",
        "it protects from replacement",
        "it protects from removal",
        "it protects from everything",
        "it says nothing of new resources",
    ],
)
def test_a_policy_protects_resources_from_updates(
    stack: StackStory, denied: str, wish: Params, ends: str
) -> None:
    body = policy(EVERYTHING, statement("Deny", denied, "LogicalResourceId/A"))
    stack.create({"A": thing(Size=1)}, StackPolicyBody=body)
    assert stack.update(wish) == ends
    reason = f"Action denied by stack policy: Statement [#2] does not allow [{denied}] for resource"
    assert any(reason in line for line in stack.events()) == (ends != "UPDATE_COMPLETE")


def test_what_no_statement_allows_is_denied(stack: StackStory) -> None:
    only_b = policy(statement("Allow", "Update:*", "LogicalResourceId/B"))
    stack.create({"A": thing(Size=1), "B": thing(Size=1)}, StackPolicyBody=only_b)
    assert stack.update({"A": thing(Size=1), "B": thing(Size=2)}) == "UPDATE_COMPLETE"
    assert stack.update({"A": thing(Size=2), "B": thing(Size=2)}) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_policy_may_name_types(stack: StackStory) -> None:
    condition = {"StringLike": {"ResourceType": ["Test::*"]}}
    body = policy(EVERYTHING, statement("Deny", "Update:*", Condition=condition))
    stack.create({"A": thing(Size=1)}, StackPolicyBody=body)
    assert stack.update({"A": thing(Size=2)}) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_policy_for_one_update_goes_before_the_stacks_own(stack: StackStory) -> None:
    closed = policy(statement("Deny", "Update:*"))
    stack.create({"A": thing(Size=1)}, StackPolicyBody=closed)
    open_once = policy(EVERYTHING)
    assert stack.update({"A": thing(Size=2)}, StackPolicyDuringUpdateBody=open_once) == (
        "UPDATE_COMPLETE"
    )
    assert stack.ask("GetStackPolicy")["StackPolicyBody"] == closed
    assert stack.update({"A": thing(Size=3)}) == "UPDATE_ROLLBACK_COMPLETE"
    stack.call("SetStackPolicy", StackPolicyBody=open_once)
    assert stack.update({"A": thing(Size=3)}) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    "body",
    ["{", json.dumps({"Statement": [{"Effect": "Maybe"}]}), policy(statement("Allow", "Delete:*"))],
    ids=["no JSON", "an unknown effect", "an unknown action"],
)
def test_an_invalid_policy_is_refused(stack: StackStory, account: Account, body: str) -> None:
    stack.create({"A": thing()})
    assert message(account, "SetStackPolicy", StackName="app", StackPolicyBody=body) == (
        "ValidationError: Error validating stack policy: Invalid stack policy"
    )


def test_a_policy_comes_as_text_or_by_address_not_both(stack: StackStory) -> None:
    stack.create({"A": thing()})
    both = {"StackPolicyBody": policy(EVERYTHING), "StackPolicyURL": "https://x"}
    assert message(stack.account, "SetStackPolicy", StackName="app", **both) == (
        "ValidationError: You cannot specify both StackPolicyURL and StackPolicyBody"
    )


def test_a_policy_is_fetched_from_its_address(real: StackStory, services: Services) -> None:
    real.create({"A": thing(Size=1)})
    services.ask("s3", "CreateBucket", Bucket="policies")
    body = policy(statement("Deny", "Update:*"))
    services.ask("s3", "PutObject", Bucket="policies", Key="p.json", Body=body.encode())
    real.call("SetStackPolicy", StackPolicyURL="https://s3.amazonaws.com/policies/p.json")
    assert real.ask("GetStackPolicy")["StackPolicyBody"] == body
