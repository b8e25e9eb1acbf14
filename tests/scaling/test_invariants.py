"""What holds for every dynamic policy, whatever its numbers."""

from dataclasses import replace
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from understudy.scaling import step, target_tracking
from understudy.scaling.cooldown import Cooldown, Grant
from understudy.scaling.decision import Breach, Capacity, Decision, Outcome
from understudy.scaling.step import Step, StepScaling
from understudy.scaling.target_tracking import TargetTracking

Policy = TargetTracking | StepScaling

metrics = st.floats(0, 1e6, allow_subnormal=False)
units = st.integers(0, 60)
times = st.floats(0, 1000)


@st.composite
def capacities(draw: st.DrawFn) -> Capacity:
    minimum = draw(st.integers(0, 20))
    running = draw(units)
    return Capacity(
        minimum,
        minimum + draw(st.integers(0, 40)),
        desired=draw(st.one_of(st.just(running), units)),
        running=running,
        warming=draw(st.integers(0, running)) if draw(st.booleans()) else 0,
        terminating=draw(st.integers(0, 3)),
        granted=draw(st.sampled_from([0, running + 2])),
    )


@st.composite
def cooldowns(draw: st.DrawFn) -> Cooldown:
    base = draw(units)
    until = st.one_of(times, st.just(inf))
    grant = Grant(base, base + draw(st.integers(1, 20)), draw(until))
    blocked = st.one_of(times, st.sampled_from([inf, -inf]))
    return Cooldown(draw(st.sampled_from([None, grant])), draw(blocked))


trackings = st.builds(
    TargetTracking,
    name=st.just("p"),
    target=st.floats(0.01, 1e4),
    disable_scale_in=st.booleans(),
    gradual=st.booleans(),
)


@st.composite
def steppings(draw: st.DrawFn) -> StepScaling:
    """Step policies that ask for more the higher the metric is, as sensible ones do."""
    kind = draw(st.sampled_from(["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]))
    lowest = 0 if kind == "ExactCapacity" else -100
    bounds = sorted(draw(st.sets(st.integers(-50, 50), min_size=1, max_size=4)))
    edges = [-inf, *map(float, bounds), inf]
    changes = sorted(
        draw(st.lists(st.integers(lowest, 100), min_size=len(edges) - 1, max_size=len(edges) - 1))
    )
    steps = tuple(map(Step, changes, edges, edges[1:]))
    return StepScaling("p", kind, steps, aggregation="Average")


policies = st.one_of(trackings, steppings())


def decide(
    policy: Policy, capacity: Capacity, breach: Breach, now: float, state: Cooldown
) -> tuple[Outcome, Cooldown]:
    if isinstance(policy, TargetTracking):
        return target_tracking.decide(policy, capacity, breach, now, state)
    return step.decide(policy, capacity, breach, now, state)


def alarm(*datapoints: float, above: bool) -> Breach:
    return Breach("a", datapoints, 50.0, above)


def result(outcome: Outcome, capacity: Capacity) -> int:
    return outcome.desired if isinstance(outcome, Decision) else capacity.desired


@given(policies, capacities(), st.lists(metrics, max_size=5), st.booleans(), times, cooldowns())
def test_a_decision_is_inside_the_bounds_and_changes_something(
    policy: Policy,
    capacity: Capacity,
    datapoints: list[float],
    above: bool,
    now: float,
    state: Cooldown,
) -> None:
    outcome, after = decide(policy, capacity, alarm(*datapoints, above=above), now, state)
    if isinstance(outcome, Decision):
        assert capacity.minimum <= outcome.desired <= capacity.maximum
        assert outcome.desired != capacity.desired
        assert outcome.at == now
    else:
        assert after == state


@given(policies, capacities(), metrics, metrics, st.booleans(), times, cooldowns())
def test_more_load_never_asks_for_less(
    policy: Policy,
    capacity: Capacity,
    one: float,
    other: float,
    above: bool,
    now: float,
    state: Cooldown,
) -> None:
    if isinstance(policy, StepScaling):
        # One alarm of a step policy may ask for both directions, and these start from different
        # numbers while units are on their way; so nothing is on its way here.
        capacity = replace(capacity, warming=0, terminating=0, granted=0, desired=capacity.running)
        state = replace(state, scale_out=None)
    lesser, greater = (
        decide(policy, capacity, alarm(metric, above=above), now, state)[0]
        for metric in sorted((one, other))
    )
    assert result(lesser, capacity) <= result(greater, capacity)


@given(policies, capacities(), metrics, st.booleans(), times, cooldowns())
def test_cooldowns_hold(
    policy: Policy, capacity: Capacity, metric: float, above: bool, now: float, state: Cooldown
) -> None:
    outcome, after = decide(policy, capacity, alarm(metric, above=above), now, state)
    if not isinstance(outcome, Decision):
        return
    if outcome.desired < capacity.desired:
        assert now >= state.scale_in_until
        assert capacity.warming == 0
        assert after == Cooldown(state.scale_out, inf)
        return
    assert after.scale_in_until == -inf
    assert after.scale_out is not None
    assert (after.scale_out.desired, after.scale_out.until) == (outcome.desired, inf)
    grant = state.scale_out
    if grant and now < grant.until:
        assert outcome.desired > grant.desired
        assert after.scale_out.base == grant.base


@given(trackings, capacities(), metrics, times, cooldowns())
def test_target_tracking_moves_against_its_metric_and_never_overshoots_downward(
    policy: TargetTracking, capacity: Capacity, metric: float, now: float, state: Cooldown
) -> None:
    grown, _ = decide(policy, capacity, alarm(metric, above=True), now, state)
    if isinstance(grown, Decision):
        assert grown.desired > capacity.desired
        assert metric > policy.target
    shrunk, _ = decide(policy, capacity, alarm(metric, above=False), now, state)
    if isinstance(shrunk, Decision):
        assert shrunk.desired < capacity.desired
        assert metric < policy.low
        assert not policy.disable_scale_in
        if capacity.desired <= capacity.maximum and shrunk.desired > capacity.minimum:
            base = max(capacity.running + capacity.terminating, capacity.granted)
            assert metric * base <= policy.target * shrunk.desired * (1 + 1e-6)


@given(policies, capacities(), metrics, st.booleans(), times, cooldowns())
def test_the_same_question_has_the_same_answer(
    policy: Policy, capacity: Capacity, metric: float, above: bool, now: float, state: Cooldown
) -> None:
    breach = alarm(metric, above=above)
    first = decide(policy, capacity, breach, now, state)
    assert first == decide(policy, capacity, breach, now, state)
