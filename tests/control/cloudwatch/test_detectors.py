"""Anomaly detectors, the bands they give, and alarms on those."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.signals import AlarmAction
from understudy.metrics.datapoint import of_value
from understudy.testing.cloudwatch import TOPIC, cloudwatch_stage
from understudy.testing.stage import Stage, instant

START = instant("2026-01-12T12:00:00Z")  # a Monday
WEEK, MINUTE = 7 * 86400.0, 60.0
METRIC = {"Namespace": "App", "MetricName": "Load", "Stat": "Average"}


def stage_with_history() -> Stage:
    """A week ago the same hour was at 9 and 11 by turns, all other hours of that day at 100."""
    stage, service = cloudwatch_stage(START - WEEK)
    for minute in range(-600, 600, 5):
        at = START - WEEK + MINUTE * minute
        near = 0 <= minute < 60
        with stage.turn() as turn:
            value = (9.0 if minute % 10 else 11.0) if near else 100.0
            service.publish("App", "Load", (), of_value(at, value), turn)
    stage.advance_to(START)
    return stage


def band_alarm(**changes: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "App", "MetricName": "Load"}, "Period": 300, "Stat": "Average"}
    return {
        "AlarmName": "odd",
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
        "EvaluationPeriods": 1,
        "ThresholdMetricId": "ad1",
        "AlarmActions": [TOPIC],
        "Metrics": [
            {"Id": "m1", "MetricStat": stat, "ReturnData": True},
            {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
        ],
        **changes,
    }


def test_a_band_is_mean_and_deviation_of_the_same_hour_of_the_week() -> None:
    stage = stage_with_history()
    answer = stage.call(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=[
            {"Id": "m1", "MetricStat": band_alarm()["Metrics"][0]["MetricStat"]},
            {"Id": "e1", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)"},
        ],
        StartTime=START,
        EndTime=START + 600,
    )
    bands = {each["Label"]: each["Values"] for each in answer["MetricDataResults"][1:]}
    assert bands == {"High": [13.0, 13.0], "Low": [7.0, 7.0]}


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("LessThanLowerOrGreaterThanUpperThreshold", 12.5, "ALARM"),
        ("LessThanLowerOrGreaterThanUpperThreshold", 7.5, "ALARM"),
        ("LessThanLowerOrGreaterThanUpperThreshold", 11.9, "OK"),
        ("GreaterThanUpperThreshold", 7.5, "OK"),
        ("GreaterThanUpperThreshold", 12.5, "ALARM"),
        ("LessThanLowerThreshold", 12.5, "OK"),
        ("LessThanLowerThreshold", 7.5, "ALARM"),
    ],
)
def test_an_alarm_on_a_band(comparison: str, value: float, state: str) -> None:
    stage = stage_with_history()
    stage.advance(1200)
    stage.call("cloudwatch", "PutMetricAlarm", **band_alarm(ComparisonOperator=comparison))
    datum = {"MetricName": "Load", "Value": value, "Timestamp": stage.now}
    stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    stage.advance(400)
    (alarm,) = stage.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert alarm["StateValue"] == state
    assert alarm["StateReason"].startswith("Thresholds Crossed: 1 datapoint [")
    signals = stage.given(AlarmAction)
    assert [(signal.datapoints, signal.threshold) for _, signal in signals] == (
        [((value,), None)] if state == "ALARM" else []
    )


def test_without_enough_history_there_is_no_band_and_not_enough_data() -> None:
    stage, _ = cloudwatch_stage(START)
    stage.call("cloudwatch", "PutMetricAlarm", **band_alarm())
    datum = {"MetricName": "Load", "Value": 5.0, "Timestamp": START}
    stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    stage.advance(400)
    (alarm,) = stage.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"


def put(stage: Stage, **params: Any) -> str:
    return stage.call("cloudwatch", "PutAnomalyDetector", **params)["AnomalyDetectorId"]


def test_a_detector_is_put_once_for_a_metric_and_says_how_it_is_trained() -> None:
    stage = stage_with_history()
    first = put(stage, **METRIC)
    assert put(stage, SingleMetricAnomalyDetector=METRIC, Configuration={}) == first
    other = put(stage, **{**METRIC, "MetricName": "Nothing"})
    answer = stage.call("cloudwatch", "DescribeAnomalyDetectors")
    assert [
        (each["AnomalyDetectorId"], each["StateValue"]) for each in answer["AnomalyDetectors"]
    ] == [
        (first, "TRAINED"),
        (other, "TRAINED_INSUFFICIENT_DATA"),
    ]
    answer = stage.call("cloudwatch", "DescribeAnomalyDetectors", MetricName="Load")
    assert answer["AnomalyDetectors"] == [
        {
            "AnomalyDetectorId": first,
            **METRIC,
            "Configuration": {},
            "MetricCharacteristics": {},
            "StateValue": "TRAINED",
            "SingleMetricAnomalyDetector": METRIC,
        }
    ]
    assert stage.call(
        "cloudwatch", "DescribeAnomalyDetectors", AnomalyDetectorTypes=["METRIC_MATH"]
    ) == {"AnomalyDetectors": []}


def test_excluded_ranges_are_not_learnt_from() -> None:
    stage = stage_with_history()
    span = {"StartTime": START - WEEK, "EndTime": START - WEEK + 3600}
    put(stage, **METRIC, Configuration={"ExcludedTimeRanges": [span]})
    stage.call("cloudwatch", "PutMetricAlarm", **band_alarm())
    datum = {"MetricName": "Load", "Value": 100.0, "Timestamp": START}
    stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    stage.advance(400)
    (alarm,) = stage.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert alarm["StateValue"] == "OK"


def test_a_detector_is_deleted_by_id_or_by_metric() -> None:
    stage, _ = cloudwatch_stage(START)
    first = put(stage, **METRIC)
    put(stage, **{**METRIC, "Dimensions": [{"Name": "A", "Value": "1"}]})
    stage.call("cloudwatch", "DeleteAnomalyDetector", AnomalyDetectorId=first)
    stage.call(
        "cloudwatch",
        "DeleteAnomalyDetector",
        **METRIC,
        Dimensions=[{"Name": "A", "Value": "1"}],
    )
    assert stage.call("cloudwatch", "DescribeAnomalyDetectors") == {"AnomalyDetectors": []}
    with pytest.raises(Fault) as refused:
        stage.call("cloudwatch", "DeleteAnomalyDetector", **METRIC)
    assert (refused.value.code, refused.value.status) == ("ResourceNotFoundException", 404)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({**METRIC, "SingleMetricAnomalyDetector": METRIC}, "InvalidParameterCombination"),
        ({"Namespace": "App", "MetricName": "Load"}, "MissingParameter"),
        ({**METRIC, "Stat": "Median"}, "InvalidParameterValue"),
        ({"MetricMathAnomalyDetector": {"MetricDataQueries": []}}, "InvalidParameterValue"),
    ],
)
def test_what_is_refused(params: dict[str, Any], code: str) -> None:
    stage, _ = cloudwatch_stage(START)
    with pytest.raises(Fault) as refused:
        put(stage, **params)
    assert refused.value.code == code
