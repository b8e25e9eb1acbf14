"""Groups behind load balancers on real processes, under traffic: scaled, killed, restarted."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from understudy.testing.asking import asking
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import descendants, wait_for

pytestmark = [pytest.mark.alone, pytest.mark.processes]


class Fleet:
    """A group of stand-ins behind a load balancer."""

    def __init__(self, engine: RunningEngine, name: str, **group: Any) -> None:
        self.engine = engine
        self.name = name
        elb, ec2 = engine.client("elbv2"), engine.client("ec2")
        self.targets = elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=80,
            VpcId="vpc-1",
            HealthCheckIntervalSeconds=10,
            HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "20"}
        elb.modify_target_group_attributes(TargetGroupArn=self.targets, Attributes=[delay])
        made = elb.create_load_balancer(Name=name, Subnets=["subnet-a", "subnet-b"])
        balancer = made["LoadBalancers"][0]
        self.dns = balancer["DNSName"]
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.targets}],
        )
        data = {"ImageId": "ami-12345678", "InstanceType": "m5.large"}
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        settings = {"MinSize": 1, "MaxSize": 20, "DesiredCapacity": 2, **group}
        engine.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": name},
            AvailabilityZones=["us-east-1a", "us-east-1b"],
            TargetGroupARNs=[self.targets],
            **settings,
        )

    def health(self) -> list[str]:
        """The states of its targets."""
        found = self.engine.client("elbv2").describe_target_health(TargetGroupArn=self.targets)
        return sorted(each["TargetHealth"]["State"] for each in found["TargetHealthDescriptions"])

    def scale(self, desired: int) -> None:
        """Set the desired capacity, and wait until all targets are healthy."""
        self.engine.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName=self.name, DesiredCapacity=desired
        )
        wait_for(lambda: self.health() == ["healthy"] * desired, 30, "not all healthy")

    def instances(self) -> list[str]:
        """The ids of its instances."""
        found = self.engine.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[self.name]
        )["AutoScalingGroups"][0]["Instances"]
        return sorted(each["InstanceId"] for each in found)

    def process_of(self, instance: str) -> int:
        """The process of an instance: it works in the instance's folder."""
        for pid in descendants(os.getpid()) | descendants(self.engine.pid):
            if Path(f"/proc/{pid}/cwd").resolve().name == instance:
                return pid
        raise AssertionError(f"nobody runs as {instance}")

    def traffic(self) -> AbstractContextManager[Counter[str]]:
        """Constant requests through the front door; how many came to what."""
        return asking(self.engine.port, self.dns)


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    return make_engine("--speed", "20")


def test_no_request_is_lost_while_a_group_scales_out_and_in(engine: RunningEngine) -> None:
    fleet = Fleet(engine, "scaled")
    wait_for(lambda: fleet.health() == ["healthy"] * 2)
    with fleet.traffic() as outcomes:
        fleet.scale(12)
        fleet.scale(2)
        wait_for(lambda: len(fleet.instances()) == 2)
    assert set(outcomes) == {"200"}


def test_an_instance_that_is_killed_is_replaced_and_costs_no_repeatable_request(
    engine: RunningEngine,
) -> None:
    fleet = Fleet(engine, "killed", HealthCheckType="EC2")
    wait_for(lambda: fleet.health() == ["healthy"] * 2)
    before = fleet.instances()
    with fleet.traffic() as outcomes:
        os.kill(fleet.process_of(before[0]), signal.SIGKILL)
        wait_for(lambda: before[0] not in fleet.instances(), 10, "the loss is not seen")
        wait_for(lambda: fleet.health() == ["healthy"] * 2)
    # A request that was in flight is sent to the other instance: GET does no harm twice.
    assert set(outcomes) == {"200"}
    assert len(fleet.instances()) == 2


def test_a_refresh_to_a_larger_type_loses_no_request(engine: RunningEngine) -> None:
    fleet = Fleet(engine, "larger")
    wait_for(lambda: fleet.health() == ["healthy"] * 2)
    ec2, autoscaling = engine.client("ec2"), engine.client("autoscaling")
    data = {"InstanceType": "m5.xlarge"}
    ec2.create_launch_template_version(
        LaunchTemplateName="larger", SourceVersion="1", LaunchTemplateData=data
    )
    with fleet.traffic() as outcomes:
        autoscaling.start_instance_refresh(
            AutoScalingGroupName="larger",
            DesiredConfiguration={
                "LaunchTemplate": {"LaunchTemplateName": "larger", "Version": "$Latest"}
            },
            # Its health checks are EC2's: the warm-up gives the balancer's the time to pass.
            Preferences={
                "MinHealthyPercentage": 100,
                "MaxHealthyPercentage": 200,
                "InstanceWarmup": 60,
            },
        )

        def refreshed() -> bool:
            found = autoscaling.describe_instance_refreshes(AutoScalingGroupName="larger")
            return found["InstanceRefreshes"][0]["Status"] == "Successful"

        wait_for(refreshed, 60, "the refresh does not end")
        wait_for(lambda: len(fleet.instances()) == 2)
    assert set(outcomes) == {"200"}
    found = ec2.describe_instances(InstanceIds=fleet.instances())["Reservations"]
    types = {each["InstanceType"] for one in found for each in one["Instances"]}
    assert types == {"m5.xlarge"}


def test_a_fleet_outlives_an_engine_that_is_killed_and_is_taken_over(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine("--speed", "20")
    fleet = Fleet(engine, "kept")
    wait_for(lambda: fleet.health() == ["healthy"] * 2)
    instances = fleet.instances()
    processes = {each: fleet.process_of(each) for each in instances}
    with fleet.traffic() as outcomes:
        os.kill(engine.pid, signal.SIGKILL)
        engine.up()
        wait_for(lambda: fleet.health() == ["healthy"] * 2)
        served = outcomes["200"]
        wait_for(lambda: outcomes["200"] > served + 20)
    # The data plane has answered all the while.
    assert set(outcomes) == {"200"}
    assert fleet.instances() == instances
    assert {each: fleet.process_of(each) for each in instances} == processes
    # They are looked after as before.
    os.kill(processes[instances[0]], signal.SIGKILL)
    wait_for(lambda: instances[0] not in fleet.instances(), 10, "the loss is not seen")
    wait_for(lambda: fleet.health() == ["healthy"] * 2)
