"""What is told of scaling by the name of a stack, a group, an endpoint or an alarm."""

from typing import Any

import pytest

from understudy.base.arn import DEFAULT_REGION
from understudy.base.quantity import format_duration
from understudy.control.explanation import AlarmSaid, Explained
from understudy.engine.engine import Engine
from understudy.engine.scaling import activities, explain
from understudy.report.words import brief
from understudy.testing.region import Region

STAGE = [{"Name": "Stage", "Value": "prod"}]


@pytest.fixture
def region() -> Region:
    """A group that tracks a backlog, and that an alarm on a misspelt metric shall scale."""
    region = Region()
    data = {"ImageId": "ami-1", "InstanceType": "t3.micro"}
    region.call("ec2", "CreateLaunchTemplate", LaunchTemplateName="web", LaunchTemplateData=data)
    of = {"AutoScalingGroupName": "web"}
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        **of,
        MinSize=1,
        MaxSize=6,
        DesiredCapacity=2,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
    )
    metric = {"Namespace": "App", "MetricName": "BacklogPerInstance", "Statistic": "Average"}
    region.call(
        "autoscaling",
        "PutScalingPolicy",
        **of,
        PolicyName="queue",
        PolicyType="TargetTrackingScaling",
        EstimatedInstanceWarmup=120,
        TargetTrackingConfiguration={
            "TargetValue": 100.0,
            "CustomizedMetricSpecification": {**metric, "Dimensions": STAGE},
        },
    )
    steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}]
    rush = region.call(
        "autoscaling",
        "PutScalingPolicy",
        **of,
        PolicyName="rush",
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=steps,
    )["PolicyARN"]
    region.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName="rush-hour",
        Namespace="App",
        MetricName="Request",
        Dimensions=STAGE,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1000.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[rush],
    )
    return region


def publish(region: Region, minutes: int, backlog: float) -> None:
    for _ in range(minutes):
        data = [
            {"MetricName": name, "Value": value, "Dimensions": STAGE}
            for name, value in (("BacklogPerInstance", backlog), ("Requests", 10.0))
        ]
        region.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=data)
        region.advance(60)


def told(region: Region, name: str = "web") -> Explained:
    before = region.engine.snapshot()
    found = explain(region.engine.region(DEFAULT_REGION), name, region.now)
    assert region.engine.snapshot() == before
    return found


def alarms(found: Explained) -> dict[str, AlarmSaid]:
    """The alarms of all policies by the names of these and by their own in short."""
    return {
        f"{policy.name} {brief(alarm.name)}": alarm
        for subject in found.subjects
        for policy in subject.policies
        for alarm in policy.alarms
    }


def test_a_metric_that_nobody_publishes_is_named_with_the_nearest(region: Region) -> None:
    publish(region, 3, 90.0)
    rush = alarms(told(region))["rush rush-hour"]
    assert rush.latest == ()
    assert rush.problem == (
        "Nobody publishes App Request {Stage=prod}. The nearest metric that exists is App Requests "
        "{Stage=prod}."
    )


def test_a_metric_that_stopped_is_named_with_its_last_time(region: Region) -> None:
    publish(region, 3, 90.0)
    region.advance(3600)
    high = alarms(told(region))["queue AlarmHigh"]
    assert high.problem == "App BacklogPerInstance {Stage=prod} was published last 1h01m ago."


def test_what_a_policy_would_do_is_what_it_then_does(region: Region) -> None:
    publish(region, 3, 150.0)
    while alarms(told(region))["queue AlarmHigh"].state != "ALARM":
        region.call(
            "autoscaling",
            "SuspendProcesses",
            AutoScalingGroupName="web",
            ScalingProcesses=["AlarmNotification"],
        )
        publish(region, 1, 150.0)
    high = alarms(told(region))["queue AlarmHigh"]
    assert high.says == "The AlarmNotification process is suspended."
    assert told(region).subjects[0].notes == ("Suspended: AlarmNotification.",)
    region.call("autoscaling", "ResumeProcesses", AutoScalingGroupName="web")
    high = alarms(told(region))["queue AlarmHigh"]
    assert high.latest == (150.0, 150.0, 150.0)
    assert high.says == "It would change the capacity from 2 to 3."
    publish(region, 1, 150.0)
    (subject,) = told(region).subjects
    assert subject.capacity == "3 desired, 3 in service, between 1 and 6"
    (warming,) = (note for note in subject.notes if "warming" in note)
    assert warming.startswith("1 warming up, for 1m")
    seen = activities(region.engine.region(DEFAULT_REGION), "web")
    assert "changing the desired capacity from 2 to 3" in seen[-1].cause


def test_an_alarm_is_found_by_its_own_name(region: Region) -> None:
    found = told(region, "rush-hour")
    assert found.subjects == ()
    (alarm,) = found.alarms
    assert alarm.condition == f"Request (Sum) > 1000 in 1 period of {format_duration(60)}"
    assert alarm.says == ""


def test_an_unknown_name_is_refused(region: Region) -> None:
    with pytest.raises(KeyError):
        told(region, "nobody")
    assert [each.name for each in told(region, "").subjects] == ["web"]


TEMPLATE: Any = {
    "Resources": {
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "LaunchTemplateData": {"ImageId": "ami-12345678", "InstanceType": "t3.micro"}
            },
        },
        "Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "AutoScalingGroupName": "of-stack",
                "MinSize": "0",
                "MaxSize": "1",
                "AvailabilityZones": ["us-east-1a"],
                "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": "1"},
            },
        },
        "Lonely": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "lonely",
                "Namespace": "App",
                "MetricName": "Nothing",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanThreshold",
            },
        },
    }
}


def test_a_stack_stands_for_what_it_made(region: Region) -> None:
    import json

    region.call("cloudformation", "CreateStack", StackName="app", TemplateBody=json.dumps(TEMPLATE))
    region.advance(120)
    found = told(region, "app")
    assert [subject.name for subject in found.subjects] == ["of-stack"]
    assert [alarm.name for alarm in found.alarms] == ["lonely"]
    assert found.alarms[0].problem.startswith("Nobody publishes App Nothing.")


def test_the_engine_is_asked_and_not_changed(region: Region) -> None:
    publish(region, 20, 150.0)
    again = Engine.restore(region.config, region.engine.snapshot())
    here = explain(region.engine.region(DEFAULT_REGION), "", region.now)
    assert explain(again.region(DEFAULT_REGION), "", region.now) == here
