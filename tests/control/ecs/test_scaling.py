"""Services scaled by Application Auto Scaling, on their own metrics."""

from understudy.control.events import Params, TasksMeasured
from understudy.control.task import Measured
from understudy.testing.region import Region
from understudy.testing.services import Story, register, service

TARGET: Params = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/default/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def scaled(
    region: Region, desired: int = 2, metric: str = "ECSServiceAverageCPUUtilization"
) -> Story:
    """A service with a target of 50 % CPU between 1 and 6 tasks."""
    story = service(region, desired, balanced=True)
    story.settle()
    region.call(
        "application-autoscaling", "RegisterScalableTarget", **TARGET, MinCapacity=1, MaxCapacity=6
    )
    region.call(
        "application-autoscaling",
        "PutScalingPolicy",
        **TARGET,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
            "ScaleInCooldown": 60,
            "ScaleOutCooldown": 60,
        },
    )
    return story


def work(story: Story, minutes: int, cpu: float) -> None:
    """Let every task use so many CPU units (of 256) for some minutes."""
    region = story.region
    for _ in range(3 * minutes):
        region.advance(20)
        arns = region.ecs("ListTasks")["taskArns"]
        measured = tuple(Measured(arn, int(region.now) - 20, cpu, 100.0) for arn in arns)
        region.report(TasksMeasured, measured=measured)


# AWS: Faster auto scaling with high-resolution metrics: three datapoints of 20 seconds.
def test_a_service_that_is_monitored_every_20_seconds_scales_out_within_two_minutes() -> None:
    story = scaled(Region(), metric="ECSServiceAverageCPUUtilizationHighResolution")
    monitoring = {
        "metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]
    }
    story.region.ecs("UpdateService", service="web", monitoring=monitoring)
    assert story.describe()["monitoring"] == monitoring
    since = story.region.now
    work(story, 2, 230.0)
    found = story.region.statistics(
        "AWS/ECS", "CPUUtilization", "Average", since, period=20, ClusterName="default",
        ServiceName="web",
    )  # fmt: skip
    assert len(found) >= 5
    assert story.describe()["desiredCount"] > 2


def activities(region: Region) -> list[Params]:
    answer = region.call(
        "application-autoscaling", "DescribeScalingActivities", ServiceNamespace="ecs"
    )
    return answer["ScalingActivities"][::-1]


# AWS: Amazon ECS CloudWatch metrics: 128 of 256 CPU units are 50 %; a sample for each task.
def test_a_service_publishes_what_its_tasks_use() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    since = story.region.now
    work(story, 5, 128.0)
    dimensions = {"ClusterName": "default", "ServiceName": "web"}
    metric = ("AWS/ECS", "CPUUtilization")
    averages = story.region.statistics(*metric, "Average", since, **dimensions)
    assert {round(each, 6) for each in averages} == {50.0}
    counts = story.region.statistics(*metric, "SampleCount", since, **dimensions)
    assert [round(each, 6) for each in counts[1:-1]] == [2.0] * len(counts[1:-1])


def test_a_busy_service_scales_out_and_an_idle_one_in() -> None:
    story = scaled(Region())
    work(story, 8, 230.0)
    assert story.describe()["desiredCount"] == 6
    work(story, 40, 10.0)
    assert story.describe()["desiredCount"] == 1
    first = activities(story.region)[0]
    assert first["StatusMessage"] == (
        "Successfully set desired count to 4. Change successfully fulfilled by ecs."
    )
    assert first["StatusCode"] == "Successful"


def test_while_it_deploys_a_service_does_not_scale_in() -> None:
    story = scaled(Region(), 3)
    work(story, 13, 10.0)
    slow = {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 134}}
    before = story.describe()["desiredCount"]
    story.region.elbv2(
        "ModifyTargetGroupAttributes",
        TargetGroupArn=story.front.group if story.front else "",
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "600"}],
    )
    story.update(taskDefinition=register(story.region, image="web:2"), **slow)
    work(story, 6, 10.0)
    assert story.describe()["desiredCount"] == before
    assert story.rollouts()[0] == ("PRIMARY", "IN_PROGRESS")


def test_what_scales_a_service_goes_with_it() -> None:
    story = scaled(Region())
    story.region.ecs("DeleteService", service="web", force=True)
    answer = story.region.call(
        "application-autoscaling", "DescribeScalableTargets", ServiceNamespace="ecs"
    )
    assert answer["ScalableTargets"] == []
