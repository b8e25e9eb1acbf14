"""boto3 buys commitments from a running engine, and finds them again after a restart."""

import json
from collections.abc import Callable

import pytest

from understudy.testing.engines import RunningEngine

pytestmark = pytest.mark.processes

YEAR = 31_536_000


def test_commitments_are_bought_and_kept(make_engine: Callable[..., RunningEngine]) -> None:
    running = make_engine()
    ec2, plans = running.client("ec2"), running.client("savingsplans")
    offered = ec2.describe_reserved_instances_offerings(
        InstanceType="m5.large", OfferingClass="standard", OfferingType="No Upfront"
    )["ReservedInstancesOfferings"]
    assert sorted(each["Duration"] for each in offered) == [YEAR, 3 * YEAR]
    reserved = ec2.purchase_reserved_instances_offering(
        InstanceCount=2, ReservedInstancesOfferingId=offered[0]["ReservedInstancesOfferingId"]
    )["ReservedInstancesId"]
    (offering,) = plans.describe_savings_plans_offerings(
        planTypes=["SageMaker"], durations=[YEAR], paymentOptions=["No Upfront"]
    )["searchResults"]
    plan = plans.create_savings_plan(
        savingsPlanOfferingId=offering["offeringId"], commitment="0.5"
    )["savingsPlanId"]
    capacity = ec2.create_capacity_reservation(
        InstanceType="m5.large",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=1,
    )["CapacityReservation"]["CapacityReservationId"]
    running.down()
    running.up()
    (owned,) = ec2.describe_reserved_instances()["ReservedInstances"]
    assert (owned["ReservedInstancesId"], owned["State"]) == (reserved, "active")
    (kept,) = plans.describe_savings_plans()["savingsPlans"]
    assert (kept["savingsPlanId"], kept["state"]) == (plan, "active")
    (reservation,) = ec2.describe_capacity_reservations()["CapacityReservations"]
    assert (reservation["CapacityReservationId"], reservation["State"]) == (capacity, "active")


def test_boto3_asks_for_prices(engine: RunningEngine) -> None:
    found = engine.client("pricing").get_products(
        ServiceCode="AmazonSageMaker",
        Filters=[
            {"Type": "TERM_MATCH", "Field": "instanceName", "Value": "ml.m5.xlarge"},
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
        ],
    )["PriceList"]
    (document,) = map(json.loads, found)
    (term,) = document["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert dimension["pricePerUnit"]["USD"] == "0.2300000000"


def test_reserved_instances_are_modified_and_exchanged(engine: RunningEngine) -> None:
    ec2 = engine.client("ec2")

    def offered(kind: str, offering_class: str) -> str:
        found = ec2.describe_reserved_instances_offerings(
            InstanceType=kind,
            OfferingClass=offering_class,
            OfferingType="No Upfront",
            MaxDuration=3 * YEAR,
        )["ReservedInstancesOfferings"]
        return found[-1]["ReservedInstancesOfferingId"]

    def bought(offering_class: str) -> str:
        return ec2.purchase_reserved_instances_offering(
            InstanceCount=2, ReservedInstancesOfferingId=offered("m5.large", offering_class)
        )["ReservedInstancesId"]

    name = ec2.modify_reserved_instances(
        ReservedInstancesIds=[bought("standard")],
        TargetConfigurations=[
            {"AvailabilityZone": "us-east-1a", "InstanceCount": 1},
            {"InstanceCount": 1, "Scope": "Region"},
        ],
    )["ReservedInstancesModificationId"]
    (done,) = ec2.describe_reserved_instances_modifications(
        ReservedInstancesModificationIds=[name]
    )["ReservedInstancesModifications"]
    assert done["Status"] == "fulfilled"
    assert [each["TargetConfiguration"]["Scope"] for each in done["ModificationResults"]] == [
        "Availability Zone",
        "Region",
    ]
    wish = {
        "ReservedInstanceIds": [bought("convertible")],
        "TargetConfigurations": [{"OfferingId": offered("m5.xlarge", "convertible")}],
    }
    quote = ec2.get_reserved_instances_exchange_quote(**wish)
    assert quote["IsValidExchange"], quote
    given, taken = (
        float(quote[side]["RemainingTotalValue"])
        for side in ("ReservedInstanceValueRollup", "TargetConfigurationValueRollup")
    )
    assert taken >= given > 0
    assert ec2.accept_reserved_instances_exchange_quote(**wish)["ExchangeId"]
