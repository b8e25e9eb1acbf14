"""The four ways to buy, on demands whose answer is known."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.pricing.bootstrap import bootstrap
from understudy.pricing.commitments import Commitments
from understudy.pricing.demand import Demand
from understudy.pricing.market import Limits
from understudy.pricing.offer import COMPUTE, SPOT, Terms
from understudy.pricing.ways import Answer, Way, answer, hourly_cost, monthly
from understudy.testing.markets import (
    ON_DEMAND_TERMS,
    ONE_YEAR,
    book_in_mills,
    counts_by_hour,
    plan_terms,
)

BOOK = book_in_mills(
    {
        "g5.xlarge": {ON_DEMAND_TERMS: 1000, ONE_YEAR: 600, Terms(SPOT): 300},
        "inf1.xlarge": {ON_DEMAND_TERMS: 200, plan_terms(COMPUTE): 100},
    }
)


def answered(demand: Demand, spot: Fraction = Fraction(0)) -> Answer:
    return answer(demand, BOOK, Limits(), Commitments(), spot)


def named(found: Answer) -> dict[str, Way]:
    return {way.name: way for way in found.ways}


def test_a_demand_that_is_there_half_of_the_time():
    """Two always and two half of the time: reserved pays from 60% of the hours on."""
    found = named(answered(counts_by_hour({"g5.xlarge": [4, 4, 2, 2]})))
    on_demand, reserved, best = (
        found[name] for name in ("all on demand", "all reserved", "best mix")
    )
    assert (on_demand.cost, on_demand.fixed) == (12, 0)
    assert (reserved.cost, reserved.unused) == (Fraction("9.6"), pytest.approx(2.4))
    assert (best.cost, best.fixed, best.on_demand) == (Fraction("8.8"), Fraction("4.8"), 4)
    assert best.mix.counts == (2,)
    assert (on_demand.guaranteed, reserved.guaranteed) == (0.0, 1.0)
    assert best.guaranteed == pytest.approx(2 / 3)
    assert (on_demand.halved, on_demand.doubled) == (6, 24)
    assert (reserved.halved, reserved.doubled) == (Fraction("9.6"), Fraction("17.6"))


def test_what_cannot_be_reserved_is_planned():
    found = named(answered(counts_by_hour({"inf1.xlarge": [3, 1]})))
    reserved = found["all reserved"]
    assert reserved.mix.commitments == (Fraction("0.3"),)
    assert (reserved.cost, reserved.unused) == (Fraction("0.6"), pytest.approx(0.2))
    assert reserved.guaranteed == 0.0  # A plan keeps no capacity.


def test_a_share_of_the_work_goes_to_spot_where_there_is_a_price():
    demand = counts_by_hour({"g5.xlarge": [4, 4], "inf1.xlarge": [1, 1]})
    found = answered(demand, Fraction(1, 2))
    assert found.spot is not None
    assert (found.spot.cost, found.spot.without) == (Fraction("1.2"), ("inf1.xlarge",))
    way = named(found)["best mix with spot"]
    assert way.interruptible == pytest.approx(0.4)
    assert way.cost == Fraction("1.2") + 2 * 2 * Fraction("0.6") + 2 * Fraction("0.1")


def test_a_month_has_730_hours():
    assert monthly(Fraction(10), 100) == 73


counts = st.lists(st.integers(0, 5), min_size=4, max_size=30)


@settings(max_examples=40, deadline=None)
@given(counts, counts)
def test_the_best_mix_is_never_dearer_and_hours_add_up(first: list[int], second: list[int]):
    size = min(len(first), len(second))
    demand = counts_by_hour({"g5.xlarge": first[:size], "inf1.xlarge": second[:size]})
    if not demand.seconds.any():
        return
    found = named(answered(demand))
    best = found["best mix"]
    assert best.cost <= found["all on demand"].cost
    assert best.cost <= found["all reserved"].cost
    assert float(best.cost) == pytest.approx(float(hourly_cost(best.market, best.mix).sum()))
    assert 0 <= float(best.unused) <= float(best.fixed) + 1e-9


def test_samples_of_a_steady_demand_are_all_alike():
    found = answered(counts_by_hour({"g5.xlarge": [3] * 48}))
    best = found.best
    spread = bootstrap(best.market, best.mix, Limits(), 20, np.random.default_rng(1))
    assert spread.saving == pytest.approx(np.full(20, 3 * 0.4 * 730))
    assert spread.regret == pytest.approx(np.zeros(20), abs=1e-9)
    assert spread.losing == 0.0


def test_a_purchase_for_a_rare_load_is_regretted_where_it_is_rarer():
    demand = counts_by_hour({"g5.xlarge": [4, 4, 4, 0] * 10})
    best = answered(demand).best
    assert best.mix.counts == (4,)
    spread = bootstrap(best.market, best.mix, Limits(), 100, np.random.default_rng(1))
    assert spread.block == 1
    assert spread.regret.max() > 0
    assert (np.diff(spread.cost) >= 0).all()
    again = bootstrap(best.market, best.mix, Limits(), 100, np.random.default_rng(1))
    assert (again.saving == spread.saving).all()
