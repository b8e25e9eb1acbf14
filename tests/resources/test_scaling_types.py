"""The resource types of scaling and monitoring, deployed for real in virtual time."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory

GROUP = {"Ref": "Group"}
METRIC = {"Namespace": "App", "MetricName": "Load"}


def everything() -> Params:
    """One resource of each type, with most of what it takes."""
    return {
        "Template": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "VersionDescription": "first",
                "LaunchTemplateData": {"ImageId": "ami-12345678", "InstanceType": "m5.large"},
            },
        },
        "Configuration": {
            "Type": "AWS::AutoScaling::LaunchConfiguration",
            "Properties": {
                "ImageId": "ami-12345678",
                "InstanceType": "m5.large",
                "InstanceMonitoring": True,
            },
        },
        "Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "MinSize": "1",
                "MaxSize": "6",
                "DesiredCapacity": "2",
                "Cooldown": "120",
                "AvailabilityZones": ["us-east-1a", "us-east-1b"],
                "LaunchTemplate": {
                    "LaunchTemplateId": {"Ref": "Template"},
                    "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]},
                },
                "MetricsCollection": [{"Granularity": "1Minute", "Metrics": ["GroupMinSize"]}],
                "NotificationConfigurations": [
                    {
                        "TopicARN": "arn:aws:sns:us-east-1:000000000000:ops",
                        "NotificationTypes": ["autoscaling:EC2_INSTANCE_LAUNCH"],
                    }
                ],
                "LifecycleHookSpecificationList": [
                    {
                        "LifecycleHookName": "drain",
                        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
                        "HeartbeatTimeout": 30,
                        "DefaultResult": "CONTINUE",
                    }
                ],
                "Tags": [{"Key": "team", "Value": "ml", "PropagateAtLaunch": False}],
                "TerminationPolicies": ["OldestInstance"],
            },
        },
        "Tracking": {
            "Type": "AWS::AutoScaling::ScalingPolicy",
            "Properties": {
                "AutoScalingGroupName": GROUP,
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingConfiguration": {
                    "TargetValue": 50,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "ASGAverageCPUUtilization"
                    },
                },
            },
        },
        "Simple": {
            "Type": "AWS::AutoScaling::ScalingPolicy",
            "Properties": {
                "AutoScalingGroupName": GROUP,
                "AdjustmentType": "ChangeInCapacity",
                "ScalingAdjustment": 1,
                "Cooldown": "60",
            },
        },
        "Morning": {
            "Type": "AWS::AutoScaling::ScheduledAction",
            "Properties": {
                "AutoScalingGroupName": GROUP,
                "MinSize": 2,
                "Recurrence": "0 8 * * *",
                "TimeZone": "Europe/Berlin",
                "StartTime": "2029-01-01T00:00:00Z",
                "EndTime": "2030-01-01T00:00:00Z",
            },
        },
        "Hook": {
            "Type": "AWS::AutoScaling::LifecycleHook",
            "Properties": {
                "AutoScalingGroupName": GROUP,
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "HeartbeatTimeout": 60,
                "DefaultResult": "CONTINUE",
            },
        },
        "Pool": {
            "Type": "AWS::AutoScaling::WarmPool",
            "Properties": {"AutoScalingGroupName": GROUP, "MinSize": 1, "PoolState": "Running"},
        },
        "Busy": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                **METRIC,
                "Statistic": "Average",
                "Period": 60,
                "EvaluationPeriods": 2,
                "Threshold": 5,
                "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": [{"Ref": "Simple"}],
                "Tags": [{"Key": "team", "Value": "ml"}],
            },
        },
        "Either": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {"AlarmRule": {"Fn::Sub": 'ALARM("${Busy}")'}, "ActionsEnabled": False},
        },
        "Board": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardBody": '{"widgets":[]}'},
        },
        "Odd": {
            "Type": "AWS::CloudWatch::AnomalyDetector",
            "Properties": {
                **METRIC,
                "Stat": "Average",
                "Configuration": {
                    "MetricTimeZone": "UTC",
                    "ExcludedTimeRanges": [
                        {"StartTime": "2026-01-01T00:00:00", "EndTime": "2026-01-02T00:00:00"}
                    ],
                },
            },
        },
    }


def changed(name: str, **properties: Any) -> Params:
    """The same resources, one of them with other properties; None takes a property away."""
    resources = everything()
    own = {**resources[name]["Properties"], **properties}
    resources[name]["Properties"] = {k: v for k, v in own.items() if v is not None}
    return resources


def drifts(stack: StackStory) -> dict[str, Any]:
    """What is not as the template says: DELETED, or the paths that differ."""
    stack.call("DetectStackDrift")
    stack.run(60)
    found = stack.ask("DescribeStackResourceDrifts")["StackResourceDrifts"]
    return {
        each["LogicalResourceId"]: [d["PropertyPath"] for d in each["PropertyDifferences"]]
        or each["StackResourceDriftStatus"]
        for each in found
        if each["StackResourceDriftStatus"] != "IN_SYNC"
    }


def group(account: Account, stack: StackStory) -> Params:
    names = [stack.physical("Group")]
    (found,) = account.ask("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=names)[
        "AutoScalingGroups"
    ]
    return found


def test_everything_is_created_as_the_template_says(account: Account, stack: StackStory) -> None:
    assert stack.create(everything()) == "CREATE_COMPLETE"
    found = group(account, stack)
    assert [each["LifecycleState"] for each in found["Instances"]].count("InService") == 2
    assert (found["MinSize"], found["MaxSize"], found["DefaultCooldown"]) == (1, 6, 120)
    assert found["EnabledMetrics"] == [{"Metric": "GroupMinSize", "Granularity": "1Minute"}]
    tags = {each["Key"]: each["PropagateAtLaunch"] for each in found["Tags"]}
    assert tags == {
        "team": False,
        "aws:cloudformation:stack-name": True,
        "aws:cloudformation:stack-id": True,
        "aws:cloudformation:logical-id": True,
    }
    name = {"AutoScalingGroupName": found["AutoScalingGroupName"]}
    policies = account.ask("autoscaling", "DescribePolicies", **name)["ScalingPolicies"]
    assert {each["PolicyType"] for each in policies} == {"TargetTrackingScaling", "SimpleScaling"}
    hooks = account.ask("autoscaling", "DescribeLifecycleHooks", **name)["LifecycleHooks"]
    assert [each["HeartbeatTimeout"] for each in hooks] == [60, 30]
    (action,) = account.ask("autoscaling", "DescribeScheduledActions", **name)[
        "ScheduledUpdateGroupActions"
    ]
    assert action["EndTime"] == 1893456000.0
    alarms = account.ask("cloudwatch", "DescribeAlarms", AlarmTypes=["CompositeAlarm"])
    assert alarms["CompositeAlarms"][0]["AlarmRule"] == f'ALARM("{stack.physical("Busy")}")'
    assert drifts(stack) == {}


def test_what_was_changed_by_hand_is_found(account: Account, stack: StackStory) -> None:
    stack.create(everything())
    name = {"AutoScalingGroupName": stack.physical("Group")}
    account.call("autoscaling", "UpdateAutoScalingGroup", **name, MaxSize=9)
    policy = stack.physical("Simple").rsplit("/", 1)[-1]
    account.call("autoscaling", "DeletePolicy", **name, PolicyName=policy)
    account.call("autoscaling", "PutWarmPool", **name, MinSize=3, PoolState="Running")
    busy = {**METRIC, "Statistic": "Average", "Period": 60, "EvaluationPeriods": 2}
    account.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName=stack.physical("Busy"),
        **busy,
        Threshold=8.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[stack.physical("Simple")],
    )
    assert drifts(stack) == {
        "Group": ["/MaxSize"],
        "Simple": "DELETED",
        "Pool": ["/MinSize"],
        "Busy": ["/Threshold"],
    }


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        pytest.param("Group", {"MaxSize": "4", "DesiredCapacity": "3"}, id="sizes of a group"),
        pytest.param("Group", {"Tags": None, "MetricsCollection": None}, id="what a group loses"),
        pytest.param(
            "Group",
            {"NotificationConfigurations": None, "LifecycleHookSpecificationList": None},
            id="who is told by a group",
        ),
        pytest.param(
            "Template",
            {"LaunchTemplateData": {"ImageId": "ami-12345678", "InstanceType": "m5.xlarge"}},
            id="a version of a launch template",
        ),
        pytest.param("Simple", {"ScalingAdjustment": 2}, id="a policy"),
        pytest.param("Morning", {"MinSize": 3, "Recurrence": "30 7 * * *"}, id="a schedule"),
        pytest.param("Hook", {"HeartbeatTimeout": 90}, id="a lifecycle hook"),
        pytest.param("Pool", {"MinSize": 2, "PoolState": "Stopped"}, id="a warm pool"),
        pytest.param("Busy", {"Threshold": 7, "Tags": None}, id="an alarm"),
        pytest.param("Either", {"AlarmRule": "FALSE"}, id="a composite alarm"),
        pytest.param("Board", {"DashboardBody": '{"widgets":[ ]}'}, id="a dashboard"),
    ],
)
def test_an_update_changes_in_place(
    account: Account, stack: StackStory, name: str, properties: Params
) -> None:
    stack.create(everything())
    before = stack.physical(name)
    resources = changed(name, **properties)
    assert stack.update(resources) == "UPDATE_COMPLETE"
    assert stack.physical(name) == before
    assert drifts(stack) == {}
    assert stack.update(everything()) == "UPDATE_COMPLETE"
    assert drifts(stack) == {}


def test_a_group_keeps_only_what_it_is_given(account: Account, stack: StackStory) -> None:
    stack.create(everything())
    lost = ["Tags", "MetricsCollection", "NotificationConfigurations"]
    hooks = {"LifecycleHookSpecificationList": None}
    stack.update(changed("Group", **dict.fromkeys(lost), **hooks))
    found = group(account, stack)
    assert found["EnabledMetrics"] == []
    assert "team" not in {each["Key"] for each in found["Tags"]}
    told = account.ask("autoscaling", "DescribeNotificationConfigurations")
    assert told["NotificationConfigurations"] == []
    name = {"AutoScalingGroupName": found["AutoScalingGroupName"]}
    (hook,) = account.ask("autoscaling", "DescribeLifecycleHooks", **name)["LifecycleHooks"]
    assert hook["LifecycleHookName"] == stack.physical("Hook")


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        pytest.param("Configuration", {"InstanceType": "m5.xlarge"}, id="a launch configuration"),
        pytest.param("Board", {"DashboardName": "other"}, id="a dashboard's name"),
        pytest.param("Odd", {"Stat": "Maximum"}, id="what a detector watches"),
        pytest.param("Hook", {"LifecycleHookName": "other"}, id="a hook's name"),
    ],
)
def test_some_changes_replace(stack: StackStory, name: str, properties: Params) -> None:
    stack.create(everything())
    before = stack.physical(name)
    assert stack.update(changed(name, **properties)) == "UPDATE_COMPLETE"
    assert stack.physical(name) != before
    assert drifts(stack) == {}


def test_nothing_is_left_of_a_deleted_stack(account: Account, stack: StackStory) -> None:
    stack.create(everything())
    assert stack.delete() == "DELETE_COMPLETE"
    plane = account.engine.region("us-east-1").plane
    assert plane.groups.state.groups == {}
    assert plane.groups.state.configurations == {}
    assert plane.groups.state.members == {}
    assert plane.cloudwatch.state.alarms == {}
    assert plane.cloudwatch.state.dashboards == {}
    assert plane.cloudwatch.state.detectors == {}
    assert plane.ec2.state.templates == {}


def test_what_is_gone_already_counts_as_deleted(account: Account, stack: StackStory) -> None:
    stack.create(everything())
    name = {"AutoScalingGroupName": stack.physical("Group")}
    account.call("autoscaling", "DeleteAutoScalingGroup", **name, ForceDelete=True)
    account.call("cloudwatch", "DeleteDashboards", DashboardNames=[stack.physical("Board")])
    detector = stack.physical("Odd")
    account.call("cloudwatch", "DeleteAnomalyDetector", AnomalyDetectorId=detector)
    account.call("ec2", "DeleteLaunchTemplate", LaunchTemplateId=stack.physical("Template"))
    configuration = {"LaunchConfigurationName": stack.physical("Configuration")}
    account.run(600)
    account.call("autoscaling", "DeleteLaunchConfiguration", **configuration)
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_group_that_cannot_launch_does_not_stabilize(account: Account, stack: StackStory) -> None:
    account.pace.broken = 1000
    resources = {name: everything()[name] for name in ("Template", "Group")}
    assert stack.create(resources, OnFailure="DO_NOTHING") == "CREATE_FAILED"
    reason = next(e for e in stack.events() if e.startswith("Group CREATE_FAILED"))
    assert (
        "Group did not stabilize. {current/minSize/maxSize} group size = {0/1/6}. Failed Scaling "
        "Activity: Instance became unhealthy while waiting for instance to be in InService state."
    ) in reason


def test_a_dashboard_that_is_wrong_is_refused(stack: StackStory) -> None:
    board = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": "{"}}
    assert stack.create({"Board": board}) == "ROLLBACK_COMPLETE"
    assert any("The dashboard body is invalid" in each for each in stack.events())


def variant() -> Params:
    return {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {
                "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
                "PrimaryContainer": {
                    "Image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/m:1",
                },
            },
        },
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "all",
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InitialInstanceCount": 1,
                        "InstanceType": "ml.m5.large",
                        "InitialVariantWeight": 1,
                    }
                ]
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
        },
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "sagemaker",
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "ResourceId": {
                    "Fn::Sub": [
                        "endpoint/${Name}/variant/all",
                        {"Name": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
                    ]
                },
                "MinCapacity": 1,
                "MaxCapacity": 4,
                "Tags": [{"Key": "team", "Value": "ml"}],
                "ScheduledActions": [
                    {
                        "ScheduledActionName": "night",
                        "Schedule": "cron(0 22 * * ? *)",
                        "StartTime": "2030-01-01T00:00:00Z",
                        "Timezone": "Europe/Berlin",
                        "EndTime": "2031-01-01T00:00:00Z",
                        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2},
                    }
                ],
            },
        },
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "track",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "Target"},
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 600,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                    },
                },
            },
        },
    }


def test_a_scalable_target_with_all_that_belongs_to_it(account: Account, stack: StackStory) -> None:
    assert stack.create(variant()) == "CREATE_COMPLETE"
    assert drifts(stack) == {}
    changes = variant()
    target = changes["Target"]["Properties"]
    target["MaxCapacity"] = 5
    target["Tags"] = [{"Key": "stage", "Value": "prod"}]
    del target["ScheduledActions"]
    assert stack.update(changes) == "UPDATE_COMPLETE"
    assert drifts(stack) == {}
    plane = account.engine.region("us-east-1").plane
    (kept,) = plane.scaling.state.targets.values()
    assert kept.maximum == 5
    assert kept.scheduled == {}
    assert kept.tags["stage"] == "prod"
    assert "team" not in kept.tags
    key = {"ServiceNamespace": "sagemaker", "ResourceId": kept.resource_id}
    key["ScalableDimension"] = "sagemaker:variant:DesiredInstanceCount"
    account.call("application-autoscaling", "DeleteScalingPolicy", **key, PolicyName="track")
    assert drifts(stack) == {"Policy": "DELETED"}
    assert stack.delete() == "DELETE_COMPLETE"
    assert plane.scaling.state.targets == {}


def test_a_dashboard_body_may_be_written_as_json(account: Account, stack: StackStory) -> None:
    body = json.dumps({"widgets": []})
    board = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body}}
    stack.create({"Board": board})
    found = account.ask("cloudwatch", "GetDashboard", DashboardName=stack.physical("Board"))
    assert json.loads(found["DashboardBody"]) == {"widgets": []}
    with pytest.raises(Fault):
        account.ask("cloudwatch", "GetDashboard", DashboardName="nobody")
