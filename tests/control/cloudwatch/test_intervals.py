"""How far back an alarm looks."""

import json

import pytest

from understudy.testing.cloudwatch import alarm_params, at_second, cloudwatch_stage
from understudy.testing.stage import instant

START = instant("2026-01-10T12:00:00Z")


@pytest.mark.parametrize(
    ("needed", "periods", "period", "seconds"),
    [
        pytest.param(4, 5, 60, 300, id="four of five minutes: five minutes"),
        pytest.param(3, 3, 600, 1800, id="three of three times ten minutes: half an hour"),
    ],
)
def test_the_evaluation_interval(needed: int, periods: int, period: int, seconds: int) -> None:
    # AWS: Alarm evaluation: the number of evaluation periods times the length of one.
    stage, service = cloudwatch_stage(START)
    changed = alarm_params(Period=period, EvaluationPeriods=periods, DatapointsToAlarm=needed)
    params = at_second(0, changed)
    for minute in range(-2 * seconds // 60, 1):
        datum = {
            "MetricName": params["MetricName"],
            "Dimensions": params["Dimensions"],
            "Value": 20.0,
            "Timestamp": START + 60 * minute,
        }
        stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    stage.call("cloudwatch", "PutMetricAlarm", **params)
    stage.advance(60)
    assert service.alarm_state("busy") == "ALARM"
    (alarm,) = stage.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    data = json.loads(alarm["StateReasonData"])
    assert len(data["recentDatapoints"]) * period == seconds
    assert instant(data["queryDate"]) - instant(data["startDate"]) == seconds
