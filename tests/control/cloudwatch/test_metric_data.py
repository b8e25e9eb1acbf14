"""PutMetricData and ListMetrics: what is taken, what is refused, what is found."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.metrics.datapoint import of_value
from understudy.testing.cloudwatch import cloudwatch_stage
from understudy.testing.stage import Stage, instant

NOW = instant("2026-01-10T12:00:00Z")
HOUR, DAY = 3600.0, 86400.0


def put(stage: Stage, *data: dict[str, Any], namespace: str = "App", **more: Any) -> None:
    stage.call("cloudwatch", "PutMetricData", Namespace=namespace, MetricData=list(data), **more)


def read(stage: Stage, name: str = "Load", **more: Any) -> list[dict[str, Any]]:
    params = {
        "Namespace": "App",
        "MetricName": name,
        "StartTime": NOW - HOUR,
        "EndTime": NOW + HOUR,
        "Period": 60,
        "Statistics": ["SampleCount", "Sum", "Minimum", "Maximum"],
        **more,
    }
    return stage.call("cloudwatch", "GetMetricStatistics", **params)["Datapoints"]


def test_a_value_a_statistic_set_and_values_with_counts_come_together() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, {"MetricName": "Load", "Value": 3.0})
    put(
        stage,
        {
            "MetricName": "Load",
            "StatisticValues": {"SampleCount": 2.0, "Sum": 9.0, "Minimum": 4.0, "Maximum": 5.0},
        },
        {"MetricName": "Load", "Values": [1.0, 8.0], "Counts": [2.0, 1.0]},
    )
    put(stage, {"MetricName": "Load", "Values": [6.0]})
    assert read(stage) == [
        {
            "Timestamp": NOW,
            "Unit": "None",
            "SampleCount": 7.0,
            "Sum": 28.0,
            "Minimum": 1.0,
            "Maximum": 8.0,
        }
    ]


def test_dimension_sets_are_metrics_of_their_own_whatever_their_order() -> None:
    # AWS: Amazon CloudWatch concepts, Dimension combinations.
    stage, _ = cloudwatch_stage(NOW)
    one, two = {"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}
    for dimensions in ([one, two], [two, one], [one], []):
        put(stage, {"MetricName": "Load", "Value": 1.0, "Dimensions": dimensions})
    sums = [read(stage, Dimensions=each)[0]["Sum"] for each in ([two, one], [one], [])]
    assert sums == [2.0, 1.0, 1.0]
    assert read(stage, Dimensions=[two]) == []


def test_datapoints_are_stamped_as_their_sender_says() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, {"MetricName": "Load", "Value": 1.0, "Timestamp": NOW - 125})
    assert [each["Timestamp"] for each in read(stage)] == [NOW - 180]


def test_metrics_with_entities_are_metrics() -> None:
    stage, _ = cloudwatch_stage(NOW)
    stage.call(
        "cloudwatch",
        "PutMetricData",
        Namespace="App",
        EntityMetricData=[
            {
                "Entity": {"KeyAttributes": {"Type": "Service", "Name": "web"}},
                "MetricData": [{"MetricName": "Load", "Value": 2.0}],
            }
        ],
        StrictEntityValidation=False,
    )
    assert [each["Sum"] for each in read(stage)] == [2.0]


GOOD = {"MetricName": "Load", "Value": 1.0}


@pytest.mark.parametrize(
    ("datum", "code", "message"),
    [
        (
            {"MetricName": "Load", "Value": float("nan")},
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            {"MetricName": "Load", "Value": float("inf")},
            "InvalidParameterValue",
            "The value inf for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            {"MetricName": "Load", "Value": -(2.0**361)},
            "InvalidParameterValue",
            "for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            {"MetricName": "Load", "Values": [1.0, float("nan")]},
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Values is invalid.",
        ),
        (
            {"MetricName": "Load", "Values": [1.0, 2.0], "Counts": [1.0]},
            "InvalidParameterValue",
            (
                "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be "
                "of the same size."
            ),
        ),
        (
            {"MetricName": "Load", "Values": [1.0], "Counts": [-1.0]},
            "InvalidParameterValue",
            "The value -1.0 for parameter MetricData.member.1.Counts is invalid.",
        ),
        (
            {"MetricName": "Load", "Values": [1.0] * 151},
            "InvalidParameterValue",
            "The collection MetricData.member.1.Values must not have a size greater than 150.",
        ),
        (
            {**GOOD, "Values": [1.0]},
            "InvalidParameterCombination",
            (
                "The parameters MetricData.member.1.Value and MetricData.member.1.Values are "
                "mutually exclusive and you have specified both."
            ),
        ),
        (
            {"MetricName": "Load"},
            "InvalidParameterCombination",
            "At least one of the parameters MetricData.member.1.Value,",
        ),
        (
            {**GOOD, "Timestamp": NOW - 14 * DAY - 1},
            "InvalidParameterValue",
            (
                "The parameter MetricData.member.1.Timestamp must specify a time within the past "
                "two weeks."
            ),
        ),
        (
            {**GOOD, "Timestamp": NOW + 2 * HOUR + 1},
            "InvalidParameterValue",
            (
                "The parameter MetricData.member.1.Timestamp must specify a time no more than two "
                "hours in the future."
            ),
        ),
        (
            {**GOOD, "StorageResolution": 30},
            "InvalidParameterValue",
            (
                "The parameter MetricData.member.1.StorageResolution must be a value in the set [ "
                "1, 60 ]."
            ),
        ),
        (
            {**GOOD, "Dimensions": [{"Name": ":a", "Value": "b"}]},
            "InvalidParameterValue",
            "The value :a for parameter MetricData.member.1.Dimensions.member.1.Name is invalid.",
        ),
        (
            {
                "MetricName": "Load",
                "StatisticValues": {"SampleCount": 0, "Sum": 1, "Minimum": 1, "Maximum": 1},
            },
            "InvalidParameterValue",
            "The value 0 for parameter MetricData.member.1.StatisticValues.SampleCount is invalid.",
        ),
        (
            {
                "MetricName": "Load",
                "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1},
            },
            "InvalidParameterValue",
            (
                "The parameter MetricData.member.1.StatisticValues.Maximum must be greater than "
                "MetricData.member.1.StatisticValues.Minimum."
            ),
        ),
    ],
)
def test_a_bad_datum_is_refused(datum: dict[str, Any], code: str, message: str) -> None:
    stage, service = cloudwatch_stage(NOW)
    with pytest.raises(Fault) as refused:
        put(stage, datum)
    assert refused.value.code == code
    assert message in refused.value.message
    assert service.state.store.metrics == {}


def test_all_bad_timestamps_are_named_at_once_and_nothing_is_kept() -> None:
    stage, service = cloudwatch_stage(NOW)
    old = {**GOOD, "Timestamp": NOW - 15 * DAY}
    with pytest.raises(Fault) as refused:
        put(stage, old, GOOD, old)
    assert refused.value.message.splitlines() == [
        f"The parameter MetricData.member.{index}.Timestamp must specify a time within the past "
        f"two "
        "weeks."
        for index in (1, 3)
    ]
    assert service.state.store.metrics == {}


def test_the_edges_of_two_weeks_and_two_hours_are_taken() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, {**GOOD, "Timestamp": NOW - 14 * DAY}, {**GOOD, "Timestamp": NOW + 2 * HOUR})


def test_a_request_has_between_one_and_a_thousand_metrics_and_no_namespace_of_aws() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, *[GOOD] * 1000)
    for data, namespace, code in (
        ([GOOD] * 1001, "App", "InvalidParameterValue"),
        ([], "App", "MissingParameter"),
        ([GOOD], "AWS/EC2", "InvalidParameterValue"),
    ):
        with pytest.raises(Fault) as refused:
            put(stage, *data, namespace=namespace)
        assert refused.value.code == code


def names(stage: Stage, **params: Any) -> list[str]:
    answer = stage.call("cloudwatch", "ListMetrics", **params)
    return [each["MetricName"] for each in answer["Metrics"]]


def test_metrics_are_listed_by_namespace_name_and_dimensions() -> None:
    stage, service = cloudwatch_stage(NOW)
    put(stage, {**GOOD, "Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]})
    put(stage, {"MetricName": "Other", "Value": 1.0}, namespace="Web")
    with stage.turn() as turn:
        service.publish("AWS/SageMaker", "Invocations", (), of_value(NOW, 1.0), turn)
    assert names(stage) == ["Load", "Other", "Invocations"]
    assert names(stage, Namespace="Web") == ["Other"]
    assert names(stage, MetricName="Load") == ["Load"]
    assert names(stage, Dimensions=[{"Name": "B"}]) == ["Load"]
    assert names(stage, Dimensions=[{"Name": "B", "Value": "2"}, {"Name": "A"}]) == ["Load"]
    assert names(stage, Dimensions=[{"Name": "B", "Value": "3"}]) == []
    answer = stage.call("cloudwatch", "ListMetrics", MetricName="Load")
    assert answer == {
        "Metrics": [
            {
                "Namespace": "App",
                "MetricName": "Load",
                "Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}],
            }
        ]
    }


def test_metrics_without_recent_data_are_not_listed() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, GOOD)
    stage.advance(2 * HOUR)
    assert names(stage, RecentlyActive="PT3H") == ["Load"]
    stage.advance(2 * HOUR)
    assert names(stage, RecentlyActive="PT3H") == []
    assert names(stage) == ["Load"]
    stage.advance(14 * DAY)
    assert names(stage) == []


def test_a_list_has_pages_of_500() -> None:
    stage, _ = cloudwatch_stage(NOW)
    put(stage, *[{"MetricName": f"m{number}", "Value": 1.0} for number in range(501)])
    first = stage.call("cloudwatch", "ListMetrics")
    assert len(first["Metrics"]) == 500
    second = stage.call("cloudwatch", "ListMetrics", NextToken=first["NextToken"])
    assert [each["MetricName"] for each in second["Metrics"]] == ["m500"]
    assert "NextToken" not in second
    with pytest.raises(Fault) as refused:
        stage.call("cloudwatch", "ListMetrics", NextToken="elsewhere")
    assert refused.value.code == "InvalidParameterValue"
