import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.pricing.life import Change, billed_lives
from understudy.pricing.meter import billable_seconds

A_DAY = [
    (0.0, "pending"),
    (30.0, "running"),
    (500.0, "stopping"),
    (560.0, "stopped"),
    (900.0, "pending"),
    (910.0, "running"),
]


@pytest.mark.parametrize(
    ("changes", "hibernates", "spans"),
    [
        pytest.param(A_DAY, False, [(30, 500), (910, 1000)], id="running is billed"),
        pytest.param(A_DAY, True, [(30, 560), (910, 1000)], id="hibernating bills its stopping"),
        pytest.param([(0.0, "pending")], False, [], id="pending is free"),
        pytest.param([(5.0, "stopped")], False, [], id="a stopped warm instance is free"),
        pytest.param(
            [(0.0, "running"), (50.0, "running"), (90.0, "terminated")],
            False,
            [(0, 90)],
            id="a reboot starts nothing",
        ),
        pytest.param([(2000.0, "running")], False, [], id="what comes later is not billed yet"),
    ],
)
def test_the_states_that_are_billed(
    changes: list[Change], hibernates: bool, spans: list[tuple[float, float]]
):
    lives = billed_lives("m5.large", changes, 1000, hibernates=hibernates)
    assert [(life.start, life.end) for life in lives] == spans


def test_every_start_has_a_minimum_of_its_own():
    blinks = [(0.0, "running"), (5.0, "stopped"), (10.0, "running"), (12.0, "terminated")]
    lives = billed_lives("m5.large", blinks, 100)
    assert [billable_seconds(life) for life in lives] == [60, 60]


states = st.sampled_from(["pending", "running", "stopping", "stopped", "terminated"])


@given(st.lists(st.tuples(st.floats(0, 1e5), states), max_size=8), st.floats(0, 1e5))
def test_spans_neither_overlap_nor_pass_the_end(changes: list[Change], until: float):
    lives = billed_lives("m5.large", sorted(changes), until)
    edges = [edge for life in lives for edge in (life.start, life.end)]
    assert edges == sorted(edges)
    assert all(life.start < life.end <= until for life in lives)
