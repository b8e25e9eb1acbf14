from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.pricing.catalogue import offers_in
from understudy.pricing.meter import (
    Item,
    Usage,
    bill,
    billable_seconds,
    by_hour,
    during,
    standing,
)

EAST = offers_in("us-east-1")

moments = st.floats(1.7e9, 1.7e9 + 1e6)
types = st.sampled_from(["ml.m5.large", "ml.c5.xlarge", "ml.g5.xlarge"])
lives = st.builds(
    lambda name, moment, length: Usage(name, moment, moment + length),
    types,
    moments,
    st.floats(0, 2e5),
)


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        pytest.param(Usage("ml.m5.large", 100.0, 190.0), 90, id="whole seconds are billed as such"),
        pytest.param(
            Usage("ml.m5.large", 100.9, 102.1), 3, id="every clock second begun is billed"
        ),
        pytest.param(Usage("ml.m5.large", 100.0, 101.0), 1, id="sagemaker has no minimum"),
        pytest.param(Usage("m5.large", 100.0, 101.0), 60, id="ec2 bills a minute at least"),
        pytest.param(Usage("m5.large", 100.0, 175.0), 75, id="ec2 bills seconds after a minute"),
        pytest.param(Usage("m5.large", 100.0, 100.0), 0, id="an instance that never was is free"),
    ],
)
def test_billable_seconds(usage: Usage, seconds: int):
    assert billable_seconds(usage) == seconds


def test_a_rush_hour_on_two_types_is_charged_by_type():
    # 5,400 s at 0.115 $/h = 0.1725 $; 1,200 s at 0.204 $/h = 0.068 $.
    cost = bill(
        [
            Usage("ml.m5.large", 0, 3600),
            Usage("ml.c5.xlarge", 600, 1800),
            Usage("ml.m5.large", 1000, 2800),
        ],
        "us-east-1",
        EAST,
    )
    assert [(c.instance_type, c.starts, c.seconds, c.usd) for c in cost.charges] == [
        ("ml.c5.xlarge", 1, 1200, Decimal("0.068000")),
        ("ml.m5.large", 2, 5400, Decimal("0.172500")),
    ]
    assert cost.usd == Decimal("0.240500")
    assert cost.instance_hours == pytest.approx(6600 / 3600)


def test_a_type_without_a_price_is_missing_and_the_total_is_not_given():
    cost = bill([Usage("ml.z9.huge", 0, 60), Usage("ml.m5.large", 0, 60)], "us-east-1", EAST)
    assert cost.missing == ("ml.z9.huge",)
    assert cost.usd is None
    assert [charge.usd for charge in cost.charges] == [Decimal("0.001917"), None]


def test_the_minimum_capacity_is_billed_for_all_hours():
    cost = bill(standing("ml.m5.large", 2, 0, 7200), "us-east-1", EAST)
    assert cost.usd == Decimal("0.460000")


def test_only_the_part_of_a_life_that_falls_into_the_span_is_kept():
    lives = [Usage("a", 0, 50), Usage("b", 40, 200), Usage("c", 120, 300), Usage("d", 10, 20)]
    assert during(lives, 30, 120) == (Usage("a", 30, 50), Usage("b", 40, 120))


@given(st.lists(lives, max_size=8).flatmap(lambda a: st.tuples(st.just(a), st.permutations(a))))
def test_the_order_of_instances_does_not_matter(pair: tuple[list[Usage], list[Usage]]):
    one, other = pair
    assert bill(one, "us-east-1", EAST) == bill(other, "us-east-1", EAST)


def _cut_at_hours(usage: Usage) -> list[Usage]:
    hours = range(int(usage.start // 3600) + 1, int(usage.end // 3600) + 1)
    cuts = [usage.start, *(hour * 3600.0 for hour in hours), usage.end]
    return [Usage(usage.instance_type, begin, end) for begin, end in pairwise(cuts)]


@given(lives)
def test_hours_of_a_life_add_up_to_the_whole(usage: Usage):
    parts = _cut_at_hours(usage)
    assert sum(map(billable_seconds, parts)) == billable_seconds(usage)
    cut, whole = bill(parts, "us-east-1", EAST), bill([usage], "us-east-1", EAST)
    assert cut.usd == whole.usd


@given(lives, st.floats(0, 1e5))
def test_a_longer_life_never_costs_less(usage: Usage, more: float):
    longer = Usage(usage.instance_type, usage.start, usage.end + more)
    assert billable_seconds(longer) >= billable_seconds(usage)


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        pytest.param(
            Usage("m5.large", 0, 61, platform="Red Hat Enterprise Linux"), 3600, id="a begun hour"
        ),
        pytest.param(Usage("m5.large", 0, 3601, platform="SUSE Linux"), 7200, id="two begun hours"),
        pytest.param(Usage("m5.large", 0, 61, platform="Windows"), 61, id="windows by the second"),
    ],
)
def test_some_platforms_are_billed_by_the_hour(usage: Usage, seconds: int):
    assert billable_seconds(usage) == seconds


def test_usage_is_told_by_the_clock_hour_and_what_its_price_depends_on():
    hours = by_hour(
        [
            Usage("m5.large", 1800, 5400, zone="us-east-1a"),
            Usage("m5.large", 3000, 3600, zone="us-east-1a"),
            Usage("m5.large", 3599, 3600, purchase="Spot"),
        ],
        "us-east-1",
    )
    plain = Item("m5.large", "us-east-1", zone="us-east-1a")
    spot = Item("m5.large", "us-east-1", purchase="Spot")
    assert hours == {0: {plain: 2400, spot: 1}, 1: {plain: 1800, spot: 59}}


@given(st.lists(lives, max_size=6))
def test_clock_hours_add_up_to_all_billable_seconds(usage: list[Usage]):
    hours = by_hour(usage, "us-east-1")
    told = sum(seconds for hour in hours.values() for seconds in hour.values())
    assert told == sum(map(billable_seconds, usage))
    assert all(seconds <= 3600 * len(usage) for h in hours.values() for seconds in h.values())
