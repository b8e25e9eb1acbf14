"""Tables from AWS: Step and simple scaling policies; Step scaling policies for AAS."""

from math import inf

import pytest

from understudy.scaling.cooldown import Cooldown, Grant
from understudy.scaling.decision import Breach, Capacity, Decision, NotScaled, Reason
from understudy.scaling.step import (
    Step,
    StepScaling,
    aggregate,
    decide,
    fault_in_steps,
    in_step,
    percent_delta,
    step_delta,
)

OUT = (Step(0, 0, 10), Step(10, 10, 20), Step(30, 20))
IN = (Step(0, -10, 0), Step(-10, -20, -10), Step(-30, -inf, -20))


def percent_policy(*steps: Step) -> StepScaling:
    return StepScaling("web", "PercentChangeInCapacity", steps)


def breach(metric: float, *, threshold: float = 50.0, above: bool | None = None) -> Breach:
    above = metric >= threshold if above is None else above
    return Breach("busy", (metric,), threshold, above)


def desired(policy: StepScaling, units: int, metric: float) -> int:
    capacity = Capacity(0, 100, units, units)
    outcome, _ = decide(policy, capacity, breach(metric), 0.0, Cooldown())
    return outcome.desired if isinstance(outcome, Decision) else units


@pytest.mark.parametrize(
    ("metric", "units", "expected"),
    [
        pytest.param(60, 10, 11, id="ten percent of ten is one more"),
        pytest.param(70, 11, 14, id="thirty percent of eleven rounds down to three more"),
        pytest.param(40, 14, 13, id="ten percent of fourteen rounds down to one less"),
        pytest.param(30, 13, 10, id="thirty percent of thirteen rounds down to three less"),
        pytest.param(59.9, 10, 10, id="below sixty nothing changes"),
        pytest.param(40.1, 10, 10, id="above forty nothing changes"),
        pytest.param(50, 10, 10, id="at the threshold nothing changes"),
    ],
)
def test_the_example_of_the_guide(metric: float, units: int, expected: int) -> None:
    steps = OUT if metric >= 50 else IN
    assert desired(percent_policy(*steps), units, metric) == expected


@pytest.mark.parametrize(
    ("base", "percent", "minimum", "expected"),
    [
        pytest.param(127, 10, 1, 12, id="12.7 becomes 12"),
        pytest.param(67, 1, 1, 1, id="0.67 becomes 1"),
        pytest.param(58, -1, 1, -1, id="-0.58 becomes -1"),
        pytest.param(667, -1, 1, -6, id="-6.67 becomes -6"),
        pytest.param(4, 25, 2, 2, id="25 percent of 4 with a minimum of 2 is 2"),
        pytest.param(4, -25, 3, -3, id="a minimum holds for scale-in too"),
        pytest.param(10, 0, 5, 0, id="zero percent stays zero"),
        pytest.param(0, 100, 5, 0, id="a percentage of nothing is nothing"),
    ],
)
def test_percentages_round_toward_zero_but_not_to_zero(
    base: int, percent: int, minimum: int, expected: int
) -> None:
    assert percent_delta(base, percent, minimum) == expected


@pytest.mark.parametrize(
    ("kind", "base", "adjustment", "expected"),
    [
        ("ChangeInCapacity", 3, 5, 8),
        ("ExactCapacity", 3, 5, 5),
        ("PercentChangeInCapacity", 10, 10, 11),
    ],
)
def test_adjustment_types(kind: str, base: int, adjustment: int, expected: int) -> None:
    assert base + step_delta(kind, base, adjustment, 1) == expected  # pyright: ignore


@pytest.mark.parametrize(
    ("metric", "lower", "upper", "inside"),
    [
        pytest.param(50, 0, 10, True, id="[50, 60) includes 50"),
        pytest.param(60, 0, 10, False, id="[50, 60) excludes 60"),
        pytest.param(40, -10, 0, False, id="(40, 50] excludes 40"),
        pytest.param(50, -10, 0, True, id="(40, 50] includes 50"),
        pytest.param(85, 35, inf, True, id="[85, inf) includes 85"),
    ],
)
def test_the_inclusive_bound_is_the_one_near_the_threshold(
    metric: float, lower: float, upper: float, inside: bool
) -> None:
    # AWS: API_StepAdjustment, with a breach threshold of 50.
    assert in_step(metric - 50, lower, upper, above=lower >= 0) is inside


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        pytest.param(60, 11, id="from 60 ten percent"),
        pytest.param(74.9, 11, id="up to 75 ten percent"),
        pytest.param(75, 12, id="from 75 twenty percent"),
        pytest.param(85, 13, id="from 85 thirty percent"),
    ],
)
def test_bounds_are_differences_from_the_threshold(metric: float, expected: int) -> None:
    # AWS: Step scaling policies: a threshold of 60 and bounds 0, 15, 25.
    policy = percent_policy(Step(10, 0, 15), Step(20, 15, 25), Step(30, 25))
    capacity = Capacity(0, 100, 10, 10)
    outcome, _ = decide(policy, capacity, breach(metric, threshold=60), 0.0, Cooldown())
    assert isinstance(outcome, Decision)
    assert outcome.desired == expected


@pytest.mark.parametrize(("above", "lower", "upper"), [(True, 0.0, 10.0), (False, -10.0, 0.0)])
def test_at_the_threshold_the_comparison_operator_decides(
    above: bool, lower: float, upper: float
) -> None:
    assert in_step(0.0, lower, upper, above=above)
    assert not in_step(0.0, lower, upper, above=not above)


@pytest.mark.parametrize(
    ("kind", "expected"), [("Average", 20.0), ("Minimum", 5.0), ("Maximum", 45.0)]
)
def test_aggregation(kind: str, expected: float) -> None:
    assert aggregate(kind, (10.0, 45.0, 5.0)) == expected  # pyright: ignore


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        pytest.param(62, 11, id="one is already starting, so nothing is added"),
        pytest.param(70, 13, id="thirty percent of the ten warm ones, of which one is starting"),
    ],
)
def test_warming_instances_are_not_counted_but_are_granted(metric: float, expected: int) -> None:
    # AWS: Step scaling policies, "Instance warmup" (2022): ten warm, one warming, desired eleven.
    capacity = Capacity(1, 100, desired=11, running=11, warming=1)
    outcome, _ = decide(percent_policy(*OUT), capacity, breach(metric), 0.0, Cooldown())
    got = outcome.desired if isinstance(outcome, Decision) else capacity.desired
    assert got == expected


def test_no_scale_in_while_an_instance_warms_up() -> None:
    capacity = Capacity(1, 100, desired=11, running=11, warming=1)
    outcome, _ = decide(percent_policy(*IN), capacity, breach(20), 0.0, Cooldown())
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is Reason.WARMING


def test_terminating_instances_still_count_for_scale_in() -> None:
    policy = StepScaling("web", "ChangeInCapacity", (Step(-2, upper=0),))
    capacity = Capacity(1, 100, desired=8, running=8, terminating=2)
    outcome, _ = decide(policy, capacity, breach(20), 0.0, Cooldown())
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is Reason.AT_DESIRED


@pytest.mark.parametrize(
    ("units", "adjustment", "expected"),
    [
        pytest.param(2, 3, 3, id="adding three at a maximum of three adds one"),
        pytest.param(3, -2, 2, id="removing two at a minimum of two removes one"),
    ],
)
def test_bounds(units: int, adjustment: int, expected: int) -> None:
    # AWS: Dynamic scaling for Amazon EC2 Auto Scaling, "How it works".
    above = adjustment > 0
    step = Step(adjustment, lower=0) if above else Step(adjustment, upper=0)
    policy = StepScaling("web", "ChangeInCapacity", (step,))
    outcome, _ = decide(
        policy, Capacity(2, 3, units, units), breach(90 if above else 10), 0.0, Cooldown()
    )
    assert isinstance(outcome, Decision)
    assert outcome.desired == expected


def test_a_group_with_weights_above_its_desired_capacity_removes_nothing() -> None:
    # AWS: 32 units run though 30 are desired; removing one asks for nothing new.
    policy = StepScaling("web", "ChangeInCapacity", (Step(-1, upper=0),))
    outcome, _ = decide(policy, Capacity(1, 99, 30, 32), breach(20), 0.0, Cooldown())
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is Reason.AT_DESIRED


def test_a_group_with_weights_may_only_ask_for_its_maximum() -> None:
    # AWS: five units more than ten at a maximum of twelve; the launch may overshoot, the wish not.
    policy = StepScaling("web", "ChangeInCapacity", (Step(5, lower=0),))
    outcome, _ = decide(policy, Capacity(1, 12, 10, 10), breach(80), 0.0, Cooldown())
    assert isinstance(outcome, Decision)
    assert outcome.desired == 12


@pytest.mark.parametrize(
    ("datapoints", "reason"),
    [
        pytest.param((), Reason.NO_DATA, id="no datapoints"),
        pytest.param((40.0,), Reason.NO_STEP, id="no step for a metric below the threshold"),
        pytest.param((55.0,), Reason.AT_DESIRED, id="a step that adjusts by nothing"),
    ],
)
def test_when_nothing_is_to_be_done(datapoints: tuple[float, ...], reason: Reason) -> None:
    alarm = Breach("busy", datapoints, 50.0, above=True)
    outcome, state = decide(
        percent_policy(*OUT), Capacity(1, 9, 3, 3), alarm, 5.0, Cooldown(Grant(1, 3, 9.0))
    )
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is reason
    assert state == Cooldown(Grant(1, 3, 9.0))


def test_the_cause_is_worded_as_aws_does_it() -> None:
    policy = StepScaling("web-app-cpu-gt-75", "ChangeInCapacity", (Step(1, lower=0),))
    alarm = Breach("web-app-cpu-gt-75", (80.0,), 75.0, above=True)
    outcome, _ = decide(policy, Capacity(1, 4, 1, 1), alarm, 12.0, Cooldown())
    assert outcome == Decision(
        2,
        "monitor alarm web-app-cpu-gt-75 in state ALARM triggered policy web-app-cpu-gt-75",
        "web-app-cpu-gt-75",
        12.0,
    )


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        pytest.param((), "There must be at least one step adjustment", id="none at all"),
        pytest.param(
            (Step(1),),
            "Both lower and upper bounds of a step adjustment cannot be left unspecified",
            id="one without bounds",
        ),
        pytest.param(
            (Step(1, upper=-5), Step(1, upper=0)),
            "At most one step adjustment may have an unspecified lower bound",
            id="two without a lower bound",
        ),
        pytest.param(
            (Step(1, lower=0), Step(1, lower=5)),
            "At most one step adjustment may have an unspecified upper bound",
            id="two without an upper bound",
        ),
        pytest.param(
            (Step(1, 0, 10), Step(2, 5)),
            "Step adjustment intervals cannot overlap",
            id="overlapping ones",
        ),
        pytest.param(
            (Step(1, 0, 10), Step(2, 15)),
            "Step adjustment intervals cannot have gaps between them",
            id="ones with a gap",
        ),
        pytest.param(
            (Step(1, -10, 0),),
            "There must be a step adjustment with an unspecified lower bound when one step "
            "adjustment has a negative lower bound",
            id="a negative lower bound and nothing below it",
        ),
        pytest.param(
            (Step(1, 0, 10),),
            "There must be a step adjustment with an unspecified upper bound when one step "
            "adjustment has a positive upper bound",
            id="a positive upper bound and nothing above it",
        ),
        pytest.param(
            (Step(1, 10, 5),),
            "The upper bound of a step adjustment must be greater than its lower bound",
            id="bounds the wrong way round",
        ),
        pytest.param(OUT, "", id="the scale-out steps of the guide are right"),
        pytest.param(IN[::-1], "", id="the scale-in steps are right in any order"),
    ],
)
def test_faults_in_steps(steps: tuple[Step, ...], problem: str) -> None:
    assert fault_in_steps(steps) == problem
