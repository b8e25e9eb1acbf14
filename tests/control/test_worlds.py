"""What holds in random worlds: any policies, metrics, failures and clocks, with real alarms.

A world is a group under CloudWatch's own alarms. There are few of them, unless the variable
UNDERSTUDY_WORLDS says how many: continuous integration runs 10,000.
"""

import os
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.base.arn import DEFAULT_REGION
from understudy.control.autoscaling.capacity import capacity_of
from understudy.control.autoscaling.configuration import TRACKING
from understudy.control.autoscaling.scaling import answer
from understudy.control.autoscaling.service import GroupConfig
from understudy.control.autoscaling.state import ScalingPolicy
from understudy.control.events import InstanceFailed
from understudy.control.signals import AlarmAction
from understudy.control.turn import Turn
from understudy.scaling.decision import Breach, Decision
from understudy.testing.group_story import START, GroupStory

WORLDS = int(os.environ.get("UNDERSTUDY_WORLDS", "200"))
PARTS = 8
"""The worlds are spread over so many tests, so that a process that is idle can take some over."""

quick = settings(
    max_examples=WORLDS // PARTS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
METRIC = {"Namespace": "App", "MetricName": "Load", "Statistic": "Average"}


@dataclass(frozen=True)
class Tracked:
    """A target tracking policy on the load per instance."""

    target: float
    scales_in: bool
    warm_up: int


@dataclass(frozen=True)
class Stepped:
    """A step policy with an alarm of its own, for more or for less."""

    kind: str
    adjustment: int
    threshold: float
    above: bool


@dataclass(frozen=True)
class Minutes:
    """Time passes at a load, in datapoints per minute of each instance; None publishes nothing."""

    count: int
    load: float | None


@dataclass(frozen=True)
class Event:
    """Something else: a capacity by hand, other bounds, a lost instance, a shortage."""

    what: str
    number: int


policies = st.one_of(
    st.builds(
        Tracked,
        st.floats(5, 100),
        st.booleans(),
        st.sampled_from([0, 60, 200]),
    ),
    st.builds(
        Stepped,
        st.sampled_from(["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]),
        st.integers(0, 60),
        st.floats(0, 120),
        st.booleans(),
    ),
)
events = st.sampled_from(["desired", "bounds", "lose", "short", "plenty", "suspend", "resume"])
moves = st.lists(
    st.one_of(
        st.builds(Minutes, st.integers(1, 4), st.one_of(st.none(), st.floats(0, 400))),
        st.builds(Event, events, st.integers(0, 9)),
    ),
    min_size=1,
    max_size=5,
)
worlds = st.tuples(
    st.floats(0, 59.9),
    st.lists(policies, min_size=1, max_size=3),
    moves,
    st.sampled_from([(0.0, 0.0, 0.0), (32.0, 12.0, 45.0), (150.0, 3.0, 0.0)]),
)
World = tuple[float, list[Tracked | Stepped], list[Minutes | Event], tuple[float, float, float]]


class Watched(GroupStory):
    """A story that notes which alarms invoke policies, and what comes of it."""

    def __init__(self, at: float, config: GroupConfig) -> None:
        self.invoked: list[tuple[float, AlarmAction]] = []
        self.decided: list[tuple[float, AlarmAction, int, int]] = []
        self.published: list[tuple[float, float]] = []
        super().__init__(at, config)

    def _settle(self, turn: Turn) -> None:
        actions = [each for each in turn.signals if isinstance(each, AlarmAction)]
        self.invoked += [(turn.at, each) for each in actions]
        before = self.group.desired if actions else 0
        super()._settle(turn)
        if actions and self.group.desired != before:
            self.decided.append((turn.at, actions[0], before, self.group.desired))

    def policy_of(self, action: AlarmAction) -> ScalingPolicy:
        """The policy that an alarm has invoked."""
        return next(e for e in self.group.policies.values() if e.arn == action.action)


def began(offset: float, rules: list[Tracked | Stepped], delays: Any) -> Watched:
    """A world at any second of a minute, with its policies and their alarms."""
    story = Watched(START + offset, GroupConfig(*delays))
    story.create(1, 12, 3)
    for number, rule in enumerate(rules):
        if isinstance(rule, Tracked):
            configuration = {
                "TargetValue": rule.target,
                "CustomizedMetricSpecification": METRIC,
                "DisableScaleIn": not rule.scales_in,
            }
            story.of(
                "PutScalingPolicy",
                PolicyName=f"p{number}",
                PolicyType="TargetTrackingScaling",
                EstimatedInstanceWarmup=rule.warm_up,
                TargetTrackingConfiguration=configuration,
            )
        else:
            _step(story, f"p{number}", rule)
    return story


def _step(story: GroupStory, name: str, rule: Stepped) -> None:
    exact = rule.kind == "ExactCapacity"
    adjustment = rule.adjustment if rule.above or exact else -rule.adjustment
    bounds = (0.0, None) if rule.above else (None, 0.0)
    arn = story.step(name, (*bounds, adjustment), AdjustmentType=rule.kind)
    comparison = "GreaterThanThreshold" if rule.above else "LessThanThreshold"
    story.alarm(
        name,
        [arn],
        **METRIC,
        Dimensions=[],
        Threshold=rule.threshold,
        ComparisonOperator=comparison,
    )


def publish(story: Watched, load: float) -> None:
    story.published.append((story.at, load))
    data = [{"MetricName": "Load", "Value": load}]
    story.call("PutMetricData", "cloudwatch", Namespace="App", MetricData=data)


def play(story: Watched, move: Minutes | Event) -> None:
    """Let a move happen. Meanwhile the bounds hold."""
    if isinstance(move, Event):
        happen(story, move)
        check_bounds(story)
        return
    for _ in range(move.count):
        if move.load is not None:
            publish(story, move.load)
        story.run(60)
        check_bounds(story)


def happen(story: GroupStory, event: Event) -> None:
    group = story.group
    if event.what == "desired":
        desired = min(max(event.number, group.minimum), group.maximum)
        story.of("SetDesiredCapacity", DesiredCapacity=desired)
    elif event.what == "bounds":
        story.of("UpdateAutoScalingGroup", MinSize=event.number, MaxSize=event.number + 6)
    elif event.what == "lose" and group.instances:
        lost = sorted(group.instances)[event.number % len(group.instances)]
        story.tell(InstanceFailed(story.at, DEFAULT_REGION, lost, "terminated"))
    elif event.what in {"short", "plenty"}:
        reason = "InsufficientInstanceCapacity" if event.what == "short" else None
        story.refuse = lambda launch: reason
    elif event.what in {"suspend", "resume"}:
        operation = "SuspendProcesses" if event.what == "suspend" else "ResumeProcesses"
        story.of(operation, ScalingProcesses=["AlarmNotification"])


def check_bounds(story: Watched) -> None:
    """Never outside of the bounds."""
    assert story.group.minimum <= story.group.desired <= story.group.maximum


def check_sight(story: Watched) -> None:
    """No policy is invoked with data that its alarm could not have seen: of minutes not over."""
    for at, action in story.invoked:
        over = {load for then, load in story.published if (then // 60 + 1) * 60 <= at}
        assert over.issuperset(action.datapoints)


def check_agreement(story: Watched) -> None:
    """Target tracking scales in only where all its policies that may are invoked to do so."""
    ready = {
        policy.name
        for policy in story.group.policies.values()
        if policy.kind == TRACKING
        and not policy.params["TargetTrackingConfiguration"]["DisableScaleIn"]
    }
    for at, action, before, after in story.decided:
        policy = story.policy_of(action)
        if after > before or policy.kind != TRACKING:
            continue
        lately = {
            story.policy_of(other).name
            for when, other in story.invoked
            if at - 60 < when <= at and "AlarmLow" in other.alarm_name
        }
        assert ready <= lately


def check_order(story: Watched, one: float, other: float) -> None:
    """More load never asks for less."""
    group = story.group
    capacity = capacity_of(group, story.at)
    for policy in group.policies.values():
        if policy.kind != TRACKING:
            continue
        for above in (True, False):
            asked: list[int] = []
            for load in sorted((one, other)):
                breach = Breach("a", (load,), 50.0, above)
                invoked = msgspec.structs.replace(policy, breach=breach)
                outcome = answer(group, invoked, capacity, story.at)
                is_decision = isinstance(outcome, Decision)
                asked.append(outcome.desired if is_decision else capacity.desired)
            assert asked[0] <= asked[1]


@pytest.mark.parametrize("part", range(PARTS))
def test_in_random_worlds(part: int) -> None:
    """Bounds, order, sight and agreement hold, and a journal replayed gives the same world.

    Replaying takes as long as the world, so only half of them are replayed.
    """

    @quick
    @given(worlds, st.floats(0, 400), st.floats(0, 400))
    def run(world: World, one: float, other: float) -> None:
        offset, rules, what, delays = world
        story = began(offset + part * 15, rules, delays)
        for move in what:
            play(story, move)
        story.run(0)
        check_sight(story)
        check_agreement(story)
        check_order(story, one, other)
        if part % 2:
            return
        again = story.replayed()
        assert msgspec.msgpack.encode(again.state) == msgspec.msgpack.encode(story.state)

    run()
