"""Each way AWS has to give a fleet larger machines, under constant traffic: what is lost."""

import numpy as np
import pytest

from understudy.base.service_time import parse_service_time
from understudy.control.events import Params
from understudy.sim.balanced import BalancedFleet
from understudy.sim.fleet import Fleet
from understudy.sim.load import Load
from understudy.sim.serving import serving_of
from understudy.sim.tally import Tally
from understudy.testing.balancing import Web, web
from understudy.testing.region import Region
from understudy.testing.services import QUICK, SECONDS, register, service, shifted

SERVING = serving_of(parse_service_time("80ms; concurrency=4"))
PER_SECOND = 20
LONG = 1800


class Traffic:
    """An even stream of requests, at a load balancer or at an endpoint."""

    def __init__(self, region: Region, *, balancer: str = "", endpoint: str = "") -> None:
        self.region = region
        arrivals = region.now + np.arange(0, LONG, 1 / PER_SECOND)
        self.tally = Tally(region.now, LONG, arrivals.size, ())
        load = Load(iter([arrivals]), SERVING, 1)
        self.fleet: Fleet | BalancedFleet
        if balancer:
            self.fleet = BalancedFleet(balancer, "us-east-1", load, SERVING, self.tally)
            region.world.balance(self.fleet)
        else:
            self.fleet = Fleet(endpoint, load, SERVING, self.tally)
            region.world.send(self.fleet)

    def lost(self) -> int:
        """How many requests were lost, once all have been sent."""
        self.region.advance(self.tally.started + LONG + 1 - self.region.now)
        self.fleet.finish(self.region.now)
        cut = self.fleet.cut if isinstance(self.fleet, BalancedFleet) else 0
        summary = self.tally.summary()
        assert summary.sent == LONG * PER_SECOND
        return summary.failed + cut


def group(region: Region, front: Web, desired: int = 2) -> None:
    """A group of small instances behind a load balancer."""
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.small"}
    region.call("ec2", "CreateLaunchTemplate", LaunchTemplateName="web", LaunchTemplateData=data)
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"},
        MinSize=1,
        MaxSize=5,
        DesiredCapacity=desired,
        AvailabilityZones=["us-east-1a", "us-east-1b"],
        TargetGroupARNs=[front.group],
        HealthCheckType="ELB",
        HealthCheckGracePeriod=30,
        DefaultInstanceWarmup=30,
    )
    region.advance(60)


def larger(region: Region, image: str = "ami-0123456789abcdef0") -> None:
    """A version of the launch template with larger instances."""
    data = {"ImageId": image, "InstanceType": "t3.large"}
    region.call(
        "ec2", "CreateLaunchTemplateVersion", LaunchTemplateName="web", LaunchTemplateData=data
    )


def types(region: Region) -> list[str]:
    (found,) = region.call("autoscaling", "DescribeAutoScalingGroups")["AutoScalingGroups"]
    return [each["InstanceType"] for each in found["Instances"]]


def refresh(region: Region, **preferences: int | bool) -> Params:
    return region.call(
        "autoscaling",
        "StartInstanceRefresh",
        AutoScalingGroupName="web",
        Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150, **preferences},
    )


def test_a_service_gets_larger_tasks_without_loss() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    assert story.front is not None
    traffic = Traffic(story.region, balancer=story.front.balancer)
    story.region.advance(60)
    story.update(taskDefinition=register(story.region, cpu="1024", memory="2048"))
    assert traffic.lost() == 0
    assert {task["cpu"] for task in story.tasks()} == {"1024"}


def test_a_service_gets_larger_tasks_by_blue_green_without_loss() -> None:
    story, _, _ = shifted(
        Region(),
        strategy="LINEAR",
        linearConfiguration={"stepPercent": 25.0, "stepBakeTimeInMinutes": 1},
    )
    assert story.front is not None
    traffic = Traffic(story.region, balancer=story.front.balancer)
    story.region.advance(60)
    story.update(taskDefinition=register(story.region, cpu="1024", memory="2048"))
    assert traffic.lost() == 0
    assert {task["cpu"] for task in story.tasks()} == {"1024"}


def test_a_group_gets_larger_instances_by_a_refresh_without_loss() -> None:
    region = Region()
    front = web(region, QUICK, TargetType="instance", **SECONDS)
    group(region, front)
    traffic = Traffic(region, balancer=front.balancer)
    region.advance(60)
    larger(region)
    region.advance(120)
    assert types(region) == ["t3.small"] * 2  # a new version alone touches nothing that runs
    refresh(region)
    assert traffic.lost() == 0
    assert types(region) == ["t3.large"] * 2


def test_a_refresh_that_is_rolled_back_loses_nothing() -> None:
    region = Region()
    front = web(region, QUICK, TargetType="instance", **SECONDS)
    group(region, front)
    traffic = Traffic(region, balancer=front.balancer)
    region.call(
        "autoscaling",
        "UpdateAutoScalingGroup",
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
    )
    larger(region)
    region.call(
        "autoscaling",
        "StartInstanceRefresh",
        AutoScalingGroupName="web",
        DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}},
        Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150},
    )
    region.advance(75)
    region.call("autoscaling", "RollbackInstanceRefresh", AutoScalingGroupName="web")
    assert traffic.lost() == 0
    assert types(region) == ["t3.small"] * 2


def test_a_group_of_one_that_may_not_grow_is_out_while_it_is_refreshed() -> None:
    region = Region()
    front = web(region, QUICK, TargetType="instance", **SECONDS)
    group(region, front, 1)
    traffic = Traffic(region, balancer=front.balancer)
    larger(region)
    refresh(region, MinHealthyPercentage=0, MaxHealthyPercentage=100)
    assert traffic.lost() > 0
    assert types(region) == ["t3.large"]


def test_an_instance_that_is_stopped_to_change_its_type_is_out_meanwhile() -> None:
    region = Region()
    front = web(region, QUICK, TargetType="instance", **SECONDS)
    (instance,) = region.call(
        "ec2",
        "RunInstances",
        ImageId="ami-0123456789abcdef0",
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
    )["Instances"]
    name = instance["InstanceId"]
    region.advance(30)
    region.elbv2("RegisterTargets", TargetGroupArn=front.group, Targets=[{"Id": name}])
    region.advance(30)
    traffic = Traffic(region, balancer=front.balancer)
    region.advance(60)
    region.call("ec2", "StopInstances", InstanceIds=[name])
    region.advance(60)
    larger_type = {"Value": "t3.large"}
    region.call("ec2", "ModifyInstanceAttribute", InstanceId=name, InstanceType=larger_type)
    region.advance(60)
    region.call("ec2", "StartInstances", InstanceIds=[name])
    lost = traffic.lost()
    assert 100 * PER_SECOND < lost < 200 * PER_SECOND
    found = region.call("ec2", "DescribeInstances", InstanceIds=[name])["Reservations"]
    assert found[0]["Instances"][0]["InstanceType"] == "t3.large"


MODEL = {
    "ModelName": "m",
    "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
    "PrimaryContainer": {"Image": "understudy/x", "Environment": {"UNDERSTUDY_STAND_IN": "80ms"}},
}


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60}, id="all at once"),
        pytest.param(
            {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": 60,
            },
            id="a canary",
        ),
    ],
)
def test_an_endpoint_gets_larger_instances_by_blue_green_without_loss(policy: Params) -> None:
    region = Region()
    region.call("sagemaker", "CreateModel", **MODEL)
    for name, kind in (("small", "ml.m5.large"), ("large", "ml.m5.xlarge")):
        variant = {
            "VariantName": "A",
            "ModelName": "m",
            "InitialInstanceCount": 2,
            "InstanceType": kind,
        }
        region.call(
            "sagemaker",
            "CreateEndpointConfig",
            EndpointConfigName=name,
            ProductionVariants=[variant],
        )
    region.call("sagemaker", "CreateEndpoint", EndpointName="e", EndpointConfigName="small")
    region.advance(60)
    traffic = Traffic(region, endpoint="e")
    region.advance(60)
    guard = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": policy}}
    region.call(
        "sagemaker",
        "UpdateEndpoint",
        EndpointName="e",
        EndpointConfigName="large",
        DeploymentConfig=guard,
    )
    assert traffic.lost() == 0
    described = region.call("sagemaker", "DescribeEndpoint", EndpointName="e")
    assert described["EndpointConfigName"] == "large"
    assert described["EndpointStatus"] == "InService"
