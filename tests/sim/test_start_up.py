"""How instances start, and start again from a warm pool."""

from understudy.base.service_time import Constant
from understudy.control.events import Params
from understudy.sim.start_up import StartUp, at_once
from understudy.sim.world import WorldModel
from understudy.testing.region import Region

PHASES = StartUp(tuple(Constant(each) for each in (12.0, 0.0, 0.0, 30.0, 3.0)))


def test_an_instance_that_was_stopped_goes_through_the_last_phases_again() -> None:
    assert PHASES.mean == 45.0
    assert PHASES.warmed.mean == 33.0
    # Without phases nothing is known to be spared.
    assert at_once(45.0).warmed.mean == 45.0


def group(region: Region) -> None:
    region.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.small"},
    )
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"},
        MinSize=1,
        MaxSize=4,
        AvailabilityZones=["us-east-1a"],
    )


def instances(region: Region) -> list[Params]:
    (found,) = region.call("autoscaling", "DescribeAutoScalingGroups")["AutoScalingGroups"]
    return found["Instances"]


def until_two_serve(region: Region) -> float:
    """Seconds from the wish for two instances until both are in service."""
    begun = region.now
    region.call("autoscaling", "SetDesiredCapacity", AutoScalingGroupName="web", DesiredCapacity=2)
    while sum(each["LifecycleState"] == "InService" for each in instances(region)) < 2:
        region.advance(1)
        assert region.now < begun + 200
    return region.now - begun


def test_a_group_with_a_warm_pool_scales_out_sooner() -> None:
    seconds: list[float] = []
    for pooled in (False, True):
        region = Region(model=WorldModel(PHASES))
        group(region)
        if pooled:
            region.call(
                "autoscaling", "PutWarmPool", AutoScalingGroupName="web", PoolState="Stopped"
            )
        region.advance(300)
        seconds.append(until_two_serve(region))
    cold, warm = seconds
    assert 8 <= cold - warm <= 14, "the launch itself is spared"
