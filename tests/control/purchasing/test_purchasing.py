"""Buying commitments through AWS's operations, and what they do to a bill."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.purchasing.operations import EC2_OPERATIONS, SAVINGS_PLANS_OPERATIONS
from understudy.control.purchasing.service import Purchasing
from understudy.pricing.application import DISCOUNTED_USAGE, apply
from understudy.pricing.book import Book, Prices
from understudy.pricing.catalogue import BOOK
from understudy.pricing.offer import SAGEMAKER, YEAR_SECONDS
from understudy.pricing.rates import BookRates
from understudy.testing.markets import plan_terms, priced
from understudy.testing.pricing import instance_hours
from understudy.testing.stage import Stage, instant

START = instant("2026-11-02T10:20:00Z")
RATE = priced("ml.m5.xlarge", plan_terms(SAGEMAKER), Decimal("0.168"))


@pytest.fixture
def stage() -> Stage:
    stage = Stage(at=START)
    service = Purchasing(Book(*BOOK.shelves, Prices(lambda: [RATE])))
    stage.add("ec2", service, EC2_OPERATIONS)
    stage.add("savingsplans", service, SAVINGS_PLANS_OPERATIONS)
    stage.service = service
    return stage


def offering(stage: Stage, **wishes: Any) -> dict[str, Any]:
    found = stage.call("ec2", "DescribeReservedInstancesOfferings", **wishes)
    (only,) = found["ReservedInstancesOfferings"]
    return only


M5 = {
    "InstanceType": "m5.large",
    "OfferingClass": "standard",
    "OfferingType": "All Upfront",
    "MaxDuration": YEAR_SECONDS,
}


def test_what_is_offered_for_an_instance_type(stage: Stage):
    only = offering(stage, **M5)
    assert (only["FixedPrice"], only["Duration"], only["Scope"]) == (494.0, 31_536_000, "Region")
    assert only["RecurringCharges"] == [{"Frequency": "Hourly", "Amount": 0.0}]
    zonal = offering(stage, **M5, AvailabilityZone="us-east-1a")
    assert (zonal["Scope"], zonal["AvailabilityZone"]) == ("Availability Zone", "us-east-1a")
    assert zonal["ReservedInstancesOfferingId"] != only["ReservedInstancesOfferingId"]


def test_a_reservation_is_bought_and_applies_to_the_bill_of_its_hour(stage: Stage):
    wanted = offering(stage, **M5)["ReservedInstancesOfferingId"]
    bought = stage.call(
        "ec2",
        "PurchaseReservedInstancesOffering",
        ReservedInstancesOfferingId=wanted,
        InstanceCount=2,
    )
    (owned,) = stage.call("ec2", "DescribeReservedInstances")["ReservedInstances"]
    assert owned["ReservedInstancesId"] == bought["ReservedInstancesId"]
    assert (owned["State"], owned["InstanceCount"]) == ("active", 2)
    assert owned["End"] - owned["Start"] == YEAR_SECONDS
    owned_now = stage.service.commitments(START - 1000)
    bill = apply(instance_hours(["m5.large"]), owned_now, BookRates(BOOK))
    assert [line.kind for line in bill.lines] == [DISCOUNTED_USAGE, "RIFee"]
    assert bill.total == 2 * Fraction(494, 8760)


def test_a_reservation_ends_with_its_term(stage: Stage):
    wanted = offering(stage, **M5)["ReservedInstancesOfferingId"]
    stage.call(
        "ec2",
        "PurchaseReservedInstancesOffering",
        ReservedInstancesOfferingId=wanted,
        InstanceCount=1,
    )
    stage.advance(YEAR_SECONDS)
    (owned,) = stage.call("ec2", "DescribeReservedInstances")["ReservedInstances"]
    assert owned["State"] == "retired"
    assert stage.service.commitments(stage.now).reserved == ()


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        (
            "PurchaseReservedInstancesOffering",
            {"ReservedInstancesOfferingId": "none", "InstanceCount": 1},
            "InvalidReservedInstancesOfferingId",
        ),
        (
            "DescribeReservedInstances",
            {"ReservedInstancesIds": ["none"]},
            "InvalidReservedInstancesId",
        ),
        (
            "DescribeReservedInstancesOfferings",
            {"Filters": [{"Name": "colour", "Values": ["red"]}]},
            "InvalidParameterValue",
        ),
        (
            "CancelCapacityReservation",
            {"CapacityReservationId": "cr-none"},
            "InvalidCapacityReservationId.NotFound",
        ),
    ],
)
def test_what_is_refused(stage: Stage, operation: str, params: dict[str, Any], code: str):
    with pytest.raises(Fault) as fault:
        stage.call("ec2", operation, **params)
    assert fault.value.code == code


def test_a_plan_is_bought_and_covers_what_it_says(stage: Stage):
    found = stage.call(
        "savingsplans",
        "DescribeSavingsPlansOfferings",
        planTypes=["SageMaker"],
        paymentOptions=["No Upfront"],
        durations=[YEAR_SECONDS],
    )
    (only,) = found["searchResults"]
    assert only["description"] == "1 year No Upfront SageMaker Savings Plan"
    rates = stage.call(
        "savingsplans",
        "DescribeSavingsPlansOfferingRates",
        savingsPlanOfferingIds=[only["offeringId"]],
    )
    assert [(each["usageType"], each["rate"]) for each in rates["searchResults"]] == [
        ("ml.m5.xlarge", "0.168")
    ]
    bought = stage.call(
        "savingsplans",
        "CreateSavingsPlan",
        savingsPlanOfferingId=only["offeringId"],
        commitment="0.336",
    )
    (plan,) = stage.call(
        "savingsplans", "DescribeSavingsPlans", savingsPlanIds=[bought["savingsPlanId"]]
    )["savingsPlans"]
    assert (plan["state"], plan["commitment"]) == ("active", "0.336")
    assert (plan["start"], plan["end"]) == (
        "2026-11-02T10:20:00.000Z",
        "2027-11-02T10:20:00.000Z",
    )
    rates_now = BookRates(stage.service.book)
    usage = instance_hours(["ml.m5.xlarge"] * 3)
    bill = apply(usage, stage.service.commitments(START), rates_now)
    # Two of three are covered by 0.336 at 0.168 each, the third costs 0.23.
    assert bill.usd == Decimal("0.566000")


@pytest.mark.parametrize(
    ("payment", "commitment", "upfront", "said"),
    [
        ("No Upfront", "1", None, ("0.00", "1")),
        ("Partial Upfront", "1", None, ("4380.00", "0.5")),
        ("Partial Upfront", "1", "6570", ("6570.00", "0.25")),
        ("All Upfront", "1", None, ("8760.00", "0")),
    ],
)
def test_what_is_paid_upfront(
    stage: Stage, payment: str, commitment: str, upfront: str | None, said: tuple[str, str]
):
    only = first_offering(stage, payment)
    more = {} if upfront is None else {"upfrontPaymentAmount": upfront}
    stage.call(
        "savingsplans",
        "CreateSavingsPlan",
        savingsPlanOfferingId=only,
        commitment=commitment,
        **more,
    )
    (plan,) = stage.call("savingsplans", "DescribeSavingsPlans")["savingsPlans"]
    assert (plan["upfrontPaymentAmount"], plan["recurringPaymentAmount"]) == said


def first_offering(stage: Stage, payment: str) -> str:
    found = stage.call(
        "savingsplans",
        "DescribeSavingsPlansOfferings",
        planTypes=["Compute"],
        paymentOptions=[payment],
        durations=[YEAR_SECONDS],
    )
    return found["searchResults"][0]["offeringId"]


@pytest.mark.parametrize(
    ("payment", "fields"),
    [
        ("No Upfront", {"commitment": "0"}),
        ("No Upfront", {"commitment": "much"}),
        ("No Upfront", {"commitment": "1", "upfrontPaymentAmount": "5"}),
        ("Partial Upfront", {"commitment": "1", "upfrontPaymentAmount": "5"}),
        ("All Upfront", {"commitment": "1", "upfrontPaymentAmount": "8759"}),
    ],
)
def test_commitments_that_are_refused(stage: Stage, payment: str, fields: dict[str, str]):
    wanted = first_offering(stage, payment)
    with pytest.raises(Fault) as fault:
        stage.call("savingsplans", "CreateSavingsPlan", savingsPlanOfferingId=wanted, **fields)
    assert fault.value.code == "ValidationException"


def test_an_ec2_instance_plan_is_bound_to_a_family_in_a_region(stage: Stage):
    found = stage.call(
        "savingsplans",
        "DescribeSavingsPlansOfferings",
        planTypes=["EC2Instance"],
        filters=[
            {"name": "region", "values": ["us-east-1"]},
            {"name": "instanceFamily", "values": ["m5"]},
        ],
    )["searchResults"]
    assert len(found) == 6
    assert {each["productTypes"][0] for each in found} == {"EC2"}


def test_a_capacity_reservation_lives_until_it_is_cancelled_or_over(stage: Stage):
    created = stage.call(
        "ec2",
        "CreateCapacityReservation",
        InstanceType="m5.large",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=3,
        EndDateType="limited",
        EndDate=START + 7200,
    )["CapacityReservation"]
    assert (created["State"], created["TotalInstanceCount"]) == ("active", 3)
    name = created["CapacityReservationId"]
    stage.call("ec2", "ModifyCapacityReservation", CapacityReservationId=name, InstanceCount=5)
    assert [each.count for each in stage.service.reservations(stage.now)] == [5]
    stage.advance(7200)
    (over,) = stage.call("ec2", "DescribeCapacityReservations")["CapacityReservations"]
    assert (over["State"], over["TotalInstanceCount"]) == ("expired", 0)
    with pytest.raises(Fault) as fault:
        stage.call("ec2", "CancelCapacityReservation", CapacityReservationId=name)
    assert fault.value.code == "InvalidCapacityReservationState"


def test_a_cancelled_reservation_is_billed_until_then(stage: Stage):
    created = stage.call(
        "ec2",
        "CreateCapacityReservation",
        InstanceType="m5.large",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=1,
    )["CapacityReservation"]
    stage.advance(60)
    name = created["CapacityReservationId"]
    assert stage.call("ec2", "CancelCapacityReservation", CapacityReservationId=name)["Return"]
    assert stage.service.state.reservations[name].reservation.end == START + 60
    assert stage.service.reservations(stage.now) == ()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"AvailabilityZone": "eu-west-1a"}, "InvalidParameterValue"),
        ({"InstanceCount": 0}, "InvalidParameterValue"),
        ({"EndDateType": "limited"}, "InvalidParameterCombination"),
        ({"EndDate": START - 1}, "InvalidParameterValue"),
    ],
)
def test_capacity_reservations_that_are_refused(stage: Stage, fields: dict[str, Any], code: str):
    wish: dict[str, Any] = {
        "InstanceType": "m5.large",
        "InstancePlatform": "Linux/UNIX",
        "AvailabilityZone": "us-east-1a",
        "InstanceCount": 1,
        **fields,
    }
    with pytest.raises(Fault) as fault:
        stage.call("ec2", "CreateCapacityReservation", **wish)
    assert fault.value.code == code
