"""Alarms that stop, terminate, reboot and recover the instance that they watch."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import InstancesMeasured, Launch, Stop
from understudy.testing.region import Region

STOP = "arn:aws:automate:us-east-1:ec2:stop"


@pytest.fixture
def region() -> Region:
    return Region()


def run(region: Region, **changes: Any) -> str:
    """The id of an instance that runs."""
    params = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, **changes}
    identity = region.call("ec2", "RunInstances", **params)["Instances"][0]["InstanceId"]
    region.advance(1.0)
    return identity


def member(region: Region) -> str:
    """The id of an instance of a group."""
    region.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-1"},
    )
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "web"},
        AvailabilityZones=["us-east-1a"],
    )
    region.advance(1.0)
    (identity,) = region.plane.groups.state.groups["web"].instances
    return identity


def watch(region: Region, identity: str, *actions: str, **more: Any) -> None:
    """An alarm on an instance that does too little."""
    params = {
        "AlarmName": "idle",
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "InstanceId", "Value": identity}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Threshold": 5.0,
        "ComparisonOperator": "LessThanThreshold",
        "AlarmActions": list(actions),
        **more,
    }
    region.call("cloudwatch", "PutMetricAlarm", **params)


def ring(region: Region) -> None:
    region.call(
        "cloudwatch", "SetAlarmState", AlarmName="idle", StateValue="ALARM", StateReason="a test"
    )
    region.advance(5.0)


def state(region: Region, identity: str) -> str:
    found = region.call("ec2", "DescribeInstances", InstanceIds=[identity])
    return found["Reservations"][0]["Instances"][0]["State"]["Name"]


def history(region: Region) -> list[str]:
    items = region.call("cloudwatch", "DescribeAlarmHistory", HistoryItemType="Action")
    return [each["HistorySummary"] for each in items["AlarmHistoryItems"]]


def test_an_idle_instance_is_stopped_by_what_is_measured(region: Region) -> None:
    identity = member(region)
    watch(region, identity, STOP)
    for _ in range(4):
        region.advance(60.0)
        samples = ((identity, 1.0),)
        region.report(InstancesMeasured, metric="CPUUtilization", unit="Percent", samples=samples)
    region.advance(120.0)
    assert identity not in region.plane.groups.state.groups["web"].instances
    assert history(region) == [f"Successfully executed action {STOP}"]


@pytest.mark.parametrize(
    ("action", "after", "stops"),
    [
        pytest.param(STOP, "stopped", [True], id="stopped, to be started again"),
        pytest.param(
            "arn:aws:automate:us-east-1:ec2:terminate", "terminated", [False], id="terminated"
        ),
        pytest.param("arn:aws:automate:us-east-1:ec2:reboot", "running", [True], id="rebooted"),
        pytest.param("arn:aws:automate:us-east-1:ec2:recover", "running", [True], id="recovered"),
        pytest.param(
            "arn:aws:swf:us-east-1:000000000000:action/actions/AWS_EC2.InstanceId.Terminate/1.0",
            "terminated",
            [False],
            id="terminated under the action's older name",
        ),
    ],
)
def test_what_becomes_of_the_instance(
    region: Region, action: str, after: str, stops: list[bool]
) -> None:
    identity = run(region)
    watch(region, identity, action)
    ring(region)
    assert state(region, identity) == after
    assert [each.keep for each in region.commands(Stop)] == stops
    assert len(region.commands(Launch)) == (2 if after == "running" else 1)
    assert history(region) == [f"Successfully executed action {action}"]


def test_an_action_that_ec2_refuses_is_told_in_the_history(region: Region) -> None:
    identity = run(region, DisableApiTermination=True)
    action = "arn:aws:automate:us-east-1:ec2:terminate"
    watch(region, identity, action)
    ring(region)
    assert state(region, identity) == "running"
    (summary,) = history(region)
    assert summary == (
        f"Failed to execute action {action}. Received error: \"The instance '{identity}' may not "
        "be terminated. Modify its 'disableApiTermination' instance attribute and try again.\""
    )


def test_a_group_keeps_an_instance_that_is_rebooted(region: Region) -> None:
    identity = member(region)
    watch(region, identity, "arn:aws:automate:us-east-1:ec2:reboot")
    ring(region)
    (instance,) = region.plane.groups.state.groups["web"].instances.values()
    assert (instance.id, instance.lifecycle, instance.healthy) == (identity, "InService", True)
    assert [each.instance_id for each in region.commands(Launch)] == [identity, identity]
    assert [each.keep for each in region.commands(Stop)] == [True]
    ring_again = {"AlarmName": "idle", "StateReason": "a test"}
    region.call("cloudwatch", "SetAlarmState", **ring_again, StateValue="OK")
    ring(region)
    assert len(region.commands(Launch)) == 3


def test_a_group_replaces_an_instance_that_is_terminated(region: Region) -> None:
    identity = member(region)
    watch(region, identity, "arn:aws:automate:us-east-1:ec2:terminate")
    ring(region)
    (instance,) = region.plane.groups.state.groups["web"].instances.values()
    assert instance.id != identity


def test_an_alarm_that_watches_no_instance_can_do_nothing_to_one(region: Region) -> None:
    with pytest.raises(Fault) as refused:
        watch(region, "", STOP, Dimensions=[{"Name": "AutoScalingGroupName", "Value": "web"}])
    assert refused.value.code == "ValidationError"
    assert refused.value.message == (
        "Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring an "
        "EC2 instance."
    )
