"""Scalable targets on services that do not run here: their capacity is kept, their scaling real."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.region import Region

LAMBDA = ("lambda", "function:classify:prod", "lambda:function:ProvisionedConcurrency")
COPIES = (
    "sagemaker",
    "inference-component/llm",
    "sagemaker:inference-component:DesiredCopyCount",
)
CUSTOM = (
    "custom-resource",
    "https://example.execute-api.us-east-1.amazonaws.com/prod/scalableTargetDimensions/1-2",
    "custom-resource:ResourceType:Property",
)

Target = tuple[str, str, str]


def call(region: Region, operation: str, target: Target, **more: Any) -> dict[str, Any]:
    members = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    key = dict(zip(members, target, strict=True))
    return region.call("application-autoscaling", operation, **key, **more)


def capacity(region: Region, target: Target) -> tuple[int, int]:
    found = region.plane.scaling.scalables[target[2]].capacity(target[1])
    assert found is not None
    return found.desired, found.running


@pytest.mark.parametrize(
    ("target", "description"),
    [
        pytest.param(LAMBDA, "Setting provisioned concurrency to 2.", id="lambda"),
        pytest.param(COPIES, "Setting desired copy count to 2.", id="an inference component"),
        pytest.param(CUSTOM, "Setting desired capacity to 2.", id="a custom resource"),
    ],
)
def test_a_minimum_is_there_after_the_delay(target: Target, description: str) -> None:
    region = Region()
    call(region, "RegisterScalableTarget", target, MinCapacity=2, MaxCapacity=5)
    region.advance(300)
    assert capacity(region, target) == (2, 2)
    (activity,) = call(region, "DescribeScalingActivities", target)["ScalingActivities"]
    assert activity["Description"] == description
    assert activity["StatusCode"] == "Successful"
    assert activity["Cause"] == "minimum capacity was set to 2"
    assert region.restored()


@pytest.mark.parametrize(
    ("target", "metric", "shown", "statistic"),
    [
        pytest.param(
            LAMBDA,
            "LambdaProvisionedConcurrencyUtilization",
            ("AWS/Lambda", "ProvisionedConcurrencyUtilization"),
            "Maximum",
            id="lambda",
        ),
        pytest.param(
            COPIES,
            "SageMakerInferenceComponentInvocationsPerCopy",
            ("AWS/SageMaker", "InvocationsPerCopy"),
            "Sum",
            id="an inference component",
        ),
    ],
)
def test_their_predefined_metrics_have_alarms(
    target: Target, metric: str, shown: tuple[str, str], statistic: str
) -> None:
    region = Region()
    call(region, "RegisterScalableTarget", target, MinCapacity=1, MaxCapacity=5)
    configuration = {
        "TargetValue": 0.7,
        "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
    }
    call(
        region,
        "PutScalingPolicy",
        target,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    alarms = region.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    assert {(a["Namespace"], a["MetricName"]) for a in alarms} == {shown}
    assert {a["Statistic"] for a in alarms} == {statistic}
    if target == LAMBDA:
        dimensions = {d["Name"]: d["Value"] for d in alarms[0]["Dimensions"]}
        assert dimensions == {"FunctionName": "classify", "Resource": "classify:prod"}


def test_a_metric_of_clients_scales_a_custom_resource() -> None:
    region = Region()
    call(region, "RegisterScalableTarget", CUSTOM, MinCapacity=1, MaxCapacity=9)
    metric = {"Namespace": "App", "MetricName": "Queue", "Statistic": "Average", "Dimensions": []}
    configuration = {"TargetValue": 10.0, "CustomizedMetricSpecification": metric}
    call(
        region,
        "PutScalingPolicy",
        CUSTOM,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    for _ in range(6):
        data = [{"MetricName": "Queue", "Value": 40.0}]
        region.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=data)
        region.advance(60)
    assert capacity(region, CUSTOM) == (4, 4)


def test_lambda_takes_no_step_policy() -> None:
    region = Region()
    call(region, "RegisterScalableTarget", LAMBDA, MinCapacity=1, MaxCapacity=5)
    with pytest.raises(Fault, match="StepScaling"):
        call(
            region,
            "PutScalingPolicy",
            LAMBDA,
            PolicyName="step",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
            },
        )
