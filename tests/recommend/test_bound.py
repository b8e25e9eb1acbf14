"""No schedule is cheaper than the clairvoyant bound."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.base.service_time import gamma
from understudy.control.slo import parse_slos
from understudy.recommend.bound import bound, compiled_plan
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Runner, Setting
from understudy.sim.serving import Serving
from understudy.sim.start_up import at_once
from understudy.sim.traffic import Traffic
from understudy.testing.candidates import tracking

MONDAY = 1_772_409_600.0


def cost_of(counts: tuple[int, ...], misses: np.ndarray, price: float, extra: float) -> float:
    ups = sum(max(after - before, 0) for before, after in pairwise(counts))
    missed = sum(misses[minute, count] for minute, count in enumerate(counts))
    return sum(counts) + extra * ups + price * missed


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=2, max_size=5),
    st.sampled_from([0.0, 0.3, 2.0]),
    st.sampled_from([0.0, 1.5, 4.0]),
)
def test_the_programme_finds_the_cheapest_of_all_schedules(
    rows: list[list[int]], price: float, extra: float
) -> None:
    misses = np.array(rows, dtype=np.float64)
    counts = np.zeros(len(rows), dtype=np.int64)
    found = compiled_plan()(misses, price, extra, 1, counts)
    every = product(range(1, 4), repeat=len(rows))
    best = min(cost_of(each, misses, price, extra) for each in every)
    assert found == pytest.approx(best)
    assert cost_of(tuple(counts.tolist()), misses, price, extra) == pytest.approx(best)


def setting(counts: list[int], start_up: float = 180.0) -> Setting:
    traffic = Traffic("t", MONDAY, 60.0, np.array(counts, dtype=np.int64))
    serving = Serving(gamma(0.1, 1.0))
    return Setting(traffic, serving, at_once(start_up), parse_slos("p90<1s"), MONDAY, 8, 1.0)


@pytest.mark.parametrize("target", [60.0, 200.0, 350.0, 450.0])
def test_no_policy_that_meets_the_objectives_is_cheaper_than_the_bound(target: float) -> None:
    made = setting([100] * 60 + [1500] * 90 + [400] * 60)
    lowest = bound(made, 1)
    result = Runner(made).run(Candidate(1, 8, 1, (tracking(target),)))
    if result.measures.met:
        assert result.measures.usd is not None
        assert result.measures.usd >= lowest.usd * (1 - 1e-9)
    assert Runner(made).run(Candidate(4, 4, 4)).measures.met
    assert 3.5 < lowest.usd < 3.5 * 4


def test_a_flat_load_is_bounded_by_the_instances_that_it_needs() -> None:
    lowest = bound(setting([1200] * 120), 1)
    assert 2 * 2 < lowest.instance_hours <= 2 * 3 * 1.02
    assert set(lowest.curve[:, 1].tolist()) <= {2.0, 3.0}
