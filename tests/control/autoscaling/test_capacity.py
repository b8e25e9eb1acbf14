"""Desired, minimum and maximum; launching and terminating; what activities say of it."""

import json

import pytest

from understudy.base.fault import Fault
from understudy.control.autoscaling.service import GroupConfig
from understudy.testing.group_story import GroupStory


def test_a_new_group_launches_its_minimum_over_its_zones(story: GroupStory) -> None:
    group = story.create(3, 5)
    assert group.desired == 3
    assert story.states() == ["InService"] * 3
    assert sorted(each.zone for each in story.instances()) == [
        "us-east-1a",
        "us-east-1a",
        "us-east-1b",
    ]


def test_the_texts_of_a_launch(story: GroupStory) -> None:
    story.create(0, 1, 1)
    (activity,) = story.activities()
    (instance,) = story.instances()
    assert activity["Description"] == f"Launching a new EC2 instance: {instance.id}"
    assert activity["Cause"] == (
        "At 2026-05-28T20:27:00Z a user request created an AutoScalingGroup changing the desired "
        "capacity from 0 to 1.  At 2026-05-28T20:27:00Z an instance was started in response to a "
        "difference between desired and actual capacity, increasing the capacity from 0 to 1."
    )
    assert (activity["StatusCode"], activity["Progress"]) == ("Successful", 100)
    assert activity["Details"] == '{"Availability Zone":"us-east-1a"}'


def test_details_name_the_subnet() -> None:
    story = GroupStory()
    story.create(1, 1, AvailabilityZones=["us-east-1c"], VPCZoneIdentifier="subnet-1")
    (activity,) = story.activities()
    assert json.loads(activity["Details"]) == {
        "Subnet ID": "subnet-1",
        "Availability Zone": "us-east-1c",
    }


def test_the_texts_of_a_scale_in_name_every_selected_instance(story: GroupStory) -> None:
    story.create(0, 4, 3)
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(1)
    first, second, *_ = story.activities()
    gone = [
        each["Description"].removeprefix("Terminating EC2 instance: ") for each in (first, second)
    ]
    assert first["Cause"] == second["Cause"]
    start, *rest = first["Cause"].split("  ")
    assert start == (
        "At 2026-05-28T20:27:00Z a user request explicitly set group desired capacity changing the "
        "desired capacity from 3 to 1."
    )
    assert rest[0] == (
        "At 2026-05-28T20:27:00Z an instance was taken out of service in response to a difference "
        "between desired and actual capacity, shrinking the capacity from 3 to 1."
    )
    assert sorted(rest[1:]) == sorted(
        f"At 2026-05-28T20:27:00Z instance {each} was selected for termination." for each in gone
    )


def test_an_update_says_its_constraints(story: GroupStory) -> None:
    story.create(1, 4, 2)
    story.of("UpdateAutoScalingGroup", MinSize=3)
    story.run(1)
    assert story.desired == 3
    assert (
        "a user request update of AutoScalingGroup constraints to min: 3, max: 4, desired: 3 "
        "changing the desired capacity from 2 to 3."
    ) in story.activities()[0]["Cause"]


@pytest.mark.parametrize(
    ("change", "desired"),
    [
        pytest.param({"MinSize": 4}, 4, id="a minimum above the desired capacity raises it"),
        pytest.param({"MaxSize": 2}, 2, id="a maximum below it lowers it"),
        pytest.param({"MaxSize": 9}, 3, id="other bounds leave it"),
        pytest.param({"DesiredCapacity": 5}, 5, id="it may be set itself"),
    ],
)
def test_new_bounds(story: GroupStory, change: dict[str, int], desired: int) -> None:
    story.create(1, 5, 3)
    story.of("UpdateAutoScalingGroup", **change)
    story.run(1)
    assert story.desired == desired
    assert len(story.instances("InService")) == desired


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param(
            {"MinSize": 3, "MaxSize": 2},
            "Max bound, 2, must be greater than or equal to min bound, 3",
            id="bounds that cross",
        ),
        pytest.param(
            {"MinSize": 1, "MaxSize": 2, "DesiredCapacity": 3},
            "Desired capacity:3 must be between the specified min size:1 and max size:2",
            id="a desired capacity outside",
        ),
        pytest.param(
            {"MinSize": 1, "MaxSize": 2, "LaunchTemplate": None},
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, "
            "InstanceId or MixedInstancesPolicy parameter.",
            id="nothing to launch",
        ),
        pytest.param(
            {"MinSize": 1, "MaxSize": 2, "AvailabilityZones": None},
            "At least one Availability Zone or VPC Subnet is required.",
            id="no place",
        ),
        pytest.param(
            {"MinSize": 1, "MaxSize": 2, "LaunchTemplate": {"LaunchTemplateName": "none"}},
            "You must use a valid fully-formed launch template. The specified launch template, "
            "with template name none, does not exist.",
            id="an unknown template",
        ),
        pytest.param(
            {"MinSize": 1, "MaxSize": 2, "MaxInstanceLifetime": 3600},
            "Maximum instance lifetime must be equal to 0 or between 86400 and 31536000 seconds "
            "(inclusive).",
            id="too short a life",
        ),
        pytest.param(
            {"MinSize": 1, "MaxSize": 2, "TerminationPolicies": ["Default", "OldestInstance"]},
            "The Default termination policy must be the last one.",
            id="a policy after the default one",
        ),
    ],
)
def test_what_a_group_cannot_be(story: GroupStory, params: dict[str, object], message: str) -> None:
    whole = {
        "AvailabilityZones": ["us-east-1a"],
        "LaunchTemplate": story.template(),
        **params,
    }
    given = {member: value for member, value in whole.items() if value is not None}
    with pytest.raises(Fault) as refused:
        story.of("CreateAutoScalingGroup", **given)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)


@pytest.mark.parametrize(
    ("desired", "message"),
    [
        (6, "New SetDesiredCapacity value 6 is above max value 5 for the AutoScalingGroup."),
        (0, "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup."),
    ],
)
def test_a_desired_capacity_is_inside_the_bounds(
    story: GroupStory, desired: int, message: str
) -> None:
    story.create(1, 5)
    with pytest.raises(Fault) as refused:
        story.of("SetDesiredCapacity", DesiredCapacity=desired)
    assert refused.value.message == message


def test_names_are_taken_once(story: GroupStory) -> None:
    story.create(1, 5)
    with pytest.raises(Fault) as refused:
        story.create(1, 5, LaunchTemplate={"LaunchTemplateName": "web"})
    assert refused.value.code == "AlreadyExists"


def test_an_unknown_group(story: GroupStory) -> None:
    with pytest.raises(Fault) as refused:
        story.of("SetDesiredCapacity", DesiredCapacity=1)
    assert refused.value.message == (
        "AutoScalingGroup name not found - AutoScalingGroup web not found"
    )


def test_a_group_with_instances_is_not_deleted_without_force(story: GroupStory) -> None:
    story.create(1, 5)
    with pytest.raises(Fault) as refused:
        story.of("DeleteAutoScalingGroup")
    assert refused.value.code == "ResourceInUse"
    story.of("UpdateAutoScalingGroup", MinSize=0, DesiredCapacity=0)
    story.run(1)
    story.of("DeleteAutoScalingGroup")
    assert story.call("DescribeAutoScalingGroups")["AutoScalingGroups"] == []


def test_a_forced_deletion_ends_its_instances_first() -> None:
    story = GroupStory(config=GroupConfig(termination_delay=40.0))
    story.create(2, 5)
    story.track(50.0)
    story.of("DeleteAutoScalingGroup", ForceDelete=True)
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert group["Status"] == "Delete in progress"
    assert story.call("DescribeAlarms", "cloudwatch")["MetricAlarms"] == []
    story.run(39)
    assert story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    story.run(1)
    assert story.call("DescribeAutoScalingGroups")["AutoScalingGroups"] == []
    assert story.call("DescribeScalingActivities")["Activities"] == []
    told = story.call("DescribeScalingActivities", IncludeDeletedGroups=True)["Activities"]
    assert len(told) == 4
    assert {each["AutoScalingGroupState"] for each in told} == {"Deleted"}


def test_delays_are_those_of_the_world() -> None:
    # Recorded on AWS: 13 s from the decision to the launch, 32 s to service, 45 s to terminate.
    story = GroupStory(config=GroupConfig(32.0, 13.0, 45.0))
    story.create(1, 2)
    story.run(12)
    assert story.states() == []
    story.run(1)
    assert story.states() == ["Pending"]
    assert story.activities()[0]["StatusCode"] == "PreInService"
    story.run(32)
    assert story.states() == ["InService"]
    story.of("UpdateAutoScalingGroup", MinSize=0, DesiredCapacity=0)
    story.run(13)
    assert story.states() == ["Terminating"]
    story.run(45)
    assert story.states() == []
    gone, came = story.activities()
    assert came["EndTime"] - came["StartTime"] == 32
    assert gone["EndTime"] - gone["StartTime"] == 45


def test_pages_and_filters(story: GroupStory) -> None:
    template = story.template()
    for number in range(5):
        story.call(
            "CreateAutoScalingGroup",
            AutoScalingGroupName=f"g{number}",
            MinSize=0,
            MaxSize=1,
            AvailabilityZones=["us-east-1a"],
            LaunchTemplate=template,
            Tags=[{"Key": "team", "Value": "a" if number % 2 else "b"}],
        )
    first = story.call("DescribeAutoScalingGroups", MaxRecords=2)
    second = story.call("DescribeAutoScalingGroups", MaxRecords=3, NextToken=first["NextToken"])
    names = [
        g["AutoScalingGroupName"] for page in (first, second) for g in page["AutoScalingGroups"]
    ]
    assert names == ["g0", "g1", "g2", "g3", "g4"]
    assert "NextToken" not in second
    chosen = story.call(
        "DescribeAutoScalingGroups", Filters=[{"Name": "tag:team", "Values": ["a"]}]
    )
    assert [g["AutoScalingGroupName"] for g in chosen["AutoScalingGroups"]] == ["g1", "g3"]
    with pytest.raises(Fault) as refused:
        story.call("DescribeAutoScalingGroups", NextToken="no")
    assert refused.value.code == "InvalidNextToken"
