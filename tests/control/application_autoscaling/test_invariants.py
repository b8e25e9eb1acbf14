"""What holds whatever the policies, the metrics, the failures and the clock."""

from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from understudy.control.application_autoscaling import State
from understudy.testing.scaling_story import ScalingStory

WEB = "service/c/web"
CPU = "ECSServiceAverageCPUUtilization"
MEMORY = "ECSServiceAverageMemoryUtilization"
SETTLED = {"Successful", "Overridden", "Unfulfilled", "Failed"}


@dataclass(frozen=True)
class Invoke:
    """An alarm of a policy fires with these datapoints."""

    policy: str
    datapoints: tuple[float, ...]
    above: bool


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    seconds: float


@dataclass(frozen=True)
class Happen:
    """Something outside of scaling: a changed bound, a failure, a change by hand."""

    what: str
    number: int


policies = st.sampled_from([CPU, MEMORY, "out", "in", "percent"])
happenings = ["minimum", "maximum", "by hand", "limit", "no limit", "doomed", "blessed", "suspend"]
moves = st.lists(
    st.one_of(
        st.builds(
            Invoke,
            policies,
            st.lists(st.floats(0, 300), max_size=3).map(tuple),
            st.booleans(),
        ),
        st.builds(Wait, st.sampled_from([1.0, 20.0, 60.0, 301.0])),
        st.builds(Happen, st.sampled_from(happenings), st.integers(0, 12)),
    ),
    max_size=40,
)


def begin() -> tuple[ScalingStory, dict[str, str]]:
    story = ScalingStory("ecs:service:DesiredCount", WEB, units=3, delay=25.0)
    story.register(1, 10)
    arns = {
        CPU: story.track(60.0, CPU)["PolicyARN"],
        MEMORY: story.track(80.0, MEMORY, ScaleInCooldown=30)["PolicyARN"],
        "out": story.step("out", (0, 20, 1), (20, None, 3)),
        "in": story.step("in", (-20, 0, -1), (None, -20, -2), Cooldown=60),
        "percent": story.step(
            "percent",
            (None, -10, -30),
            (-10, 10, 0),
            (10, None, 50),
            AdjustmentType="PercentChangeInCapacity",
        ),
    }
    return story, arns


def move(story: ScalingStory, arns: dict[str, str], what: Invoke | Wait | Happen) -> None:
    if isinstance(what, Wait):
        story.run(what.seconds)
    elif isinstance(what, Invoke):
        comparison = "GreaterThanThreshold" if what.above else "LessThanThreshold"
        story.alarm(arns[what.policy], what.datapoints, 60.0, comparison)
    else:
        happen(story, what)


def happen(story: ScalingStory, what: Happen) -> None:
    minimum, maximum = bounds(story)
    if what.what == "minimum":
        story.register(min(what.number, maximum), maximum)
    elif what.what == "maximum":
        story.register(minimum, max(what.number, minimum))
    elif what.what == "by hand":
        story.fleet.put(WEB, what.number)
    elif what.what == "limit":
        story.fleet.limit = what.number
    elif what.what == "no limit":
        story.fleet.limit = None
    elif what.what == "doomed":
        story.fleet.doomed.add(WEB)
    elif what.what == "blessed":
        story.fleet.doomed.discard(WEB)
    else:
        state = {"DynamicScalingInSuspended": what.number % 2 == 0}
        story.call("RegisterScalableTarget", SuspendedState=state)


def bounds(story: ScalingStory) -> tuple[int, int]:
    (target,) = story.service.state.targets.values()
    return target.minimum, target.maximum


def activities(story: ScalingStory) -> list[dict[str, Any]]:
    everything: dict[str, Any] = {"IncludeNotScaledActivities": True}
    found: list[dict[str, Any]] = []
    while True:
        answer = story.call("DescribeScalingActivities", **everything)
        found += answer["ScalingActivities"]
        if "NextToken" not in answer:
            return found
        everything["NextToken"] = answer["NextToken"]


@example([Invoke("in", (0.0,), False), Happen("by hand", 3), Invoke(CPU, (0.0,), False)])
@settings(deadline=None, max_examples=60)
@given(moves)
def test_whatever_happens(script: list[Invoke | Wait | Happen]) -> None:
    story, arns = begin()
    for what in script:
        asked, before = len(story.fleet.history), story.fleet.resources[WEB]
        (target,) = story.service.state.targets.values()
        blocked_until, suspended = target.scale_in_until, target.suspended.scale_in
        move(story, arns, what)
        low, high = bounds(story)
        for _, _, desired in story.fleet.history[asked:]:
            assert low <= desired <= high
        if isinstance(what, Invoke) and story.desired < before.desired:
            assert story.at >= blocked_until
            assert not suspended
        if isinstance(what, Wait):
            assert len(story.fleet.history) == asked
        told = activities(story)
        assert sum(one["StatusCode"] == "InProgress" for one in told) <= 1
        for one in told:
            assert one["StatusCode"] in SETTLED | {"InProgress"}
            assert one.get("EndTime", story.at) >= one["StartTime"]
        starts = [one["StartTime"] for one in told]
        assert starts == sorted(starts, reverse=True)


@settings(deadline=None, max_examples=40)
@given(moves)
def test_scale_in_by_tracking_needs_both_that_track(script: list[Invoke | Wait | Happen]) -> None:
    story, arns = begin()
    last_low: dict[str, float] = {}
    for what in script:
        if isinstance(what, Invoke) and what.policy not in {CPU, MEMORY}:
            continue
        before = story.desired
        if isinstance(what, Invoke) and what.datapoints:
            last_low.pop(what.policy, None)
            if not what.above:
                last_low[what.policy] = story.at
        move(story, arns, what)
        if isinstance(what, Invoke) and story.desired < before:
            assert set(last_low) == {CPU, MEMORY}
            assert all(story.at - at < 60 for at in last_low.values())


@settings(deadline=None, max_examples=40)
@given(moves)
def test_a_restart_at_any_moment_changes_nothing(script: list[Invoke | Wait | Happen]) -> None:
    steady, arns = begin()
    restarted, same = begin()
    assert arns == same
    for what in script:
        move(steady, arns, what)
        move(restarted, arns, what)
        restarted.restart()
        assert restarted.service.state == steady.service.state
    assert restarted.fleet.history == steady.fleet.history
    assert activities(restarted) == activities(steady)


@settings(deadline=None, max_examples=20)
@given(moves)
def test_the_state_survives_storage(script: list[Invoke | Wait | Happen]) -> None:
    story, arns = begin()
    for what in script:
        move(story, arns, what)
    stored = msgspec.msgpack.encode(story.service.state)
    assert msgspec.msgpack.decode(stored, type=State) == story.service.state
