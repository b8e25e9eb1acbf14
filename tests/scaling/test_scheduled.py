"""AWS: Scheduled scaling for Application Auto Scaling, and for Amazon EC2 Auto Scaling."""

import pytest

from understudy.scaling.decision import Capacity, Decision, NotScaled, Reason
from understudy.scaling.scheduled import ScheduledAction, decide, enforce


@pytest.mark.parametrize(
    ("action", "desired", "expected", "bounds"),
    [
        pytest.param(
            ScheduledAction("a", 3, 10), 2, 3, (3, 10), id="below the minimum up to the minimum"
        ),
        pytest.param(
            ScheduledAction("a", 1, 4), 6, 4, (1, 4), id="above the maximum down to the maximum"
        ),
        pytest.param(ScheduledAction("a", 3, 10), 5, None, (3, 10), id="inside nothing changes"),
        pytest.param(
            ScheduledAction("a", minimum=3), 2, 3, (3, 8), id="a minimum alone keeps the maximum"
        ),
        pytest.param(
            ScheduledAction("a", maximum=1), 6, 1, (1, 1), id="a maximum alone keeps the minimum"
        ),
        pytest.param(ScheduledAction("a", 0, 0), 6, 0, (0, 0), id="everything off"),
        pytest.param(ScheduledAction("a", desired=3), 2, 3, (1, 8), id="three from two"),
        pytest.param(ScheduledAction("a", desired=3), 5, 3, (1, 8), id="three from five"),
        pytest.param(ScheduledAction("a", desired=3), 3, None, (1, 8), id="three from three"),
        pytest.param(
            ScheduledAction("a", 5, 6, desired=3), 3, 5, (5, 6), id="never outside the bounds"
        ),
    ],
)
def test_a_scheduled_action(
    action: ScheduledAction, desired: int, expected: int | None, bounds: tuple[int, int]
) -> None:
    outcome, capacity = decide(action, Capacity(1, 8, desired, desired), 60.0)
    assert (capacity.minimum, capacity.maximum) == bounds
    assert (outcome.desired if isinstance(outcome, Decision) else None) == expected


def test_bounds_that_cross_change_nothing() -> None:
    # "you must specify a new minimum and maximum capacity, and not just the minimum capacity"
    before = Capacity(1, 8, 4, 4)
    outcome, after = decide(ScheduledAction("a", minimum=9), before, 0.0)
    assert isinstance(outcome, NotScaled)
    assert outcome.reason is Reason.BOUNDS_CROSSED
    assert after == before


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [
        (Capacity(15, 20, 5, 5), (15, "minimum capacity was set to 15")),
        (Capacity(5, 10, 15, 15), (10, "maximum capacity was set to 10")),
        (Capacity(5, 10, 7, 7), None),
    ],
)
def test_bounds_are_enforced_with_the_cause_of_aws(
    capacity: Capacity, expected: tuple[int, str] | None
) -> None:
    decision = enforce(capacity, "", 0.0)
    assert (decision and (decision.desired, decision.cause)) == expected
