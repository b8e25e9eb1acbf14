"""A group of real processes scaled from 1 to 50 and back under traffic, and what an instance costs.

    python benchmarks/fleet.py [--instances 50]

An engine at speed 20, a load balancer with health checks, four clients that ask all the time.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from understudy.testing.asking import asking
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import descendants, memory, wait_for


def seconds_until(condition: Callable[[], bool]) -> float:
    began = time.monotonic()
    wait_for(condition, 60.0)
    return time.monotonic() - began


class Fleet:
    """A group of one instance behind a load balancer."""

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine
        self.elb = engine.client("elbv2")
        self.groups = engine.client("autoscaling")
        self.targets = self.elb.create_target_group(
            Name="web", Protocol="HTTP", Port=80, VpcId="vpc-1",
            HealthCheckIntervalSeconds=10, HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "20"}
        self.elb.modify_target_group_attributes(TargetGroupArn=self.targets, Attributes=[delay])
        made = self.elb.create_load_balancer(Name="web", Subnets=["subnet-a", "subnet-b"])
        self.dns = made["LoadBalancers"][0]["DNSName"]
        self.elb.create_listener(
            LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.targets}],
        )
        data = {"ImageId": "ami-12345678", "InstanceType": "m5.large"}
        engine.client("ec2").create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData=data
        )
        self.groups.create_auto_scaling_group(
            AutoScalingGroupName="web",
            LaunchTemplate={"LaunchTemplateName": "web"},
            MinSize=1,
            MaxSize=100,
            AvailabilityZones=["us-east-1a", "us-east-1b"],
            TargetGroupARNs=[self.targets],
        )

    def healthy(self) -> int:
        found = self.elb.describe_target_health(TargetGroupArn=self.targets)
        states = [each["TargetHealth"]["State"] for each in found["TargetHealthDescriptions"]]
        return states.count("healthy") if set(states) <= {"healthy"} else -1

    def scaled(self, desired: int) -> float:
        """Real seconds until so many targets, and no others, are healthy."""
        self.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=desired)
        return seconds_until(lambda: self.healthy() == desired)


def measure(instances: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        engine = RunningEngine(Path(folder) / "state", "--speed", "20")
        engine.up()
        try:
            fleet = Fleet(engine)
            seconds_until(lambda: fleet.healthy() == 1)
            before = descendants(engine.pid)
            with asking(engine.port, fleet.dns) as outcomes:
                out = fleet.scaled(instances)
                fresh = descendants(engine.pid) - before
                each = sum(memory(pid)["Pss"] for pid in fresh) / len(fresh)
                back = fleet.scaled(1)
        finally:
            engine.down()
        return {"out_s": out, "back_s": back, "mib": each, "requests": dict(outcomes)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--instances", type=int, default=50)
    options = parser.parse_args()
    found = measure(options.instances)
    print(f"1 to {options.instances} instances, all healthy: {found['out_s']:.2f} s")
    print(f"back to 1, all drained:          {found['back_s']:.2f} s")
    print(f"memory of an idle instance:      {found['mib']:.1f} MiB (proportional)")
    print(f"requests meanwhile, by status:   {found['requests']}")


if __name__ == "__main__":
    main()
