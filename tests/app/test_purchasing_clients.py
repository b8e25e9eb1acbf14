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
