"""What the operations answer has the members and types of AWS's own service model."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel

from understudy.control.cloudwatch.operations import OPERATIONS
from understudy.testing.cloudwatch import TOPIC, alarm_params, cloudwatch_stage
from understudy.testing.shapes import differences
from understudy.testing.stage import Stage, instant

NOW = instant("2026-01-10T12:00:00Z")
ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy"

MODEL: ServiceModel = botocore.session.get_session().get_service_model("cloudwatch")


def busy_stage() -> Stage:
    """A metric, an alarm that fired, a composite with a suppressor, a dashboard, a detector."""
    stage, _ = cloudwatch_stage(NOW)
    for minute in range(5):
        datum = {
            "MetricName": "Load",
            "Dimensions": [{"Name": "Service", "Value": "web"}],
            "Values": [20.0, 30.0],
            "Timestamp": NOW + 60 * minute,
        }
        stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    stage.call(
        "cloudwatch",
        "PutMetricAlarm",
        **alarm_params(AlarmActions=[TOPIC], Tags=[{"Key": "a", "Value": "b"}]),
    )
    stage.call("cloudwatch", "PutMetricAlarm", **alarm_params("mute", Threshold=1e6))
    stage.call(
        "cloudwatch",
        "PutCompositeAlarm",
        AlarmName="all",
        AlarmRule="ALARM(busy)",
        ActionsSuppressor="mute",
        ActionsSuppressorWaitPeriod=600,
        ActionsSuppressorExtensionPeriod=600,
    )
    stage.call(
        "cloudwatch",
        "PutDashboard",
        DashboardName="web",
        DashboardBody=json.dumps({"widgets": []}),
    )
    stage.call(
        "cloudwatch", "PutAnomalyDetector", Namespace="App", MetricName="Load", Stat="Average"
    )
    stage.advance(240)
    return stage


STAT: dict[str, Any] = {
    "Metric": {
        "Namespace": "App",
        "MetricName": "Load",
        "Dimensions": [{"Name": "Service", "Value": "web"}],
    },
    "Period": 60,
    "Stat": "p90",
}

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("DescribeAlarms", {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}),
    ("DescribeAlarms", {"ChildrenOfAlarmName": "all"}),
    ("DescribeAlarms", {"MaxRecords": 1}),
    ("DescribeAlarmsForMetric", dict(STAT["Metric"])),
    ("DescribeAlarmHistory", {}),
    ("DescribeAlarmHistory", {"MaxRecords": 1}),
    ("DescribeAnomalyDetectors", {}),
    ("GetDashboard", {"DashboardName": "web"}),
    ("ListDashboards", {}),
    ("ListMetrics", {}),
    ("ListTagsForResource", {"ResourceARN": ARN}),
    (
        "GetMetricData",
        {
            "MetricDataQueries": [
                {"Id": "m1", "MetricStat": STAT},
                {"Id": "e1", "Expression": "m1 * 2"},
            ],
            "StartTime": NOW,
            "EndTime": NOW + 300,
        },
    ),
    (
        "GetMetricStatistics",
        {
            **STAT["Metric"],
            "Period": 60,
            "StartTime": NOW,
            "EndTime": NOW + 300,
            "ExtendedStatistics": ["p90"],
        },
    ),
    (
        "GetMetricStatistics",
        {
            **STAT["Metric"],
            "Period": 60,
            "StartTime": NOW,
            "EndTime": NOW + 300,
            "Statistics": ["Average", "SampleCount"],
        },
    ),
    ("PutDashboard", {"DashboardName": "web", "DashboardBody": "{}"}),
    ("PutAnomalyDetector", {"Namespace": "App", "MetricName": "Load", "Stat": "Sum"}),
    ("DeleteDashboards", {"DashboardNames": ["web"]}),
    ("UntagResource", {"ResourceARN": ARN, "TagKeys": ["a"]}),
]


@pytest.mark.parametrize(("operation", "params"), CALLS, ids=[call[0] for call in CALLS])
def test_an_answer_has_the_shape_of_the_model(operation: str, params: dict[str, Any]) -> None:
    answer = busy_stage().call("cloudwatch", operation, **params)
    shape = MODEL.operation_model(operation).output_shape
    assert shape is not None
    assert differences(answer, shape, operation) == []


def test_every_operation_is_one_of_the_model() -> None:
    assert set(OPERATIONS) <= set(MODEL.operation_names)


def test_the_story_behind_these_answers_has_something_of_everything() -> None:
    stage = busy_stage()
    answer = stage.call("cloudwatch", "DescribeAlarms", AlarmTypes=["CompositeAlarm"])
    assert answer["CompositeAlarms"][0]["ActionsSuppressedBy"] == "WaitPeriod"
    alarms = stage.call("cloudwatch", "DescribeAlarms", AlarmNames=["busy"])["MetricAlarms"]
    assert alarms[0]["StateValue"] == "ALARM"
    assert json.loads(alarms[0]["StateReasonData"])["recentDatapoints"] == [25.0]
