"""Candidates for tests: what scales a variant, and a template that deploys just that."""

import json
from typing import Any

from understudy.sim.candidate import Candidate, Policy

INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
CONCURRENCY = "SageMakerVariantConcurrentRequestsPerModelHighResolution"


def tracking(
    target: float, name: str = "track", metric: str = INVOCATIONS, **more: object
) -> Policy:
    """A target tracking policy on a predefined metric."""
    configuration = {
        "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        "TargetValue": target,
        **more,
    }
    return Policy(name, "TargetTrackingScaling", configuration)


def step(
    name: str, threshold: float, steps: list[dict[str, float]], *, above: bool, **more: Any
) -> Policy:
    """A step policy with an alarm on InvocationsPerInstance; ``more`` are members of the alarm."""
    kind = more.pop("AdjustmentType", "ChangeInCapacity")
    configuration = {
        "AdjustmentType": kind,
        "Cooldown": more.pop("Cooldown", 60),
        "StepAdjustments": steps,
    }
    alarm = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationsPerInstance",
        "Dimensions": [
            {"Name": "EndpointName", "Value": "e"},
            {"Name": "VariantName", "Value": "v"},
        ],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold" if above else "LessThanThreshold",
        **more,
    }
    return Policy(name, "StepScaling", configuration, (alarm,))


def template(candidate: Candidate, service_time: str = "1s") -> str:
    """A template, as JSON, of an endpoint that scales as the candidate says; a stand-in serves."""
    resources: dict[str, Any] = {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {
                "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
                "PrimaryContainer": {
                    "Image": "image",
                    "Environment": {"UNDERSTUDY_STAND_IN": service_time},
                },
            },
        },
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "v",
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InstanceType": "ml.m5.large",
                        "InitialInstanceCount": candidate.initial,
                        "InitialVariantWeight": 1,
                    }
                ]
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": "e",
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
            },
        },
        "Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "DependsOn": "Endpoint"},
    }
    resources["Target"]["Properties"] = {
        "ServiceNamespace": "sagemaker",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ResourceId": "endpoint/e/variant/v",
        "MinCapacity": candidate.minimum,
        "MaxCapacity": candidate.maximum,
        "ScheduledActions": [
            {
                "ScheduledActionName": each.name,
                "Schedule": each.schedule,
                "ScalableTargetAction": {
                    key: bound
                    for key, bound in (
                        ("MinCapacity", each.minimum),
                        ("MaxCapacity", each.maximum),
                    )
                    if bound is not None
                },
            }
            for each in candidate.actions
        ],
    }
    for index, policy in enumerate(candidate.policies):
        member = f"{policy.kind}PolicyConfiguration"
        resources[f"Policy{index}"] = {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": policy.name,
                "PolicyType": policy.kind,
                "ScalingTargetId": {"Ref": "Target"},
                member: policy.configuration,
            },
        }
        for number, alarm in enumerate(policy.alarms):
            resources[f"Alarm{index}{number}"] = {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {**alarm, "AlarmActions": [{"Ref": f"Policy{index}"}]},
            }
    return json.dumps({"Resources": resources})
