"""Serverless variants in virtual time: environments come with requests and go when idle."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.capacity.usage import on_demand, parts, used
from understudy.control.events import (
    EnvironmentsWanted,
    InstanceFailed,
    Launch,
    RequestsCompleted,
    Served,
    Serverless,
    Sketch,
    Stop,
)
from understudy.pricing.book import Book, Prices
from understudy.pricing.offer import ON_DEMAND, Offer
from understudy.pricing.rates import BookRates
from understudy.testing.hosting import with_model
from understudy.testing.region import Region

RESOURCE = "endpoint/e/variant/v"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": RESOURCE,
    "ScalableDimension": PROVISIONED,
}


def configure(region: Region, name: str = "c", **serverless: int) -> None:
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5, **serverless}
    variant = {"VariantName": "v", "ModelName": "m", "ServerlessConfig": config}
    region.call(
        "sagemaker", "CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=[variant]
    )


def serving(**serverless: int) -> Region:
    """A region with a serverless endpoint in service."""
    region = with_model(Region())
    configure(region, **serverless)
    region.call("sagemaker", "CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    region.advance(30)
    return region


def described(region: Region) -> dict[str, Any]:
    return region.call("sagemaker", "DescribeEndpoint", EndpointName="e")


def environments(region: Region) -> int:
    return len(region.plane.sagemaker.state.instances)


def want(region: Region, count: int) -> None:
    region.report(EnvironmentsWanted, endpoint="e", variant="v", count=count)
    region.advance(1)


def serve(region: Region, peak: int, seconds: float, megabytes: int = 0) -> None:
    """Requests that worked so long together end now, the most at a time ``peak``."""
    latency = Sketch((seconds * 1e6,), (1.0,), seconds * 1e6, seconds * 1e6, seconds * 1e6)
    data = float(megabytes * 2**20)
    served = Served(
        "e", "v", int(region.now), 1.0, peak, 0.0, 0.0, latency, Sketch(), data, 0.0, peak
    )
    region.report(RequestsCompleted, served=(served,))


def test_a_new_endpoint_shows_that_its_model_runs_and_says_what_it_is() -> None:
    region = serving()
    found = described(region)
    assert found["EndpointStatus"] == "InService"
    (variant,) = found["ProductionVariants"]
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert variant["CurrentServerlessConfig"] == variant["DesiredServerlessConfig"] == config
    (route,) = region.plane.sagemaker.state.endpoints["e"].route
    assert route.serverless == Serverless(2048, 5, 0)
    assert [each.instance_type for each in region.commands(Launch)] == [""]
    assert region.restored()


def test_a_model_that_does_not_start_fails_the_endpoint() -> None:
    region = with_model(Region())
    configure(region)
    region.call("sagemaker", "CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    (launch,) = region.commands(Launch)
    region.report(InstanceFailed, instance_id=launch.instance_id, reason="It ended.")
    assert described(region)["EndpointStatus"] == "Failed"
    assert described(region)["FailureReason"] == "It ended."


def test_environments_come_with_requests_up_to_the_maximum_and_all_go_when_idle() -> None:
    region = serving()
    want(region, 3)
    assert environments(region) == 3
    want(region, 9)
    assert environments(region) == 5
    assert described(region)["EndpointStatus"] == "InService"
    region.advance(500)
    serve(region, 2, 0.1)
    region.advance(300)
    assert environments(region) == 2  # Two were at work since.
    region.advance(600)
    assert environments(region) == 0
    assert len(region.commands(Stop)) == 5
    want(region, 1)
    assert environments(region) == 1


def test_a_cold_start_is_measured() -> None:
    region = serving()
    begin = region.now
    want(region, 2)
    region.advance(180)
    took = region.statistics(
        "AWS/SageMaker", "ModelSetupTime", "Average", begin - 60, EndpointName="e", VariantName="v"
    )
    assert took == [pytest.approx(300_000.0)]  # The stand-in world starts in 0.3 s.


def test_provisioned_concurrency_stays_warm_and_is_a_scalable_dimension() -> None:
    region = serving(ProvisionedConcurrency=1)
    region.advance(1200)
    assert environments(region) == 1
    region.call(
        "application-autoscaling", "RegisterScalableTarget", **TARGET, MinCapacity=2, MaxCapacity=4
    )
    region.advance(60)
    assert environments(region) == 2
    (variant,) = described(region)["ProductionVariants"]
    assert variant["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 2
    (activity,) = region.call(
        "application-autoscaling", "DescribeScalingActivities", ServiceNamespace="sagemaker"
    )["ScalingActivities"]
    assert activity["Description"] == "Setting desired provisioned concurrency to 2."
    assert activity["StatusCode"] == "Successful"


def test_target_tracking_acts_on_the_use_of_provisioned_concurrency() -> None:
    region = serving(ProvisionedConcurrency=1)
    region.call(
        "application-autoscaling", "RegisterScalableTarget", **TARGET, MinCapacity=1, MaxCapacity=4
    )
    metric = "SageMakerVariantProvisionedConcurrencyUtilization"
    region.call(
        "application-autoscaling",
        "PutScalingPolicy",
        **TARGET,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 0.5,
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        },
    )
    for _ in range(8):
        serve(region, 1, 1.0)
        region.advance(60)
    held = region.plane.scaling.scalables[PROVISIONED].capacity(RESOURCE)
    assert held is not None
    assert held.desired == 2


def test_instances_are_not_what_scales_a_serverless_variant() -> None:
    region = serving()
    with pytest.raises(Fault, match="doesn't exist"):
        region.call(
            "application-autoscaling",
            "RegisterScalableTarget",
            **{**TARGET, "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"},
            MinCapacity=1,
            MaxCapacity=2,
        )


def test_an_update_moves_to_another_memory_size_and_leaves_nothing_behind() -> None:
    region = serving()
    configure(region, "c4", MemorySizeInMB=4096)
    region.call("sagemaker", "UpdateEndpoint", EndpointName="e", EndpointConfigName="c4")
    region.advance(120)
    (variant,) = described(region)["ProductionVariants"]
    assert variant["CurrentServerlessConfig"]["MemorySizeInMB"] == 4096
    assert environments(region) == 1
    region.call("sagemaker", "DeleteEndpoint", EndpointName="e")
    region.advance(120)
    assert environments(region) == 0
    with pytest.raises(Fault, match="Could not find endpoint"):
        described(region)


@pytest.mark.parametrize(
    ("variants", "reason"),
    [
        pytest.param(
            [{"MemorySizeInMB": 1500, "MaxConcurrency": 1}], "MemorySizeInMB 1500", id="memory"
        ),
        pytest.param(
            [{"MemorySizeInMB": 1024, "MaxConcurrency": 1, "ProvisionedConcurrency": 2}],
            "ProvisionedConcurrency 2 should be less than or equal to MaxConcurrency 1",
            id="more provisioned than the maximum",
        ),
        pytest.param(
            [{"MemorySizeInMB": 1024, "MaxConcurrency": 1}] * 2,
            "only one production variant",
            id="two variants",
        ),
    ],
)
def test_configurations_that_are_refused(variants: list[dict[str, int]], reason: str) -> None:
    region = with_model(Region())
    asked = [
        {"VariantName": f"v{index}", "ModelName": "m", "ServerlessConfig": each}
        for index, each in enumerate(variants)
    ]
    with pytest.raises(Fault, match=reason):
        region.call(
            "sagemaker", "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=asked
        )


def priced(**hourly: str) -> BookRates:
    offers = [
        Offer(name, "us-east-1", ON_DEMAND, Decimal(price), "2026-09-01", "a test")
        for name, price in hourly.items()
    ]
    return BookRates(Book(Prices(lambda: offers)))


def test_work_provisioned_time_and_data_are_metered() -> None:
    region = serving(ProvisionedConcurrency=1)
    began = region.now
    serve(region, 2, 3.0, megabytes=512)  # Half the work is of the provisioned environment.
    region.advance(1800)
    state = region.plane.capacity.state
    usage = used(state, region.plane.purchasing, "us-east-1", region.now)
    (part,) = parts(usage)
    assert (part.service, part.owner) == ("sagemaker", RESOURCE.split("/")[1] + "/v")
    total: dict[str, Fraction] = {}
    for hour in part.hours.values():
        for item, amount in hour.items():
            total[item.product] = total.get(item.product, Fraction(0)) + amount
    life = region.plane.capacity.state.serverless[0]
    assert (
        total["ServerlessInf:Mem-2GB"] == total["ProvisionedConcurrency:Mem-2GB"] == Fraction(3, 2)
    )
    assert total["Data-Bytes-In"] == 1800
    assert total["ProvisionedConcurrency:Usage-2GB"] == pytest.approx(region.now - life.began_at)
    assert life.began_at <= began
    bill = on_demand(part.hours, priced(**{"ServerlessInf:Mem-2GB": "0.144"}))
    assert bill.usd is None
    assert "ProvisionedConcurrency:Mem-2GB" in bill.missing


def test_nothing_is_billed_while_nothing_is_served() -> None:
    region = serving()
    region.advance(7200)
    usage = used(region.plane.capacity.state, region.plane.purchasing, "us-east-1", region.now)
    (part,) = parts(usage)
    assert sum(sum(hour.values()) for hour in part.hours.values()) == 0
    assert part.now == {}
