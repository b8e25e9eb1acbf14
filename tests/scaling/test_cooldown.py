"""AWS: How step scaling works, "Cooldown period"; API_TargetTrackingScalingPolicyConfiguration."""

from math import inf

import pytest

from understudy.scaling.cooldown import (
    Cooldown,
    Grant,
    abandoned,
    scale_out_base,
    succeeded,
)
from understudy.scaling.decision import Breach, Capacity, Decision, NotScaled, Reason
from understudy.scaling.step import Step, StepScaling, decide

SMALLER = StepScaling("smaller", "ChangeInCapacity", (Step(-1, upper=0),))
BIGGER = StepScaling("bigger", "ChangeInCapacity", (Step(2, 0, 10), Step(3, 10)))


def busy(metric: float) -> Breach:
    return Breach("busy", (metric,), 50.0, above=True)


def quiet() -> Breach:
    return Breach("quiet", (10.0,), 50.0, above=False)


def test_a_more_aggressive_step_adds_only_the_difference() -> None:
    # AWS: an increase of 2, then in its cooldown a step of 3: only 1 is added.
    first, state = decide(BIGGER, Capacity(1, 99, 10, 10), busy(55), 0.0, Cooldown())
    state = succeeded(state, 30.0, 300.0, 300.0)
    second, state = decide(BIGGER, Capacity(1, 99, 12, 12), busy(65), 60.0, state)
    assert isinstance(first, Decision)
    assert isinstance(second, Decision)
    assert (first.desired, second.desired) == (12, 13)
    assert state == Cooldown(Grant(base=10, desired=13, until=inf))


def test_the_same_step_in_cooldown_adds_nothing_and_after_it_adds_again() -> None:
    state = Cooldown(Grant(base=10, desired=12, until=330.0))
    again, _ = decide(BIGGER, Capacity(1, 99, 12, 12), busy(55), 329.0, state)
    after, _ = decide(BIGGER, Capacity(1, 99, 12, 12), busy(55), 330.0, state)
    assert isinstance(again, NotScaled)
    assert (again.reason, again.until, again.direction) == (Reason.COOLDOWN, 330.0, 1)
    assert isinstance(after, Decision)
    assert after.desired == 14


def test_a_cooldown_does_not_end_before_its_activity_succeeds() -> None:
    _, state = decide(BIGGER, Capacity(1, 99, 10, 10), busy(55), 0.0, Cooldown())
    later, _ = decide(BIGGER, Capacity(1, 99, 12, 10), busy(55), 1e6, state)
    assert isinstance(later, NotScaled)
    assert later.until == inf
    assert succeeded(state, 40.0, 300.0, 99.0) == Cooldown(Grant(10, 12, 340.0))
    assert abandoned(state) == Cooldown()


def test_scale_in_blocks_scale_in_and_scale_out_ends_the_block() -> None:
    capacity = Capacity(1, 9, 4, 4)
    answer, state = decide(SMALLER, capacity, quiet(), 0.0, Cooldown())
    assert isinstance(answer, Decision)
    assert state == Cooldown(None, inf)
    state = succeeded(state, 20.0, 99.0, 300.0)
    assert state == Cooldown(None, 320.0)
    blocked, same = decide(SMALLER, capacity, quiet(), 319.0, state)
    assert isinstance(blocked, NotScaled)
    assert (blocked.reason, blocked.until, same) == (Reason.COOLDOWN, 320.0, state)
    grown, after = decide(BIGGER, capacity, busy(55), 100.0, state)
    assert isinstance(grown, Decision)
    assert after == Cooldown(Grant(4, 6), -inf)


def test_a_scale_out_cooldown_outlives_a_scale_in() -> None:
    held = Grant(2, 4, 500.0)
    answer, state = decide(SMALLER, Capacity(1, 9, 4, 4), quiet(), 100.0, Cooldown(held))
    assert isinstance(answer, Decision)
    assert state == Cooldown(held, inf)
    assert abandoned(state) == Cooldown(held)


def test_a_scale_in_that_fails_blocks_nothing() -> None:
    assert abandoned(Cooldown(None, inf)) == Cooldown()
    assert abandoned(Cooldown(None, 70.0)) == Cooldown(None, 70.0)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(99.0, 7, id="in force, the grant's base"),
        pytest.param(100.0, 10, id="over, what runs warm"),
    ],
)
def test_the_base_of_a_scale_out(now: float, expected: int) -> None:
    assert scale_out_base(running=12, warming=2, base=7, until=100.0, now=now) == expected


def test_without_a_cooldown_every_alarm_counts() -> None:
    # DynamoDB tables and others have a default cooldown of 0.
    state = succeeded(Cooldown(Grant(10, 12), inf), 30.0, 0.0, 0.0)
    answer, _ = decide(BIGGER, Capacity(1, 99, 12, 12), busy(55), 30.0, state)
    assert isinstance(answer, Decision)
    assert answer.desired == 14
    assert state.scale_in_until == 30.0
