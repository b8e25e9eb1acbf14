from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from understudy.control.comparison import ActivityOffset, CurveDifference, capacity_difference
from understudy.control.outcome import ActivityRecord, CapacityPoint, Outcome
from understudy.testing.outcomes import small

RUN = small()
Steps = list[tuple[float, int]]


def run(steps: Steps, started_at: float = 1000.0, duration: float = 1800.0) -> Outcome:
    """A run whose desired and in-service counts step at seconds from its start."""
    return replace(
        RUN,
        started_at=started_at,
        ended_at=started_at + duration,
        capacity=tuple(CapacityPoint(started_at + at, count, count) for at, count in steps),
        activities=tuple(
            ActivityRecord(started_at + at, None, before, after, "because", "Successful")
            for (_, before), (at, after) in pairwise(steps)
        ),
    )


OUT_AND_IN: Steps = [(0, 1), (600, 4), (1200, 1)]
A_MINUTE_LATER: Steps = [(0, 1), (660, 4), (1260, 1)]


def test_the_same_a_minute_later():
    found = capacity_difference(run(OUT_AND_IN), run(A_MINUTE_LATER, started_at=0))
    assert found.seconds == 1800
    assert found.in_service == CurveDifference(mean=0.2, largest=3, equal=1680 / 1800)
    assert found.desired == found.in_service
    assert found.activities == (
        ActivityOffset(1, 4, 600, 660),
        ActivityOffset(4, 1, 1200, 1260),
    )
    assert [each.offset for each in found.activities] == [60, 60]


def test_a_change_that_only_one_run_has_is_unmatched():
    found = capacity_difference(run(OUT_AND_IN), run([(0, 1), (600, 4), (1200, 2), (1500, 1)]))
    assert [(each.from_count, each.to_count, each.offset) for each in found.activities] == [
        (1, 4, 0),
        (4, 1, None),
        (4, 2, None),
        (2, 1, None),
    ]


def test_only_the_time_that_both_have_is_compared():
    found = capacity_difference(run(OUT_AND_IN), run(OUT_AND_IN, duration=900))
    assert found.seconds == 900
    assert found.activities == (ActivityOffset(1, 4, 600, 600),)


def test_runs_without_capacity_points_are_equal_at_none():
    assert capacity_difference(run([]), run([])).in_service == CurveDifference(0, 0, 1)


def test_an_activity_that_did_not_scale_is_not_compared():
    still = ActivityRecord(1100.0, 1100.0, 4, 4, "already at maximum", "Failed")
    found = capacity_difference(replace(run(OUT_AND_IN), activities=(still,)), run([(0, 1)]))
    assert found.activities == ()


steps = st.lists(
    st.tuples(st.integers(0, 2000).map(float), st.integers(0, 9)),
    min_size=1,
    unique_by=lambda step: step[0],
).map(sorted)


@given(steps)
def test_a_run_does_not_differ_from_itself(made: Steps):
    found = capacity_difference(run(made), run(made, started_at=5e8))
    assert found.in_service == CurveDifference(0, 0, pytest.approx(1))
    assert all(each.offset == pytest.approx(0) for each in found.activities)


@given(steps, steps)
def test_a_difference_is_as_large_seen_from_either_side(one: Steps, other: Steps):
    there, back = (
        capacity_difference(run(one), run(other)),
        capacity_difference(run(other), run(one)),
    )
    assert there.in_service == back.in_service
    assert there.in_service.mean <= there.in_service.largest
    assert 0 <= there.in_service.equal <= 1 + 1e-9
