"""Operations on single instances: attach, detach, standby, protection, termination."""

import pytest

from understudy.base.fault import Fault
from understudy.testing.group_story import NAME, GroupStory


def test_standby_shrinks_the_group_if_asked(story: GroupStory) -> None:
    story.create(1, 4, 2)
    (identity,) = story.ids()
    answer = story.of("EnterStandby", InstanceIds=[identity], ShouldDecrementDesiredCapacity=True)
    (activity,) = answer["Activities"]
    assert activity["Description"] == f"Moving EC2 instance to Standby: {identity}"
    assert activity["Cause"] == (
        f"At 2026-05-28T20:27:00Z instance {identity} was moved to standby in response to a user "
        "request, shrinking the capacity from 2 to 1."
    )
    assert (activity["StatusCode"], activity["Progress"]) == ("InProgress", 50)
    story.run(60)
    assert story.states() == ["InService", "Standby"]
    answer = story.of("ExitStandby", InstanceIds=[identity])
    (activity,) = answer["Activities"]
    assert activity["Description"] == f"Moving EC2 instance out of Standby: {identity}"
    assert activity["Cause"].endswith(
        "was moved out of standby in response to a user request, increasing the capacity from 1 to "
        "2."
    )
    assert (activity["StatusCode"], activity["Progress"]) == ("PreInService", 30)
    story.run(60)
    assert (story.states(), story.desired) == (["InService", "InService"], 2)


def test_standby_without_shrinking_is_replaced(story: GroupStory) -> None:
    story.create(1, 4, 2)
    story.of("EnterStandby", InstanceIds=story.ids(), ShouldDecrementDesiredCapacity=False)
    story.run(1)
    assert story.states() == ["InService", "InService", "Standby"]


def test_standby_keeps_the_minimum(story: GroupStory) -> None:
    story.create(2, 4)
    with pytest.raises(Fault) as refused:
        story.of("EnterStandby", InstanceIds=story.ids(), ShouldDecrementDesiredCapacity=True)
    assert refused.value.message == (
        f"AutoScalingGroup {NAME} has min-size=2, max-size=4, and desired-size=2. To place into "
        "standby 1 instance, please update the AutoScalingGroup sizes appropriately."
    )


def test_a_detached_instance_can_be_attached_again(story: GroupStory) -> None:
    story.create(1, 4, 2)
    (identity,) = story.ids()
    answer = story.of(
        "DetachInstances", InstanceIds=[identity], ShouldDecrementDesiredCapacity=True
    )
    (activity,) = answer["Activities"]
    assert activity["Description"] == f"Detaching EC2 instance: {identity}"
    assert activity["Cause"].endswith(
        "was detached in response to a user request, shrinking the capacity from 2 to 1."
    )
    story.run(60)
    assert (story.states(), story.desired) == (["InService"], 1)
    story.of("AttachInstances", InstanceIds=[identity])
    story.run(1)
    assert story.desired == 2
    assert identity in [each.id for each in story.instances("InService")]


def test_only_known_instances_can_be_attached(story: GroupStory) -> None:
    story.create(1, 4)
    with pytest.raises(Fault, match=r"Invalid Instance ID\(s\): \[i-1\] specified"):
        story.of("AttachInstances", InstanceIds=["i-1"])


def test_a_detached_instance_is_replaced_if_the_group_does_not_shrink(story: GroupStory) -> None:
    story.create(2, 4)
    story.of("DetachInstances", InstanceIds=story.ids(), ShouldDecrementDesiredCapacity=False)
    story.run(1)
    assert (story.states(), story.desired) == (["InService", "InService"], 2)


def test_termination_by_a_user(story: GroupStory) -> None:
    story.create(1, 4, 2)
    (identity,) = story.ids()
    answer = story.call(
        "TerminateInstanceInAutoScalingGroup",
        InstanceId=identity,
        ShouldDecrementDesiredCapacity=True,
    )
    assert answer["Activity"]["Cause"] == (
        f"At 2026-05-28T20:27:00Z instance {identity} was taken out of service in response to a "
        "user request, shrinking the capacity from 2 to 1."
    )
    assert answer["Activity"]["StatusCode"] == "InProgress"
    story.run(1)
    assert (len(story.instances()), story.desired) == (1, 1)
    with pytest.raises(Fault, match="desiredSize equals minSize"):
        story.call(
            "TerminateInstanceInAutoScalingGroup",
            InstanceId=story.ids()[0],
            ShouldDecrementDesiredCapacity=True,
        )
    story.call(
        "TerminateInstanceInAutoScalingGroup",
        InstanceId=story.ids()[0],
        ShouldDecrementDesiredCapacity=False,
    )
    story.run(1)
    assert len(story.instances("InService")) == 1


def test_protected_instances_stay(story: GroupStory) -> None:
    story.create(0, 4, 3)
    kept = story.ids(2)
    story.of("SetInstanceProtection", InstanceIds=kept, ProtectedFromScaleIn=True)
    story.of("SetDesiredCapacity", DesiredCapacity=0)
    story.run(10)
    assert [each.id for each in story.instances()] == kept
    story.of("SetInstanceProtection", InstanceIds=kept, ProtectedFromScaleIn=False)
    story.run(1)
    assert story.instances() == []


def test_new_instances_may_be_protected(story: GroupStory) -> None:
    story.create(0, 4, 1, NewInstancesProtectedFromScaleIn=True)
    story.of("SetDesiredCapacity", DesiredCapacity=0)
    story.run(10)
    assert story.states() == ["InService"]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("EnterStandby", {"ShouldDecrementDesiredCapacity": True}),
        ("ExitStandby", {}),
        ("DetachInstances", {"ShouldDecrementDesiredCapacity": True}),
        ("SetInstanceProtection", {"ProtectedFromScaleIn": True}),
    ],
)
def test_instances_of_others(story: GroupStory, operation: str, params: dict[str, bool]) -> None:
    story.create(1, 4)
    with pytest.raises(Fault) as refused:
        story.of(operation, InstanceIds=["i-other"], **params)
    assert refused.value.message == (
        f"The instance i-other is not part of Auto Scaling group {NAME}."
    )


def test_instances_are_described_with_their_group(story: GroupStory) -> None:
    story.create(2, 4)
    (identity,) = story.ids()
    (found,) = story.call("DescribeAutoScalingInstances", InstanceIds=[identity])[
        "AutoScalingInstances"
    ]
    assert found["AutoScalingGroupName"] == NAME
    assert found["LifecycleState"] == "InService"
    assert found["HealthStatus"] == "HEALTHY"
    assert found["LaunchTemplate"]["Version"] == "1"
    everything = story.call("DescribeAutoScalingInstances")["AutoScalingInstances"]
    assert len(everything) == 2
