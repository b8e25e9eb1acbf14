import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.control.outcome import LoadPoint, turning_points
from understudy.control.slo import parse_slos
from understudy.control.summary import load_points, percentiles, summarise


def flags(*values: bool) -> np.ndarray:
    return np.array(values, dtype=np.bool_)


def test_ten_latencies_by_nearest_rank():
    # Of ten values the 5th is the 50th percentile, the 9th the 90th, the 10th the 99th.
    values = np.arange(10, 110, 10, dtype=np.float64)
    assert percentiles(values, (50, 90, 99)) == (50, 90, 100)


def test_a_summary_leaves_failed_requests_out_of_latencies():
    found = summarise(
        np.array([10.0, 20.0, 30.0, 9999.0]),
        flags(True, True, True, False),
        parse_slos("p99<25ms"),
    )
    assert (found.sent, found.succeeded, found.failed) == (4, 3, 1)
    assert (found.p50_ms, found.p99_ms, found.mean_ms, found.max_ms) == (20, 30, 20, 30)
    assert [(each.share, each.met) for each in found.attainments] == [(0.5, False)]


def test_nothing_sent_has_no_latency():
    found = summarise(np.empty(0), flags())
    assert (found.sent, found.p50_ms, found.mean_ms, found.max_ms) == (0, None, None, None)


def test_load_points_cover_the_whole_run():
    points = load_points(
        np.array([19.9, 0.0, 9.9]),
        np.array([40.0, 10.0, 20.0]),
        flags(False, True, True),
        started_at=1000.0,
        duration=25.0,
        seconds=10.0,
        stands_for=60.0,
    )
    assert points == (
        LoadPoint(1000, 10, 120, 0, 10, 20, 20),
        LoadPoint(1010, 10, 60, 60, None, None, None),
        LoadPoint(1020, 10, 0, 0, None, None, None),
    )


@given(st.lists(st.floats(0, 99.9), max_size=60), st.integers(0, 2**16))
def test_every_request_is_in_one_point(arrivals: list[float], seed: int):
    ok = np.random.default_rng(seed).random(len(arrivals)) < 0.5
    points = load_points(
        np.array(arrivals),
        np.ones(len(arrivals)),
        ok,
        started_at=0,
        duration=100,
        seconds=7,
    )
    assert sum(point.requests for point in points) == len(arrivals)
    assert sum(point.failed for point in points) == len(arrivals) - int(ok.sum())


@pytest.mark.parametrize(
    ("counts", "turns"),
    [
        pytest.param((1, 2, 4, 3, 1), (1, 4, 1), id="out and in"),
        pytest.param((2, 2, 2), (2,), id="flat"),
        pytest.param((1, 3, 2, 5), (1, 3, 2, 5), id="a dip on the way"),
        pytest.param((), (), id="nothing recorded"),
    ],
)
def test_turning_points(counts: tuple[int, ...], turns: tuple[int, ...]):
    assert turning_points(counts) == turns
