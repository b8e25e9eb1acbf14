"""One commitment, one demand: the rule against every other choice."""

from fractions import Fraction
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.pricing.newsvendor import (
    MILL,
    break_even,
    cheapest_commitment,
    cheapest_count,
)


def cost_of_count(demand: list[int], size: int, count: int, committed: int, paid: int) -> Fraction:
    left = sum(max(hour - count * size, 0) for hour in demand)
    return Fraction(count * committed * len(demand)) + Fraction(left * paid, size)


@pytest.mark.parametrize(
    ("demand", "count"),
    [
        # Reserved at 60, on demand at 100: an instance pays from 60 % of the hours on.
        pytest.param([1, 1, 1, 1, 1, 1, 0, 0, 0, 0], 0, id="6 of 10 hours: as dear, not bought"),
        pytest.param([1, 1, 1, 1, 1, 1, 1, 0, 0, 0], 1, id="7 of 10 hours pay"),
        pytest.param([5] * 10, 5, id="what always runs is reserved"),
        pytest.param([9, 2, 2, 2, 2, 2, 2, 2, 2, 2], 2, id="a peak is not"),
        pytest.param([0] * 10, 0, id="nothing runs"),
    ],
)
def test_the_percentile_that_pays(demand: list[int], count: int):
    assert cheapest_count(np.array(demand), 1, 60, 100) == count


def test_nothing_is_reserved_that_is_no_cheaper():
    assert cheapest_count(np.array([3, 3]), 1, 100, 100) == 0


def test_the_break_even_is_the_ratio_of_the_rates():
    assert break_even(Fraction("0.061"), Fraction("0.096")) * 24 == Fraction("15.25")


demands = st.lists(st.integers(0, 9), min_size=1, max_size=12)


@given(demands, st.integers(1, 4), st.integers(1, 30), st.integers(1, 30))
def test_no_other_count_is_cheaper(demand: list[int], size: int, committed: int, paid: int):
    count = cheapest_count(np.array(demand), size, committed, paid)
    costs = [cost_of_count(demand, size, other, committed, paid) for other in range(11)]
    assert cost_of_count(demand, size, count, committed, paid) == min(costs)


def cost_of_commitment(
    usage: list[list[int]], paid: list[Fraction], rates: list[Fraction], money: Fraction
) -> Fraction:
    total = money * len(usage[0])
    order = sorted(range(len(rates)), key=lambda k: (rates[k] / paid[k], rates[k]))
    for hour in zip(*usage, strict=True):
        room = money
        for k in order:
            spent = min(room, hour[k] * rates[k])
            room -= spent
            total += (hour[k] - spent / rates[k]) * paid[k]
    return total


@given(
    st.integers(1, 3).flatmap(
        lambda products: st.tuples(
            st.lists(
                st.lists(st.integers(0, 4), min_size=5, max_size=5),
                min_size=products,
                max_size=products,
            ),
            st.lists(
                st.tuples(st.integers(1, 9), st.integers(1, 9)),
                min_size=products,
                max_size=products,
            ),
        )
    )
)
def test_no_other_commitment_is_cheaper(given_: tuple[list[list[int]], list[tuple[int, int]]]):
    usage, prices = given_
    paid = [max(pair) * MILL for pair in prices]
    rates = [min(pair) * MILL for pair in prices]
    chosen = cheapest_commitment([np.array(row) for row in usage], paid, rates)
    costs = [cost_of_commitment(usage, paid, rates, mills * MILL) for mills in range(110)]
    assert cost_of_commitment(usage, paid, rates, chosen) == min(costs)


def test_a_year_of_one_family_takes_less_than_a_few_milliseconds():
    generator = np.random.default_rng(1)
    demand = generator.integers(0, 2000, 8760)
    cheapest_count(demand, 16, 61_000, 96_000)
    begun = process_time()
    for _ in range(20):
        cheapest_count(demand, 16, 61_000, 96_000)
    assert (process_time() - begun) / 20 < 0.005
