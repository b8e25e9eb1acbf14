"""Predictive scaling of groups: forecasts from CloudWatch's own metrics."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.autoscaling.forecasts import metric_queries
from understudy.testing.group_story import NAME, GroupStory
from understudy.testing.stage import instant

HOUR = 3600.0


def put(story: GroupStory, **configuration: Any) -> None:
    pair = {"PredefinedMetricType": "ASGCPUUtilization"}
    specification = {"TargetValue": 50.0, "PredefinedMetricPairSpecification": pair}
    story.of(
        "PutScalingPolicy",
        PolicyName="ahead",
        PolicyType="PredictiveScaling",
        PredictiveScalingConfiguration={"MetricSpecifications": [specification], **configuration},
    )


def two_days(story: GroupStory) -> None:
    """Two days in which every noon needs four instances at 50 percent, and the night one."""

    def load() -> float:
        return 200.0 if 12 * HOUR < story.at % (24 * HOUR) <= 13 * HOUR else 50.0

    story.cpu = lambda each: load() / len(story.instances("InService"))
    story.run(2 * 24 * HOUR)


@pytest.fixture(scope="module")
def forecast_story() -> GroupStory:
    story = GroupStory(at=instant("2026-03-02T00:00:00Z"))
    story.create(1, 9)
    two_days(story)
    return story


def test_capacity_is_raised_before_the_hour_of_the_load() -> None:
    story = GroupStory(at=instant("2026-03-02T00:00:00Z"))
    story.create(1, 9)
    two_days(story)
    put(story, Mode="ForecastAndScale")
    story.run_to(instant("2026-03-04T11:54:59Z"))
    assert story.desired == 1
    story.run(2)
    assert story.desired == 4
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert group["PredictedCapacity"] == 4
    story.run(24 * HOUR - 600)
    assert story.desired == 4  # it never scales in


def test_forecast_only_changes_nothing(forecast_story: GroupStory) -> None:
    story = forecast_story
    put(story)
    noon = instant("2026-03-04T12:00:00Z")
    answer = story.of(
        "GetPredictiveScalingForecast",
        PolicyName="ahead",
        StartTime=noon - HOUR,
        EndTime=noon + HOUR,
    )
    assert answer["CapacityForecast"]["Timestamps"] == [noon - HOUR, noon]
    assert answer["CapacityForecast"]["Values"] == [1.0, 4.0]
    assert answer["LoadForecast"][0]["Values"] == [50.0 * 60, 200.0 * 60]
    story.run_to(noon)
    assert story.desired == 1


@pytest.mark.parametrize(
    ("behavior", "desired", "maximum"),
    [
        pytest.param({}, 3, 3, id="the maximum is honored"),
        pytest.param(
            {"MaxCapacityBreachBehavior": "IncreaseMaxCapacity", "MaxCapacityBuffer": 25},
            4,
            5,
            id="or raised, with a buffer",
        ),
    ],
)
def test_forecasts_above_the_maximum(behavior: dict[str, Any], desired: int, maximum: int) -> None:
    story = GroupStory(at=instant("2026-03-02T00:00:00Z"))
    story.create(1, 3)
    two_days(story)
    put(story, Mode="ForecastAndScale", **behavior)
    story.run_to(instant("2026-03-04T12:00:00Z"))
    assert (story.desired, story.group.maximum) == (desired, maximum)


def test_the_larger_of_prediction_and_tracking_holds() -> None:
    # AWS: target tracking wants 10, the forecast 8: 10. And no scale-in below the forecast.
    story = GroupStory(at=instant("2026-03-02T00:00:00Z"))
    story.create(1, 12)
    two_days(story)
    put(story, Mode="ForecastAndScale")
    story.run_to(instant("2026-03-04T11:56:00Z"))
    assert story.desired == 4
    story.track(50.0, EstimatedInstanceWarmup=0)
    story.cpu = lambda each: 0.0
    story.run(50 * 60)
    assert story.desired == 4
    story.cpu = lambda each: 500.0 / len(story.instances("InService"))
    story.run(300)
    assert story.desired == 10


def test_nothing_is_forecast_from_less_than_a_day(story: GroupStory) -> None:
    story.create(1, 9)
    put(story, Mode="ForecastAndScale")
    answer = story.of(
        "GetPredictiveScalingForecast",
        PolicyName="ahead",
        StartTime=story.at,
        EndTime=story.at + HOUR,
    )
    assert answer["CapacityForecast"]["Values"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"MaxCapacityBreachBehavior": "IncreaseMaxCapacity"},
        {"MaxCapacityBuffer": 10},
        {"SchedulingBufferTime": 3600},
    ],
)
def test_what_a_policy_cannot_be(story: GroupStory, wrong: dict[str, Any]) -> None:
    story.create(1, 9)
    with pytest.raises(Fault) as refused:
        put(story, **wrong)
    assert refused.value.code == "ValidationError"


def test_balancer_requests_and_own_metrics_are_asked_for_by_the_hour() -> None:
    label = "app/web/1/targetgroup/blue/2"
    pair = {"PredefinedMetricType": "ALBRequestCount", "ResourceLabel": label}
    load, metric, capacity = metric_queries({"PredefinedMetricPairSpecification": pair}, NAME)
    names = [
        (queries[0]["MetricStat"]["Metric"]["MetricName"], queries[0]["MetricStat"]["Stat"])
        for queries in (load, metric, capacity)
    ]
    assert names == [
        ("RequestCount", "Sum"),
        ("RequestCountPerTarget", "Sum"),
        ("HealthyHostCount", "Average"),
    ]
    own = {
        "Id": "m",
        "MetricStat": {"Metric": {"Namespace": "A", "MetricName": "b"}, "Stat": "Sum"},
    }
    custom = {
        "CustomizedLoadMetricSpecification": {"MetricDataQueries": [own]},
        "CustomizedScalingMetricSpecification": {"MetricDataQueries": [own]},
    }
    load, metric, capacity = metric_queries(custom, NAME)
    assert load[0]["MetricStat"]["Period"] == 3600
    assert capacity == []
