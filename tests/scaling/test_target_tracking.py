"""Tables from AWS: Target tracking scaling policies, and from exported alarms and recorded runs."""

from math import ceil

import pytest

from understudy.scaling.cooldown import Cooldown, Grant
from understudy.scaling.decision import Breach, Capacity, Decision, NotScaled, Outcome, Reason
from understudy.scaling.target_tracking import (
    LARGEST,
    TargetTracking,
    anticipates_flapping,
    decide,
    desired_capacity,
    group_low_ratio,
    scale_in_step,
)

CPU = TargetTracking("cpu", 50.0)


def high(*datapoints: float) -> Breach:
    return Breach("high", datapoints, 50.0, above=True)


def low(*datapoints: float) -> Breach:
    return Breach("low", datapoints, 45.0, above=False)


def answer(policy: TargetTracking, capacity: Capacity, breach: Breach) -> Outcome:
    return decide(policy, capacity, breach, 0.0, Cooldown())[0]


@pytest.mark.parametrize(
    ("current", "metric", "target", "expected"),
    [
        pytest.param(10, 150.0, 100.0, 15, id="a backlog of 150 at a target of 100 adds five"),
        pytest.param(10, 115.0, 100.0, 12, id="needing 1.5 more adds two"),
        pytest.param(10, 85.0, 100.0, 9, id="needing 1.5 less removes one"),
        pytest.param(10, 70.0, 70.0, 10, id="on target nothing changes"),
        pytest.param(3, 0.1 + 0.2, 0.3, 3, id="a rounding error in the metric adds nothing"),
        pytest.param(10, 0.0, 70.0, 0, id="no load needs nothing"),
        pytest.param(7, 1e300, 1e-9, LARGEST, id="an absurd metric ends at the largest integer"),
    ],
)
def test_desired_capacity(current: int, metric: float, target: float, expected: int) -> None:
    assert desired_capacity(current, metric, target) == expected


@pytest.mark.parametrize("current", range(1, 60))
@pytest.mark.parametrize("target", [0.3, 0.7, 7.0, 33.3, 70.0])
def test_a_metric_on_target_keeps_any_capacity(current: int, target: float) -> None:
    # current * target / target is not always current in binary arithmetic.
    assert desired_capacity(current, target, target) == current
    assert desired_capacity(current, target * 1.01, target) == ceil(current * 1.01 - 1e-9)


def test_a_backlog_per_instance_is_the_metric_and_the_acceptable_one_is_the_target() -> None:
    # AWS: Scaling policy based on Amazon SQS: 1500 messages on 10 instances, each of which may
    # have 10 s / 0.1 s = 100 waiting.
    assert desired_capacity(10, 1500 / 10, 10 / 0.1) == 15


@pytest.mark.parametrize(
    ("current", "removed"), [(1, 1), (2, 1), (9, 1), (10, 1), (19, 1), (20, 2), (57, 5), (300, 30)]
)
def test_a_scale_in_removes_one_unit_or_a_tenth(current: int, removed: int) -> None:
    assert scale_in_step(current) == removed


@pytest.mark.parametrize(
    ("capacity", "breach", "expected"),
    [
        pytest.param(Capacity(1, 9, 2, 2), high(63, 75.6, 74), 3, id="the mean of three points"),
        pytest.param(Capacity(1, 9, 4, 4), high(500), 9, id="scale-out goes as far as it may"),
        pytest.param(Capacity(1, 9, 4, 4), low(0), 3, id="scale-in goes one by one"),
        pytest.param(Capacity(1, 99, 40, 40), low(0), 36, id="scale-in of forty removes a tenth"),
        pytest.param(Capacity(1, 99, 40, 40), low(44), 36, id="or what the metric allows: 36"),
        pytest.param(Capacity(0, 9, 0, 0), high(800), 1, id="from zero the first step is one"),
        pytest.param(Capacity(0, 9, 1, 1), low(0), 0, id="to zero when nothing comes"),
        pytest.param(Capacity(3, 9, 1, 1), high(60), 3, id="from below the minimum to the minimum"),
        pytest.param(
            Capacity(3, 9, 2, 2), high(200), 8, id="and further if the metric asks for it"
        ),
        pytest.param(Capacity(1, 9, 12, 12), low(10), 9, id="from above the maximum to it"),
    ],
)
def test_what_an_alarm_makes_it_do(capacity: Capacity, breach: Breach, expected: int) -> None:
    outcome = answer(CPU, capacity, breach)
    assert isinstance(outcome, Decision)
    assert outcome.desired == expected


@pytest.mark.parametrize(
    ("policy", "capacity", "breach", "reason"),
    [
        pytest.param(
            CPU, Capacity(1, 9, 4, 4), high(50), Reason.ON_TARGET, id="at the target, not above"
        ),
        pytest.param(
            CPU, Capacity(1, 9, 4, 4), low(45), Reason.ON_TARGET, id="at nine tenths, not below"
        ),
        pytest.param(CPU, Capacity(1, 4, 4, 4), high(90), Reason.AT_MAXIMUM, id="at the maximum"),
        pytest.param(CPU, Capacity(4, 9, 4, 4), low(0), Reason.AT_MINIMUM, id="at the minimum"),
        pytest.param(
            CPU,
            Capacity(4, 9, 2, 2),
            low(0),
            Reason.AT_MINIMUM,
            id="below it scale-in does nothing",
        ),
        pytest.param(
            CPU, Capacity(1, 3, 4, 4), high(90), Reason.AT_MAXIMUM, id="above it nor does scale-out"
        ),
        pytest.param(
            CPU, Capacity(1, 9, 2, 2), low(40), Reason.FLAPPING, id="one alone would have 80"
        ),
        pytest.param(CPU, Capacity(1, 9, 1, 1), low(5), Reason.AT_MINIMUM, id="the last one stays"),
        pytest.param(
            CPU, Capacity(0, 9, 1, 1), low(5), Reason.FLAPPING, id="zero only when nothing comes"
        ),
        pytest.param(
            CPU, Capacity(1, 9, 6, 4), high(60), Reason.AT_DESIRED, id="already asked for"
        ),
        pytest.param(CPU, Capacity(1, 9, 4, 4), high(), Reason.NO_DATA, id="no datapoints"),
        pytest.param(
            TargetTracking("cpu", 50.0, disable_scale_in=True),
            Capacity(1, 9, 4, 4),
            low(0),
            Reason.SCALE_IN_DISABLED,
            id="scale-in disabled",
        ),
        pytest.param(
            CPU, Capacity(1, 9, 4, 4, warming=1), low(0), Reason.WARMING, id="one is warming up"
        ),
    ],
)
def test_why_it_leaves_the_capacity_alone(
    policy: TargetTracking, capacity: Capacity, breach: Breach, reason: Reason
) -> None:
    outcome = answer(policy, capacity, breach)
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is reason


def test_warming_instances_do_not_multiply() -> None:
    # Ten warm at 60 need twelve; two of them are starting, so nothing is added.
    outcome = answer(CPU, Capacity(1, 99, desired=12, running=12, warming=2), high(60))
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is Reason.AT_DESIRED


def test_a_scale_in_starts_from_what_an_activity_in_progress_was_granted() -> None:
    # Two run, eight are granted: one less than eight, not one less than two.
    outcome = answer(CPU, Capacity(1, 9, desired=8, running=2, granted=8), low(0))
    assert isinstance(outcome, Decision)
    assert outcome.desired == 7


@pytest.mark.parametrize(
    ("target", "current", "threshold"),
    [
        (30, 2, 21),
        (40, 3, 28),
        (50, 2, 35),
        (75, 1, 52.5),
        (50, 7, 42.5),
        (60, 12, 54),
    ],
)
def test_the_low_threshold_of_ec2_groups_depends_on_their_size(
    target: float, current: int, threshold: float
) -> None:
    # Thresholds of alarms exported from live groups.
    policy = TargetTracking("cpu", target, low_ratio=group_low_ratio(current))
    assert policy.low == pytest.approx(threshold)


@pytest.mark.parametrize(("target", "threshold"), [(70, 63), (50, 45), (1500, 1350)])
def test_the_low_threshold_of_services_is_nine_tenths(target: float, threshold: float) -> None:
    assert TargetTracking("cpu", target).low == threshold


@pytest.mark.parametrize(
    ("metric", "current", "flapping"),
    [(40.0, 2, True), (24.9, 2, False), (44.0, 8, True), (43.0, 8, False), (0.0, 1, False)],
)
def test_flapping_is_anticipated(metric: float, current: int, flapping: bool) -> None:
    assert anticipates_flapping(current, metric, 50.0) is flapping
    if current > 1:
        assert (metric * current / (current - 1) > 50.0) is flapping


def test_provisioned_throughput_scales_in_at_once() -> None:
    # Recorded: 15 read units with a minimum of 10 went to 10, 5 with a minimum of 1 to 1.
    throughput = TargetTracking("reads", 70.0, low_ratio=50 / 70, gradual=False)
    alarm = Breach("low", (0.0,) * 15, 50.0, above=False)
    for capacity, expected in ((Capacity(10, 20, 15, 15), 10), (Capacity(1, 10, 5, 5), 1)):
        outcome = answer(throughput, capacity, alarm)
        assert isinstance(outcome, Decision)
        assert outcome.desired == expected


def test_a_scale_out_in_cooldown_is_computed_from_where_the_first_one_started() -> None:
    # Two became four; at 120 the two would have needed five, so one more is added.
    state = Cooldown(Grant(base=2, desired=4, until=300.0))
    capacity = Capacity(1, 9, 4, 4)
    outcome, after = decide(CPU, capacity, high(120), 100.0, state)
    assert isinstance(outcome, Decision)
    assert outcome.desired == 5
    assert after.scale_out is not None
    assert (after.scale_out.base, after.scale_out.desired) == (2, 5)
    outcome, after = decide(CPU, capacity, high(99), 100.0, state)
    assert isinstance(outcome, NotScaled)
    assert (outcome.reason, outcome.until, after) == (Reason.COOLDOWN, 300.0, state)
    outcome, _ = decide(CPU, capacity, high(99), 300.0, state)
    assert isinstance(outcome, Decision)
    assert outcome.desired == 8
