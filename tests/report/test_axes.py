import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.report.axes import LogScale, Scale, clock, milliseconds, ticks, time_ticks


@given(st.floats(1e-3, 1e9), st.integers(2, 10))
def test_ticks_start_at_zero_and_reach_the_highest(high: float, most: int):
    found = ticks(high, most)
    assert found[0] == 0
    assert found[-1] >= high * (1 - 1e-6)
    assert 2 <= len(found) <= most + 1


@given(st.integers(0, 100))
def test_ticks_of_counts_are_whole(high: int):
    assert all(tick == int(tick) for tick in ticks(high, whole=True))


@given(st.floats(1, 3e7), st.integers(3, 12))
def test_times_on_an_axis_lie_within_the_run(duration: float, most: int):
    found = time_ticks(duration, most)
    assert found[0] == 0
    assert found[-1] <= duration
    assert len(found) <= most + 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0, "0:00", id="the start"),
        pytest.param(59.7, "0:01", id="rounded to a second"),
        pytest.param(4830, "1:20:30", id="seconds where there are any"),
        pytest.param(86_400, "1d 0:00", id="a day"),
    ],
)
def test_time_from_the_start(seconds: float, text: str):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(0.5, "0.5ms", id="less than a millisecond"),
        pytest.param(999.4, "999ms", id="just below a second"),
        pytest.param(999.6, "1s", id="as good as a second"),
    ],
)
def test_latency_has_its_unit(value: float, text: str):
    assert milliseconds(value) == text


def test_scales_map_ends_onto_ends():
    assert [Scale(0, 10, 100, 0)(value) for value in (0, 5, 10)] == [100, 50, 0]
    log = LogScale(1, 10_000, 100, 0)
    assert [log(value) for value in (0.1, 1, 100, 10_000)] == [100, 100, 50, 0]
