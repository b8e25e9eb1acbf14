"""Schedules of rules and events of services, in virtual time; what targets are given."""

from typing import Any

import pytest

from understudy.control.eventbridge.inputs import given
from understudy.control.eventbridge.rules import rule_schedule
from understudy.control.events import Call, EngineRestarted, RulesKept
from understudy.scaling.schedule import InvalidSchedule
from understudy.testing.region import Region


def emitted(region: Region) -> list[Any]:
    return [each.params for each in region.commands(Call) if each.operation == "understudy:Emit"]


def kept(region: Region, *schedules: tuple[str, str], listening: bool = False) -> None:
    region.report(RulesKept, schedules=schedules, listening=listening)


def test_a_rule_runs_at_its_rate_from_when_it_was_made() -> None:
    region = Region()
    region.advance(20)
    kept(region, ("tick", "rate(5 minutes)"))
    region.advance(290)
    assert emitted(region) == []
    region.advance(620)
    first, second, third = emitted(region)
    assert {first["Rule"], second["Rule"], third["Rule"]} == {"tick"}
    event = first["Event"]
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-01-01T00:05:20Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/tick"],
        "detail": {},
    }
    assert second["Event"]["time"] == "2026-01-01T00:10:20Z"


def test_a_rule_that_is_changed_or_gone_runs_no_more_as_it_did() -> None:
    region = Region()
    kept(region, ("a", "rate(5 minutes)"), ("b", "rate(5 minutes)"), ("c", "rate(5 minutes)"))
    kept(region, ("a", "rate(5 minutes)"), ("b", "cron(7 0 * * ? *)"))
    region.advance(600)
    times = [(each["Rule"], each["Event"]["time"][11:16]) for each in emitted(region)]
    assert times == [("a", "00:05"), ("b", "00:07"), ("a", "00:10")]


def test_schedules_survive_a_restart_and_what_was_missed_is_not_made_up_for() -> None:
    region = Region()
    kept(region, ("tick", "rate(1 hour)"))
    region.advance(3600)
    assert region.restored()
    region.report(EngineRestarted)
    assert len(emitted(region)) == 1


def test_an_alarm_tells_of_its_change_where_a_rule_waits_for_events() -> None:
    region = Region()
    region.call(
        "cloudwatch", "PutMetricAlarm", AlarmName="busy", Namespace="App", MetricName="Load",
        Period=60, EvaluationPeriods=1, Statistic="Sum", Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip

    def turn(state: str) -> None:
        region.call(
            "cloudwatch", "SetAlarmState", AlarmName="busy", StateValue=state, StateReason="a test"
        )

    turn("OK")
    assert emitted(region) == []
    kept(region, listening=True)
    turn("ALARM")
    (asked,) = emitted(region)
    assert "Rule" not in asked
    event = asked["Event"]
    assert (event["source"], event["detail-type"]) == (
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
    )
    detail = event["detail"]
    assert (detail["state"]["value"], detail["previousState"]["value"]) == ("ALARM", "OK")
    metric = detail["configuration"]["metrics"][0]["metricStat"]
    assert metric["metric"] == {"namespace": "App", "name": "Load", "dimensions": {}}


def test_stacks_and_groups_tell_what_becomes_of_them() -> None:
    region = Region()
    kept(region, listening=True)
    body = """
    Resources:
      Template:
        Type: AWS::EC2::LaunchTemplate
        Properties: {LaunchTemplateData: {ImageId: ami-1, InstanceType: t3.micro}}
      Group:
        Type: AWS::AutoScaling::AutoScalingGroup
        Properties:
          MinSize: 1
          MaxSize: 1
          AvailabilityZones: [us-east-1a]
          LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: "1"}
    """
    region.call("cloudformation", "CreateStack", StackName="s", TemplateBody=body)
    region.advance(600)
    told = [(each["Event"]["detail-type"], each["Event"]["detail"]) for each in emitted(region)]
    stack = [d["status-details"]["status"] for k, d in told if k.endswith("Stack Status Change")]
    assert stack == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert "CloudFormation Resource Status Change" in {kind for kind, _ in told}
    (launched,) = [d for kind, d in told if kind == "EC2 Instance Launch Successful"]
    assert launched["EC2InstanceId"].startswith("i-")


@pytest.mark.parametrize(
    "expression",
    ["rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "at(2026-01-01T00:00:00)", "cron(* *)",
     "cron(0 12 * * * *)", "every day"],
)  # fmt: skip
def test_what_is_no_schedule_of_a_rule_is_refused(expression: str) -> None:
    with pytest.raises(InvalidSchedule):
        rule_schedule(expression)


EVENT = {"detail": {"state": "running", "ids": ["i-1", "i-2"], "n": 2}, "resources": ["r"]}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"Input": '{"a": 1}'}, {"a": 1}),
        ({"InputPath": "$.detail.ids[1]"}, "i-2"),
        ({"InputPath": "$.detail.none"}, None),
        (
            {"InputTransformer": {
                "InputPathsMap": {"s": "$.detail.state", "n": "$.detail.n"},
                "InputTemplate": '{"is": <s>, "count": <n>, "said": "it is <s> (<n>)"}',
            }},
            {"is": "running", "count": 2, "said": "it is running (2)"},
        ),
        (
            {"InputTransformer": {
                "InputPathsMap": {"s": "$.detail.state"}, "InputTemplate": '"it is <s>"',
            }},
            "it is running",
        ),
        (
            {"InputTransformer": {"InputTemplate": '{"all": <aws.events.event.json>}'}},
            {"all": EVENT},
        ),
    ],
)  # fmt: skip
def test_a_target_is_given_what_its_input_says(target: dict[str, Any], expected: Any) -> None:
    assert given(target, EVENT) == expected
