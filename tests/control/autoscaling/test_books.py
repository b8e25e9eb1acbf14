"""What groups keep and tell: metrics, processes, tags, sources, notifications, types."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.group_story import NAME, GroupStory

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"


def values(story: GroupStory, metric: str) -> list[float]:
    data = story.call(
        "GetMetricStatistics",
        "cloudwatch",
        Namespace="AWS/AutoScaling",
        MetricName=metric,
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": NAME}],
        StartTime=story.at - 3600,
        EndTime=story.at,
        Period=60,
        Statistics=["Average"],
    )["Datapoints"]
    return [each["Average"] for each in sorted(data, key=lambda each: each["Timestamp"])]


def test_group_metrics_are_published_every_minute(story: GroupStory) -> None:
    story.create(2, 5)
    story.run(600)
    assert values(story, "GroupDesiredCapacity") == []
    story.of("EnableMetricsCollection", Granularity="1Minute")
    story.run(150)
    story.of("SetDesiredCapacity", DesiredCapacity=4)
    story.run(180)
    assert values(story, "GroupDesiredCapacity") == [2, 2, 4, 4, 4]
    assert values(story, "GroupInServiceInstances") == [2, 2, 4, 4, 4]
    assert values(story, "GroupMaxSize") == [5] * 5
    assert values(story, "WarmPoolTotalCapacity") == []
    story.of("DisableMetricsCollection", Metrics=["GroupMaxSize"])
    story.run(60)
    assert len(values(story, "GroupMaxSize")) == 5
    assert len(values(story, "GroupMinSize")) == 6
    story.of("DisableMetricsCollection")
    story.run(300)
    assert len(values(story, "GroupMinSize")) == 6


def test_some_metrics_and_those_of_the_warm_pool(story: GroupStory) -> None:
    story.create(1, 3)
    story.of("PutWarmPool")
    names = ["GroupTotalInstances", "WarmPoolWarmedCapacity", "GroupAndWarmPoolTotalCapacity"]
    story.of("EnableMetricsCollection", Granularity="1Minute", Metrics=names)
    story.run(120)
    assert [values(story, name) for name in names] == [[1, 1], [2, 2], [3, 3]]
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert [each["Metric"] for each in group["EnabledMetrics"]] == names


@pytest.mark.parametrize(
    "wrong", [{"Granularity": "5Minute"}, {"Granularity": "1Minute", "Metrics": ["Nonsense"]}]
)
def test_metrics_that_are_none(story: GroupStory, wrong: dict[str, Any]) -> None:
    story.create(1, 3)
    with pytest.raises(Fault) as refused:
        story.of("EnableMetricsCollection", **wrong)
    assert refused.value.code == "ValidationError"


def test_suspended_processes_are_described(story: GroupStory) -> None:
    story.create(1, 3)
    story.of("SuspendProcesses", ScalingProcesses=["Launch", "Terminate"])
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert group["SuspendedProcesses"] == [
        {"ProcessName": name, "SuspensionReason": "User suspended at 2026-05-28T20:27:00Z"}
        for name in ("Launch", "Terminate")
    ]
    story.of("SuspendProcesses")
    assert len(story.group.suspended) == 9
    story.of("ResumeProcesses")
    assert story.group.suspended == {}
    with pytest.raises(Fault, match="Unknown scaling process type 'Sleep'"):
        story.of("SuspendProcesses", ScalingProcesses=["Sleep"])


def test_a_suspended_launch_is_made_up_for(story: GroupStory) -> None:
    story.create(1, 5)
    story.of("SuspendProcesses", ScalingProcesses=["Launch"])
    story.of("SetDesiredCapacity", DesiredCapacity=3)
    story.run(600)
    assert story.states() == ["InService"]
    story.of("ResumeProcesses", ScalingProcesses=["Launch"])
    story.run(1)
    assert story.states() == ["InService"] * 3


def test_tags(story: GroupStory) -> None:
    story.create(0, 1, Tags=[{"Key": "a", "Value": "1", "PropagateAtLaunch": True}])
    tag = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "b", "Value": "2"}
    story.call("CreateOrUpdateTags", Tags=[{**tag, "PropagateAtLaunch": False}])
    found = story.call("DescribeTags", Filters=[{"Name": "value", "Values": ["2"]}])["Tags"]
    assert found == [{**tag, "PropagateAtLaunch": False}]
    story.call("DeleteTags", Tags=[{**tag, "Value": "other"}])
    assert len(story.call("DescribeTags")["Tags"]) == 2
    story.call("DeleteTags", Tags=[tag])
    assert [each["Key"] for each in story.call("DescribeTags")["Tags"]] == ["a"]
    with pytest.raises(Fault, match="Filter type colour is not correct"):
        story.call("DescribeTags", Filters=[{"Name": "colour", "Values": ["red"]}])


def test_traffic_sources(story: GroupStory) -> None:
    group = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/blue/1"
    story.create(1, 1, LoadBalancerNames=["classic"])
    story.of("AttachLoadBalancerTargetGroups", TargetGroupARNs=[group])
    story.of("AttachTrafficSources", TrafficSources=[{"Identifier": "other"}])
    found = story.of("DescribeTrafficSources")["TrafficSources"]
    assert [(each["Identifier"], each["Type"]) for each in found] == [
        ("classic", "elb"),
        (group, "elbv2"),
        ("other", "elb"),
    ]
    names = story.of("DescribeLoadBalancers")["LoadBalancers"]
    assert [each["LoadBalancerName"] for each in names] == ["classic", "other"]
    story.of("DetachLoadBalancers", LoadBalancerNames=["classic", "other"])
    story.of("DetachLoadBalancerTargetGroups", TargetGroupARNs=[group])
    assert story.of("DescribeTrafficSources")["TrafficSources"] == []
    story.of("AttachLoadBalancers", LoadBalancerNames=["classic"])
    story.of("DetachTrafficSources", TrafficSources=[{"Identifier": "classic"}])
    assert story.of("DescribeLoadBalancerTargetGroups")["LoadBalancerTargetGroups"] == []


def test_notifications_leave_as_signals(story: GroupStory) -> None:
    story.create(0, 3)
    kinds = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
    story.of("PutNotificationConfiguration", TopicARN=TOPIC, NotificationTypes=kinds)
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(1)
    story.of("SetDesiredCapacity", DesiredCapacity=0)
    story.run(1)
    assert [each.message["Event"] for each in story.notifications] == [
        "autoscaling:TEST_NOTIFICATION",
        *kinds,
    ]
    launch = story.notifications[1]
    assert launch.target == TOPIC
    assert launch.subject == f'Auto Scaling: launch for group "{NAME}"'
    assert launch.message["Details"] == {"Availability Zone": "us-east-1a"}
    assert launch.message["Cause"].startswith("At 2026-05-28T20:27:00Z a user request")
    described = story.call("DescribeNotificationConfigurations")["NotificationConfigurations"]
    assert [each["NotificationType"] for each in described] == kinds
    story.of("DeleteNotificationConfiguration", TopicARN=TOPIC)
    assert story.call("DescribeNotificationConfigurations")["NotificationConfigurations"] == []


def test_launch_configurations(story: GroupStory) -> None:
    lc = {"LaunchConfigurationName": "lc", "ImageId": "ami-1", "InstanceType": "t2.micro"}
    story.call("CreateLaunchConfiguration", **lc)
    with pytest.raises(Fault) as refused:
        story.call("CreateLaunchConfiguration", **lc)
    assert refused.value.code == "AlreadyExists"
    story.create(1, 1, LaunchConfigurationName="lc")
    assert story.instances()[0].launch_configuration == "lc"
    with pytest.raises(Fault) as refused:
        story.call("DeleteLaunchConfiguration", LaunchConfigurationName="lc")
    assert (refused.value.code, refused.value.message) == (
        "ResourceInUse",
        f"Cannot delete launch configuration lc because it is attached to AutoScalingGroup {NAME}",
    )
    story.of("DeleteAutoScalingGroup", ForceDelete=True)
    story.run(1)
    story.call("DeleteLaunchConfiguration", LaunchConfigurationName="lc")
    assert story.call("DescribeLaunchConfigurations")["LaunchConfigurations"] == []


def test_launch_templates() -> None:
    story = GroupStory()
    story.template()
    for _ in range(2):
        story.call(
            "CreateLaunchTemplateVersion",
            "ec2",
            LaunchTemplateName="web",
            SourceVersion="$Latest",
            LaunchTemplateData={"InstanceType": "m5.large"},
        )
    found = story.call("DescribeLaunchTemplateVersions", "ec2", LaunchTemplateName="web")
    versions = found["LaunchTemplateVersions"]
    assert [each["VersionNumber"] for each in versions] == [3, 2, 1]
    assert versions[0]["LaunchTemplateData"] == {"ImageId": "ami-1", "InstanceType": "m5.large"}
    story.call("ModifyLaunchTemplate", "ec2", LaunchTemplateName="web", DefaultVersion="2")
    answer = story.call(
        "DeleteLaunchTemplateVersions", "ec2", LaunchTemplateName="web", Versions=["1", "2", "7"]
    )
    assert [
        each["VersionNumber"] for each in answer["SuccessfullyDeletedLaunchTemplateVersions"]
    ] == [1]
    codes = [
        each["ResponseError"]["Code"]
        for each in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]
    ]
    assert codes == ["unexpectedError", "launchTemplateVersionDoesNotExist"]
    (template,) = story.call("DescribeLaunchTemplates", "ec2")["LaunchTemplates"]
    assert (template["DefaultVersionNumber"], template["LatestVersionNumber"]) == (2, 3)


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        (
            "DescribeLaunchTemplates",
            {"LaunchTemplateIds": ["lt-1"]},
            "InvalidLaunchTemplateId.NotFound",
        ),
        (
            "DeleteLaunchTemplate",
            {"LaunchTemplateName": "none"},
            "InvalidLaunchTemplateName.NotFoundException",
        ),
        ("DeleteLaunchTemplate", {}, "MissingParameter"),
        (
            "DescribeLaunchTemplateVersions",
            {"LaunchTemplateName": "web", "Versions": ["9"]},
            "InvalidLaunchTemplateId.VersionNotFound",
        ),
        (
            "CreateLaunchTemplate",
            {"LaunchTemplateName": "web", "LaunchTemplateData": {}},
            "InvalidLaunchTemplateName.AlreadyExistsException",
        ),
        (
            "CreateLaunchTemplate",
            {"LaunchTemplateName": "new", "LaunchTemplateData": {}, "DryRun": True},
            "DryRunOperation",
        ),
    ],
)
def test_faults_of_launch_templates(operation: str, params: dict[str, Any], code: str) -> None:
    story = GroupStory()
    story.template()
    with pytest.raises(Fault) as refused:
        story.call(operation, "ec2", **params)
    assert refused.value.code == code


def test_activities_are_kept_for_six_weeks_and_filtered(story: GroupStory) -> None:
    story.create(1, 3)
    story.run(7 * 86400)
    story.of("SetDesiredCapacity", DesiredCapacity=2)
    story.run(1)
    assert len(story.activities()) == 2
    lower = {"Name": "StartTimeLowerBound", "Values": ["2026-06-01T00:00:00Z"]}
    assert len(story.activities(Filters=[lower])) == 1
    status = {"Name": "Status", "Values": ["Failed"]}
    assert story.activities(Filters=[status]) == []
    identity = story.activities()[1]["ActivityId"]
    assert len(story.activities(ActivityIds=[identity])) == 1
    story.run(41 * 86400)
    assert len(story.activities()) == 1
    with pytest.raises(Fault, match="Filter type Colour is not correct"):
        story.activities(Filters=[{"Name": "Colour", "Values": []}])
