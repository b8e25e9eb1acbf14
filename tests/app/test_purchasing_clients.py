"""boto3 buys commitments from a running engine, and finds them again after a restart."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import understudy
from understudy.app.client import Client
from understudy.app.config import EngineConfig
from understudy.app.launch import EngineProcess

pytestmark = pytest.mark.processes

YEAR = 31_536_000


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch):
    """The engine's process finds the package where this one did."""
    monkeypatch.setenv("PYTHONPATH", str(Path(understudy.__file__).parents[1]))


@contextmanager
def engine(state: Path) -> Iterator[Client]:
    process = EngineProcess(EngineConfig(state=state, port=0))
    try:
        yield Client(process.endpoint)
    finally:
        process.stop()


def test_commitments_are_bought_and_kept(tmp_path: Path):
    with engine(tmp_path) as client:
        ec2, plans = client.service("ec2"), client.service("savingsplans")
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
    with engine(tmp_path) as client:
        ec2, plans = client.service("ec2"), client.service("savingsplans")
        (owned,) = ec2.describe_reserved_instances()["ReservedInstances"]
        assert (owned["ReservedInstancesId"], owned["State"]) == (reserved, "active")
        (kept,) = plans.describe_savings_plans()["savingsPlans"]
        assert (kept["savingsPlanId"], kept["state"]) == (plan, "active")
        (reservation,) = ec2.describe_capacity_reservations()["CapacityReservations"]
        assert (reservation["CapacityReservationId"], reservation["State"]) == (capacity, "active")


def test_boto3_asks_for_prices(tmp_path: Path):
    with engine(tmp_path) as client:
        found = client.service("pricing").get_products(
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
