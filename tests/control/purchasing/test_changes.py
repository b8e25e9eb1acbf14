"""Reserved Instances that are modified and exchanged through AWS's operations."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.purchasing.operations import EC2_OPERATIONS
from understudy.control.purchasing.service import Purchasing
from understudy.pricing.application import RI_FEE, apply
from understudy.pricing.book import Book, Prices
from understudy.pricing.catalogue import BOOK
from understudy.pricing.offer import (
    ALL_UPFRONT,
    CONVERTIBLE,
    NO_UPFRONT,
    RESERVED,
    YEAR_SECONDS,
    Offer,
    Terms,
)
from understudy.pricing.rates import BookRates
from understudy.testing.markets import priced
from understudy.testing.stage import Stage, instant

START = instant("2026-11-02T10:20:00Z")
HALF = YEAR_SECONDS / 2


def convertible(kind: str, payment: str, hourly: str, upfront: str) -> Offer:
    terms = Terms(RESERVED, CONVERTIBLE, 1, payment)
    return priced(kind, terms, Decimal(hourly), Decimal(upfront))


PRICES = (
    convertible("m5.large", ALL_UPFRONT, "0", "876"),
    convertible("c5.large", ALL_UPFRONT, "0", "1752"),
    convertible("m5.large", NO_UPFRONT, "0.10", "0"),
    convertible("c5.large", NO_UPFRONT, "0.15", "0"),
    convertible("t3.large", NO_UPFRONT, "0.04", "0"),
)


@pytest.fixture
def stage() -> Stage:
    stage = Stage(at=START)
    service = Purchasing(Book(Prices(lambda: PRICES), *BOOK.shelves))
    stage.add("ec2", service, EC2_OPERATIONS)
    stage.service = service
    return stage


def offered(stage: Stage, kind: str, payment: str, offering_class: str = "standard") -> str:
    found = stage.call(
        "ec2",
        "DescribeReservedInstancesOfferings",
        InstanceType=kind,
        OfferingClass=offering_class,
        OfferingType=payment,
        MaxDuration=YEAR_SECONDS,
    )
    return found["ReservedInstancesOfferings"][0]["ReservedInstancesOfferingId"]


def bought(
    stage: Stage, count: int, payment: str = ALL_UPFRONT, offering_class: str = "standard"
) -> str:
    wanted = offered(stage, "m5.large", payment, offering_class)
    return stage.call(
        "ec2",
        "PurchaseReservedInstancesOffering",
        ReservedInstancesOfferingId=wanted,
        InstanceCount=count,
    )["ReservedInstancesId"]


def modified(stage: Stage, owned: list[str], *targets: dict[str, Any]) -> str:
    return stage.call(
        "ec2",
        "ModifyReservedInstances",
        ReservedInstancesIds=owned,
        TargetConfigurations=list(targets),
    )["ReservedInstancesModificationId"]


def described(stage: Stage) -> dict[str, dict[str, Any]]:
    found = stage.call("ec2", "DescribeReservedInstances")["ReservedInstances"]
    return {each["ReservedInstancesId"]: each for each in found}


def fee(stage: Stage) -> Fraction:
    """What all Reserved Instances cost in this hour with upfront payments spread."""
    owned = stage.service.commitments(stage.now // 3600 * 3600)
    return apply({}, owned, BookRates(stage.service.book)).sum(lambda line: line.kind == RI_FEE)


def test_a_reservation_is_split_over_zones_from_the_begin_of_the_hour(stage: Stage):
    owned = bought(stage, 10)
    stage.advance(HALF)
    before = fee(stage)
    name = modified(
        stage,
        [owned],
        {"AvailabilityZone": "us-east-1a", "InstanceCount": 5},
        {"AvailabilityZone": "us-east-1b", "InstanceCount": 5},
    )
    (told,) = stage.call("ec2", "DescribeReservedInstancesModifications")[
        "ReservedInstancesModifications"
    ]
    assert (told["ReservedInstancesModificationId"], told["Status"]) == (name, "fulfilled")
    assert told["EffectiveDate"] == stage.now // 3600 * 3600
    seen = described(stage)
    made = [seen[each["ReservedInstancesId"]] for each in told["ModificationResults"]]
    assert [(each["AvailabilityZone"], each["InstanceCount"]) for each in made] == [
        ("us-east-1a", 5),
        ("us-east-1b", 5),
    ]
    # AWS: the old one is retired, the new ones end as it would have, at a fixed price of $0.
    assert (seen[owned]["State"], seen[owned]["End"]) == ("retired", told["EffectiveDate"])
    assert {(each["State"], each["End"], each["FixedPrice"]) for each in made} == {
        ("active", START + YEAR_SECONDS, 0.0)
    }
    assert float(fee(stage)) == pytest.approx(float(before), rel=1e-12)


def test_four_of_one_size_are_merged_into_another(stage: Stage):
    first, second = bought(stage, 2), bought(stage, 2)
    stage.advance(HALF)
    before = fee(stage)
    modified(stage, [first, second], {"InstanceType": "m5.2xlarge", "InstanceCount": 1})
    active = [each for each in described(stage).values() if each["State"] == "active"]
    assert [(each["InstanceType"], each["InstanceCount"]) for each in active] == [("m5.2xlarge", 1)]
    assert [each["Scope"] for each in active] == ["Region"]
    assert float(fee(stage)) == pytest.approx(float(before), rel=1e-12)


def test_a_request_with_the_same_token_is_done_once(stage: Stage):
    owned = bought(stage, 2)
    wish = {
        "ReservedInstancesIds": [owned],
        "TargetConfigurations": [{"AvailabilityZone": "us-east-1a", "InstanceCount": 2}],
        "ClientToken": "once",
    }
    first = stage.call("ec2", "ModifyReservedInstances", **wish)
    assert stage.call("ec2", "ModifyReservedInstances", **wish) == first
    wishes = [{"Name": "client-token", "Values": ["once"]}]
    found = stage.call("ec2", "DescribeReservedInstancesModifications", Filters=wishes)
    assert len(found["ReservedInstancesModifications"]) == 1


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        pytest.param([{"InstanceCount": 3}], "footprint", id="more than there was"),
        pytest.param(
            [{"InstanceType": "c5.large", "InstanceCount": 2}], "footprint", id="another family"
        ),
        pytest.param(
            [{"InstanceCount": 1}, {"InstanceCount": 1}], "unique", id="twice the same place"
        ),
        pytest.param(
            [{"InstanceCount": 2, "AvailabilityZone": "eu-west-1a"}],
            "Invalid availability zone",
            id="a zone elsewhere",
        ),
        pytest.param(
            [{"InstanceCount": 2, "Scope": "Availability Zone"}],
            "do not go together",
            id="no zone",
        ),
    ],
)
def test_modifications_that_are_refused(stage: Stage, targets: list[dict[str, Any]], told: str):
    owned = bought(stage, 2)
    with pytest.raises(Fault, match=told):
        modified(stage, [owned], *targets)
    assert described(stage)[owned]["State"] == "active"


def test_capacity_that_is_not_there_cannot_be_kept_in_a_zone(stage: Stage):
    stage.service.room = lambda kind, zone, purchase, at: 1
    owned = bought(stage, 2)
    with pytest.raises(Fault, match="Insufficient capacity"):
        modified(stage, [owned], {"AvailabilityZone": "us-east-1a", "InstanceCount": 2})


def test_reservations_that_differ_or_have_ended_are_not_modified(stage: Stage):
    first, other = bought(stage, 1), bought(stage, 1, NO_UPFRONT)
    with pytest.raises(Fault, match="must be identical"):
        modified(stage, [first, other], {"InstanceCount": 2})
    stage.advance(YEAR_SECONDS)
    with pytest.raises(Fault, match="must be active"):
        modified(stage, [first], {"InstanceCount": 1, "AvailabilityZone": "us-east-1a"})


def exchange(stage: Stage, operation: str, owned: list[str], wanted: str) -> dict[str, Any]:
    return stage.call(
        "ec2",
        f"{operation}ReservedInstancesExchangeQuote",
        ReservedInstanceIds=owned,
        TargetConfigurations=[{"OfferingId": wanted}],
    )


def test_an_exchange_costs_what_the_new_one_is_dearer(stage: Stage):
    """Half a year before the end three m5.large at $876 are worth $1,314, two c5.large $1,752."""
    owned = bought(stage, 3, ALL_UPFRONT, CONVERTIBLE)
    stage.advance(HALF - 1200)  # The term begins at 20 past; a request counts from the full hour.
    wanted = offered(stage, "c5.large", ALL_UPFRONT, CONVERTIBLE)
    quote = exchange(stage, "Get", [owned], wanted)
    hours = 4380
    assert quote["IsValidExchange"] is True
    assert quote["ReservedInstanceValueRollup"]["RemainingUpfrontValue"] == "1314.000000"
    (target,) = quote["TargetConfigurationValueSet"]
    assert target["TargetConfiguration"] == {"OfferingId": wanted, "InstanceCount": 2}
    assert quote["PaymentDue"] == "438.000000"
    assert exchange(stage, "Accept", [owned], wanted)["ExchangeId"].startswith("riex-")
    new = next(each for each in described(stage).values() if each["State"] == "active")
    assert (new["InstanceType"], new["InstanceCount"]) == ("c5.large", 2)
    assert new["End"] == START + YEAR_SECONDS
    assert new["FixedPrice"] == 219.0
    assert float(fee(stage) * hours) == pytest.approx(1752)


def test_a_cheaper_one_comes_in_such_a_number_that_no_value_is_lost(stage: Stage):
    owned = bought(stage, 1, NO_UPFRONT, CONVERTIBLE)
    quote = exchange(stage, "Get", [owned], offered(stage, "c5.large", NO_UPFRONT, CONVERTIBLE))
    (target,) = quote["TargetConfigurationValueSet"]
    assert target["TargetConfiguration"]["InstanceCount"] == 1
    assert quote["PaymentDue"] == "0.000000"


@pytest.mark.parametrize(
    ("owned", "wanted", "days", "reason"),
    [
        pytest.param(
            (NO_UPFRONT, "standard"), ("c5.large", NO_UPFRONT), 0, "Only Convertible", id="standard"
        ),
        pytest.param(
            (ALL_UPFRONT, CONVERTIBLE), ("c5.large", NO_UPFRONT), 0, "cannot be", id="paid before"
        ),
        pytest.param(
            (NO_UPFRONT, CONVERTIBLE), ("t3.large", NO_UPFRONT), 0, "hourly price", id="cheaper"
        ),
        pytest.param(
            (NO_UPFRONT, CONVERTIBLE),
            ("c5.large", NO_UPFRONT),
            364.5,
            "24 hours",
            id="the last day",
        ),
        pytest.param(
            (NO_UPFRONT, CONVERTIBLE), ("c5.large", NO_UPFRONT), 366, "active", id="expired"
        ),
    ],
)
def test_exchanges_that_cannot_be(
    stage: Stage, owned: tuple[str, str], wanted: tuple[str, str], days: float, reason: str
):
    name = bought(stage, 1, *owned)
    stage.advance(days * 86_400)
    target = offered(stage, *wanted, CONVERTIBLE)
    quote = exchange(stage, "Get", [name], target)
    assert quote["IsValidExchange"] is False
    assert reason in quote["ValidationFailureReason"]
    with pytest.raises(Fault, match=reason):
        exchange(stage, "Accept", [name], target)
