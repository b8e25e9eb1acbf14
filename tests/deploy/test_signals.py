"""Signals: creation policies, wait conditions and their handles."""

import json

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.stack_story import StackStory, message, thing
from understudy.testing.things import Things

WAIT = "AWS::CloudFormation::WaitCondition"
POLICY = {"ResourceSignal": {"Count": 2, "Timeout": "PT10M"}}


def waiting(count: int = 1, timeout: int = 300) -> Params:
    properties = {"Handle": {"Ref": "Handle"}, "Timeout": str(timeout), "Count": count}
    return {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {"Type": WAIT, "Properties": properties},
    }


def say(stack: StackStory, status: str = "SUCCESS", unique_id: str = "1", **more: str) -> None:
    body = {"Status": status, "UniqueId": unique_id, "Data": "done", "Reason": "why", **more}
    url = stack.physical("Handle")
    params = {"Url": url, "Body": json.dumps(body)}
    stack.account.call("cloudformation", "SignalWaitConditionHandle", **params)


def test_a_resource_with_a_creation_policy_is_complete_when_it_has_signalled(
    stack: StackStory, things: Things
) -> None:
    resources = {"A": thing(_CreationPolicy=POLICY), "B": thing(_DependsOn="A")}
    assert stack.create(resources, run=60) == "CREATE_IN_PROGRESS"
    for unique_id in ("i-1", "i-1", "i-2"):
        stack.call("SignalResource", LogicalResourceId="A", UniqueId=unique_id, Status="SUCCESS")
    assert stack.run(1) == "CREATE_COMPLETE"
    assert stack.events()[:6] == [
        "stack CREATE_IN_PROGRESS User Initiated",
        "A CREATE_IN_PROGRESS",
        "A CREATE_IN_PROGRESS A1 Resource creation Initiated",
        "A CREATE_IN_PROGRESS A1 Received SUCCESS signal with UniqueId i-1",
        "A CREATE_IN_PROGRESS A1 Received SUCCESS signal with UniqueId i-2",
        "A CREATE_COMPLETE A1",
    ]


def test_a_resource_that_signals_too_little_in_time_fails(stack: StackStory) -> None:
    stack.create({"A": thing(_CreationPolicy=POLICY)}, run=500)
    stack.call("SignalResource", LogicalResourceId="A", UniqueId="i-1", Status="SUCCESS")
    assert stack.run(99) == "CREATE_IN_PROGRESS"
    assert stack.run(10) == "ROLLBACK_COMPLETE"
    reason = "Failed to receive 1 resource signal(s) within the specified duration"
    assert f"A CREATE_FAILED A1 {reason}" in stack.events()


def test_a_signal_of_failure_fails_the_resource(stack: StackStory) -> None:
    stack.create({"A": thing(_CreationPolicy=POLICY)}, run=5)
    stack.call("SignalResource", LogicalResourceId="A", UniqueId="i-1", Status="FAILURE")
    assert stack.run(1) == "ROLLBACK_COMPLETE"
    assert "A CREATE_FAILED A1 Received FAILURE signal with UniqueId i-1" in stack.events()


def test_a_resource_that_nobody_waits_for_cannot_signal(stack: StackStory) -> None:
    stack.create({"A": thing()})
    refusal = message(
        stack.account,
        "SignalResource",
        StackName="app",
        LogicalResourceId="A",
        UniqueId="i-1",
        Status="SUCCESS",
    )
    assert refusal == (
        "ValidationError: Signaling resource A in status CREATE_COMPLETE is not supported"
    )


def test_a_wait_condition_is_met_when_its_handle_has_been_told(stack: StackStory) -> None:
    data = {"Outputs": {"Data": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}}}}
    assert stack.create(waiting(count=2), run=60, sections=data) == "CREATE_IN_PROGRESS"
    assert stack.resources == {"Handle": "CREATE_COMPLETE", "Wait": "CREATE_IN_PROGRESS"}
    say(stack, unique_id="a", Data="one")
    say(stack, unique_id="b", Data="two")
    assert stack.run(1) == "CREATE_COMPLETE"
    value = stack.described["Outputs"][0]["OutputValue"]
    assert json.loads(value) == {"a": "one", "b": "two"}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            False,
            "WaitCondition timed out. Received 0 conditions when expecting 1",
        ),
        (True, "WaitCondition received failed message: 'why' for uniqueId: 1"),
    ],
    ids=["nobody told it in time", "it was told of failure"],
)
def test_a_wait_condition_that_is_not_met_fails(stack: StackStory, told: bool, reason: str) -> None:
    stack.create(waiting(), run=60)
    if told:
        say(stack, "FAILURE")
    assert stack.run(1000) == "ROLLBACK_COMPLETE"
    assert f"Wait CREATE_FAILED Wait1 {reason}" in stack.events()


def test_a_handle_believes_only_its_own_address(stack: StackStory) -> None:
    stack.create(waiting(), run=60)
    url = stack.physical("Handle")
    for wrong in (url[:-1] + "x", url.replace("Handle", "Other")):
        params = {"Url": wrong, "Body": json.dumps({"Status": "SUCCESS", "UniqueId": "1"})}
        with pytest.raises(Fault, match=r"signature|Access Denied"):
            stack.account.call("cloudformation", "SignalWaitConditionHandle", **params)
    assert stack.status == "CREATE_IN_PROGRESS"


def test_a_restart_in_the_middle_of_waiting_loses_no_signal(stack: StackStory) -> None:
    stack.create({**waiting(count=2), "A": thing(_CreationPolicy=POLICY)}, run=60)
    say(stack, unique_id="a")
    stack.call("SignalResource", LogicalResourceId="A", UniqueId="i-1", Status="SUCCESS")
    stack.account.restart()
    say(stack, unique_id="b")
    stack.call("SignalResource", LogicalResourceId="A", UniqueId="i-2", Status="SUCCESS")
    assert stack.run(1) == "CREATE_COMPLETE"
