"""How commitments apply: the worked examples of AWS's pages, and what must hold for any usage."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.pricing.application import (
    COVERED_USAGE,
    DISCOUNTED_USAGE,
    PLAN_FEE,
    RI_FEE,
    USAGE,
    HourBill,
    apply,
)
from understudy.pricing.commitments import (
    Commitments,
    ReservedInstance,
    SavingsPlan,
)
from understudy.pricing.meter import Item, UsageHour, by_hour
from understudy.pricing.meter import Usage as Life
from understudy.pricing.offer import COMPUTE, EC2_INSTANCE, SAGEMAKER, SPOT, UNUSED_BOX
from understudy.testing.pricing import REGION, Rated, instance_hours

ONE = Decimal(1)
ZONE = "us-east-1a"


def rated(*products: str) -> Rated:
    return Rated(dict.fromkeys(products, ONE))


def reserved(name: str, *, count: int = 1, id_: str = "ri", **more: Any) -> ReservedInstance:
    fields = {"region": REGION, "hourly": Decimal("0.5"), **more}
    return ReservedInstance(id=id_, instance_type=name, count=count, **fields)


def covered(bill: HourBill, kind: str = DISCOUNTED_USAGE) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for line in bill.lines:
        if line.kind == kind:
            found[line.product] = found.get(line.product, Fraction(0)) + line.quantity
    return found


def uncovered(bill: HourBill) -> Fraction:
    """What usage costs that nothing covers."""
    return bill.sum(lambda line: line.kind == USAGE)


@pytest.mark.parametrize(
    ("owned", "running", "hours"),
    [
        pytest.param(["t2.medium"], ["t2.small"] * 2, 2, id="one medium covers two small"),
        pytest.param(["t2.medium"], ["t2.large"], 0.5, id="one medium covers half a large"),
        pytest.param(["i3.metal"], ["i3.8xlarge"] * 2, 2, id="bare metal covers two halves"),
        pytest.param(["i3.8xlarge"] * 2, ["i3.metal"], 1, id="two halves cover bare metal"),
        pytest.param(["m4.large"] * 4, ["m4.xlarge"] * 2, 2, id="four large cover two xlarge"),
        pytest.param(["c4.large"], ["c4.xlarge"], 0.5, id="one large covers half an xlarge"),
        pytest.param(["g5.xlarge"], ["g5.2xlarge"], 0, id="g5 has no size flexibility"),
    ],
)
def test_size_flexibility(owned: list[str], running: list[str], hours: float):
    # AWS: How Reserved Instances are applied.
    reservations = tuple(reserved(name, id_=f"ri-{n}") for n, name in enumerate(owned))
    bill = apply(instance_hours(running), Commitments(reservations), rated(*running))
    assert sum(covered(bill).values()) == hours


def test_the_owner_is_covered_before_its_organization():
    usage = {
        **instance_hours(["m4.xlarge", "m4.xlarge", "m4.2xlarge"], account="owner"),
        **instance_hours(["m4.xlarge", "m4.xlarge"], account="linked"),
    }
    owned = Commitments((reserved("m4.xlarge", count=4, account="owner"),))
    bill = apply(usage, owned, rated("m4.xlarge", "m4.2xlarge"))
    by_account = {"owner": Fraction(0), "linked": Fraction(0)}
    for line in bill.lines:
        if line.kind == DISCOUNTED_USAGE:
            by_account[line.account] += line.quantity
    assert by_account == {"owner": 3, "linked": 0}


def test_what_the_owner_leaves_covers_its_organization():
    usage = {
        **instance_hours(["m4.xlarge"], account="owner"),
        **instance_hours(["m4.xlarge"], account="linked"),
    }
    owned = Commitments((reserved("m4.xlarge", count=2, account="owner"),))
    assert covered(apply(usage, owned, rated("m4.xlarge"))) == {"m4.xlarge": 2}


def test_the_smaller_size_is_covered_first():
    running = ["c4.xlarge", "c4.xlarge", "c4.2xlarge"]
    owned = Commitments((reserved("c4.xlarge", count=2),))
    bill = apply(instance_hours(running), owned, rated(*running))
    assert covered(bill) == {"c4.xlarge": 2}
    assert covered(bill, USAGE) == {"c4.2xlarge": 1}


def test_zonal_reservations_come_before_regional_ones_of_any_account():
    usage = {
        **instance_hours(["m4.xlarge"], account="A", zone="us-east-1a"),
        **instance_hours(["m4.xlarge"], account="B", zone="us-east-1b"),
    }
    regional = reserved("m4.xlarge", account="A", id_="regional")
    zonal = reserved("m4.xlarge", account="C", zone="us-east-1a", id_="zonal")
    bill = apply(usage, Commitments((regional, zonal)), rated("m4.xlarge"))
    assert {line.account: line.by for line in bill.lines if line.kind == DISCOUNTED_USAGE} == {
        "A": "zonal",
        "B": "regional",
    }


def test_an_hour_of_reservation_spreads_over_concurrent_instances():
    lives = [Life("m4.xlarge", 900.0, 1800.0)] * 4
    (hour,) = by_hour(lives, REGION).values()
    bill = apply(hour, Commitments((reserved("m4.xlarge"),)), rated("m4.xlarge"))
    assert covered(bill) == {"m4.xlarge": 1}
    assert uncovered(bill) == 0


def test_a_reservation_covers_no_more_than_an_hour():
    bill = apply(
        instance_hours(["m4.xlarge"] * 3),
        Commitments((reserved("m4.xlarge"),)),
        rated("m4.xlarge"),
    )
    assert (covered(bill), uncovered(bill)) == ({"m4.xlarge": 1}, 2)


@pytest.mark.parametrize(
    ("more", "item"),
    [
        pytest.param({}, Item("c5.large", REGION), id="another family"),
        pytest.param({}, Item("m5.large", "eu-west-1"), id="another region"),
        pytest.param({}, Item("m5.large", REGION, platform="Windows"), id="another platform"),
        pytest.param({}, Item("m5.large", REGION, tenancy="dedicated"), id="another tenancy"),
        pytest.param({}, Item("m5.large", REGION, purchase=SPOT), id="spot"),
        pytest.param({"zone": ZONE}, Item("m5.large", REGION, zone="us-east-1b"), id="other zone"),
        pytest.param({"zone": ZONE}, Item("m5.xlarge", REGION, zone=ZONE), id="zonal other size"),
        pytest.param(
            {"zone": ZONE}, Item("m5.large", REGION, zone=ZONE, purchase=UNUSED_BOX), id="idle box"
        ),
        pytest.param({}, Item("ml.m5.large", REGION), id="an instance of SageMaker"),
        pytest.param(
            {"platform": "Windows"}, Item("m5.xlarge", REGION, platform="Windows"), id="no flexing"
        ),
    ],
)
def test_what_a_reservation_does_not_cover(more: dict[str, Any], item: Item):
    rates = Rated({item.product: ONE}, spot={item.product: ONE})
    bill = apply({item: Fraction(3600)}, Commitments((reserved("m5.large", **more),)), rates)
    assert covered(bill) == {}
    (fee,) = [line for line in bill.lines if line.kind == RI_FEE]
    assert (fee.unused, fee.amount) == (1, Fraction(1, 2))
    assert bill.usd == Decimal("1.500000")


# AWS: Understanding how Savings Plans apply to your usage; its illustrative prices. The Windows
# instance has its price by its name here.
EXAMPLE = Rated(
    {
        "c5.9xlarge": Decimal(4),
        "c5.24xlarge": Decimal(10),
        "Fargate-vCPU-Hours:perCPU": Decimal("1.5"),
        "Fargate-GB-Hours": Decimal(2),
    },
    {
        (COMPUTE, "c5.9xlarge"): Decimal(2),
        (COMPUTE, "c5.24xlarge"): Decimal(8),
        (COMPUTE, "Fargate-vCPU-Hours:perCPU"): Decimal(1),
        (COMPUTE, "Fargate-GB-Hours"): Decimal(1),
        (EC2_INSTANCE, "c5.9xlarge"): Decimal(1),
        (EC2_INSTANCE, "c5.24xlarge"): Decimal(6),
    },
)
EXAMPLE_USAGE = instance_hours(
    [
        "c5.9xlarge",
        "c5.24xlarge",
        *["Fargate-vCPU-Hours:perCPU"] * 10,
        *["Fargate-GB-Hours"] * 5,
    ]
)


def compute(commitment: str, id_: str = "compute") -> SavingsPlan:
    return SavingsPlan(id=id_, kind=COMPUTE, commitment=Decimal(commitment))


def c5(commitment: str) -> SavingsPlan:
    return SavingsPlan(
        id="c5", kind=EC2_INSTANCE, commitment=Decimal(commitment), region=REGION, family="c5"
    )


@pytest.mark.parametrize(
    ("plans", "usd", "left"),
    [
        pytest.param([compute("25")], "25", {}, id="all usage is covered"),
        pytest.param(
            # 2 of the c5.9xlarge, 5 GB and 10 vCPU leave 2 of 19; they cover a quarter of the
            # c5.24xlarge, three quarters are on demand.
            [compute("19")], "26.5", {"c5.24xlarge": Fraction(3, 4)}, id="the best savings first"
        ),
        pytest.param(
            # 50 % on the c5.9xlarge and on the GB: the lower rate comes first.
            [compute("5")],
            "34",
            {"c5.9xlarge": 1, "c5.24xlarge": 1, "Fargate-vCPU-Hours:perCPU": 10},
            id="equal savings by the lower rate",
        ),
        pytest.param(
            # 1 covers the c5.9xlarge, 2 a third of the c5.24xlarge at 6; 15 the Fargate usage, the
            # other 3 three eighths of the c5.24xlarge at 8; 7/24 of it are left at 10.
            [c5("3"), compute("18")],
            "23.916667",
            {"c5.24xlarge": Fraction(7, 24)},
            id="EC2 Instance plans before Compute plans",
        ),
        pytest.param([compute("100")], "100", {}, id="what is not used is paid all the same"),
    ],
)  # fmt: skip
def test_savings_plans(plans: list[SavingsPlan], usd: str, left: dict[str, Any]):
    bill = apply(EXAMPLE_USAGE, Commitments(plans=tuple(plans)), EXAMPLE)
    assert (bill.usd, covered(bill, USAGE)) == (Decimal(usd), left)


def test_unused_commitment_is_shown():
    bill = apply(
        EXAMPLE_USAGE, Commitments(plans=(compute("20"), compute("10", "second"))), EXAMPLE
    )
    assert sum(line.unused for line in bill.lines if line.kind == PLAN_FEE) == 5


def test_reservations_are_applied_before_plans():
    owned = Commitments((reserved("c5.9xlarge"),), (compute("25"),))
    bill = apply(EXAMPLE_USAGE, owned, EXAMPLE)
    assert covered(bill)["c5.9xlarge"] == 1
    assert "c5.9xlarge" not in covered(bill, COVERED_USAGE)


@pytest.mark.parametrize(
    ("kind", "product", "covers"),
    [
        (COMPUTE, "ml.m5.large", False),
        (SAGEMAKER, "ml.m5.large", True),
        (SAGEMAKER, "m5.large", False),
        (COMPUTE, "LoadBalancerUsage", False),
    ],
)
def test_a_compute_plan_does_not_cover_sagemaker(kind: str, product: str, covers: bool):
    rates = Rated({product: ONE}, {(kind, product): Decimal("0.6")})
    plan = SavingsPlan(id="p", kind=kind, commitment=ONE)
    bill = apply(instance_hours([product]), Commitments(plans=(plan,)), rates)
    assert bool(covered(bill, COVERED_USAGE)) is covers


def test_what_has_no_price_is_missing_and_the_total_not_given():
    bill = apply(instance_hours(["z9.huge", "m5.large"]), Commitments(), rated("m5.large"))
    assert (bill.missing, bill.usd, bill.total) == (("z9.huge",), None, 1)


# What must hold for any usage.

NAMES = ("m5.large", "m5.xlarge", "m5.4xlarge", "c5.large", "g5.xlarge", "ml.m5.large")
ANY = Rated(
    {name: Decimal(f"0.{n + 1}7") for n, name in enumerate(NAMES)},
    {
        (kind, name): Decimal(f"0.{n + 1}{3 + (n + k) % 3}")
        for k, kind in enumerate((COMPUTE, EC2_INSTANCE, SAGEMAKER))
        for n, name in enumerate(NAMES)
    },
    {name: Decimal("0.01") for name in NAMES},
)
ACCOUNTS = st.sampled_from(["one", "two"])
ZONES = st.sampled_from(["us-east-1a", "us-east-1b"])
items = st.builds(
    Item,
    st.sampled_from(NAMES),
    st.just(REGION),
    ACCOUNTS,
    ZONES,
    st.just("Linux/UNIX"),
    st.sampled_from(["default", "default", "dedicated"]),
    st.sampled_from(["OnDemand", "OnDemand", UNUSED_BOX, SPOT]),
)
hours = st.dictionaries(items, st.integers(0, 3 * 3600).map(Fraction), max_size=8)
reservations = st.builds(
    lambda name, count, account, zone: reserved(
        name, count=count, account=account, zone=zone, id_=f"{name}/{count}/{account}/{zone}"
    ),
    st.sampled_from([name for name in NAMES if not name.startswith("ml.")]),
    st.integers(1, 3),
    ACCOUNTS,
    st.one_of(st.just(""), ZONES),
)
savings_plans = st.builds(
    lambda kind, cents, account, family: SavingsPlan(
        id=f"{kind}/{cents}/{account}/{family}",
        kind=kind,
        commitment=Decimal(cents) / 100,
        region=REGION,
        family=family,
        account=account,
    ),
    st.sampled_from([COMPUTE, EC2_INSTANCE, SAGEMAKER]),
    st.integers(1, 300),
    ACCOUNTS,
    st.sampled_from(["m5", "c5"]),
)
ownings = st.builds(
    Commitments,
    st.lists(reservations, max_size=3, unique_by=lambda r: r.id).map(tuple),
    st.lists(savings_plans, max_size=3, unique_by=lambda p: p.id).map(tuple),
)


@given(hours, ownings)
def test_a_bill_is_at_most_everything_on_demand_and_the_commitments(
    usage: UsageHour, owned: Commitments
):
    alone = apply(usage, Commitments(), ANY).total
    bill = apply(usage, owned, ANY)
    fees = sum(r.count * r.effective for r in owned.reserved)
    fees += sum(Fraction(plan.commitment) for plan in owned.plans)
    assert fees <= bill.total <= alone + fees


@given(hours, ownings, reservations)
def test_another_reservation_never_raises_the_charge_for_usage(
    usage: UsageHour, owned: Commitments, more: ReservedInstance
):
    others = tuple(each for each in owned.reserved if each.id != more.id)
    before = apply(usage, Commitments(others, owned.plans), ANY)
    after = apply(usage, Commitments((*others, more), owned.plans), ANY)
    assert uncovered(after) <= uncovered(before)


@given(hours, ownings, st.randoms())
def test_the_order_of_usage_does_not_matter(usage: UsageHour, owned: Commitments, dice: Any):
    shuffled = list(usage.items())
    dice.shuffle(shuffled)
    assert apply(dict(shuffled), owned, ANY) == apply(usage, owned, ANY)


@given(hours, ownings)
def test_every_second_of_usage_is_on_one_line(usage: UsageHour, owned: Commitments):
    bill = apply(usage, owned, ANY)
    billed = sum(
        line.quantity
        for line in bill.lines
        if line.kind in (USAGE, DISCOUNTED_USAGE, COVERED_USAGE)
    )
    assert billed * 3600 == sum(usage.values())


@given(hours, ownings)
def test_no_commitment_covers_more_than_it_can(usage: UsageHour, owned: Commitments):
    bill = apply(usage, owned, ANY)
    fees = {line.by: line for line in bill.lines if line.kind in (RI_FEE, PLAN_FEE)}
    for plan in owned.plans:
        worth = sum(
            line.quantity * Fraction(ANY.plans[plan.kind, line.product])
            for line in bill.lines
            if line.by == plan.id and line.kind == COVERED_USAGE
        )
        assert worth + fees[plan.id].unused == Fraction(plan.commitment)
    assert all(fee.unused >= 0 for fee in fees.values())
