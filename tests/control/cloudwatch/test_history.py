"""The history of alarms: what is written, in AWS's words, how long it is kept, how it is read."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.cloudwatch.service import CloudWatch
from understudy.testing.cloudwatch import SCALING_POLICY, TOPIC, alarm_params, cloudwatch_stage
from understudy.testing.stage import Stage, instant

START = instant("2026-01-10T12:00:00Z")
DAY = 86400.0


def story() -> tuple[Stage, CloudWatch]:
    """An alarm is created, goes to ALARM by hand and invokes its policy, is updated and deleted."""
    stage, service = cloudwatch_stage(START)
    params = alarm_params(
        TreatMissingData="ignore", AlarmActions=[SCALING_POLICY], AlarmDescription="too much"
    )
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    stage.advance(10)
    stage.call(
        "cloudwatch",
        "SetAlarmState",
        AlarmName="busy",
        StateValue="ALARM",
        StateReason="testing purposes",
    )
    with stage.turn() as turn:
        summary = f"Successfully executed action {SCALING_POLICY}"
        service.record_action("busy", SCALING_POLICY, summary, turn)
    stage.advance(10)
    stage.call("cloudwatch", "PutMetricAlarm", **{**params, "Threshold": 20.0})
    stage.advance(10)
    stage.call("cloudwatch", "DeleteAlarms", AlarmNames=["busy"])
    return stage, service


def read(stage: Stage, **params: Any) -> list[dict[str, Any]]:
    return stage.call("cloudwatch", "DescribeAlarmHistory", **params)["AlarmHistoryItems"]


def test_the_history_of_a_deleted_alarm_can_still_be_read_newest_first() -> None:
    stage, _ = story()
    items = read(stage, AlarmName="busy")
    assert [
        (each["Timestamp"] - START, each["HistoryItemType"], each["HistorySummary"])
        for each in items
    ] == [
        (30, "ConfigurationUpdate", 'Alarm "busy" deleted'),
        (20, "ConfigurationUpdate", 'Alarm "busy" updated'),
        (10, "Action", f"Successfully executed action {SCALING_POLICY}"),
        (10, "StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        (0, "ConfigurationUpdate", 'Alarm "busy" created'),
    ]
    assert {(each["AlarmName"], each["AlarmType"]) for each in items} == {("busy", "MetricAlarm")}


def data(stage: Stage, summary: str) -> dict[str, Any]:
    (item,) = [each for each in read(stage) if each["HistorySummary"].startswith(summary)]
    return json.loads(item["HistoryData"])


def test_a_creation_shows_the_alarm_member_by_member() -> None:
    stage, _ = story()
    (item,) = [each for each in read(stage) if each["HistorySummary"].endswith("created")]
    assert item["HistoryData"] == (
        '{"version":"1.0","type":"Create","createdAlarm":{"alarmName":"busy",'
        '"alarmDescription":"too much",'
        '"alarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy",'
        '"alarmConfigurationUpdatedTimestamp":"2026-01-10T12:00:00.000+0000",'
        '"namespace":"App","metricName":"Load","statistic":"Average","period":60,'
        '"dimensions":[{"name":"Service","value":"web"}],"threshold":10.0,'
        '"comparisonOperator":"GreaterThanThreshold","evaluationPeriods":1,'
        '"treatMissingData":"ignore","stateValue":"INSUFFICIENT_DATA",'
        '"stateUpdatedTimestamp":"2026-01-10T12:00:00.000+0000","actionsEnabled":true,'
        f'"alarmActions":["{SCALING_POLICY}"],"insufficientDataActions":[],"okactions":[]}}}}'
    )


def test_an_update_shows_what_was_before() -> None:
    stage, _ = story()
    found = data(stage, 'Alarm "busy" updated')
    assert (found["version"], found["type"]) == ("1.0", "Update")
    assert found["originalUpdatedFields"] == {"threshold": 10.0}
    assert found["updatedAlarm"]["threshold"] == 20.0


def test_a_state_update_shows_both_states() -> None:
    stage, _ = story()
    assert data(stage, "Alarm updated from") == {
        "version": "1.0",
        "oldState": {
            "stateValue": "INSUFFICIENT_DATA",
            "stateReason": "Unchecked: Initial alarm creation",
        },
        "newState": {"stateValue": "ALARM", "stateReason": "testing purposes"},
    }


def test_actions_that_succeeded_and_failed() -> None:
    stage, service = story()
    assert data(stage, "Successfully executed action") == {
        "actionState": "Succeeded",
        "stateUpdateTimestamp": round((START + 10) * 1000),
        "notificationResource": SCALING_POLICY,
    }
    stage.call("cloudwatch", "PutMetricAlarm", **alarm_params())
    with stage.turn() as turn:
        failed = "Failed to execute AutoScaling action: Metric data points must be provided"
        service.record_action("busy", SCALING_POLICY, failed, turn)
        service.record_action("deleted", TOPIC, "Successfully executed action", turn)
    found = data(stage, "Failed to execute")
    assert found["actionState"] == "Failed"
    assert found["error"] == "Metric data points must be provided"


def test_switching_actions_is_an_update_of_the_configuration() -> None:
    stage, _ = cloudwatch_stage(START)
    stage.call("cloudwatch", "PutMetricAlarm", **alarm_params())
    stage.call("cloudwatch", "DisableAlarmActions", AlarmNames=["busy"])
    found = data(stage, 'Alarm "busy" updated')
    assert found["originalUpdatedFields"] == {"actionsEnabled": True}
    assert found["updatedAlarm"]["actionsEnabled"] is False


def test_history_is_filtered_and_comes_in_pages() -> None:
    stage, _ = story()
    assert len(read(stage, HistoryItemType="ConfigurationUpdate")) == 3
    assert len(read(stage, StartDate=START + 10, EndDate=START + 20)) == 3
    assert read(stage, AlarmName="other") == []
    assert read(stage, AlarmTypes=["CompositeAlarm"]) == []
    oldest = read(stage, ScanBy="TimestampAscending", MaxRecords=1)
    assert [each["Timestamp"] for each in oldest] == [START]
    first = stage.call("cloudwatch", "DescribeAlarmHistory", MaxRecords=4)
    second = stage.call("cloudwatch", "DescribeAlarmHistory", NextToken=first["NextToken"])
    assert len(first["AlarmHistoryItems"]) == 4
    assert [each["Timestamp"] for each in second["AlarmHistoryItems"]] == [START]
    with pytest.raises(Fault) as refused:
        stage.call("cloudwatch", "DescribeAlarmHistory", NextToken="other")
    assert refused.value.code == "InvalidNextToken"


def test_composite_alarms_have_a_history_of_their_own_type() -> None:
    stage, _ = cloudwatch_stage(START)
    stage.call("cloudwatch", "PutCompositeAlarm", AlarmName="any", AlarmRule="TRUE")
    stage.advance(0)
    summaries = [each["HistorySummary"] for each in read(stage, AlarmTypes=["CompositeAlarm"])]
    assert summaries == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        'Alarm "any" created',
    ]
    assert len(read(stage, AlarmName="any")) == 2
    assert read(stage) == []


def test_history_is_forgotten_after_thirty_days() -> None:
    stage, service = story()
    stage.advance(29 * DAY)
    assert len(read(stage)) == 5
    stage.advance(2 * DAY)
    assert read(stage) == []
    stage.advance(10 * DAY)
    stage.call("cloudwatch", "PutMetricAlarm", **alarm_params("new"))
    assert [item.alarm for item in service.state.history] == ["new"]
