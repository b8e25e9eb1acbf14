"""AWS: API_PutScalingPolicy, API_DescribeScalingPolicies, API_DeleteScalingPolicy."""

import re
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.scaling_story import ScalingStory

METRIC = "SageMakerVariantInvocationsPerInstance"
TRACKING: dict[str, Any] = {
    "TargetValue": 100.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC},
}
STEPS: dict[str, Any] = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
}


def refused(story: ScalingStory, operation: str, **members: Any) -> tuple[str, str]:
    with pytest.raises(Fault) as caught:
        story.call(operation, **members)
    return caught.value.code, caught.value.message


def put_refused(story: ScalingStory, **members: Any) -> str:
    code, message = refused(story, "PutScalingPolicy", PolicyName="p", **members)
    assert code == "ValidationException"
    assert not story.service.state.owners
    assert not story.book.alarms
    return message


def test_a_policy_and_its_alarms_have_the_names_of_aws(story: ScalingStory) -> None:
    answer = story.track(100.0, METRIC)
    arn = answer["PolicyARN"]
    named = re.fullmatch(
        r"arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:[0-9a-f-]{36}:"
        r"resource/sagemaker/endpoint/digits/variant/blue:policyName/(\w+)",
        arn,
    )
    assert named is not None
    assert named[1] == METRIC
    for alarm, kind in zip(answer["Alarms"], ("AlarmHigh", "AlarmLow"), strict=True):
        prefix = f"TargetTracking-endpoint/digits/variant/blue-{kind}-"
        assert alarm["AlarmName"].startswith(prefix)
        assert len(alarm["AlarmName"]) == len(prefix) + 36
        name = alarm["AlarmName"]
        assert alarm["AlarmARN"] == f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"
        action = story.book.alarms[name]["AlarmActions"][0]
        assert action.startswith(f"{arn}:createdBy/")
        assert story.book.alarms[name]["AlarmDescription"] == (
            f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}."
        )


def test_a_policy_is_described_as_it_was_put(story: ScalingStory) -> None:
    answer = story.track(100.0, METRIC, ScaleInCooldown=60)
    (policy,) = story.call("DescribeScalingPolicies")["ScalingPolicies"]
    assert policy == {
        "PolicyARN": answer["PolicyARN"],
        "PolicyName": METRIC,
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/digits/variant/blue",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": TRACKING | {"ScaleInCooldown": 60},
        "Alarms": answer["Alarms"],
        "CreationTime": story.at,
    }


def test_an_update_keeps_the_arn_and_replaces_both_alarms(story: ScalingStory) -> None:
    first = story.track(100.0, METRIC)
    old_action = story.book.alarms[first["Alarms"][0]["AlarmName"]]["AlarmActions"]
    created = story.at
    story.run(60)
    second = story.track(50.0, METRIC)
    assert second["PolicyARN"] == first["PolicyARN"]
    assert [a["AlarmName"] for a in second["Alarms"]] == list(story.book.alarms)
    assert not {a["AlarmName"] for a in first["Alarms"]} & set(story.book.alarms)
    assert [a["Threshold"] for a in story.book.alarms.values()] == [50.0, 45.0]
    assert story.book.alarms[second["Alarms"][0]["AlarmName"]]["AlarmActions"] == old_action
    (policy,) = story.call("DescribeScalingPolicies")["ScalingPolicies"]
    assert policy["CreationTime"] == created


def test_an_update_may_leave_out_the_metric_or_everything(story: ScalingStory) -> None:
    story.track(100.0, METRIC)
    name = {"PolicyName": METRIC}
    change = {"TargetValue": 70.0, "DisableScaleIn": True}
    story.call("PutScalingPolicy", **name, TargetTrackingScalingPolicyConfiguration=change)
    answer = story.call("PutScalingPolicy", **name)
    (policy,) = story.call("DescribeScalingPolicies")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == TRACKING | change
    assert len(answer["Alarms"]) == 1


def test_a_step_policy_has_no_alarms_of_its_own(story: ScalingStory) -> None:
    answer = story.call("PutScalingPolicy", PolicyName="p", StepScalingPolicyConfiguration=STEPS)
    assert answer["Alarms"] == []
    (policy,) = story.call("DescribeScalingPolicies")["ScalingPolicies"]
    assert policy["PolicyType"] == "StepScaling"
    story.call("PutScalingPolicy", PolicyName="p", StepScalingPolicyConfiguration={"Cooldown": 30})
    (policy,) = story.call("DescribeScalingPolicies")["ScalingPolicies"]
    assert policy["StepScalingPolicyConfiguration"] == STEPS | {"Cooldown": 30}


def test_deleting_takes_the_alarms_along(story: ScalingStory) -> None:
    story.track(100.0, METRIC)
    story.call("DeleteScalingPolicy", PolicyName=METRIC)
    assert not story.book.alarms
    assert refused(story, "DeleteScalingPolicy", PolicyName=METRIC) == (
        "ObjectNotFoundException",
        (
            "No scaling policy found for service namespace: sagemaker, resource ID: "
            "endpoint/digits/variant/blue, scalable dimension: "
            "sagemaker:variant:DesiredInstanceCount, "
            f"policy name: {METRIC}"
        ),
    )


def test_a_policy_needs_a_target() -> None:
    story = ScalingStory()
    code, message = refused(
        story,
        "PutScalingPolicy",
        PolicyName="p",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration=STEPS,
    )
    assert code == "ObjectNotFoundException"
    assert message.startswith("No scalable target registered for service namespace: sagemaker")


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"StepAdjustments": STEPS["StepAdjustments"]}, "Adjustment type must be specified"),
        (
            {"AdjustmentType": "ChangeInCapacity"},
            "There must be at least one step adjustment",
        ),
        (
            STEPS | {"MinAdjustmentMagnitude": 2},
            (
                "Minimum adjustment magnitude is only allowed for adjustment type "
                "PercentChangeInCapacity"
            ),
        ),
        (
            STEPS | {"AdjustmentType": "PercentChangeInCapacity", "MinAdjustmentMagnitude": 0},
            "Minimum adjustment magnitude must be greater than 0",
        ),
        (
            {
                "AdjustmentType": "ExactCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": -1}],
            },
            "Scaling adjustment cannot be less than 0 when adjustment type is ExactCapacity",
        ),
        (
            {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [
                    {
                        "MetricIntervalLowerBound": float(number),
                        **({"MetricIntervalUpperBound": number + 1.0} if number < 20 else {}),
                        "ScalingAdjustment": number,
                    }
                    for number in range(21)
                ],
            },
            "There can be at most 20 step adjustments per scaling policy",
        ),
        (STEPS | {"Cooldown": -1}, "Cooldown cannot be less than 0"),
    ],
)
def test_step_policies_that_are_refused(
    story: ScalingStory, configuration: dict[str, Any], message: str
) -> None:
    assert put_refused(story, StepScalingPolicyConfiguration=configuration) == message


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (
            {"TargetValue": 1.0},
            (
                "PredefinedMetricSpecification or CustomizedMetricSpecification must "
                "be set for target "
                "tracking scaling."
            ),
        ),
        (
            TRACKING | {"CustomizedMetricSpecification": {"MetricName": "m"}},
            (
                "Only one of PredefinedMetricSpecification or "
                "CustomizedMetricSpecification can be set "
                "for target tracking scaling."
            ),
        ),
        (TRACKING | {"TargetValue": 0.0}, "Target value must be greater than 0 and at most 2^360"),
        (TRACKING | {"ScaleInCooldown": -1}, "ScaleInCooldown cannot be less than 0"),
        (
            {
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
                },
            },
            (
                "Scalable dimension sagemaker:variant:DesiredInstanceCount only "
                "supports the following "
                "predefined metric types: "
                "SageMakerVariantConcurrentRequestsPerModelHighResolution, "
                "SageMakerVariantInvocationsPerInstance"
            ),
        ),
        (
            {
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": METRIC,
                    "ResourceLabel": "app/a/1/targetgroup/b/2",
                },
            },
            f"Resource label should not be specified for predefined metric type {METRIC}",
        ),
        (
            {"TargetValue": 1.0, "CustomizedMetricSpecification": {"MetricName": "m"}},
            "The customized metric specification is not valid.",
        ),
        (
            {
                "TargetValue": 1.0,
                "CustomizedMetricSpecification": {"MetricName": "m", "Metrics": [{"Id": "a"}]},
            },
            "The customized metric specification is not valid.",
        ),
    ],
)
def test_target_tracking_policies_that_are_refused(
    story: ScalingStory, configuration: dict[str, Any], message: str
) -> None:
    refusal = put_refused(
        story,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    assert refusal == message


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (
            None,
            (
                "Resource label should be specified for predefined metric type "
                "ALBRequestCountPerTarget"
            ),
        ),
        (
            "app/alb/1/group/2",
            (
                "Invalid resource label 'app/alb/1/group/2' for predefined metric type "
                "ALBRequestCountPerTarget"
            ),
        ),
    ],
)
def test_requests_per_target_need_a_label(label: str | None, message: str) -> None:
    story = ScalingStory("ecs:service:DesiredCount", "service/default/web")
    story.register(1, 4)
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget"}
    configuration = {
        "TargetValue": 1.0,
        "PredefinedMetricSpecification": metric | ({"ResourceLabel": label} if label else {}),
    }
    refusal = put_refused(
        story,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    assert refusal == message


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"PolicyType": "TargetTrackingScaling"},
            "TargetTrackingScaling policy configuration must be specified",
        ),
        (
            {
                "PolicyType": "TargetTrackingScaling",
                "StepScalingPolicyConfiguration": STEPS,
            },
            "TargetTrackingScaling policy configuration must be specified",
        ),
        (
            {
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": STEPS,
                "TargetTrackingScalingPolicyConfiguration": TRACKING,
            },
            (
                "You must only provide a single scaling policy configuration, which must match the "
                "scaling policy type specified."
            ),
        ),
        (
            {
                "PolicyType": "PredictiveScaling",
                "PredictiveScalingPolicyConfiguration": {"MetricSpecifications": []},
            },
            (
                "Policy type PredictiveScaling is not supported for scalable dimension "
                "sagemaker:variant:DesiredInstanceCount"
            ),
        ),
    ],
)
def test_types_and_configurations_must_match(
    story: ScalingStory, members: dict[str, Any], message: str
) -> None:
    assert put_refused(story, **members) == message


def test_step_scaling_is_not_for_throughput() -> None:
    story = ScalingStory("dynamodb:table:ReadCapacityUnits", "table/t", 5)
    story.register(1, 9)
    assert put_refused(story, StepScalingPolicyConfiguration=STEPS) == (
        "Policy type StepScaling is not supported for scalable dimension "
        "dynamodb:table:ReadCapacityUnits"
    )
    customized = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum"}
    assert put_refused(
        story,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 1.0,
            "CustomizedMetricSpecification": customized,
        },
    ) == (
        "Scalable dimension dynamodb:table:ReadCapacityUnits does not support "
        "CustomizedMetricSpecification."
    )


def test_a_metric_is_tracked_once(story: ScalingStory) -> None:
    story.track(100.0, METRIC)
    code, message = refused(
        story,
        "PutScalingPolicy",
        PolicyName="another",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING | {"TargetValue": 7.0},
    )
    assert code == "ValidationException"
    assert message == (
        "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    )


def test_the_type_of_a_policy_stays(story: ScalingStory) -> None:
    story.track(100.0, METRIC)
    code, _ = refused(
        story,
        "PutScalingPolicy",
        PolicyName=METRIC,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration=STEPS,
    )
    assert code == "ValidationException"


def test_a_target_has_at_most_fifty_policies(story: ScalingStory) -> None:
    for number in range(50):
        story.step(f"p{number:02}", (0, None, 1))
    code, _ = refused(
        story, "PutScalingPolicy", PolicyName="p50", StepScalingPolicyConfiguration=STEPS
    )
    assert code == "LimitExceededException"
    story.step("p49", (0, None, 2))
    pages = [story.call("DescribeScalingPolicies")]
    while "NextToken" in pages[-1]:
        pages.append(story.call("DescribeScalingPolicies", NextToken=pages[-1]["NextToken"]))
    assert [len(page["ScalingPolicies"]) for page in pages] == [10] * 5
    names = ["p07", "p33"]
    some = story.call("DescribeScalingPolicies", PolicyNames=names)["ScalingPolicies"]
    assert [policy["PolicyName"] for policy in some] == names


@pytest.mark.parametrize("kind", ["AlarmHigh", "AlarmLow"])
def test_when_cloudwatch_refuses_an_alarm_nothing_has_changed(
    story: ScalingStory, kind: str
) -> None:
    before = story.track(100.0, METRIC)
    alarms = dict(story.book.alarms)
    story.book.refuses = kind
    code, message = refused(
        story,
        "PutScalingPolicy",
        PolicyName=METRIC,
        TargetTrackingScalingPolicyConfiguration=TRACKING | {"TargetValue": 7.0},
    )
    assert (code, message) == ("FailedResourceAccessException", "The alarm is not valid")
    assert story.book.alarms == alarms
    (policy,) = story.call("DescribeScalingPolicies")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == TRACKING
    assert policy["Alarms"] == before["Alarms"]
