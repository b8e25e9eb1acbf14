"""Groups behind load balancers: registered, drained, and replaced when their checks fail."""

from understudy.control.balancer import Turned
from understudy.control.events import InstanceHealthy, Params, SetBalancer, TargetsTurned
from understudy.testing.balancing import Web, health, web
from understudy.testing.region import Region
from understudy.testing.services import QUICK, SECONDS


def fleet(region: Region, desired: int = 2, **changes: object) -> Web:
    """A group of instances behind a load balancer."""
    front = web(region, QUICK, TargetType="instance", **SECONDS)
    region.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"},
    )
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        MinSize=0,
        MaxSize=5,
        DesiredCapacity=desired,
        AvailabilityZones=["us-east-1a", "us-east-1b"],
        TargetGroupARNs=[front.group],
        **changes,
    )
    return front


def instances(region: Region) -> list[Params]:
    found = region.call("autoscaling", "DescribeAutoScalingGroups")["AutoScalingGroups"]
    return found[0]["Instances"]


def test_the_instances_of_a_group_are_targets() -> None:
    region = Region()
    front = fleet(region)
    region.advance(10)
    ids = {each["InstanceId"] for each in instances(region)}
    assert health(region, front.group) == dict.fromkeys(ids, "healthy")
    zones = {t.zone for t in region.commands(SetBalancer)[-1].balancer.groups[0].targets}
    assert zones == {"us-east-1a", "us-east-1b"}


def test_an_instance_drains_before_it_is_ended() -> None:
    region = Region()
    front = fleet(region)
    region.advance(10)
    region.call("autoscaling", "SetDesiredCapacity", AutoScalingGroupName="web", DesiredCapacity=1)
    region.advance(5)
    assert sorted(health(region, front.group).values()) == ["draining", "healthy"]
    assert len(instances(region)) == 2
    region.advance(10)
    assert list(health(region, front.group).values()) == ["healthy"]
    assert len(instances(region)) == 1


def test_an_instance_that_fails_its_checks_is_replaced_where_the_group_goes_by_them() -> None:
    region = Region()
    front = fleet(region, HealthCheckType="ELB", HealthCheckGracePeriod=0)
    region.advance(10)
    ill = instances(region)[0]["InstanceId"]
    turned = Turned(front.group, ill, 8080, "unhealthy", "Target.Timeout", "Request timed out")
    region.report(TargetsTurned, turned=(turned,))
    region.advance(120)
    ids = {each["InstanceId"] for each in instances(region)}
    assert len(ids) == 2
    assert ill not in ids
    answer = region.call("autoscaling", "DescribeScalingActivities", AutoScalingGroupName="web")
    assert any("ELB system health check failure" in a["Cause"] for a in answer["Activities"])


def test_an_instance_that_comes_back_elsewhere_is_reached_there() -> None:
    region = Region()
    fleet(region, 1)
    region.advance(10)
    (only,) = instances(region)
    region.report(InstanceHealthy, instance_id=only["InstanceId"], host="127.0.0.9", port=3000)
    (target,) = region.commands(SetBalancer)[-1].balancer.groups[0].targets
    assert (target.host, target.host_port, target.port) == ("127.0.0.9", 3000, 8080)
