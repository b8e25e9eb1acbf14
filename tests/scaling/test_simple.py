"""AWS: Scaling cooldowns for Amazon EC2 Auto Scaling."""

from math import inf

import pytest

from understudy.scaling.decision import Breach, Capacity, Decision, NotScaled, Reason
from understudy.scaling.simple import GroupCooldown, SimpleScaling, completed, decide, started

ADD = SimpleScaling("add", "ChangeInCapacity", 1)
ALARM = Breach("busy", (90.0,), 70.0, above=True)


@pytest.mark.parametrize(
    ("policy", "units", "expected"),
    [
        pytest.param(ADD, 2, 3, id="one more"),
        pytest.param(SimpleScaling("p", "ExactCapacity", 5), 2, 5, id="exactly five"),
        pytest.param(SimpleScaling("p", "PercentChangeInCapacity", -50), 7, 4, id="half, rounded"),
        pytest.param(
            SimpleScaling("p", "PercentChangeInCapacity", 25, minimum_magnitude=2),
            4,
            6,
            id="at least two",
        ),
        pytest.param(SimpleScaling("p", "ChangeInCapacity", 30), 4, 10, id="up to the maximum"),
    ],
)
def test_one_adjustment(policy: SimpleScaling, units: int, expected: int) -> None:
    outcome, state = decide(policy, Capacity(1, 10, units, units), ALARM, 0.0, GroupCooldown())
    assert isinstance(outcome, Decision)
    assert outcome.desired == expected
    assert state == started() == GroupCooldown(inf)


def test_the_next_one_waits_for_the_activity_and_its_cooldown() -> None:
    capacity = Capacity(1, 10, 2, 2)
    _, state = decide(ADD, capacity, ALARM, 0.0, GroupCooldown())
    waiting, _ = decide(ADD, capacity, ALARM, 1000.0, state)
    assert isinstance(waiting, NotScaled)
    assert waiting.reason is Reason.COOLDOWN
    state = completed(1010.0, ADD.cooldown)
    cooling, _ = decide(ADD, capacity, ALARM, 1309.0, state)
    assert isinstance(cooling, NotScaled)
    assert cooling.until == 1310.0
    again, _ = decide(ADD, capacity, ALARM, 1310.0, state)
    assert isinstance(again, Decision)


@pytest.mark.parametrize(
    ("policy", "units", "reason"),
    [
        (ADD, 10, Reason.AT_MAXIMUM),
        (SimpleScaling("p", "ChangeInCapacity", -1), 1, Reason.AT_MINIMUM),
        (SimpleScaling("p", "ExactCapacity", 4), 4, Reason.AT_DESIRED),
    ],
)
def test_no_change_starts_no_cooldown(policy: SimpleScaling, units: int, reason: Reason) -> None:
    outcome, state = decide(policy, Capacity(1, 10, units, units), ALARM, 0.0, GroupCooldown())
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is reason
    assert state == GroupCooldown()
