"""Load balancers under simulated traffic: who is sent requests, and what is told of them."""

import numpy as np
import pytest

from understudy.base.service_time import parse_service_time
from understudy.control.balancer import Turned
from understudy.control.events import SetBalancer, TargetsTurned
from understudy.sim.balanced import BalancedFleet
from understudy.sim.load import Load
from understudy.sim.serving import serving_of
from understudy.sim.tally import Tally
from understudy.testing.balancing import web
from understudy.testing.region import Region
from understudy.testing.services import QUICK, SECONDS, Story, register, service

SERVING = serving_of(parse_service_time("100ms; concurrency=2"))


def sent(story: Story, per_second: float, seconds: int) -> tuple[BalancedFleet, Tally]:
    """A fleet that gets requests at an even rate from now on."""
    region = story.region
    assert story.front is not None
    arrivals = region.now + np.arange(0, seconds, 1 / per_second)
    tally = Tally(region.now, seconds, arrivals.size, ())
    load = Load(iter([arrivals]), SERVING, 1)
    fleet = BalancedFleet(story.front.balancer, "us-east-1", load, SERVING, tally)
    region.world.balance(fleet)
    return fleet, tally


def test_requests_are_spread_over_healthy_targets_and_published() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    assert story.front is not None
    since = story.region.now
    fleet, tally = sent(story, 10, 300)
    story.region.advance(301)
    fleet.finish(story.region.now)
    assert tally.summary().succeeded == 3000
    balancer = story.front.balancer.partition(":loadbalancer/")[2]
    group = story.front.group.rpartition(":")[2]
    both = {"LoadBalancer": balancer, "TargetGroup": group}
    metric = "AWS/ApplicationELB"
    counts = story.region.statistics(metric, "RequestCount", "Sum", since - 60, **both)
    assert sum(counts) == pytest.approx(3000, rel=0.25)
    halves = story.region.statistics(metric, "RequestCountPerTarget", "Sum", since - 60, **both)
    assert halves[1:4] == [300.0] * 3
    times = story.region.statistics(metric, "TargetResponseTime", "Average", since - 60, **both)
    assert times[1] == pytest.approx(0.1, rel=0.01)


def test_tasks_use_as_much_of_their_processors_as_of_their_slots() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    since = story.region.now
    sent(story, 10, 300)
    story.region.advance(301)
    names = {"ClusterName": "default", "ServiceName": "web"}
    # 10 a second of 0.1 s each keep one of the four slots busy.
    used = story.region.statistics("AWS/ECS", "CPUUtilization", "Average", since - 60, **names)
    assert used[1:4] == [pytest.approx(25.0)] * 3
    tasks = story.region.statistics("AWS/ECS", "CPUUtilization", "SampleCount", since - 60, **names)
    assert tasks[1:4] == [pytest.approx(2.0)] * 3
    assert not story.region.statistics("AWS/ECS", "MemoryUtilization", "Average", since, **names)


def test_what_is_asked_beyond_all_slots_keeps_them_busy_after_it() -> None:
    story = service(Region(), 1, balanced=True)
    story.settle()
    since = story.region.now
    sent(story, 30, 120)
    story.region.advance(301)
    names = {"ClusterName": "default", "ServiceName": "web"}
    used = story.region.statistics("AWS/ECS", "CPUUtilization", "Average", since - 60, **names)
    assert used[1:3] == [pytest.approx(100.0)] * 2
    assert used[-1] == 0.0


def test_requests_count_for_as_many_targets_as_there_were_when_they_were_sent() -> None:
    story = service(Region(), 1, balanced=True)
    story.settle()
    story.region.advance(60 - story.region.now % 60)
    since = story.region.now
    sent(story, 10, 240)
    story.region.advance(75)
    story.update(desiredCount=2)
    story.region.advance(165)
    assert story.front is not None
    names = {"TargetGroup": story.front.group.rpartition(":")[2]}
    told = story.region.statistics(
        "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", since, **names
    )
    # The second minute has one target at first: neither 600 nor 300.
    assert told[0] == pytest.approx(600, abs=2)
    assert 320 < told[1] < 500
    assert told[2] == pytest.approx(300, abs=2)


def test_requests_count_in_the_minute_of_their_answer() -> None:
    story = service(Region(), 1, balanced=True)
    story.settle()
    story.region.advance(60 - story.region.now % 60)
    since = story.region.now
    sent(story, 40, 60)  # twice what the two slots serve
    story.region.advance(181)
    assert story.front is not None
    names = {"TargetGroup": story.front.group.rpartition(":")[2]}
    told = story.region.statistics(
        "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", since, **names
    )
    assert told[:2] == [pytest.approx(1200, abs=5)] * 2


def test_what_tasks_use_is_told_every_20_seconds_where_it_matters() -> None:
    story = service(Region(), 1, balanced=True)
    story.settle()
    story.region.advance(60 - story.region.now % 60)
    metric = {"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}
    story.update(monitoring={"metricConfigurations": [metric]})
    since = story.region.now
    fleet, _ = sent(story, 10, 20)
    story.region.world.balance(fleet, short=True)
    story.region.advance(61)
    names = {"ClusterName": "default", "ServiceName": "web"}
    used = story.region.statistics("AWS/ECS", "CPUUtilization", "Average", since, 20, **names)
    assert used == [pytest.approx(50.0, abs=1), 0.0, 0.0]


def test_a_rolling_update_loses_no_request() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    fleet, tally = sent(story, 10, 300)
    story.region.advance(60)
    story.update(taskDefinition=register(story.region, image="web:2"))
    story.region.advance(241)
    fleet.finish(story.region.now)
    assert story.images() == {"web:2"}
    assert (tally.summary().sent, tally.summary().failed, fleet.cut) == (3000, 0, 0)


def test_without_healthy_enough_targets_requests_go_to_all() -> None:
    story = service(Region(), 1, balanced=True)
    story.settle()
    fleet, tally = sent(story, 10, 100)
    assert story.front is not None
    (target,) = story.region.commands(SetBalancer)[-1].balancer.groups[0].targets
    turned = Turned(story.front.group, target.id, target.port, "unhealthy")
    story.region.report(TargetsTurned, turned=(turned,))
    story.region.advance(101)
    fleet.finish(story.region.now)
    assert tally.summary().succeeded == 1000


def test_a_load_balancer_without_targets_refuses() -> None:
    region = Region()
    front = web(region, QUICK, **SECONDS)
    region.advance(5)
    fleet, tally = sent(Story(region, front), 10, 60)
    region.advance(61)
    fleet.finish(region.now)
    assert tally.summary().failed == 600


def test_targets_take_turns_or_the_least_busy_is_next() -> None:
    def slowest(algorithm: str) -> float:
        story = service(Region(), 2, balanced=True)
        story.settle()
        assert story.front is not None
        pairs = [{"Key": "load_balancing.algorithm.type", "Value": algorithm}]
        story.region.elbv2(
            "ModifyTargetGroupAttributes", TargetGroupArn=story.front.group, Attributes=pairs
        )
        serving = serving_of(parse_service_time("lognormal(p50=100ms, p99=900ms)"))
        arrivals = story.region.now + np.arange(0, 600, 0.1)
        tally = Tally(story.region.now, 600, arrivals.size, ())
        load = Load(iter([arrivals]), serving, 1)
        fleet = BalancedFleet(story.front.balancer, "us-east-1", load, serving, tally)
        story.region.world.balance(fleet)
        story.region.advance(601)
        return tally.summary().p99_ms or 0.0

    assert slowest("least_outstanding_requests") < slowest("round_robin")
