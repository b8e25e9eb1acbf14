"""The optimiser against all purchases, against a mixed-integer program, and against real bills."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from understudy.pricing.application import apply
from understudy.pricing.assortment import MissingPrices, market_of
from understudy.pricing.book import Book, Prices
from understudy.pricing.commitments import Commitments, ReservedInstance, SavingsPlan
from understudy.pricing.coverage import exact_cost
from understudy.pricing.demand import Demand
from understudy.pricing.market import Limits, Market
from understudy.pricing.newsvendor import MILL
from understudy.pricing.offer import (
    ALL_UPFRONT,
    COMPUTE,
    EC2_INSTANCE,
    NO_UPFRONT,
    RESERVED,
    SAGEMAKER,
    STANDARD,
    Terms,
)
from understudy.pricing.optimise import Mix, cheapest
from understudy.pricing.purchase import commitments, purchases
from understudy.pricing.rates import BookRates
from understudy.testing.markets import (
    ON_DEMAND_TERMS,
    ONE_YEAR,
    book_in_mills,
    counts_by_hour,
    plan_terms,
    priced,
)
from understudy.testing.pricing import REGION

NAMES = ("g5.xlarge", "g5.2xlarge", "inf1.xlarge")
"""Types without size flexibility, so that each is a pool."""


def prices(rows: Sequence[tuple[int, int, int]]) -> dict[str, dict[Terms, int]]:
    """On demand, reserved, Compute plan, in mills, by type."""
    return {
        name: {ON_DEMAND_TERMS: paid, ONE_YEAR: reserved, plan_terms(COMPUTE): rate}
        for name, (paid, reserved, rate) in zip(NAMES, rows, strict=False)
    }


def solve(
    demand: Demand, table: Mapping[str, Mapping[Terms, int]], limits: Limits | None = None
) -> tuple[Market, Mix]:
    market = market_of(demand, book_in_mills(table), limits or Limits(), Commitments())
    return market, cheapest(market, limits or Limits())


def every_purchase(market: Market, most: int, mills: int) -> Iterator[Fraction]:
    counts = [range(most + 1)] * len(market.reservables)
    money = [range(mills + 1)] * len(market.plans)
    for bought in product(*counts):
        for each in product(*money):
            yield exact_cost(market, bought, [amount * MILL for amount in each])


small_prices = st.lists(
    st.tuples(st.integers(4, 9), st.integers(1, 9), st.integers(1, 9)), min_size=2, max_size=2
)
small_counts = st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=2, max_size=2)


@settings(max_examples=40, deadline=None)
@given(small_prices, small_counts)
def test_no_purchase_at_all_is_cheaper(rows: list[tuple[int, int, int]], counts: list[list[int]]):
    demand = counts_by_hour(dict(zip(NAMES, counts, strict=False)))
    if not demand.seconds.any():
        return
    market, mix = solve(demand, prices(rows))
    assert mix.cost == min(every_purchase(market, 2, 36))
    assert mix.gap <= 1e-9


names = st.sampled_from(["m5.large", "m5.xlarge", "m5.4xlarge", "c5.large", "c5.2xlarge"])
SIZES = {"large": 1, "xlarge": 2, "2xlarge": 4, "4xlarge": 8}


def flexible_prices(m5: tuple[int, int, int, int], c5: tuple[int, int, int, int]) -> Any:
    """Prices in proportion to size: on demand, reserved, EC2 Instance plan, Compute plan."""
    terms = (ON_DEMAND_TERMS, ONE_YEAR, plan_terms(EC2_INSTANCE), plan_terms(COMPUTE))
    return {
        f"{family}.{size}": {each: mills * factor for each, mills in zip(terms, row, strict=True)}
        for family, row in (("m5", m5), ("c5", c5))
        for size, factor in SIZES.items()
    }


rates_of_a_family = st.tuples(
    st.integers(90, 100), st.integers(40, 80), st.integers(40, 80), st.integers(50, 89)
)
hourly_counts = st.dictionaries(
    names, st.lists(st.integers(0, 9), min_size=24, max_size=24), min_size=1, max_size=4
)


@settings(max_examples=25, deadline=None)
@given(rates_of_a_family, rates_of_a_family, hourly_counts)
def test_it_equals_the_mixed_integer_program(
    m5: tuple[int, int, int, int], c5: tuple[int, int, int, int], counts: dict[str, list[int]]
):
    demand = counts_by_hour(counts)
    if not demand.seconds.any():
        return
    market, mix = solve(demand, flexible_prices(m5, c5))
    assert mix.gap <= 1e-9
    assert float(mix.cost) == pytest.approx(mixed_integer_cost(market), rel=2e-9)


def mixed_integer_cost(market: Market) -> float:
    """The same problem with every hour's coverage as variables, given to HiGHS as a whole."""
    pools, hours = market.units.shape
    reserved, plans = len(market.reservables), len(market.plans)
    cells = pools * hours
    width = reserved + plans + cells * (1 + plans)

    def paid(pool: int, hour: int) -> int:
        return reserved + plans + pool * hours + hour

    def covered(plan: int, pool: int, hour: int) -> int:
        return reserved + plans + cells * (1 + plan) + pool * hours + hour

    cost, rows, low, high = np.zeros(width), [], [], []
    top = np.full(width, np.inf)
    cost[:reserved] = [float(each.hourly) * hours for each in market.reservables]
    cost[reserved : reserved + plans] = 0.001 * hours
    for pool, hour in product(range(pools), range(hours)):
        row = np.zeros(width)
        row[paid(pool, hour)] = 1
        cost[paid(pool, hour)] = float(market.pools[pool].rate)
        for number, each in enumerate(market.reservables):
            if each.pool == pool:
                row[number] = each.units
        for number, plan in enumerate(market.plans):
            row[covered(number, pool, hour)] = 1
            if plan.rates[pool] is None:
                top[covered(number, pool, hour)] = 0
        rows.append(row)
        low.append(market.units[pool, hour])
        high.append(np.inf)
    for number, hour in product(range(plans), range(hours)):
        row = np.zeros(width)
        row[reserved + number] = -0.001
        for pool, rate in enumerate(market.plans[number].rates):
            row[covered(number, pool, hour)] = float(rate or 0)
        rows.append(row)
        low.append(-np.inf)
        high.append(0.0)
    whole = np.concatenate([np.ones(reserved + plans), np.zeros(width - reserved - plans)])
    found = milp(
        cost,
        constraints=LinearConstraint(np.array(rows), low, high),
        integrality=whole,
        bounds=Bounds(0, top),
        options={"mip_rel_gap": 1e-11},
    )
    return float(found.fun)


@settings(max_examples=40, deadline=None)
@given(rates_of_a_family, rates_of_a_family, hourly_counts)
def test_it_never_costs_more_than_on_demand(
    m5: tuple[int, int, int, int], c5: tuple[int, int, int, int], counts: dict[str, list[int]]
):
    demand = counts_by_hour(counts)
    if not demand.seconds.any():
        return
    market, mix = solve(demand, flexible_prices(m5, c5))
    assert mix.cost <= market.all_on_demand


@settings(max_examples=25, deadline=None)
@given(
    rates_of_a_family,
    rates_of_a_family,
    st.dictionaries(
        names,
        st.lists(st.integers(0, 3 * 3600).map(lambda s: s / 3600), min_size=6, max_size=6),
        min_size=1,
        max_size=4,
    ),
)
def test_its_cost_is_the_bill(
    m5: tuple[int, int, int, int], c5: tuple[int, int, int, int], counts: dict[str, list[float]]
):
    demand = counts_by_hour(counts)
    if not demand.seconds.any():
        return
    table = flexible_prices(m5, c5)
    market, mix = solve(demand, table)
    bought, rates = commitments(market, mix), BookRates(book_in_mills(table))
    bills = [apply(demand.usage(row), bought, rates) for row in range(demand.hours)]
    assert sum(bill.total for bill in bills) == mix.cost


# Stories.

DAY = [
    10,
    10,
    10,
    10,
    10,
    10,
    12,
    14,
    20,
    24,
    24,
    24,
    22,
    22,
    24,
    24,
    24,
    22,
    18,
    16,
    14,
    12,
    10,
    10,
]
M5 = {
    "m5.large": {
        ON_DEMAND_TERMS: 96,
        ONE_YEAR: 61,
        Terms(RESERVED, STANDARD, 3, NO_UPFRONT): 42,
        plan_terms(COMPUTE): 70,
    }
}


def test_the_base_is_reserved_the_middle_planned_and_the_peak_paid_as_it_comes():
    market, mix = solve(counts_by_hour({"m5.large": DAY, "c5.large": DAY[::-1]}), M5 | {
        "c5.large": {ON_DEMAND_TERMS: 85, ONE_YEAR: 54, plan_terms(COMPUTE): 62}
    })  # fmt: skip
    bought = {each.what: each for each in purchases(market, mix)}
    # Ten always run. More of the day is cheaper by the plan, which both families share.
    assert bought["m5.large in us-east-1"].count == 10
    assert bought["Compute plan"].hourly > 0
    assert mix.cost < market.all_on_demand


def test_a_longer_term_is_only_bought_if_it_may_be():
    one, _ = solve(counts_by_hour({"m5.large": DAY}), M5, Limits(years=1))
    three, _ = solve(counts_by_hour({"m5.large": DAY}), M5, Limits(years=3))
    assert {each.offer.years for each in one.reservables} == {1}
    assert {each.offer.years for each in three.reservables} == {3}


UPFRONT = [
    priced("m5.large", ON_DEMAND_TERMS, Decimal("0.096")),
    priced("m5.large", ONE_YEAR, Decimal("0.061")),
    priced("m5.large", Terms(RESERVED, STANDARD, 1, ALL_UPFRONT), Decimal(0), Decimal(500)),
]


@pytest.mark.parametrize(
    ("budget", "paid", "plain"),
    [
        pytest.param(None, 12, 0, id="any amount: all upfront is cheaper"),
        pytest.param("2400", 4, 8, id="what the budget allows upfront, the rest without"),
        pytest.param("0", 0, 12, id="nothing upfront"),
    ],
)
def test_a_budget_for_upfront_payments(budget: str | None, paid: int, plain: int):
    # An m5.large pays from 61/96 of the hours on, 15.25 of 24; twelve are wanted for 16.
    limits = Limits(upfront=None if budget is None else Decimal(budget))
    book = Book(Prices(lambda: UPFRONT))
    market = market_of(counts_by_hour({"m5.large": DAY}), book, limits, Commitments())
    mix = cheapest(market, limits)
    counts = {each.terms.payment: each.count for each in purchases(market, mix)}
    assert (counts.get(ALL_UPFRONT, 0), counts.get(NO_UPFRONT, 0)) == (paid, plain)
    assert mix.gap <= 1e-9


def test_a_share_of_usage_stays_on_demand():
    limits = Limits(on_demand=Fraction(1, 2))
    market, mix = solve(counts_by_hour({"m5.large": DAY}), M5, limits)
    reach = sum(each.count for each in purchases(market, mix) if each.count) * 96
    reach += sum(
        float(each.hourly) * 96 / 0.070 / 1000 for each in purchases(market, mix) if not each.count
    )
    assert reach <= float(market.all_on_demand) / 24 * 1000 / 2 + 1e-6
    assert mix.cost < market.all_on_demand


def test_what_is_owned_already_is_not_bought_again():
    owned = Commitments(
        (
            ReservedInstance(
                id="ri", instance_type="m5.xlarge", region=REGION, count=4, hourly=Decimal("0.12")
            ),
        ),
        (SavingsPlan(id="sp", kind=COMPUTE, commitment=Decimal("0.14"), payment=NO_UPFRONT),),
    )
    demand = counts_by_hour({"m5.large": DAY})
    market = market_of(demand, book_in_mills(M5), Limits(), owned)
    mix = cheapest(market, Limits())
    # Four m5.xlarge are eight m5.large, the plan covers two more; of twelve two are left.
    (bought,) = purchases(market, mix)
    assert bought.count == 2
    rates = BookRates(book_in_mills(M5))
    both = Commitments(
        (*owned.reserved, *commitments(market, mix).reserved),
        (*owned.plans, *commitments(market, mix).plans),
    )
    bills = [apply(demand.usage(row), both, rates) for row in range(demand.hours)]
    assert sum(bill.total for bill in bills) == mix.cost


def test_an_owned_plan_of_an_odd_amount_stays_what_it_is():
    owned = SavingsPlan(id="sp", kind=COMPUTE, commitment=Decimal("0.14037"), payment=NO_UPFRONT)
    market = market_of(
        counts_by_hour({"m5.large": DAY}), book_in_mills(M5), Limits(), Commitments((), (owned,))
    )
    mix = cheapest(market, Limits())
    assert Fraction(owned.commitment) in mix.commitments
    assert mix.gap <= 1e-9


def test_sagemaker_usage_is_only_covered_by_its_own_plan():
    table = {
        "ml.m5.large": {
            ON_DEMAND_TERMS: 115,
            plan_terms(SAGEMAKER): 84,
        },
        "m5.large": M5["m5.large"],
    }
    market, mix = solve(counts_by_hour({"ml.m5.large": DAY, "m5.large": [0] * 23 + [1]}), table)
    assert [each.what for each in purchases(market, mix)] == ["SageMaker plan"]


def test_what_has_no_price_is_named():
    with pytest.raises(MissingPrices) as missing:
        solve(counts_by_hour({"z9.huge": [1], "m5.large": [1]}), M5)
    assert missing.value.products == (("z9.huge", REGION),)


def test_blocks_can_count_more_than_once():
    # A calm and a busy day: if calm days are all there is, less is bought.
    demand = counts_by_hour({"m5.large": [2] * 24 + [8] * 24})
    market = market_of(demand, book_in_mills(M5), Limits(), Commitments())
    calm = cheapest(market, Limits(), weights=[2.0, 0.0])
    busy = cheapest(market, Limits(), weights=[0.0, 2.0])
    assert (calm.counts, busy.counts) == ((2,), (8,))
