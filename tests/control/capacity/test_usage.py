"""From what ran to the bill: instances, reservations, load balancers, restarts."""

from fractions import Fraction
from typing import Any

import msgspec
import pytest

from understudy.control.balancer import Balanced
from understudy.control.capacity.usage import Part, Used, bills, on_demand, parts
from understudy.control.events import BalancersServed, EngineRestarted
from understudy.pricing.catalogue import BOOK
from understudy.pricing.rates import BookRates
from understudy.testing.region import Region

HOUR = 3600.0
PAID = Fraction("0.096")
"""m5.large."""


@pytest.fixture
def region() -> Region:
    return Region()


def group(region: Region, count: int) -> None:
    region.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName="web",
        LaunchTemplateData={"InstanceType": "m5.large", "ImageId": "ami-1"},
    )
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="g",
        MinSize=0,
        MaxSize=9,
        DesiredCapacity=count,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"},
    )


def used(region: Region) -> Used:
    return region.engine.region("us-east-1").used(region.now)


def total(region: Region) -> Fraction:
    rates = BookRates(BOOK)
    return sum((bill.total for bill in bills([used(region)], rates).values()), Fraction(0))


def only_part(region: Region) -> Part:
    (part,) = parts(used(region))
    return part


def test_a_group_is_billed_while_its_instances_run(region: Region):
    group(region, 2)
    region.advance(HOUR)
    region.call("autoscaling", "SetDesiredCapacity", AutoScalingGroupName="g", DesiredCapacity=1)
    region.advance(HOUR)
    part = only_part(region)
    assert (part.service, part.owner, list(part.now.values())) == ("autoscaling", "g", [1])
    assert float(on_demand(part.hours, BookRates(BOOK)).total) == pytest.approx(
        float(3 * PAID), rel=0.01
    )


def test_reserved_capacity_costs_as_much_unused_as_used(region: Region):
    group(region, 1)
    region.call(
        "ec2",
        "CreateCapacityReservation",
        InstanceType="m5.large",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=3,
    )
    region.advance(2 * HOUR)
    assert float(total(region)) == pytest.approx(float(2 * 3 * PAID), rel=1e-3)


def test_what_is_declared_is_paid_every_hour_and_covers_what_runs(region: Region):
    row = {
        "type": "m5.large",
        "count": 2,
        "years": 1,
        "payment": "No Upfront",
        "offering-class": "standard",
        "zone": "",
    }
    region.call("understudy", "PutCommitments", Reserved=[row])
    group(region, 1)
    region.advance(2 * HOUR - 1)
    assert total(region) == 2 * 2 * Fraction("0.061")


def test_a_restart_ends_nobody_that_goes_on(region: Region):
    group(region, 2)
    region.advance(HOUR)
    region.report(EngineRestarted)
    region.advance(HOUR)
    assert list(only_part(region).now.values()) == [2]
    assert len(used(region).lives) == 2


def balancer(region: Region) -> str:
    answer = region.elbv2("CreateLoadBalancer", Name="web", Subnets=["subnet-1", "subnet-2"])
    region.advance(60)
    return answer["LoadBalancers"][0]["LoadBalancerArn"]


def test_a_balancer_is_billed_by_hours_begun_and_by_its_busiest_dimension(region: Region):
    arn = balancer(region)
    second = int(region.now)
    counts = {"NewConnectionCount": 180_000.0, "ProcessedBytes": 1e9}  # 2 LCUs, 1 LCU.
    served = (Balanced(arn, "", "us-east-1a", second, counts),)
    region.report(BalancersServed, served=served)
    region.advance(1800)
    part = only_part(region)
    amounts: dict[str, Any] = {}
    for usage in part.hours.values():
        for item, seconds in usage.items():
            amounts[item.product] = amounts.get(item.product, 0) + seconds / 3600
    assert amounts == {"LoadBalancerUsage": 1, "LCUUsage": 2}
    region.elbv2("DeleteLoadBalancer", LoadBalancerArn=arn)
    region.advance(HOUR)
    assert only_part(region).now == {}


def test_what_was_used_can_be_sent_and_read_again(region: Region):
    group(region, 1)
    region.advance(60)
    balancer(region)
    seen = used(region)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Used) == seen
