"""Modification and exchange; the numbers of AWS's own pages."""

from decimal import Decimal

import pytest

from understudy.pricing.exchange import (
    effective_from,
    exchanged_count,
    footprint,
    list_value,
    may_become,
    true_up,
)
from understudy.pricing.rates import savings_percent
from understudy.pricing.spot import instances_for, price_per_unit


def test_what_is_left_of_a_reservation():
    assert list_value(Decimal("60.0"), Decimal("0.007"), 8760) == Decimal("121.32")


def test_the_footprint_of_four_medium():
    assert footprint("t2.medium", 4) == 4 * 8


def test_a_modification_counts_from_the_beginning_of_its_hour():
    assert effective_from(21 * 3600 + 15 * 60) == 21 * 3600


def test_an_exchange_rounds_up():
    assert exchanged_count(Decimal(35), Decimal(10)) == 4
    assert exchanged_count(Decimal(30), Decimal(10)) == 3


@pytest.mark.parametrize(
    ("new", "old", "charge"),
    [
        pytest.param(600, 500, 100, id="more upfront than was left"),
        pytest.param(500, 600, 0, id="nothing is paid back"),
    ],
)
def test_true_up(new: int, old: int, charge: int):
    assert true_up(Decimal(new), Decimal(old)) == charge


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        (("t2.large", 1), [("t2.medium", 2)], True),
        (("t2.large", 1), [("t2.medium", 1)], False),
        (("m5.large", 2), [("m4.large", 2)], False),
    ],
)
def test_a_modification_keeps_family_and_footprint(
    old: tuple[str, int], new: list[tuple[str, int]], allowed: bool
):
    assert may_become(old, new) is allowed


@pytest.mark.parametrize(
    ("paid", "rate", "percent"),
    [("10", "8", "20.0"), ("1.5", "1", "33.3"), ("2", "1", "50.0"), ("10", "6", "40.0")],
)
def test_savings_percentage(paid: str, rate: str, percent: str):
    assert savings_percent(Decimal(paid), Decimal(rate)) == Decimal(percent)


@pytest.mark.parametrize(
    ("price", "weight", "unit"),
    [("0.18", 2, "0.090"), ("0.779", 12, "0.065"), ("1.207", 18, "0.067"), ("1.555", 24, "0.065")],
)
def test_the_price_of_a_unit_of_weight(price: str, weight: int, unit: str):
    found = price_per_unit(Decimal(price), weight)
    assert found.quantize(Decimal("0.001")) == Decimal(unit)


@pytest.mark.parametrize(
    ("target", "weight", "instances"), [(10, 2, 5), (10, 8, 2), (24, 6, 4), (30, 8, 4)]
)
def test_instances_for_a_weighted_target(target: int, weight: int, instances: int):
    assert instances_for(target, weight) == instances
