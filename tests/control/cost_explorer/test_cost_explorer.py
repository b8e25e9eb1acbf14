"""Cost Explorer on a day of which every instance-hour is known."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.control.plane import PlaneConfig
from understudy.pricing.book import Book, Prices
from understudy.pricing.catalogue import BOOK
from understudy.pricing.offer import COMPUTE
from understudy.testing.markets import plan_terms, priced
from understudy.testing.region import START, Region

HOUR = 3600.0
DAY = {"Start": "2026-01-01", "End": "2026-01-02"}


def group(region: Region, count: int, zone: str = "us-east-1a", **distribution: object) -> None:
    """m5.large in one zone, from now on."""
    region.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName="web",
        LaunchTemplateData={"InstanceType": "m5.large", "ImageId": "ami-1"},
    )
    template = {"LaunchTemplateName": "web", "Version": "$Latest"}
    how: dict[str, object] = {"LaunchTemplate": template}
    if distribution:
        launch = {"LaunchTemplateSpecification": template}
        how = {
            "MixedInstancesPolicy": {
                "LaunchTemplate": launch,
                "InstancesDistribution": distribution,
            }
        }
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="g",
        MinSize=0,
        MaxSize=20,
        DesiredCapacity=count,
        AvailabilityZones=[zone],
        **how,
    )


def declare(region: Region, **owned: list[dict[str, object]]) -> None:
    region.call("understudy", "PutCommitments", **owned)


RESERVED = {
    "type": "m5.large",
    "count": 2,
    "years": 1,
    "payment": "No Upfront",
    "offering-class": "standard",
    "zone": "",
}
PLAN = {
    "hourly": "1",
    "kind": "Compute",
    "years": 1,
    "payment": "No Upfront",
    "region": "",
    "family": "",
}


@pytest.fixture
def region() -> Region:
    assert START % 86_400 == 0
    return Region()


def ask(region: Region, operation: str, **params: Any) -> dict[str, Any]:
    return region.call("ce", operation, **{"TimePeriod": DAY, "Granularity": "DAILY", **params})


def test_a_day_costs_what_ran_in_it(region: Region):
    group(region, 3)
    region.advance(10 * HOUR)
    answer = ask(region, "GetCostAndUsage", Metrics=["UnblendedCost", "UsageQuantity"])
    (day,) = answer["ResultsByTime"]
    assert day["TimePeriod"] == DAY
    assert day["Total"] == {
        "UnblendedCost": {"Amount": "2.88", "Unit": "USD"},  # 3 x 10 h x $0.096.
        "UsageQuantity": {"Amount": "30", "Unit": "N/A"},
    }


def test_costs_are_grouped_and_filtered_by_hour(region: Region):
    group(region, 2, OnDemandBaseCapacity=1, OnDemandPercentageAboveBaseCapacity=0)
    region.advance(2 * HOUR)
    answer = ask(
        region,
        "GetCostAndUsage",
        Granularity="HOURLY",
        TimePeriod={"Start": "2026-01-01T00:00:00Z", "End": "2026-01-01T02:00:00Z"},
        Metrics=["AmortizedCost"],
        GroupBy=[
            {"Type": "DIMENSION", "Key": "SERVICE"},
            {"Type": "DIMENSION", "Key": "PURCHASE_TYPE"},
        ],
        Filter={"Not": {"Dimensions": {"Key": "REGION", "Values": ["eu-west-1"]}}},
    )
    first, second = answer["ResultsByTime"]
    assert second["TimePeriod"]["Start"] == "2026-01-01T01:00:00Z"
    groups = {
        tuple(each["Keys"]): each["Metrics"]["AmortizedCost"]["Amount"] for each in first["Groups"]
    }
    ec2 = "Amazon Elastic Compute Cloud - Compute"
    assert groups == {(ec2, "On Demand Instances"): "0.096", (ec2, "Spot Instances"): "0.0537"}


def test_reservations_tell_their_use_and_what_they_covered(region: Region):
    declare(region, Reserved=[RESERVED])
    group(region, 1)
    region.advance(6 * HOUR)
    region.call("autoscaling", "SetDesiredCapacity", AutoScalingGroupName="g", DesiredCapacity=4)
    region.advance(6 * HOUR - 1)
    used = ask(region, "GetReservationUtilization")["Total"]
    assert used["PurchasedHours"] == "24"
    assert float(used["TotalActualHours"]) == pytest.approx(18, abs=0.01)
    assert float(used["UtilizationPercentage"]) == pytest.approx(75, abs=0.05)
    assert float(used["TotalAmortizedFee"]) == pytest.approx(24 * 0.061)
    assert float(used["NetRISavings"]) == pytest.approx(18 * 0.096 - 24 * 0.061, abs=0.01)
    covered = ask(
        region, "GetReservationCoverage", GroupBy=[{"Type": "DIMENSION", "Key": "INSTANCE_TYPE"}]
    )
    total = covered["Total"]["CoverageHours"]
    assert float(total["CoverageHoursPercentage"]) == pytest.approx(60, abs=0.05)  # 18 of 30.
    (group_,) = covered["CoveragesByTime"][0]["Groups"]
    assert group_["Attributes"] == {"INSTANCE_TYPE": "m5.large"}


def test_plans_tell_their_use_and_what_they_covered(region: Region):
    """No rate of a plan is known here, so that nothing of it is used."""
    declare(region, Plans=[PLAN])
    group(region, 1)
    region.advance(3 * HOUR - 1)
    used = ask(region, "GetSavingsPlansUtilization")["Total"]
    assert used["Utilization"] == {
        "TotalCommitment": "3",
        "UsedCommitment": "0",
        "UnusedCommitment": "3",
        "UtilizationPercentage": "0",
    }
    (covered,) = ask(region, "GetSavingsPlansCoverage")["SavingsPlansCoverages"]
    assert covered["Coverage"]["SpendCoveredBySavingsPlans"] == "0"
    assert float(covered["Coverage"]["OnDemandCost"]) == pytest.approx(0.288, abs=1e-3)


def test_a_reservation_that_is_paid_at_once_is_charged_at_once_and_spread(region: Region):
    declare(region, Reserved=[{**RESERVED, "payment": "All Upfront", "count": 1}])
    region.advance(3 * HOUR - 1)
    total = ask(region, "GetCostAndUsage", Metrics=["UnblendedCost", "AmortizedCost"])
    amounts = {
        name: float(each["Amount"]) for name, each in total["ResultsByTime"][0]["Total"].items()
    }
    assert amounts["UnblendedCost"] == 494.0
    assert amounts["AmortizedCost"] == pytest.approx(3 * 494 / 8760)


def test_a_plan_covers_usage_of_every_region():
    """AWS: Compute Savings Plans apply regardless of region."""
    terms = plan_terms(COMPUTE)
    rates = [
        replace(priced("m5.large", terms, Decimal("0.07")), region=name)
        for name in ("us-east-1", "eu-west-1")
    ]
    book = Book(Prices(lambda: rates), *BOOK.shelves)
    region = Region(config=PlaneConfig(ZoneInfo, book=book))
    declare(region, Plans=[PLAN])
    elsewhere = Region(config=PlaneConfig(ZoneInfo, book=book))
    elsewhere.world.region = "eu-west-1"
    elsewhere.world.engine = region.engine
    group(elsewhere, 2, zone="eu-west-1a")
    elsewhere.advance(3 * HOUR - 1)
    region.world.now = elsewhere.now
    used = ask(region, "GetSavingsPlansUtilization")["Total"]["Utilization"]
    assert float(used["UsedCommitment"]) == pytest.approx(3 * 2 * 0.07, rel=2e-2)
    groups = ask(
        region,
        "GetCostAndUsage",
        Metrics=["AmortizedCost"],
        GroupBy=[{"Type": "DIMENSION", "Key": "REGION"}],
    )["ResultsByTime"][0]["Groups"]
    costs = {each["Keys"][0]: float(each["Metrics"]["AmortizedCost"]["Amount"]) for each in groups}
    assert costs["eu-west-1"] == pytest.approx(3 * 2 * 0.07, rel=2e-2)
    assert sum(costs.values()) == pytest.approx(3)


def test_amortized_fees_are_on_the_usage_that_they_cover(region: Region):
    """AWS: amortized, the fee line keeps what nothing used; a size-flexible one is m5.large = 4."""
    declare(region, Reserved=[{**RESERVED, "type": "m5.xlarge", "payment": "All Upfront"}])
    group(region, 1)
    region.advance(3 * HOUR - 1)
    answer = ask(
        region,
        "GetCostAndUsage",
        Metrics=["AmortizedCost", "NetAmortizedCost"],
        GroupBy=[{"Type": "DIMENSION", "Key": "RECORD_TYPE"}],
    )
    costs = {
        each["Keys"][0]: float(each["Metrics"]["AmortizedCost"]["Amount"])
        for each in answer["ResultsByTime"][0]["Groups"]
    }
    whole = 3 * 2 * 2 * 494 / 8760  # Two m5.xlarge; m5.large is $494 a year.
    assert costs["DiscountedUsage"] == pytest.approx(3 * 494 / 8760, rel=2e-2)
    assert costs["RIFee"] == pytest.approx(whole * 3 / 4, rel=2e-2)
    assert sum(costs.values()) == pytest.approx(whole, rel=2e-2)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        pytest.param(
            {"TimePeriod": {"Start": "2026-01-02", "End": "2026-01-02"}},
            "Start date",
            id="a period of nothing",
        ),
        pytest.param({"TimePeriod": {"Start": "soon", "End": "2026-01-02"}}, "soon", id="no date"),
        pytest.param({"Metrics": ["Cost"]}, "Invalid value for metrics: Cost", id="no metric"),
        pytest.param(
            {"GroupBy": [{"Type": "DIMENSION", "Key": "PLATFORM"}]},
            "does not keep the dimension PLATFORM",
            id="a dimension that is not kept",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(region: Region, params: dict[str, Any], told: str):
    group(region, 1)
    region.advance(60)
    with pytest.raises(Fault, match=told):
        ask(region, "GetCostAndUsage", **{"Metrics": ["UnblendedCost"], **params})


def test_without_commitments_there_is_no_use_of_them(region: Region):
    for operation in ("GetReservationUtilization", "GetSavingsPlansUtilization"):
        with pytest.raises(Fault) as refused:
            ask(region, operation)
        assert refused.value.code == "DataUnavailableException"
