"""Alarms as their operations show them: put, describe, delete, set, switch."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.signals import AlarmAction
from understudy.testing.cloudwatch import SCALING_POLICY, TOPIC, alarm_params, cloudwatch_stage
from understudy.testing.stage import Stage, instant

NOW = instant("2026-01-10T12:00:00Z")


def put(stage: Stage, name: str = "busy", **changes: Any) -> None:
    stage.call("cloudwatch", "PutMetricAlarm", **alarm_params(name, **changes))


def describe(stage: Stage, **params: Any) -> list[dict[str, Any]]:
    return stage.call("cloudwatch", "DescribeAlarms", **params)["MetricAlarms"]


def names(stage: Stage, **params: Any) -> list[str]:
    answer = stage.call("cloudwatch", "DescribeAlarms", **params)
    return [each["AlarmName"] for each in answer["MetricAlarms"] + answer["CompositeAlarms"]]


def test_a_new_alarm_has_insufficient_data() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, AlarmActions=[TOPIC], DatapointsToAlarm=1, Threshold=10)
    assert describe(stage) == [
        {
            "AlarmName": "busy",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy",
            "ActionsEnabled": True,
            "OKActions": [],
            "AlarmActions": [TOPIC],
            "InsufficientDataActions": [],
            "Namespace": "App",
            "MetricName": "Load",
            "Dimensions": [{"Name": "Service", "Value": "web"}],
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmConfigurationUpdatedTimestamp": NOW,
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": NOW,
            "StateTransitionedTimestamp": NOW,
        }
    ]


def test_an_alarm_that_is_put_again_keeps_its_state_and_loses_its_old_settings() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, AlarmDescription="old", AlarmActions=[TOPIC])
    stage.call(
        "cloudwatch", "SetAlarmState", AlarmName="busy", StateValue="ALARM", StateReason="test"
    )
    stage.advance(1)
    put(stage, Threshold=20.0)
    (alarm,) = describe(stage)
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "test")
    assert alarm["Threshold"] == 20.0
    assert "AlarmDescription" not in alarm
    assert alarm["AlarmActions"] == []
    assert alarm["AlarmConfigurationUpdatedTimestamp"] == NOW + 1


QUERY = {
    "Id": "m1",
    "MetricStat": {
        "Metric": {"Namespace": "App", "MetricName": "Load"},
        "Period": 60,
        "Stat": "Sum",
    },
    "ReturnData": False,
}
NO_METRIC = {
    "MetricName": None,
    "Namespace": None,
    "Dimensions": None,
    "Statistic": None,
    "Period": None,
}


def expression(text: str, **more: Any) -> dict[str, Any]:
    return {"Id": "e1", "Expression": text, "ReturnData": True, **more}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"AlarmName": "a\x07"}, "AlarmName must not contain ASCII Control characters"),
        ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"Period": 60, "EvaluationPeriods": 1441},
            (
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period "
                "must be <= 86400) for alarms using period < 3600"
            ),
        ),
        (
            {"Period": 86400, "EvaluationPeriods": 8},
            (
                "Metrics cannot be checked across more than a week (EvaluationPeriods * Period "
                "must be <= 604800) for alarms using period >= 3600"
            ),
        ),
        (
            {"DatapointsToAlarm": 2},
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ),
        (
            {"EvaluationPeriods": None},
            "PutMetricAlarm request should have an EvaluationPeriods parameter",
        ),
        ({"Threshold": None}, "PutMetricAlarm request should have valid Threshold parameter"),
        (
            {"Threshold": float("nan")},
            "PutMetricAlarm request should have valid Threshold parameter",
        ),
        (
            {"ComparisonOperator": None},
            "PutMetricAlarm request should have a valid ComparisonOperator parameter",
        ),
        ({"Statistic": None}, "PutMetricAlarm request should have a Statistic parameter"),
        (
            {"ExtendedStatistic": "p90"},
            (
                "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic "
                "parameters. Only one of them should be present"
            ),
        ),
        ({"MetricName": None}, "MetricName must not be null"),
        (
            {
                "Statistic": None,
                "ExtendedStatistic": "p90",
                "EvaluateLowSampleCountPercentile": "sometimes",
            },
            (
                "Option sometimes is not supported. Supported options for parameter "
                "EvaluateLowSampleCountPercentile are evaluate and ignore."
            ),
        ),
        (
            {"ThresholdMetricId": "ad"},
            "GreaterThanThreshold cannot be used with a ThresholdMetricId",
        ),
        (
            {
                **NO_METRIC,
                "Metrics": [QUERY, expression("m1")],
                "EvaluateLowSampleCountPercentile": "ignore",
            },
            "EvaluateLowSampleCountPercentile can not be applied to alarms on metric math.",
        ),
        (
            {"TreatMissingData": "maybe"},
            (
                "Option maybe is not supported. Supported options for parameter TreatMissingData "
                "are breaching, notBreaching, ignore and missing."
            ),
        ),
        (
            {"EvaluateLowSampleCountPercentile": "ignore"},
            (
                "Option evaluateLowSampleCountPercentile can not be applied with statistic "
                "Average. This option is enabled only for percentile statistics."
            ),
        ),
        ({"AlarmActions": ["sns:topic"]}, "Invalid arn syntax: sns:topic"),
        (
            {"Metrics": [expression("m1"), QUERY]},
            "MetricName should not be set if list of Metrics is set.",
        ),
        (
            {**NO_METRIC, "Metrics": [QUERY]},
            "Exactly one element of the metrics list should return data.",
        ),
        (
            {**NO_METRIC, "Metrics": [QUERY, expression("m1 +")]},
            "Error in expression 'e1': Syntax error in 'm1 +'",
        ),
        (
            {**NO_METRIC, "Metrics": [QUERY, expression("m2")]},
            "Error in expression 'e1': ID 'm2' not found",
        ),
        (
            {**NO_METRIC, "Metrics": [expression("SUM(SEARCH('{App}', 'Sum', 60))")]},
            "SEARCH is not supported on Metric Alarms.",
        ),
        (
            {
                **NO_METRIC,
                "Metrics": [
                    *[{**QUERY, "Id": f"m{number}"} for number in range(11)],
                    expression("m1"),
                ],
            },
            "An alarm can watch at most 10 metrics and 10 expressions.",
        ),
        (
            {
                **NO_METRIC,
                "Metrics": [
                    QUERY,
                    {**QUERY, "Id": "m2", "MetricStat": {**QUERY["MetricStat"], "Period": 300}},
                    expression("m1 + m2"),
                ],
            },
            "Metrics list must contain metrics with the same period.",
        ),
        (
            {
                **NO_METRIC,
                "Metrics": [QUERY, expression("m1")],
                "AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"],
            },
            "EC2 actions are not supported for alarms on metric math expressions.",
        ),
        (
            {"ComparisonOperator": "GreaterThanUpperThreshold", "Threshold": None},
            "GreaterThanUpperThreshold is only used with a ThresholdMetricId",
        ),
        (
            {
                **NO_METRIC,
                "Threshold": None,
                "ComparisonOperator": "GreaterThanUpperThreshold",
                "ThresholdMetricId": "ad",
                "Metrics": [{**QUERY, "ReturnData": True}],
            },
            "Metrics list must contain exactly one metric matching the ThresholdMetricId parameter",
        ),
        (
            {
                **NO_METRIC,
                "Threshold": None,
                "ComparisonOperator": "GreaterThanUpperThreshold",
                "ThresholdMetricId": "ad",
                "AlarmActions": [SCALING_POLICY],
                "Metrics": [{**QUERY, "ReturnData": True}],
            },
            "Alarms based on anomaly detection models cannot have Auto Scaling actions.",
        ),
        (
            {"EvaluationCriteria": {"PromQLCriteria": {"Query": "up"}}},
            "Alarms on PromQL queries are not offered here.",
        ),
        (
            {"Period": 120, "EvaluationWindow": {"WallClockWindow": {}}},
            "A wall clock window needs a Period of one of [60, 300, 3600, 86400, 604800]",
        ),
        (
            {"EvaluationWindow": {"WallClockWindow": {"Timezone": "Moon/Base"}}},
            "Timezone Moon/Base is not a valid time zone",
        ),
    ],
    ids=lambda each: each[:60] if isinstance(each, str) else "",
)
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    stage, service = cloudwatch_stage(NOW)
    with pytest.raises(Fault) as refused:
        put(stage, **changes)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)
    assert service.state.alarms == {}


@pytest.mark.parametrize(
    ("statistic", "allowed"),
    [
        ("p99.9", True),
        ("tm90", True),
        ("IQM", True),
        ("PR(1:5)", True),
        ("TM(10%:90%)", True),
        ("TC(20%:80%)", True),
        ("TM(5%:90%)", False),
        ("TM(1:5)", False),
        ("p101", False),
        ("Average", False),
    ],
)
def test_extended_statistics_that_alarms_can_watch(statistic: str, allowed: bool) -> None:
    # AWS: PutMetricAlarm, ExtendedStatistic.
    stage, _ = cloudwatch_stage(NOW)
    if allowed:
        put(stage, Statistic=None, ExtendedStatistic=statistic)
        return
    with pytest.raises(Fault) as refused:
        put(stage, Statistic=None, ExtendedStatistic=statistic)
    assert (refused.value.code, refused.value.message) == (
        "InvalidParameterValue",
        f"The value {statistic} for parameter ExtendedStatistic is not supported.",
    )


def test_a_name_belongs_to_one_type_of_alarm() -> None:
    stage, _ = cloudwatch_stage(NOW)
    stage.call("cloudwatch", "PutCompositeAlarm", AlarmName="busy", AlarmRule="TRUE")
    with pytest.raises(Fault, match="An alarm of another type with the name busy already exists"):
        put(stage)


def test_relations_of_an_alarm_that_does_not_exist() -> None:
    stage, _ = cloudwatch_stage(NOW)
    with pytest.raises(Fault) as refused:
        names(stage, ParentsOfAlarmName="never")
    assert refused.value.code == "ResourceNotFound"


def test_alarms_are_found_by_name_prefix_state_and_action() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, "web-high", AlarmActions=[TOPIC])
    put(stage, "web-low", OKActions=[SCALING_POLICY])
    put(stage, "db")
    stage.call("cloudwatch", "SetAlarmState", AlarmName="db", StateValue="OK", StateReason="")
    assert names(stage) == ["db", "web-high", "web-low"]
    assert names(stage, AlarmNames=["db", "gone"]) == ["db"]
    assert names(stage, AlarmNamePrefix="web-") == ["web-high", "web-low"]
    assert names(stage, StateValue="OK") == ["db"]
    assert names(stage, ActionPrefix="arn:aws:sns") == ["web-high"]
    assert names(stage, AlarmTypes=["CompositeAlarm"]) == []
    with pytest.raises(Fault, match="AlarmNamePrefix cannot be specified together"):
        names(stage, AlarmNames=["db"], AlarmNamePrefix="d")


def test_alarms_come_in_pages() -> None:
    stage, _ = cloudwatch_stage(NOW)
    for number in range(60):
        put(stage, f"alarm-{number:02}")
    first = stage.call("cloudwatch", "DescribeAlarms")
    assert len(first["MetricAlarms"]) == 50
    second = stage.call(
        "cloudwatch", "DescribeAlarms", MaxRecords=100, NextToken=first["NextToken"]
    )
    assert next(each["AlarmName"] for each in second["MetricAlarms"]) == "alarm-50"
    assert "NextToken" not in second
    with pytest.raises(Fault) as refused:
        stage.call("cloudwatch", "DescribeAlarms", NextToken="other")
    assert refused.value.code == "InvalidNextToken"


def test_alarms_on_a_metric() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, "high")
    put(stage, "slow", Statistic=None, ExtendedStatistic="p90", Period=300)
    put(stage, "other", MetricName="Errors")
    asked = {
        "Namespace": "App",
        "MetricName": "Load",
        "Dimensions": [{"Name": "Service", "Value": "web"}],
    }

    def found(**more: Any) -> list[str]:
        answer = stage.call("cloudwatch", "DescribeAlarmsForMetric", **asked, **more)
        return [each["AlarmName"] for each in answer["MetricAlarms"]]

    assert found() == ["high", "slow"]
    assert found(Statistic="Average") == ["high"]
    assert found(ExtendedStatistic="p90", Period=300) == ["slow"]
    assert found(Period=10) == []
    asked["Dimensions"] = []
    assert found() == []


def test_deleted_alarms_are_gone_and_unknown_names_are_passed_over() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, "a")
    put(stage, "b")
    stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["a", "never"])
    assert names(stage) == ["b"]


def test_set_alarm_state_invokes_the_actions_of_a_changed_state() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, AlarmActions=[TOPIC, SCALING_POLICY], OKActions=[TOPIC])
    for _ in range(2):
        stage.call(
            "cloudwatch",
            "SetAlarmState",
            AlarmName="busy",
            StateValue="ALARM",
            StateReason="testing purposes",
            StateReasonData='{"version":"1.0","recentDatapoints":[11.0,12]}',
        )
    given = [signal for _, signal in stage.given(AlarmAction)]
    assert [(each.action, each.old_state, each.new_state) for each in given] == [
        (TOPIC, "INSUFFICIENT_DATA", "ALARM"),
        (SCALING_POLICY, "INSUFFICIENT_DATA", "ALARM"),
    ]
    assert given[1] == AlarmAction(
        action=SCALING_POLICY,
        alarm_name="busy",
        alarm_arn="arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy",
        old_state="INSUFFICIENT_DATA",
        new_state="ALARM",
        reason="testing purposes",
        datapoints=(11.0, 12.0),
        threshold=10.0,
        comparison="GreaterThanThreshold",
    )


def test_set_alarm_state_of_nothing_or_with_bad_data() -> None:
    stage, _ = cloudwatch_stage(NOW)
    with pytest.raises(Fault) as refused:
        stage.call("cloudwatch", "SetAlarmState", AlarmName="no", StateValue="OK", StateReason="")
    assert (refused.value.code, refused.value.status) == ("ResourceNotFound", 404)
    put(stage)
    with pytest.raises(Fault) as refused:
        stage.call(
            "cloudwatch",
            "SetAlarmState",
            AlarmName="busy",
            StateValue="OK",
            StateReason="",
            StateReasonData="{",
        )
    assert refused.value.code == "InvalidFormat"


def test_actions_are_switched_off_and_on() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, AlarmActions=[TOPIC], OKActions=[TOPIC])
    stage.call("cloudwatch", "DisableAlarmActions", AlarmNames=["busy", "never"])
    assert describe(stage)[0]["ActionsEnabled"] is False
    stage.call("cloudwatch", "SetAlarmState", AlarmName="busy", StateValue="OK", StateReason="")
    assert stage.given(AlarmAction) == []
    stage.call("cloudwatch", "EnableAlarmActions", AlarmNames=["busy"])
    stage.call("cloudwatch", "SetAlarmState", AlarmName="busy", StateValue="ALARM", StateReason="")
    assert [signal.new_state for _, signal in stage.given(AlarmAction)] == ["ALARM"]


def test_tags_of_an_alarm() -> None:
    stage, _ = cloudwatch_stage(NOW)
    arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy"
    put(stage, Tags=[{"Key": "team", "Value": "a"}])
    put(stage, Tags=[{"Key": "ignored", "Value": "on update"}])
    stage.call(
        "cloudwatch",
        "TagResource",
        ResourceARN=arn,
        Tags=[{"Key": "team", "Value": "b"}, {"Key": "env", "Value": "test"}],
    )
    stage.call("cloudwatch", "UntagResource", ResourceARN=arn, TagKeys=["env", "never"])
    answer = stage.call("cloudwatch", "ListTagsForResource", ResourceARN=arn)
    assert answer == {"Tags": [{"Key": "team", "Value": "b"}]}
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    with pytest.raises(Fault) as refused:
        stage.call("cloudwatch", "TagResource", ResourceARN=arn, Tags=many)
    assert refused.value.code == "InvalidParameterValue"
    stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["busy"])
    with pytest.raises(Fault) as refused:
        stage.call("cloudwatch", "ListTagsForResource", ResourceARN=arn)
    assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)


def test_other_services_put_and_delete_alarms_through_the_port() -> None:
    stage, service = cloudwatch_stage(NOW)
    long_name = "TargetTracking-" + "x" * 300
    with stage.turn() as turn:
        service.put(alarm_params(long_name), turn)
    assert service.alarm_state(long_name) == "INSUFFICIENT_DATA"
    with stage.turn() as turn:
        service.delete((long_name, "never"), turn)
    assert service.alarm_state(long_name) is None
