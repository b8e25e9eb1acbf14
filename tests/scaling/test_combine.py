"""AWS: How target tracking scaling works, "Multiple scaling policies"; API_PutScalingPolicy."""

import pytest

from understudy.scaling.combine import Vote, agree_to_scale_in, largest
from understudy.scaling.cooldown import Cooldown
from understudy.scaling.decision import Breach, Capacity, Decision, NotScaled, Outcome, Reason
from understudy.scaling.step import Step, StepScaling, decide


def to(desired: int, policy: str = "p") -> Decision:
    return Decision(desired, f"cause of {policy}", policy, 0.0)


NOTHING = NotScaled(Reason.ON_TARGET, "", "q", 0.0)


def stepping(kind: str, adjustment: int, units: int) -> Decision:
    step = Step(adjustment, lower=0) if adjustment > 0 else Step(adjustment, upper=0)
    policy = StepScaling(f"{kind} {adjustment}", kind, (step,))  # pyright: ignore
    alarm = Breach("a", (90.0 if adjustment > 0 else 10.0,), 50.0, above=adjustment > 0)
    outcome, _ = decide(policy, Capacity(0, 99, units, units), alarm, 0.0, Cooldown())
    assert isinstance(outcome, Decision)
    return outcome


@pytest.mark.parametrize(
    ("units", "policies", "expected"),
    [
        pytest.param(
            5, [("ChangeInCapacity", 1), ("ChangeInCapacity", 2)], 7, id="of +1 and +2 the +2"
        ),
        pytest.param(
            8,
            [("ChangeInCapacity", -3), ("PercentChangeInCapacity", -25)],
            6,
            id="of -3 and -25% of 8 the -2",
        ),
        pytest.param(
            10,
            [("ChangeInCapacity", 3), ("PercentChangeInCapacity", 200)],
            30,
            id="of +3 and +200% of 10 the 30",
        ),
    ],
)
def test_the_largest_capacity_wins(
    units: int, policies: list[tuple[str, int]], expected: int
) -> None:
    assert largest(stepping(kind, change, units) for kind, change in policies).desired == expected


def test_predictive_and_dynamic_scaling_take_the_larger() -> None:
    # AWS: Predictive scaling: 8 forecast, 10 by target tracking.
    assert largest([to(8, "predictive"), to(10, "tracking")]).policy == "tracking"


def test_of_equal_capacities_the_first_cause_is_kept() -> None:
    assert largest([to(4, "first"), to(4, "second")]).policy == "first"


@pytest.mark.parametrize(
    ("tracks", "votes", "expected"),
    [
        pytest.param(True, [], 3, id="alone it decides alone"),
        pytest.param(True, [Vote(to(4), tracks=True)], 4, id="all ready: the largest"),
        pytest.param(True, [Vote(None, tracks=True)], None, id="one without an alarm is not ready"),
        pytest.param(
            True, [Vote(NOTHING, tracks=True)], None, id="one that would not is not ready"
        ),
        pytest.param(True, [Vote(None, tracks=False)], 3, id="a step policy need not agree"),
        pytest.param(False, [Vote(None, tracks=True)], 3, id="a step policy asks nobody"),
        pytest.param(False, [Vote(to(4), tracks=True)], 4, id="but the largest still wins"),
        pytest.param(
            False,
            [Vote(to(4), tracks=True), Vote(None, tracks=True)],
            3,
            id="of tracking policies that do not agree none counts",
        ),
        pytest.param(False, [Vote(to(5), tracks=False)], 5, id="two step policies: the largest"),
        pytest.param(
            False, [Vote(NOTHING, tracks=False, outward=True)], None, id="not while another grows"
        ),
    ],
)
def test_scale_in_needs_agreement(tracks: bool, votes: list[Vote], expected: int | None) -> None:
    outcome: Outcome = agree_to_scale_in(to(3, "asking"), votes, tracks=tracks)
    if expected is None:
        assert isinstance(outcome, NotScaled)
        assert outcome.reason is Reason.NOT_AGREED
    else:
        assert isinstance(outcome, Decision)
        assert outcome.desired == expected
