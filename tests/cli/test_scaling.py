"""``understudy explain`` and ``activities`` on a running engine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from understudy.testing.engines import RunningEngine, understudy_command

pytestmark = pytest.mark.processes


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    found = RunningEngine(tmp_path / "state")
    found.up()
    yield found
    found.down()


def test_a_group_is_explained_and_its_activities_listed(engine: RunningEngine) -> None:
    engine.client("ec2").create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "t3.micro"},
    )
    groups = engine.client("autoscaling")
    groups.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=4,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
    )
    groups.put_scaling_policy(
        AutoScalingGroupName="web",
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "TargetValue": 50,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        },
    )
    told = understudy_command("explain", "web", "--state", engine.state)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Auto Scaling group web\n  1 desired")
    assert "cpu (TargetTrackingScaling): keep ASGAverageCPUUtilization at 50" in told.stdout
    assert "Nobody publishes AWS/EC2 CPUUtilization {AutoScalingGroupName=web}." in told.stdout

    where = {"AWS_ENDPOINT_URL": engine.endpoint}
    listed = understudy_command("activities", "--json", env=where)
    (activity,) = json.loads(listed.stdout)
    assert activity["subject"] == "web"
    assert "a user request created an AutoScalingGroup" in activity["cause"]

    unknown = understudy_command("explain", "nobody", "--endpoint-url", engine.endpoint)
    assert unknown.returncode == 2
    assert "There is no stack, group, endpoint, service or alarm nobody." in unknown.stderr


def test_where_no_engine_runs_it_says_so(tmp_path: Path) -> None:
    told = understudy_command("explain", "web", "--state", tmp_path, env={"AWS_ENDPOINT_URL": ""})
    assert told.returncode == 2
    assert "No engine runs on" in told.stderr
