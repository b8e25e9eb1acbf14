"""The shapes of the alarms, as exported from live accounts where these are known."""

from typing import Any

import pytest

from understudy.testing.scaling_story import ScalingStory

ECS = ("ecs:service:DesiredCount", "service/cluster/web")
VARIANT = ("sagemaker:variant:DesiredInstanceCount", "endpoint/digits/variant/blue")
SERVERLESS = ("sagemaker:variant:DesiredProvisionedConcurrency", "endpoint/digits/variant/blue")
COPIES = ("sagemaker:inference-component:DesiredCopyCount", "inference-component/digits")
SERVICE = {"ClusterName": "cluster", "ServiceName": "web"}
ENDPOINT = {"EndpointName": "digits", "VariantName": "blue"}
COMPONENT = {"InferenceComponentName": "digits"}


def alarms(scaled: tuple[str, str], configuration: dict[str, Any]) -> list[dict[str, Any]]:
    story = ScalingStory(*scaled)
    story.register(1, 4)
    story.call(
        "PutScalingPolicy",
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    return list(story.book.alarms.values())


@pytest.mark.parametrize(
    ("scaled", "metric", "found", "shape"),
    [
        pytest.param(
            ECS,
            "ECSServiceAverageCPUUtilization",
            ("AWS/ECS", "CPUUtilization", "Average", "Percent", SERVICE),
            (60, 3, 15),
            id="CPU of an ECS service",
        ),
        pytest.param(
            ECS,
            "ECSServiceAverageMemoryUtilization",
            ("AWS/ECS", "MemoryUtilization", "Average", "Percent", SERVICE),
            (60, 3, 15),
            id="memory of an ECS service",
        ),
        pytest.param(
            ECS,
            "ECSServiceAverageCPUUtilizationHighResolution",
            ("AWS/ECS", "CPUUtilization", "Average", "Percent", SERVICE),
            (20, 3, 30),
            id="CPU every twenty seconds",
        ),
        pytest.param(
            VARIANT,
            "SageMakerVariantInvocationsPerInstance",
            ("AWS/SageMaker", "InvocationsPerInstance", "Sum", None, ENDPOINT),
            (60, 3, 15),
            id="invocations per instance",
        ),
        pytest.param(
            VARIANT,
            "SageMakerVariantConcurrentRequestsPerModelHighResolution",
            ("AWS/SageMaker", "ConcurrentRequestsPerModel", "Maximum", None, ENDPOINT),
            (10, 3, 90),
            id="concurrent requests every ten seconds",
        ),
        pytest.param(
            COPIES,
            "SageMakerInferenceComponentInvocationsPerCopy",
            ("AWS/SageMaker", "InvocationsPerCopy", "Sum", None, COMPONENT),
            (60, 3, 15),
            id="invocations per copy",
        ),
        pytest.param(
            COPIES,
            "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
            ("AWS/SageMaker", "ConcurrentRequestsPerCopy", "Maximum", None, COMPONENT),
            (10, 3, 90),
            id="concurrent requests per copy",
        ),
        pytest.param(
            SERVERLESS,
            "SageMakerVariantProvisionedConcurrencyUtilization",
            (
                "AWS/SageMaker",
                "ServerlessProvisionedConcurrencyUtilization",
                "Maximum",
                None,
                ENDPOINT,
            ),
            (60, 3, 15),
            id="provisioned concurrency",
        ),
    ],
)
def test_predefined_metrics(
    scaled: tuple[str, str],
    metric: str,
    found: tuple[str, str, str, str | None, dict[str, str]],
    shape: tuple[int, int, int],
) -> None:
    high, low = alarms(
        scaled,
        {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        },
    )
    for alarm in (high, low):
        dimensions = {entry["Name"]: entry["Value"] for entry in alarm["Dimensions"]}
        names = ("Namespace", "MetricName", "Statistic", "Unit")
        assert (*(alarm.get(name) for name in names), dimensions) == found
        assert alarm["TreatMissingData"] == "missing"
        assert alarm["ActionsEnabled"] is True
        assert "DatapointsToAlarm" not in alarm
    period, high_periods, low_periods = shape
    assert [alarm["Period"] for alarm in (high, low)] == [period, period]
    assert (high["EvaluationPeriods"], low["EvaluationPeriods"]) == (high_periods, low_periods)
    assert (high["Threshold"], low["Threshold"]) == (70.0, 63.0)
    assert high["ComparisonOperator"] == "GreaterThanThreshold"
    assert low["ComparisonOperator"] == "LessThanThreshold"


def test_requests_per_target_of_a_load_balancer() -> None:
    high, low = alarms(
        ECS,
        {
            "TargetValue": 1500.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel": "app/alb/778d41231b141a0f/targetgroup/web/943f017f100becff",
            },
        },
    )
    assert (high["Namespace"], high["MetricName"], high["Statistic"]) == (
        "AWS/ApplicationELB",
        "RequestCountPerTarget",
        "Sum",
    )
    assert high["Dimensions"] == [
        {"Name": "LoadBalancer", "Value": "app/alb/778d41231b141a0f"},
        {"Name": "TargetGroup", "Value": "targetgroup/web/943f017f100becff"},
    ]
    assert (low["Threshold"], low["EvaluationPeriods"]) == (1350.0, 15)


def test_a_customized_metric() -> None:
    dimensions = [{"Name": "EndpointName", "Value": "digits"}]
    high, low = alarms(
        VARIANT,
        {
            "TargetValue": 50.0,
            "CustomizedMetricSpecification": {
                "MetricName": "CPUUtilization",
                "Namespace": "/aws/sagemaker/Endpoints",
                "Dimensions": dimensions,
                "Statistic": "Average",
                "Unit": "Percent",
            },
        },
    )
    for alarm in (high, low):
        assert alarm["MetricName"] == "CPUUtilization"
        assert alarm["Namespace"] == "/aws/sagemaker/Endpoints"
        assert alarm["Dimensions"] == dimensions
        assert (alarm["Statistic"], alarm["Unit"], alarm["Period"]) == ("Average", "Percent", 60)


def test_metric_maths() -> None:
    metric = {"Namespace": "AWS/SQS", "MetricName": "Messages", "Dimensions": []}
    high, low = alarms(
        ECS,
        {
            "TargetValue": 100.0,
            "CustomizedMetricSpecification": {
                "Metrics": [
                    {
                        "Id": "m",
                        "MetricStat": {"Metric": metric, "Stat": "Sum"},
                        "ReturnData": False,
                    },
                    {"Id": "e", "Expression": "m / 2", "Label": "backlog"},
                ]
            },
        },
    )
    assert high["Metrics"] == [
        {
            "Id": "m",
            "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": 60},
            "ReturnData": False,
        },
        {"Id": "e", "Expression": "m / 2", "Label": "backlog", "ReturnData": True},
    ]
    assert "Period" not in high
    assert low["EvaluationPeriods"] == 15


def test_without_scale_in_there_is_no_low_alarm() -> None:
    (high,) = alarms(
        ECS,
        {
            "TargetValue": 70.0,
            "DisableScaleIn": True,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
        },
    )
    assert "AlarmHigh" in high["AlarmName"]
