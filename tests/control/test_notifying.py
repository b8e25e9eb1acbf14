"""Messages of alarms and groups to topics and queues, in virtual time."""

import json
from typing import Any

from understudy.control.events import Call, CallFailed, EngineRestarted
from understudy.testing.region import Region

TOPIC = "arn:aws:sns:us-east-1:000000000000:ops"


def watch(region: Region, **more: Any) -> None:
    params = {
        "AlarmName": "busy",
        "Namespace": "App",
        "MetricName": "Load",
        "Dimensions": [{"Name": "Stage", "Value": "prod"}],
        "ExtendedStatistic": "p90",
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [TOPIC],
        **more,
    }
    region.call("cloudwatch", "PutMetricAlarm", **params)


def turn(region: Region, name: str = "busy", state: str = "ALARM") -> None:
    region.call(
        "cloudwatch", "SetAlarmState", AlarmName=name, StateValue=state, StateReason="a test"
    )


def history(region: Region) -> list[str]:
    items = region.call("cloudwatch", "DescribeAlarmHistory", HistoryItemType="Action")
    return [each["HistorySummary"] for each in items["AlarmHistoryItems"]]


def test_a_topic_is_told_once_and_the_history_says_so() -> None:
    region = Region()
    body = "Resources: {Ops: {Type: AWS::SNS::Topic, Properties: {TopicName: ops}}}"
    region.call("cloudformation", "CreateStack", StackName="s", TemplateBody=body)
    region.advance(30)
    watch(region)
    turn(region)
    region.advance(1)
    (call,) = [each for each in region.commands(Call) if each.operation == "Publish"]
    assert (call.service, call.operation) == ("sns", "Publish")
    assert call.params["TopicArn"] == TOPIC
    message = json.loads(call.params["Message"])
    assert message["Trigger"] == {
        "MetricName": "Load",
        "Namespace": "App",
        "StatisticType": "ExtendedStatistic",
        "ExtendedStatistic": "p90",
        "Unit": None,
        "Dimensions": [{"value": "prod", "name": "Stage"}],
        "Period": 60,
        "EvaluationPeriods": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "TreatMissingData": "",
        "EvaluateLowSampleCountPercentile": "",
        "DatapointsToAlarm": 1,
    }
    assert message["AlarmActions"] == [TOPIC]
    assert history(region) == [f"Successfully executed action {TOPIC}"]
    turn(region)
    region.advance(1)
    assert sum(each.operation == "Publish" for each in region.commands(Call)) == 1


def test_a_composite_alarm_tells_which_alarm_moved_it() -> None:
    region = Region()
    watch(region, AlarmActions=[])
    rule = 'ALARM("busy")'
    region.call(
        "cloudwatch", "PutCompositeAlarm", AlarmName="any", AlarmRule=rule, AlarmActions=[TOPIC]
    )
    turn(region)
    region.advance(1)
    message = json.loads(region.commands(Call)[0].params["Message"])
    assert message["AlarmRule"] == rule
    (child,) = message["TriggeringChildren"]
    assert child["Arn"].endswith(":alarm:busy")
    assert child["State"]["Value"] == "ALARM"


def test_a_refusal_is_in_the_history() -> None:
    region = Region()
    watch(region)
    turn(region)
    (call,) = region.commands(Call)
    region.report(CallFailed, call_id=call.call_id, code="NotFound", message="No such topic")
    assert history(region) == [f'Failed to execute action {TOPIC}. Received error: "No such topic"']


def test_what_is_not_answered_is_asked_again_after_a_restart() -> None:
    region = Region()
    watch(region)
    turn(region)
    assert region.restored()
    region.report(EngineRestarted)
    first, second = region.commands(Call)
    assert first == second
    region.advance(1)
    region.report(EngineRestarted)
    assert len(region.commands(Call)) == 2
    assert len(history(region)) == 1


def test_a_lifecycle_hook_tells_a_queue() -> None:
    region = Region()
    data = {"ImageId": "ami-1", "InstanceType": "t3.micro"}
    region.call("ec2", "CreateLaunchTemplate", LaunchTemplateName="web", LaunchTemplateData=data)
    hook = {
        "LifecycleHookName": "setup",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        "NotificationTargetARN": "arn:aws:sqs:us-east-1:000000000000:hooks",
        "RoleARN": "arn:aws:iam::000000000000:role/hooks",
    }
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        LifecycleHookSpecificationList=[hook],
    )
    region.advance(10)
    (call,) = region.commands(Call)
    assert (call.service, call.operation) == ("sqs", "SendMessage")
    assert call.params["QueueUrl"].endswith("/000000000000/hooks")
    assert json.loads(call.params["MessageBody"])["LifecycleHookName"] == "setup"
