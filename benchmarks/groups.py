"""What a group costs: a simulated day of 1,000 instances under target tracking.

    python benchmarks/groups.py

The load goes up and down twice, so the group is between 400 and 1,000 instances large; every
minute the CPU utilisation of each instance in service is reported, and the group's own metrics are
published. The figure is CPU time of this process, also as a multiple of a fixed piece of Python run
in the same process, which can be compared between machines.
"""

import math
import time
from zoneinfo import ZoneInfo

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.schema import Schemas
from understudy.control.autoscaling.service import GroupConfig
from understudy.control.events import InstancesMeasured
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import Engine, EngineState, World
from understudy.resources.registry import BY_NAME
from understudy.sim.world import SimulatedWorld, WorldModel

START = 1_767_225_600.0
DAY, MINUTE = 86400, 60
REGION, NAME = "us-east-1", "big"
BUDGET = 5.0
DELAYS = GroupConfig(startup_delay=32.0, reaction_delay=12.0, termination_delay=45.0)


def yardstick() -> float:
    """CPU seconds of a fixed piece of Python."""
    begun = time.process_time()
    total = 0
    for number in range(2_000_000):
        total += number % 7
    return time.process_time() - begun


def world() -> SimulatedWorld:
    schemas = Schemas(CfnLintSchemas())
    types = World(PlaneConfig(ZoneInfo, groups=DELAYS), BY_NAME, lambda region: schemas)
    made = SimulatedWorld(Engine(types, EngineState(seed=1)), WorldModel(), START, REGION)
    made.call(
        "ec2",
        "CreateLaunchTemplate",
        {"LaunchTemplateName": NAME, "LaunchTemplateData": {"ImageId": "ami-1"}},
    )
    made.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        {
            "AutoScalingGroupName": NAME,
            "MinSize": 400,
            "MaxSize": 1000,
            "LaunchTemplate": {"LaunchTemplateName": NAME},
            "AvailabilityZones": [f"{REGION}{letter}" for letter in "abc"],
            "DefaultInstanceWarmup": 120,
        },
    )
    metric = {"PredefinedMetricType": "ASGAverageCPUUtilization"}
    made.call(
        "autoscaling",
        "PutScalingPolicy",
        {
            "AutoScalingGroupName": NAME,
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingConfiguration": {
                "TargetValue": 50.0,
                "PredefinedMetricSpecification": metric,
            },
        },
    )
    made.call(
        "autoscaling",
        "EnableMetricsCollection",
        {"AutoScalingGroupName": NAME, "Granularity": "1Minute"},
    )
    return made


def run(made: SimulatedWorld) -> tuple[int, int, int]:
    """A day; the smallest and the largest group, and how many instances were launched."""
    group = made.engine.region(REGION).plane.groups.state.groups[NAME]
    sizes: list[int] = []
    for minute in range(1, DAY // MINUTE + 1):
        made.run(START + minute * MINUTE)
        serving = [each.id for each in group.instances.values() if each.lifecycle == "InService"]
        load = 700.0 - 320.0 * math.cos(minute / 1440 * 4 * math.pi)
        each = min(100.0, 50.0 * load / max(len(serving), 1))
        samples = tuple((identity, each) for identity in serving)
        made.report(InstancesMeasured(made.now, REGION, "CPUUtilization", "Percent", samples))
        sizes.append(group.desired)
    launches = sum(type(command).__name__ == "Launch" for command in made.commands)
    return min(sizes), max(sizes), launches


def main() -> None:
    unit = yardstick()
    made = world()
    begun = time.process_time()
    smallest, largest, launches = run(made)
    spent = time.process_time() - begun
    print(f"a day of {smallest} to {largest} instances, {launches} launches: {spent:.2f} s of CPU")
    print(f"  budget {BUDGET:.0f} s; {spent / unit:.0f} times the yardstick ({unit:.3f} s)")


if __name__ == "__main__":
    main()
