"""Lifecycle hooks: waits, results, heartbeats, deadlines, and whom they tell."""

import pytest

from understudy.base.fault import Fault
from understudy.testing.group_story import GroupStory

LAUNCHING, TERMINATING = (
    "autoscaling:EC2_INSTANCE_LAUNCHING",
    "autoscaling:EC2_INSTANCE_TERMINATING",
)


def hook(story: GroupStory, transition: str, name: str = "ready", **more: object) -> None:
    story.of("PutLifecycleHook", LifecycleHookName=name, LifecycleTransition=transition, **more)


def complete(story: GroupStory, result: str, name: str = "ready", **more: object) -> None:
    story.of(
        "CompleteLifecycleAction",
        LifecycleHookName=name,
        LifecycleActionResult=result,
        **({"InstanceId": story.instances()[-1].id} | more),
    )


def test_a_launch_waits_for_its_hook(story: GroupStory) -> None:
    story.create(0, 2)
    hook(story, LAUNCHING)
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(100)
    assert story.states() == ["Pending:Wait"]
    assert story.activities()[0]["StatusCode"] == "MidLifecycleAction"
    complete(story, "CONTINUE")
    assert story.states() == ["InService"]
    assert story.activities()[0]["StatusCode"] == "Successful"


def test_an_abandoned_launch_is_replaced(story: GroupStory) -> None:
    story.create(0, 2)
    hook(story, LAUNCHING)
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(10)
    (first,) = story.instances()
    (token,) = first.actions
    complete(story, "ABANDON", LifecycleActionToken=token)
    (activity,) = story.activities()
    assert activity["StatusCode"] == "Cancelled"
    assert activity["StatusMessage"] == (
        "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "
        f"{token} was abandoned: Lifecycle Action Completed with ABANDON Result"
    )
    story.run(61)
    (second,) = story.instances()
    assert second.id != first.id
    assert second.lifecycle == "Pending:Wait"


@pytest.mark.parametrize(
    ("result", "state"),
    [
        pytest.param({}, [], id="abandons by default"),
        pytest.param({"DefaultResult": "CONTINUE"}, ["InService"], id="or goes on"),
    ],
)
def test_a_wait_ends_at_its_deadline(
    story: GroupStory, result: dict[str, str], state: list[str]
) -> None:
    story.create(0, 2)
    hook(story, LAUNCHING, HeartbeatTimeout=300, **result)
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(299)
    assert story.states() == ["Pending:Wait"]
    story.of("SuspendProcesses", ScalingProcesses=["Launch"])
    story.run(1)
    assert story.states() == state


def test_a_heartbeat_extends_a_wait(story: GroupStory) -> None:
    story.create(0, 2)
    hook(story, LAUNCHING, HeartbeatTimeout=300, DefaultResult="CONTINUE")
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(200)
    identity = story.instances()[0].id
    story.of("RecordLifecycleActionHeartbeat", LifecycleHookName="ready", InstanceId=identity)
    story.run(299)
    assert story.states() == ["Pending:Wait"]
    story.run(1)
    assert story.states() == ["InService"]


def test_heartbeats_extend_a_wait_to_a_hundred_timeouts(story: GroupStory) -> None:
    story.create(0, 2)
    hook(story, LAUNCHING, HeartbeatTimeout=30, DefaultResult="CONTINUE")
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    for _ in range(149):
        story.run(20)
        assert story.states() == ["Pending:Wait"]
        identity = story.instances()[0].id
        story.of("RecordLifecycleActionHeartbeat", LifecycleHookName="ready", InstanceId=identity)
    story.run(20)
    assert story.states() == ["InService"]


def test_a_launch_waits_for_all_of_its_hooks(story: GroupStory) -> None:
    story.create(0, 2)
    for name in ("one", "two"):
        hook(story, LAUNCHING, name)
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(1)
    complete(story, "CONTINUE", "one")
    assert story.states() == ["Pending:Wait"]
    complete(story, "CONTINUE", "two")
    assert story.states() == ["InService"]


def test_a_termination_waits_for_its_hook(story: GroupStory) -> None:
    story.create(0, 2, 1)
    hook(story, TERMINATING, HeartbeatTimeout=1800)
    story.of("SetDesiredCapacity", DesiredCapacity=0)
    story.run(1799)
    assert story.states() == ["Terminating:Wait"]
    assert story.activities()[0]["StatusCode"] == "MidTerminatingLifecycleAction"
    story.run(1)
    assert story.states() == []
    assert story.activities()[0]["StatusCode"] == "Successful"


def test_an_abandoned_termination_may_retain_the_instance(story: GroupStory) -> None:
    policy = {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}
    story.create(1, 2, InstanceLifecyclePolicy=policy)
    hook(story, TERMINATING)
    identity = story.ids()[0]
    story.call(
        "TerminateInstanceInAutoScalingGroup",
        InstanceId=identity,
        ShouldDecrementDesiredCapacity=False,
    )
    story.run(1)
    complete(story, "ABANDON", InstanceId=identity)
    story.run(10)
    assert story.states() == ["InService", "Terminating:Retained"]
    assert story.desired == 1


def test_deleting_a_hook_lets_a_termination_go_on(story: GroupStory) -> None:
    story.create(0, 2, 1)
    hook(story, TERMINATING)
    story.of("SetDesiredCapacity", DesiredCapacity=0)
    story.run(5)
    story.of("DeleteLifecycleHook", LifecycleHookName="ready")
    story.run(1)
    assert story.states() == []


def test_the_target_of_a_hook_is_told(story: GroupStory) -> None:
    story.create(0, 2)
    queue = "arn:aws:sqs:us-east-1:000000000000:jobs"
    hook(story, LAUNCHING, NotificationTargetARN=queue, NotificationMetadata="hello")
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(1)
    (told,) = story.notifications
    (instance,) = story.instances()
    assert told.target == queue
    assert told.message["LifecycleActionToken"] in instance.actions
    assert told.message["EC2InstanceId"] == instance.id
    assert told.message["LifecycleTransition"] == LAUNCHING
    assert told.message["NotificationMetadata"] == "hello"
    assert (told.message["Origin"], told.message["Destination"]) == ("EC2", "AutoScalingGroup")


def test_a_group_is_created_with_its_hooks(story: GroupStory) -> None:
    hooks = [{"LifecycleHookName": "h", "LifecycleTransition": LAUNCHING}]
    story.create(1, 2, LifecycleHookSpecificationList=hooks)
    assert story.states() == ["Pending:Wait"]
    (described,) = story.of("DescribeLifecycleHooks")["LifecycleHooks"]
    assert described["HeartbeatTimeout"] == 3600
    assert described["GlobalTimeout"] == 48 * 3600
    assert described["DefaultResult"] == "ABANDON"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"InstanceId": "i-1"}, "No active Lifecycle Action found with instance ID i-1"),
        ({"LifecycleActionToken": "t-1"}, "No active Lifecycle Action found with token t-1"),
    ],
)
def test_what_nobody_waits_for(story: GroupStory, named: dict[str, str], message: str) -> None:
    story.create(0, 2)
    hook(story, LAUNCHING)
    with pytest.raises(Fault) as refused:
        story.of(
            "CompleteLifecycleAction",
            LifecycleHookName="ready",
            LifecycleActionResult="CONTINUE",
            **named,
        )
    assert refused.value.message == message


@pytest.mark.parametrize(
    "wrong",
    [
        {"LifecycleTransition": "autoscaling:EC2_INSTANCE_SLEEPING"},
        {"LifecycleTransition": LAUNCHING, "HeartbeatTimeout": 10},
        {"LifecycleTransition": LAUNCHING, "DefaultResult": "MAYBE"},
    ],
)
def test_what_a_hook_cannot_be(story: GroupStory, wrong: dict[str, object]) -> None:
    story.create(0, 2)
    with pytest.raises(Fault) as refused:
        story.of("PutLifecycleHook", LifecycleHookName="h", **wrong)
    assert refused.value.code == "ValidationError"
