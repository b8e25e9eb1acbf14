"""Tasks that move to other zones once a service is steady, and its events as seen on AWS."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.fault import Fault
from understudy.control.ecs.rebalancing import additions
from understudy.control.events import Params
from understudy.testing.hosts import bridge, group
from understudy.testing.region import Region
from understudy.testing.services import service

SPREAD = {"type": "spread", "field": "attribute:ecs.availability-zone"}
COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30))


@given(COUNTS)
def test_zones_end_up_with_as_many_tasks_each_as_can_be(zones: dict[str, int]) -> None:
    after = dict(zones)
    for zone in additions(zones, zones):
        after[max(after, key=lambda each: after[each])] -= 1
        after[zone] += 1
    assert sum(after.values()) == sum(zones.values())
    assert max(after.values(), default=0) - min(after.values(), default=0) <= 1


def zones(region: Region) -> dict[str, int]:
    """How many tasks each zone has."""
    arns = region.ecs("ListTasks", cluster="pool")["taskArns"]
    found: dict[str, int] = {}
    for task in region.ecs("DescribeTasks", cluster="pool", tasks=arns)["tasks"]:
        zone = task["availabilityZone"]
        found[zone] = found.get(zone, 0) + 1
    return found


def in_one_zone(**changes: object) -> Region:
    """A service of four tasks in zone a, whose cluster then gets an instance in zone b."""
    region = Region()
    region.ecs("CreateCluster", clusterName="pool")
    group(region, 1)
    region.advance(10)
    params = {"cluster": "pool", "launchType": "EC2", "desiredCount": 4, **changes}
    region.ecs("CreateService", serviceName="app", taskDefinition=bridge(region), **params)
    region.advance(120)
    assert zones(region) == {"us-east-1a": 4}
    return region


def second(region: Region) -> None:
    """An instance more, in the other zone."""
    chosen = {"AutoScalingGroupName": "hosts", "DesiredCapacity": 2, "HonorCooldown": False}
    region.call("autoscaling", "SetDesiredCapacity", **chosen)
    region.advance(300)


def described(region: Region) -> Params:
    return region.ecs("DescribeServices", cluster="pool", services=["app"])["services"][0]


def said(region: Region) -> list[str]:
    """The events, the oldest first, each task named X."""
    events = [each["message"] for each in described(region)["events"]][::-1]
    return [re.sub(r"\(task \w+\)", "(task X)", text) for text in events]


def test_tasks_move_to_an_instance_in_another_zone() -> None:
    region = in_one_zone()
    second(region)
    assert zones(region) == {"us-east-1a": 2, "us-east-1b": 2}
    moved = [text for text in said(region) if " AZ " in text]
    # Live service events of 2026; the one about stopping is from AWS: Amazon ECS Availability Zone
    # service rebalancing service event messages.
    assert moved == [
        (
            "(service app) is not AZ balanced with 4 tasks in us-east-1a, 0 tasks in us-east-1b. "
            "AZ Rebalancing in progress."
        ),
        "(service app) has started 2 tasks in us-east-1b to AZ Rebalance: (task X) (task X).",
        (
            "(service app) has stopped 2 running tasks in us-east-1a due to AZ rebalancing: "
            "(task X) (task X)."
        ),
        "(service app) is AZ balanced with 2 tasks in us-east-1a, 2 tasks in us-east-1b.",
    ]
    assert said(region)[-1] == "(service app) has reached a steady state."
    region.advance(600)
    assert zones(region) == {"us-east-1a": 2, "us-east-1b": 2}


def test_never_fewer_than_the_desired_count_serve_meanwhile() -> None:
    region = in_one_zone()
    chosen = {"AutoScalingGroupName": "hosts", "DesiredCapacity": 2, "HonorCooldown": False}
    region.call("autoscaling", "SetDesiredCapacity", **chosen)
    counts: set[int] = set()
    for _ in range(300):
        region.advance(1)
        counts.add(described(region)["runningCount"])
    assert (min(counts), max(counts)) == (4, 6)


def test_where_it_is_disabled_tasks_stay() -> None:
    region = in_one_zone(availabilityZoneRebalancing="DISABLED")
    second(region)
    assert zones(region) == {"us-east-1a": 4}


def test_protected_tasks_stay_and_the_service_says_so() -> None:
    region = in_one_zone()
    arns = region.ecs("ListTasks", cluster="pool")["taskArns"]
    region.ecs("UpdateTaskProtection", cluster="pool", tasks=arns, protectionEnabled=True)
    second(region)
    assert zones(region) == {"us-east-1a": 4}
    primary = described(region)["deployments"][0]["id"]
    assert (
        f"(service app) was unable to AZ Rebalance because (taskSet {primary}) was unable to scale "
        "in due to (reason 4 tasks under protection)"
    ) in said(region)


def test_a_zone_without_room_is_told_of() -> None:
    region = Region()
    region.ecs("CreateCluster", clusterName="pool")
    group(region, 2)
    region.advance(10)
    big = bridge(region, cpu=2048)
    params = {"cluster": "pool", "launchType": "EC2", "desiredCount": 1}
    region.ecs("CreateService", serviceName="big", taskDefinition=big, **params)
    region.advance(60)
    small = {**params, "desiredCount": 2}
    region.ecs("CreateService", serviceName="app", taskDefinition=bridge(region), **small)
    region.advance(120)
    (said_once,) = [text for text in said(region) if "unable to place" in text]
    assert re.fullmatch(
        r"\(service app\) is unable to place a task in us-east-1[ab] because no container instance "
        "met all of its requirements.",
        said_once,
    )


def test_a_count_that_changes_meanwhile_ends_the_move() -> None:
    region = in_one_zone()
    chosen = {"AutoScalingGroupName": "hosts", "DesiredCapacity": 2, "HonorCooldown": False}
    region.call("autoscaling", "SetDesiredCapacity", **chosen)
    for _ in range(120):
        region.advance(1)
        if any("has started 2 tasks in us-east-1b" in text for text in said(region)):
            break
    region.ecs("UpdateService", cluster="pool", service="app", desiredCount=2)
    region.advance(300)
    assert zones(region) == {"us-east-1a": 1, "us-east-1b": 1}


def test_a_fargate_service_is_spread_over_zones_not_subnets() -> None:
    story = service(Region(), 4)
    story.settle()
    found = [task["availabilityZone"] for task in story.tasks()]
    assert {zone: found.count(zone) for zone in found} == {"us-east-1a": 2, "us-east-1b": 2}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"placementStrategy": [{"type": "binpack", "field": "cpu"}]}, id="binpack"),
        pytest.param(
            {"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 50}},
            id="no room for more tasks",
        ),
    ],
)
def test_what_does_not_go_with_it_switches_it_off(settings: Params) -> None:
    # AWS: CreateService, availabilityZoneRebalancing: ENABLED by default where compatible.
    region = in_one_zone(**settings)
    assert described(region)["availabilityZoneRebalancing"] == "DISABLED"
    change = {"cluster": "pool", "service": "app", "availabilityZoneRebalancing": "ENABLED"}
    with pytest.raises(Fault, match="Availability Zone rebalancing is not supported with"):
        region.ecs("UpdateService", **change)


def test_by_default_it_is_enabled() -> None:
    region = in_one_zone(placementStrategy=[SPREAD])
    assert described(region)["availabilityZoneRebalancing"] == "ENABLED"
