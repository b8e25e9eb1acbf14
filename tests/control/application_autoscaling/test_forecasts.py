"""AWS: Predictive scaling for Application Auto Scaling; API_GetPredictiveScalingForecast."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.scalables import TaskHistory
from understudy.testing.scaling_story import ScalingStory

MIDNIGHT = 20_600 * 86400.0
ECS = ("ecs:service:DesiredCount", "service/c/web")
PAIR = {
    "TargetValue": 50.0,
    "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ECSServiceCPUUtilization"},
}


def busy(hour: int) -> float:
    """Two tasks' worth at a target of 50, eight from eight to sixteen o'clock."""
    return 400.0 if 8 <= hour % 24 < 16 else 100.0


def begin(*, days: float = 14, units: int = 2, maximum: int = 20) -> ScalingStory:
    story = ScalingStory(*ECS, units=units, at=MIDNIGHT + 1800)
    since = MIDNIGHT - days * 86400
    story.service.history = TaskHistory(busy, lambda hour: 2 if hour % 24 < 8 else 4, since)
    story.register(1, maximum)
    return story


def predict(story: ScalingStory, **members: Any) -> None:
    story.call(
        "PutScalingPolicy",
        PolicyName="p",
        PolicyType="PredictiveScaling",
        PredictiveScalingPolicyConfiguration={"MetricSpecifications": [PAIR], **members},
    )


def forecast(story: ScalingStory, hours: float) -> dict[str, Any]:
    return story.call(
        "GetPredictiveScalingForecast",
        PolicyName="p",
        StartTime=MIDNIGHT,
        EndTime=MIDNIGHT + hours * 3600,
    )


def test_a_forecast_of_two_days_by_the_hour() -> None:
    story = begin()
    predict(story)
    answer = forecast(story, 72)
    (load,) = answer["LoadForecast"]
    assert load["MetricSpecification"] == PAIR
    assert load["Timestamps"] == [MIDNIGHT + hour * 3600 for hour in range(48)]
    assert load["Values"] == [busy(hour) * 60 for hour in range(48)]
    assert answer["CapacityForecast"]["Values"] == [busy(hour) / 50 for hour in range(48)]
    assert answer["UpdateTime"] == story.at


def test_forecast_only_never_scales() -> None:
    story = begin()
    predict(story)
    story.run(2 * 86400)
    assert story.changes() == []


def test_forecast_and_scale_raises_capacity_before_the_hour_and_never_lowers_it() -> None:
    story = begin()
    predict(story, Mode="ForecastAndScale")
    story.run(20 * 3600)
    assert story.changes() == [(MIDNIGHT + 8 * 3600 - 300, 8)]
    (activity,) = story.activities()
    assert activity["Cause"] == "predictive scaling policy p forecast a capacity of 8"
    (target,) = story.call("DescribeScalableTargets")["ScalableTargets"]
    assert target["PredictedCapacity"] == 2


def test_the_buffer_time_says_how_long_before() -> None:
    story = begin()
    predict(story, Mode="ForecastAndScale", SchedulingBufferTime=1200)
    story.run(20 * 3600)
    assert story.changes() == [(MIDNIGHT + 8 * 3600 - 1200, 8)]


def test_dynamic_scale_in_stops_at_what_is_predicted() -> None:
    story = begin(units=9)
    predict(story, Mode="ForecastAndScale")
    story.run(9 * 3600)
    arn = story.step("in", (None, 0, -5))
    story.alarm(arn, (10.0,), 50.0, "LessThanThreshold")
    assert story.desired == 8


@pytest.mark.parametrize(
    ("members", "desired", "maximum"),
    [
        pytest.param({}, 5, 5, id="the maximum is honoured"),
        pytest.param(
            {"MaxCapacityBreachBehavior": "IncreaseMaxCapacity", "MaxCapacityBuffer": 10},
            8,
            9,
            id="or raised, with a buffer, and stays raised",
        ),
    ],
)
def test_a_forecast_above_the_maximum(members: dict[str, Any], desired: int, maximum: int) -> None:
    story = begin(maximum=5)
    predict(story, Mode="ForecastAndScale", **members)
    story.run(20 * 3600)
    assert story.desired == desired
    (target,) = story.call("DescribeScalableTargets")["ScalableTargets"]
    assert target["MaxCapacity"] == maximum


def test_less_than_a_day_of_history_gives_no_forecast_yet() -> None:
    story = begin(days=0.5)
    predict(story, Mode="ForecastAndScale")
    assert forecast(story, 48)["CapacityForecast"] == {"Timestamps": [], "Values": []}
    story.run(11.5 * 3600)
    assert forecast(story, 60)["CapacityForecast"]["Values"] == []
    story.run(3600)
    assert len(forecast(story, 60)["CapacityForecast"]["Values"]) == 48


def test_a_forecast_is_made_anew_every_six_hours_and_past_hours_stay() -> None:
    story = begin()
    predict(story)
    made = story.at
    story.run(5 * 3600)
    assert forecast(story, 48)["UpdateTime"] == made
    story.run(2 * 3600)
    answer = forecast(story, 60)
    assert answer["UpdateTime"] > made + 6 * 3600
    assert len(answer["CapacityForecast"]["Values"]) == 48 + 6


def test_an_updated_policy_forecasts_anew_and_a_deleted_one_no_more() -> None:
    story = begin()
    predict(story, Mode="ForecastAndScale")
    predict(story, Mode="ForecastAndScale", SchedulingBufferTime=0)
    story.run(8 * 3600)
    assert story.changes() == [(MIDNIGHT + 8 * 3600, 8)]
    story.call("DeleteScalingPolicy", PolicyName="p")
    story.fleet.put("service/c/web", 1)
    story.run(86400)
    assert story.desired == 1


@pytest.mark.parametrize(
    ("specification", "statistics"),
    [
        pytest.param(
            PAIR,
            [
                ("CPUUtilization", "Sum"),
                ("CPUUtilization", "Average"),
                ("CPUUtilization", "SampleCount"),
            ],
            id="a pair on CPU",
        ),
        pytest.param(
            {
                "TargetValue": 50.0,
                "PredefinedMetricPairSpecification": {
                    "PredefinedMetricType": "ALBRequestCount",
                    "ResourceLabel": "app/a/1/targetgroup/b/2",
                },
            },
            [
                ("RequestCount", "Sum"),
                ("RequestCountPerTarget", "Sum"),
                ("HealthyHostCount", "Average"),
            ],
            id="a pair on requests",
        ),
        pytest.param(
            {
                "TargetValue": 50.0,
                "PredefinedLoadMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceTotalMemoryUtilization"
                },
                "PredefinedScalingMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageMemoryUtilization"
                },
            },
            [
                ("MemoryUtilization", "Sum"),
                ("MemoryUtilization", "Average"),
                ("MemoryUtilization", "SampleCount"),
            ],
            id="load and scaling metric on their own",
        ),
    ],
)
def test_what_is_asked_of_cloudwatch(
    specification: dict[str, Any], statistics: list[tuple[str, str]]
) -> None:
    story = begin()
    story.service.history = recorded = TaskHistory(busy, lambda hour: 1, story.at + 1e9)
    predict(story, MetricSpecifications=[specification])
    asked = [queries[0]["MetricStat"] for queries in recorded.asked]
    assert [(stat["Metric"]["MetricName"], stat["Stat"]) for stat in asked] == statistics


def test_customized_metrics_are_asked_for_as_they_are() -> None:
    story = begin()
    metric = {"Namespace": "n", "MetricName": "m", "Dimensions": []}
    queries = [{"Id": "a", "MetricStat": {"Metric": metric, "Stat": "Sum"}, "ReturnData": True}]
    story.service.history = recorded = TaskHistory(busy, lambda hour: 1, story.at + 1e9)
    customized = {"MetricDataQueries": queries}
    predict(
        story,
        MetricSpecifications=[
            {
                "TargetValue": 5.0,
                "CustomizedLoadMetricSpecification": customized,
                "CustomizedScalingMetricSpecification": customized,
            }
        ],
    )
    assert recorded.asked == [queries, queries]


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"MetricSpecifications": []}, "You must specify one metric specification."),
        (
            {"MetricSpecifications": [{"TargetValue": 1.0}]},
            (
                "The metric specification is invalid. A policy must have either one scaling metric "
                "and one load metric or one metric pair."
            ),
        ),
        (
            {
                "MetricSpecifications": [
                    {
                        "TargetValue": 1.0,
                        "PredefinedMetricPairSpecification": {
                            "PredefinedMetricType": "TotalALBRequestCount"
                        },
                    }
                ]
            },
            (
                "The predefined metric pair type for scalable dimension ecs:service:DesiredCount "
                "isn't valid. The supported values are: ECSServiceMemoryUtilization, "
                "ALBRequestCount and ECSServiceCPUUtilization."
            ),
        ),
        (
            {
                "MetricSpecifications": [PAIR],
                "MaxCapacityBreachBehavior": "IncreaseMaxCapacity",
            },
            "You must specify MaxCapacityBuffer when using IncreaseMaxCapacity.",
        ),
        (
            {"MetricSpecifications": [PAIR], "MaxCapacityBuffer": 10},
            "You cannot specify MaxCapacityBuffer when using HonorMaxCapacity.",
        ),
    ],
)
def test_policies_that_are_refused(configuration: dict[str, Any], message: str) -> None:
    story = begin()
    with pytest.raises(Fault) as refused:
        predict(story, **configuration)
    assert (refused.value.code, refused.value.message) == ("ValidationException", message)


def test_without_metrics_there_is_no_predictive_scaling() -> None:
    story = begin()
    story.service.history = None
    with pytest.raises(Fault) as refused:
        predict(story)
    assert refused.value.message == (
        "Predictive scaling is not offered here: no metrics to learn from"
    )


@pytest.mark.parametrize(
    "members",
    [
        {"PolicyName": "none", "StartTime": MIDNIGHT, "EndTime": MIDNIGHT + 60},
        {"PolicyName": "p", "StartTime": MIDNIGHT, "EndTime": MIDNIGHT},
        {"PolicyName": "p", "StartTime": MIDNIGHT, "EndTime": MIDNIGHT + 31 * 86400},
    ],
)
def test_forecasts_that_are_refused(members: dict[str, Any]) -> None:
    story = begin()
    predict(story)
    with pytest.raises(Fault) as refused:
        story.call("GetPredictiveScalingForecast", **members)
    assert refused.value.code == "ValidationException"


def test_an_alarm_cannot_invoke_a_predictive_policy() -> None:
    story = begin()
    predict(story)
    (arn,) = story.service.state.owners
    summary = story.alarm(arn, (90.0,), 50.0, "GreaterThanThreshold")
    assert summary.startswith("Failed to execute AutoScaling action: ")
    assert story.changes() == []
