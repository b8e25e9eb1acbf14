"""A group of real processes scaled from 1 to 50 and back under traffic, and what an instance costs.

    python benchmarks/fleet.py [--instances 50]

An engine at speed 20, a load balancer with health checks, four clients that ask all the time.
"""

import argparse
import http.client
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from understudy.testing.engines import RunningEngine
from understudy.testing.processes import descendants

CLIENTS = 4


def seconds_until(condition: Callable[[], bool], limit: float = 60.0) -> float:
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > limit:
            raise TimeoutError
        time.sleep(0.02)
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

    def ask(self, stop: threading.Event, outcomes: Counter[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.engine.port, timeout=15)
        while not stop.is_set():
            try:
                connection.request("GET", "/", headers={"Host": self.dns})
                answer = connection.getresponse()
                answer.read()
                outcomes[str(answer.status)] += 1
            except (OSError, http.client.HTTPException) as error:
                outcomes[type(error).__name__] += 1
                connection.close()


def proportional_bytes(pid: int) -> int:
    """The memory of a process, with what it shares divided among those that share it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def measure(instances: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        engine = RunningEngine(Path(folder) / "state", "--speed", "20")
        engine.up()
        try:
            fleet = Fleet(engine)
            seconds_until(lambda: fleet.healthy() == 1)
            before = descendants(engine.pid)
            stop, outcomes = threading.Event(), Counter[str]()
            threads = [
                threading.Thread(target=fleet.ask, args=(stop, outcomes)) for _ in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            out = fleet.scaled(instances)
            fresh = descendants(engine.pid) - before
            each = sum(map(proportional_bytes, fresh)) / len(fresh)
            back = fleet.scaled(1)
            stop.set()
            for thread in threads:
                thread.join()
        finally:
            engine.down()
        return {"out_s": out, "back_s": back, "mib": each / 2**20, "requests": dict(outcomes)}


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
