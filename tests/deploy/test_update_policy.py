"""UpdatePolicy of groups: rolling, replacing, by refresh, and sizes that schedules have changed."""

import json
from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.stack_story import StackStory

GROUP = "AWS::AutoScaling::AutoScalingGroup"
LAUNCH = "AWS::AutoScaling::LaunchConfiguration"


def resources(image: str, policy: Params | None = None, **more: Any) -> Params:
    """A group with a launch configuration that is replaced when its image changes."""
    properties = {"ImageId": image, "InstanceType": "m5.large"}
    group = {
        "MinSize": "2",
        "MaxSize": "4",
        "DesiredCapacity": "3",
        "AvailabilityZones": ["us-east-1a"],
        "LaunchConfigurationName": {"Ref": "Launch"},
        **more.pop("group", {}),
    }
    attributes = {"UpdatePolicy": policy} if policy else {}
    return {
        "Launch": {"Type": LAUNCH, "Properties": properties},
        "Group": {"Type": GROUP, "Properties": group, **attributes, **more},
    }


def instances(stack: StackStory) -> dict[str, str]:
    """The image's launch configuration of each instance by its id."""
    found = stack.account.ask(
        "autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[stack.physical("Group")]
    )["AutoScalingGroups"][0]
    return {each["InstanceId"]: each["LaunchConfigurationName"] for each in found["Instances"]}


def group(stack: StackStory) -> Params:
    found = stack.account.ask("autoscaling", "DescribeAutoScalingGroups")
    return found["AutoScalingGroups"][0]


def reasons(stack: StackStory) -> list[str]:
    """What the group said of its update."""
    return [line for line in stack.events() if line.startswith("Group UPDATE_IN_PROGRESS Group1 ")]


def test_without_a_policy_instances_stay(stack: StackStory) -> None:
    assert stack.create(resources("ami-1")) == "CREATE_COMPLETE"
    before = instances(stack)
    assert len(before) == 3
    assert stack.update(resources("ami-2")) == "UPDATE_COMPLETE"
    assert set(instances(stack)) == set(before)
    assert group(stack)["LaunchConfigurationName"] == stack.physical("Launch")


def test_a_rolling_update_replaces_every_instance_in_batches(stack: StackStory) -> None:
    policy = {"AutoScalingRollingUpdate": {"MaxBatchSize": 2, "MinInstancesInService": 1}}
    stack.create(resources("ami-1", policy))
    before = instances(stack)
    stack.events()
    assert stack.update(resources("ami-2", policy)) == "UPDATE_COMPLETE"
    after = instances(stack)
    assert len(after) == 3
    assert not set(after) & set(before)
    said = reasons(stack)
    assert said[0].endswith(
        "Rolling update initiated. Terminating 3 obsolete instance(s) in batches of 2, while "
        "keeping at least 1 instance(s) in service."
    )
    assert [line.rpartition("(")[2] for line in said if "Successfully" in line] == [
        "Progress 66%).",
        "Progress 100%).",
    ]


def test_a_rolling_update_makes_room_first_where_all_have_to_stay_in_service(
    stack: StackStory,
) -> None:
    policy = {"AutoScalingRollingUpdate": {"MaxBatchSize": 1, "MinInstancesInService": 3}}
    stack.create(resources("ami-1", policy))
    stack.events()
    least = []
    stack.update(resources("ami-2", policy), run=0)
    for _ in range(4000):
        stack.run(5)
        serving = [e for e in group(stack)["Instances"] if e["LifecycleState"] == "InService"]
        least.append(len(serving))
        if not stack.status.endswith("IN_PROGRESS"):
            break
    assert stack.status == "UPDATE_COMPLETE"
    assert min(least) >= 3
    said = reasons(stack)
    assert any(
        "Temporarily setting autoscaling group MinSize and DesiredCapacity to 4" in line
        for line in said
    )
    assert (group(stack)["MinSize"], group(stack)["DesiredCapacity"]) == (2, 3)


def test_too_many_in_service_are_refused(stack: StackStory) -> None:
    policy = {"AutoScalingRollingUpdate": {"MinInstancesInService": 4}}
    stack.create(resources("ami-1"))
    assert stack.update(resources("ami-2", policy)) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("MinInstancesInService must be less than" in line for line in stack.events())


def signalled(stack: StackStory, known: set[str], status: str = "SUCCESS") -> set[str]:
    """Let every new instance signal; those that have."""
    for instance in [each for each in instances(stack) if each not in known]:
        stack.call("SignalResource", LogicalResourceId="Group", UniqueId=instance, Status=status)
        known.add(instance)
    return known


def test_a_rolling_update_waits_for_the_signals_of_each_batch(stack: StackStory) -> None:
    rolling = {"WaitOnResourceSignals": True, "PauseTime": "PT10M", "MaxBatchSize": 1}
    policy = {"AutoScalingRollingUpdate": rolling}
    stack.create(resources("ami-1", policy))
    known = set(instances(stack))
    old = set(known)
    stack.update(resources("ami-2", policy), run=200)
    assert stack.status == "UPDATE_IN_PROGRESS"
    for _ in range(40):
        signalled(stack, known)
        stack.run(30)
    assert stack.status == "UPDATE_COMPLETE"
    assert not set(instances(stack)) & old
    assert any("Received SUCCESS signal with UniqueId" in line for line in stack.events())


def test_a_batch_that_does_not_signal_rolls_the_update_back(stack: StackStory) -> None:
    rolling = {"WaitOnResourceSignals": True, "PauseTime": "PT10M"}
    policy = {"AutoScalingRollingUpdate": rolling}
    stack.create(resources("ami-1", policy))
    configuration = stack.physical("Launch")
    stack.update(resources("ami-2", policy), run=900)
    assert "ROLLBACK" in stack.status
    reason = (
        "Received 0 SUCCESS signal(s) out of 1.  Unable to satisfy 100% "
        "MinSuccessfulInstancesPercent requirement"
    )
    assert any(reason in line for line in stack.events())
    known: set[str] = set()
    for _ in range(60):
        signalled(stack, known)
        stack.run(30)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert group(stack)["LaunchConfigurationName"] == configuration


def test_a_rollback_keeps_what_a_policy_has_scaled_out_to(stack: StackStory) -> None:
    # Recorded by the Guardian (testing-asg-rolling-update, 2024-09-03): three of at most nine, new
    # instances never signal, a scale-out policy adds two meanwhile. MinSize is six for a while;
    # after the rollback there are eight, min 3, max 9.
    rolling = {
        "WaitOnResourceSignals": True,
        "PauseTime": "PT5M",
        "MaxBatchSize": 6,
        "MinInstancesInService": 3,
    }
    policy = {"AutoScalingRollingUpdate": rolling}
    sizes = {"MinSize": "3", "MaxSize": "9", "DesiredCapacity": {"Ref": "AWS::NoValue"}}
    stack.create(resources("ami-1", policy, group=sizes))
    name, known = stack.physical("Group"), set(instances(stack))
    stack.account.call(
        "autoscaling",
        "PutScalingPolicy",
        AutoScalingGroupName=name,
        PolicyName="ScaleUp",
        PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=1,
        Cooldown=10,
    )
    stack.events()
    stack.update(resources("ami-2", policy, group=sizes), run=100)
    assert (group(stack)["MinSize"], group(stack)["DesiredCapacity"]) == (6, 6)
    for _ in range(2):
        stack.account.call(
            "autoscaling", "ExecutePolicy", AutoScalingGroupName=name, PolicyName="ScaleUp"
        )
        stack.run(80)
    assert group(stack)["DesiredCapacity"] == 8
    said = reasons(stack)
    for told in (
        (
            "Rolling update initiated. Terminating 3 obsolete instance(s) in batches of 6, while "
            "keeping at least 3 instance(s) in service. Waiting on resource signals with a timeout "
            "of PT5M when new instances are added to the autoscaling group."
        ),
        "Temporarily setting autoscaling group MinSize and DesiredCapacity to 6.",
        (
            "New instance(s) added to autoscaling group - Waiting on 3 resource signal(s) with a "
            "timeout of PT5M."
        ),
    ):
        assert any(line.endswith(told) for line in said)
    while "ROLLBACK" not in stack.status:
        stack.run(10)
    for _ in range(80):
        signalled(stack, known)
        stack.run(30)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    found = group(stack)
    assert [found[key] for key in ("MinSize", "DesiredCapacity", "MaxSize")] == [3, 8, 9]


def test_some_may_fail_where_the_policy_says_so(stack: StackStory) -> None:
    rolling = {
        "WaitOnResourceSignals": True,
        "PauseTime": "PT10M",
        "MaxBatchSize": 3,
        "MinSuccessfulInstancesPercent": 50,
    }
    policy = {"AutoScalingRollingUpdate": rolling}
    stack.create(resources("ami-1", policy))
    known = set(instances(stack))
    stack.update(resources("ami-2", policy), run=300)
    fresh = [each for each in instances(stack) if each not in known]
    assert len(fresh) == 3
    for instance, status in zip(fresh, ["SUCCESS", "FAILURE", "SUCCESS"], strict=True):
        stack.call("SignalResource", LogicalResourceId="Group", UniqueId=instance, Status=status)
    assert stack.run(100) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("percent", "status"),
    [("100", "UPDATE_ROLLBACK_COMPLETE"), ("0", "UPDATE_COMPLETE")],
    ids=["all have to be in service within an hour", "none has to be"],
)
def test_instances_that_do_not_come_into_service(
    stack: StackStory, percent: str, status: str
) -> None:
    policy = {"AutoScalingRollingUpdate": {"MinActiveInstancesPercent": percent}}
    stack.create(resources("ami-1", policy))
    stack.account.pace.broken = 10_000
    stack.update(resources("ami-2", policy), run=3500)
    assert stack.status.startswith("UPDATE_IN_PROGRESS" if percent == "100" else "UPDATE_COMPLETE")
    stack.run(600)
    stack.account.pace.broken = 0
    assert stack.run(20_000) == status
    reason = (
        "2 of 3 instance(s) are in service. Unable to satisfy 100% MinActiveInstancesPercent "
        "requirement"
    )
    assert any(reason in line for line in stack.events()) == (percent == "100")


def test_instances_that_an_earlier_update_has_left_are_replaced_by_the_next_one(
    stack: StackStory,
) -> None:
    stack.create(resources("ami-1"))
    stack.update(resources("ami-2"))
    old = set(instances(stack))
    policy = {"AutoScalingRollingUpdate": {"MaxBatchSize": 3}}
    assert stack.update(resources("ami-2", policy, group={"Cooldown": "77"})) == "UPDATE_COMPLETE"
    assert not old & set(instances(stack))
    new = set(instances(stack))
    assert stack.update(resources("ami-2", policy, group={"Cooldown": "78"})) == "UPDATE_COMPLETE"
    assert new == set(instances(stack))


def mixed(kinds: list[str], policy: Params | None = None, **group: Any) -> Params:
    """A group with a mixed instances policy over two launch templates."""
    data = {"LaunchTemplateData": {"ImageId": "ami-1", "InstanceType": "m5.large"}}
    template = {"Type": "AWS::EC2::LaunchTemplate", "Properties": data}
    version = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    specification = {"LaunchTemplateId": {"Ref": "Template"}, "Version": version}
    overrides = [{"InstanceType": kind} for kind in kinds]
    properties = {
        "MinSize": "2",
        "MaxSize": "4",
        "AvailabilityZones": ["us-east-1a"],
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": specification,
                "Overrides": overrides,
            }
        },
        **group,
    }
    attributes = {"UpdatePolicy": policy} if policy else {}
    return {"Template": template, "Group": {"Type": GROUP, "Properties": properties, **attributes}}


def test_instances_of_types_that_a_mixed_policy_no_longer_names_are_replaced_by_the_next_update(
    stack: StackStory,
) -> None:
    assert stack.create(mixed(["m5.large"])) == "CREATE_COMPLETE"
    stack.update(mixed(["c5.large", "r5.large"]))
    assert {each["InstanceType"] for each in group(stack)["Instances"]} == {"m5.large"}
    policy = {"AutoScalingRollingUpdate": {"MaxBatchSize": 3}}
    wanted = mixed(["c5.large", "r5.large"], policy, Cooldown="77")
    assert stack.update(wanted) == "UPDATE_COMPLETE"
    new = {each["InstanceId"]: each["InstanceType"] for each in group(stack)["Instances"]}
    assert set(new.values()) <= {"c5.large", "r5.large"}
    wanted = mixed(["c5.large", "r5.large"], policy, Cooldown="78")
    assert stack.update(wanted) == "UPDATE_COMPLETE"
    assert {each["InstanceId"] for each in group(stack)["Instances"]} == set(new)


def test_processes_are_suspended_while_it_rolls(stack: StackStory) -> None:
    rolling = {"SuspendProcesses": ["AlarmNotification"], "PauseTime": "PT5M"}
    policy = {"AutoScalingRollingUpdate": rolling}
    stack.create(resources("ami-1", policy))
    stack.update(resources("ami-2", policy), run=100)
    names = [each["ProcessName"] for each in group(stack)["SuspendedProcesses"]]
    assert names == ["AlarmNotification"]
    assert stack.run(20_000) == "UPDATE_COMPLETE"
    assert group(stack)["SuspendedProcesses"] == []


def test_a_replacing_update_makes_a_new_group_and_keeps_the_old_one_until_the_cleanup(
    stack: StackStory,
) -> None:
    policy = {"AutoScalingReplacingUpdate": {"WillReplace": True}}
    stack.create(resources("ami-1", policy))
    before, old = stack.physical("Group"), instances(stack)
    stack.events()
    assert stack.update(resources("ami-2", policy)) == "UPDATE_COMPLETE"
    assert stack.physical("Group") != before
    assert not set(instances(stack)) & set(old)
    events = stack.events()
    cleanup = events.index("stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    assert events.index("Group DELETE_COMPLETE Group1") > cleanup
    assert (
        len(stack.account.ask("autoscaling", "DescribeAutoScalingGroups")["AutoScalingGroups"]) == 1
    )


@pytest.mark.parametrize("ignored", [True, False], ids=["kept", "reset"])
def test_sizes_that_a_schedule_has_changed(stack: StackStory, ignored: bool) -> None:
    scheduled = {"IgnoreUnmodifiedGroupSizeProperties": ignored}
    policy = {"AutoScalingScheduledAction": scheduled}
    stack.create(resources("ami-1", policy))
    name = stack.physical("Group")
    change = {"AutoScalingGroupName": name, "MinSize": 4, "DesiredCapacity": 4}
    stack.account.call("autoscaling", "UpdateAutoScalingGroup", **change)
    stack.run(500)
    wish = resources("ami-1", policy, group={"Cooldown": "77"})
    assert stack.update(wish) == "UPDATE_COMPLETE"
    assert group(stack)["DesiredCapacity"] == (4 if ignored else 3)


def test_an_instance_refresh_replaces_the_instances(stack: StackStory) -> None:
    preferences = {"MinHealthyPercentage": 50, "InstanceWarmup": 10}
    policy = {"AutoScalingInstanceRefresh": {"Preferences": preferences}}
    stack.create(resources("ami-1", policy))
    before = instances(stack)
    stack.events()
    assert stack.update(resources("ami-2", policy)) == "UPDATE_COMPLETE"
    assert not set(instances(stack)) & set(before)
    assert any("Instance refresh" in line for line in reasons(stack))


def test_a_group_with_a_creation_policy_waits_for_its_instances_signals(
    stack: StackStory,
) -> None:
    creation = {
        "ResourceSignal": {"Count": 3, "Timeout": "PT20M"},
        "AutoScalingCreationPolicy": {"MinSuccessfulInstancesPercent": 60},
    }
    wish = resources("ami-1", CreationPolicy=creation)
    assert stack.create(wish, run=600) == "CREATE_IN_PROGRESS"
    for instance in sorted(instances(stack))[:2]:
        stack.call("SignalResource", LogicalResourceId="Group", UniqueId=instance, Status="SUCCESS")
    assert stack.run(10) == "CREATE_COMPLETE"
    assert json.dumps(wish)
