"""What others recorded of ECS services, replayed in virtual time: deployments, a task that hangs.

Each test names its case. How long a task takes to start, its first healthy answer and its draining
are parameters of the world, here those of the recording; what is replayed is the order of events,
their words, and what the scheduler itself takes. It looked at its tasks every ten seconds.
"""

import re
from zoneinfo import ZoneInfo

import pytest

from understudy.control.ecs.service import EcsConfig
from understudy.control.plane import PlaneConfig
from understudy.control.stand_ins import StandInModel, TaskModel
from understudy.testing.balancing import health, web
from understudy.testing.hosts import bridge, pool
from understudy.testing.region import Region
from understudy.testing.services import Story, register, service

RECORDED = PlaneConfig(ZoneInfo, tasks=EcsConfig(look=10.0))
DEPLOYED = (
    r"\(service web\) has started 1 tasks: \(task [0-9a-f]{32}\)\.",
    r"\(service web\) registered 1 targets in \(target-group arn:\S+\)",
    r"\(service web\) has stopped 1 running tasks: \(task [0-9a-f]{32}\)\.",
    r"\(service web\) deregistered 1 targets in \(target-group arn:\S+\)",
    r"\(service web, taskSet ecs-svc/\d+\) has begun draining connections on 1 tasks\.",
    r"\(service web\) \(deployment ecs-svc/\d+\) deployment completed\.",
    r"\(service web\) has reached a steady state\.",
)
REPLACED = (
    DEPLOYED[0],
    DEPLOYED[1],
    (
        r"\(service web\) \(task [0-9a-f]{32}\) \(port 8080\) is unhealthy in "
        r"\(target-group arn:\S+\) due to \(reason Request timed out\)\."
    ),
    *DEPLOYED[2:5],
    DEPLOYED[6],
)


def balanced(model: TaskModel, desired: int, drain: float, interval: int) -> Story:
    """A steady service behind a load balancer that probes its tasks so often, in seconds."""
    region = Region(StandInModel(model, first_probe=2.0), RECORDED)
    attributes = {"deregistration_delay.timeout_seconds": f"{drain:.0f}"}
    check = {"HealthCheckTimeoutSeconds": 2, "UnhealthyThresholdCount": 3}
    front = web(region, attributes, HealthCheckIntervalSeconds=interval, **check)
    place = {"containerName": "web", "containerPort": 8080, "targetGroupArn": front.group}
    made = service(region, desired, loadBalancers=[place])
    made.settle(300)
    region.advance(60)
    return Story(region, front)


def told(story: Story, since: float) -> list[tuple[float, str]]:
    """What the service has said since a time, oldest first, with the seconds."""
    events = [(e["createdAt"] - since, e["message"]) for e in story.describe()["events"][::-1]]
    return [(at, text) for at, text in events if at >= 0]


def in_order(events: list[tuple[float, str]], templates: tuple[str, ...]) -> list[float]:
    """The times of the events, which have to be these."""
    assert len(events) == len(templates), events
    for (_, text), template in zip(events, templates, strict=True):
        assert re.fullmatch(template, text)
    return [at for at, _ in events]


@pytest.mark.parametrize(
    ("start", "interval", "drain", "serving", "completed"),
    [
        pytest.param(40.4, 45, 45.0, 50, 52, id="ecs-cerebrum-deploy1"),
        pytest.param(60.0, 45, 45.0, 51, 52, id="ecs-cerebrum-deploy2"),
        pytest.param(41.0, 5, 5.0, 10, 10, id="ecs-jp-overlap51: only the first 61 s recorded"),
    ],
)
def test_a_deployment_of_one_task(
    start: float, interval: int, drain: float, serving: float, completed: float
) -> None:
    # Started, registered after as long as a task takes to start, the old one stopped 50 s (10 s)
    # after that, deregistered 10 s later, completed 52 s after that and steady with it. A target
    # that fails its first probe is healthy after the next one.
    story = balanced(TaskModel(start=start, ready=3.0), 1, drain, interval)
    since = story.region.now
    story.update(taskDefinition=register(story.region, image="web:2"))
    story.region.advance(300)
    times = in_order(told(story, since), DEPLOYED)
    started, registered, stopped, deregistered, draining, done, steady = times
    assert registered - started == pytest.approx(start, abs=0.01)
    assert stopped - registered == pytest.approx(serving, abs=5)
    assert deregistered - stopped == pytest.approx(10, abs=0.6)
    assert draining == deregistered
    assert done - deregistered == pytest.approx(completed, abs=5)
    assert steady == done


def test_ecs_unhealthy_replace_m3p2() -> None:
    # One of two tasks hangs: its target is unhealthy after 89 s, a new task is started within 12 s
    # and registered after 28 s, healthy 2 s later; then the old one is stopped within 16 s,
    # deregistered 10 s later, and the service steady some 10 s after that, before it has drained.
    story = balanced(TaskModel(start=28.0), 2, 30.0, 30)
    assert story.front is not None
    group = story.front.group
    story.region.world.silence(story.tasks()[0]["taskArn"])
    since = story.region.now
    seen: dict[str, float] = {}
    for second in range(1, 240):
        story.region.advance(1)
        states = list(health(story.region, group).values())
        if "unhealthy" in states:
            seen.setdefault("unhealthy", second)
            assert reasons(story.region, group) == {("Target.Timeout", "Request timed out")}
            if states.count("healthy") == 2:
                seen.setdefault("replaced", second)
    times = in_order(told(story, since), REPLACED)
    started, registered, unhealthy, stopped, deregistered, draining, steady = times
    assert 60 <= seen["unhealthy"] <= 95
    assert -1 <= started - seen["unhealthy"] <= 12
    assert registered - started == pytest.approx(28, abs=0.01)
    assert 1 <= seen["replaced"] - registered <= 3.5
    assert -1 <= stopped - seen["replaced"] <= 16
    assert unhealthy == stopped
    assert deregistered - stopped == pytest.approx(10, abs=0.6)
    assert draining == deregistered
    assert 0 <= steady - deregistered <= 10


def reasons(region: Region, group: str) -> set[tuple[str, str]]:
    """Why targets of a group are unhealthy."""
    found = region.elbv2("DescribeTargetHealth", TargetGroupArn=group)["TargetHealthDescriptions"]
    bad = [e["TargetHealth"] for e in found if e["TargetHealth"]["State"] == "unhealthy"]
    return {(each["Reason"], each["Description"]) for each in bad}


def test_ecs_cp_638() -> None:
    # The alarms of a managed policy: one datapoint within a minute, and fifteen within fifteen.
    region = Region()
    pool(region, 0)
    (policy,) = region.call("autoscaling", "DescribePolicies")["ScalingPolicies"]
    assert re.fullmatch(r"ECSManagedAutoScalingPolicy-[0-9a-f-]{36}", policy["PolicyName"])
    alarms = region.call("cloudwatch", "DescribeAlarms")["MetricAlarms"]
    shapes = {
        a["AlarmName"].split("-Alarm")[1].split("-")[0]: a["EvaluationPeriods"] for a in alarms
    }
    assert shapes == {"High": 1, "Low": 15}
    assert {each["Period"] for each in alarms} == {60}


def test_ecs_cp_1220() -> None:
    # "EC2 scale in via ECS Capacity Provider is too slow due to the hard coded 15min alarm-low."
    region = Region(config=RECORDED)
    pool(region, 0)
    definition = bridge(region, cpu=1024)
    placed = {"cluster": "pool", "taskDefinition": definition}
    region.ecs("CreateService", serviceName="jobs", desiredCount=4, **placed)
    region.advance(40 * 60)
    before = hosts(region)
    assert before >= 2
    region.ecs("UpdateService", cluster="pool", service="jobs", desiredCount=0)
    ended = region.now
    while hosts(region) == before and region.now < ended + 1800:
        region.advance(10)
    assert 14 * 60 <= region.now - ended <= 18 * 60


def hosts(region: Region) -> int:
    """The desired capacity of the group."""
    answer = region.call("autoscaling", "DescribeAutoScalingGroups")
    return answer["AutoScalingGroups"][0]["DesiredCapacity"]
