"""What happens where there is no capacity: in endpoints, in groups, to reservations and spot."""

from fractions import Fraction
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.capacity.usage import parts
from understudy.testing.hosting import with_endpoint
from understudy.testing.region import Region

ZONES = ["us-east-1a", "us-east-1b"]


def endpoint(region: Region, count: int = 1, kind: str = "ml.g5.xlarge") -> None:
    with_endpoint(region, "e", count, kind)
    region.advance(60)


def described(region: Region) -> dict[str, object]:
    return region.call("sagemaker", "DescribeEndpoint", EndpointName="e")


def scale(region: Region, count: int) -> None:
    wish = {"VariantName": "v", "DesiredInstanceCount": count}
    region.call(
        "sagemaker",
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="e",
        DesiredWeightsAndCapacities=[wish],
    )
    region.advance(60)


def pools(region: Region, **pool: object) -> None:
    region.call("understudy", "PutPools", Pools=[pool])


def group(region: Region, count: int, zones: list[str] = ZONES, **mixed: object) -> None:
    region.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName="web",
        LaunchTemplateData={"InstanceType": "g5.xlarge", "ImageId": "ami-1"},
    )
    template = {"LaunchTemplateName": "web", "Version": "$Latest"}
    how: dict[str, object] = {"LaunchTemplate": template}
    if mixed:
        policy = {"LaunchTemplate": {"LaunchTemplateSpecification": template}}
        how = {"MixedInstancesPolicy": {**policy, "InstancesDistribution": mixed}}
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="g",
        MinSize=0,
        MaxSize=20,
        DesiredCapacity=count,
        AvailabilityZones=zones,
        **how,
    )
    region.advance(30)


def instances(region: Region) -> list[dict[str, str]]:
    answer = region.call("autoscaling", "DescribeAutoScalingGroups")
    return answer["AutoScalingGroups"][0]["Instances"]


def activities(region: Region) -> list[dict[str, str]]:
    return region.call("autoscaling", "DescribeScalingActivities")["Activities"]


@pytest.fixture
def region() -> Region:
    return Region()


def test_an_endpoint_without_capacity_fails_in_the_words_of_sagemaker(region: Region):
    pools(region, Pattern="ml.g5", Count=0)
    endpoint(region)
    seen = described(region)
    assert seen["EndpointStatus"] == "Failed"
    assert seen["FailureReason"] == (
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity "
        "error. Please retry using a different ML instance type or after some time."
    )


def test_an_endpoint_that_found_no_capacity_is_not_billed(region: Region):
    # Recorded: "InsufficientInstanceCapacity error; billed $0.0".
    pools(region, Pattern="ml.g5", Count=0)
    endpoint(region)
    region.advance(3600)
    used = region.engine.region("us-east-1").used(region.now)
    assert [part for part in parts(used) if part.service == "sagemaker"] == []
    endpoint_again(region)
    region.advance(3600)
    used = region.engine.region("us-east-1").used(region.now)
    assert [part.owner for part in parts(used) if part.service == "sagemaker"] == ["f/v"]


def endpoint_again(region: Region) -> None:
    """Another endpoint of the same configuration, now that there is capacity."""
    pools(region, Pattern="ml.g5", Count=9)
    region.call("sagemaker", "CreateEndpoint", EndpointName="f", EndpointConfigName="c")


def test_another_family_is_not_short(region: Region):
    pools(region, Pattern="ml.g5", Count=0)
    endpoint(region, kind="ml.m5.large")
    assert described(region)["EndpointStatus"] == "InService"


def test_a_scale_out_beyond_the_pool_goes_back_to_what_serves_until_the_shortage_ends(
    region: Region,
):
    endpoint(region, 2)
    pools(region, Pattern="ml.g5.xlarge", Count=2, For=2400.0)
    scale(region, 3)
    variant = described(region)["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 2)
    region.advance(2400)
    scale(region, 3)
    variant = described(region)["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (3, 3)
    assert region.restored()


def test_a_quota_of_endpoint_instances_refuses_the_call(region: Region):
    region.call("understudy", "PutLimits", Limits={"ml.g5.xlarge": 2})
    with pytest.raises(Fault) as refused:
        endpoint(region, 3)
    assert refused.value.code == "ResourceLimitExceeded"
    assert refused.value.message.startswith(
        "The account-level service limit 'ml.g5.xlarge for endpoint usage' is 2 Instances, with "
        "current utilization of 0 Instances and a request delta of 3 Instances."
    )


def test_a_blue_green_update_needs_the_quota_for_both_fleets(region: Region):
    region.call("understudy", "PutLimits", Limits={"ml.g5.xlarge": 3})
    endpoint(region, 2)
    with pytest.raises(Fault, match="utilization of 2 Instances and a request delta of 2"):
        region.call("sagemaker", "UpdateEndpoint", EndpointName="e", EndpointConfigName="c")


def test_a_group_goes_to_the_zone_that_has_capacity(region: Region):
    pools(region, Pattern="g5", Count=0, Zone="us-east-1a")
    group(region, 2)
    assert [each["AvailabilityZone"] for each in instances(region)] == ["us-east-1b"] * 2
    refused = next(each for each in activities(region) if each["StatusCode"] == "Failed")
    assert refused["StatusMessage"] == (
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not "
        "have sufficient g5.xlarge capacity in the Availability Zone you requested (us-east-1a). "
        "Our system will be working on provisioning additional capacity. You can currently get "
        "g5.xlarge capacity by not specifying an Availability Zone in your request or choosing "
        "us-east-1b. Launching EC2 instance failed."
    )


def test_a_group_gets_what_the_pools_have_and_the_rest_when_they_have_more(region: Region):
    pools(region, Pattern="g5.xlarge", Count=1, For=1800.0)
    group(region, 6)
    assert len(instances(region)) == 2
    region.advance(3600)
    assert len(instances(region)) == 6


def test_vcpus_beyond_the_quota_are_refused(region: Region):
    region.call("understudy", "PutLimits", Limits={"L-DB2E81BA": 8})
    group(region, 3)
    assert len(instances(region)) == 2
    messages = {each.get("StatusMessage", "") for each in activities(region)}
    assert (
        "Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU "
        "capacity than your current vCPU limit of 8 allows for the instance bucket that the "
        "specified instance type belongs to. Please visit "
        "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit. "
        "Launching EC2 instance failed."
    ) in messages


def reserve(region: Region, count: int) -> str:
    return region.call(
        "ec2",
        "CreateCapacityReservation",
        InstanceType="g5.xlarge",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=count,
    )["CapacityReservation"]["CapacityReservationId"]


def test_a_reservation_guarantees_capacity_in_a_shortage(region: Region):
    reserve(region, 2)
    pools(region, Pattern="g5", Count=0)
    group(region, 3, ["us-east-1a"])
    assert len(instances(region)) == 2
    (shown,) = region.call("ec2", "DescribeCapacityReservations")["CapacityReservations"]
    assert (shown["TotalInstanceCount"], shown["AvailableInstanceCount"]) == (2, 0)


def test_what_a_pool_does_not_have_cannot_be_reserved(region: Region):
    pools(region, Pattern="g5", Count=3)
    reserve(region, 2)
    with pytest.raises(Fault, match="Insufficient capacity") as refused:
        reserve(region, 2)
    assert refused.value.code == "InsufficientInstanceCapacity"


def test_a_smaller_spot_pool_is_announced_then_noticed_then_taken_back(region: Region):
    group(region, 3, ["us-east-1a"], OnDemandPercentageAboveBaseCapacity=0)
    before = {each["InstanceId"] for each in instances(region)}
    pools(region, Pattern="g5", Count=1, Purchase="spot", For=3600.0)
    region.advance(119)
    assert {each["InstanceId"] for each in instances(region)} == before
    region.advance(2)
    states = [each["LifecycleState"] for each in instances(region)]
    assert states.count("InService") == 1
    region.advance(120)
    assert len(instances(region)) == 1
    region.advance(7200)
    assert len(instances(region)) == 3
    assert region.restored()


def test_interruptions_can_be_asked_for(region: Region):
    group(region, 2, ["us-east-1a"], OnDemandPercentageAboveBaseCapacity=0)
    region.call("understudy", "InterruptSpot", Pattern="g5", Count=1)
    region.advance(150)
    ended = [each for each in region.plane.capacity.state.lives if each.place.purchase == "spot"]
    assert len(ended) == 1


def test_capacity_is_described_with_its_use(region: Region):
    region.call("understudy", "PutLimits", Limits={"g": 64})
    pools(region, Pattern="g5", Count=4, Zone="us-east-1a")
    group(region, 2, ["us-east-1a"])
    seen = region.call("understudy", "DescribeCapacity")
    assert [(each["Limit"], each["Used"]) for each in seen["Quotas"]] == [(64, 8)]
    assert [(each["Count"], each["Room"]) for each in seen["Running"]] == [(2, 2)]


def test_an_unknown_quota_is_refused(region: Region):
    with pytest.raises(Fault, match="gpu is no quota"):
        region.call("understudy", "PutLimits", Limits={"gpu": 1})


def service(region: Region, count: int, **strategy: object) -> None:
    region.ecs("CreateCluster", clusterName="c", capacityProviders=["FARGATE", "FARGATE_SPOT"])
    region.ecs(
        "RegisterTaskDefinition",
        family="web",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "web"}],
    )
    where = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    how = strategy or {"launchType": "FARGATE"}
    region.ecs(
        "CreateService",
        cluster="c",
        serviceName="s",
        taskDefinition="web",
        desiredCount=count,
        networkConfiguration=where,
        **how,
    )
    region.advance(120)


def described_service(region: Region) -> dict[str, Any]:
    return region.ecs("DescribeServices", cluster="c", services=["s"])["services"][0]


def test_a_service_on_fargate_waits_for_capacity(region: Region):
    pools(region, Pattern="fargate", Count=2, For=600.0)
    service(region, 3)
    seen = described_service(region)
    assert seen["runningCount"] == 2
    texts = [each["message"] for each in seen["events"]]
    assert (
        "(service s) was unable to place a task. Reason: Capacity is unavailable at this time. "
        "Please try again later or in a different availability zone."
    ) in texts
    region.advance(600)
    assert described_service(region)["runningCount"] == 3


def test_a_service_on_fargate_waits_for_its_quota_of_vcpus(region: Region):
    region.call("understudy", "PutLimits", Limits={"fargate": 1})
    service(region, 5)
    seen = described_service(region)
    assert seen["runningCount"] == 4  # of a quarter of a vCPU each
    assert (
        "(service s) was unable to place a task. Reason: You've reached the limit on the number of "
        "tasks you can run concurrently."
    ) in [each["message"] for each in seen["events"]]
    (quota,) = region.call("understudy", "DescribeCapacity")["Quotas"]
    assert (quota["Name"], quota["Used"]) == ("Fargate On-Demand vCPU resource count", 1.0)
    region.call("understudy", "PutLimits", Limits={"L-3032A538": 2})
    region.advance(60)
    assert described_service(region)["runningCount"] == 5


def test_a_task_of_its_own_is_refused_without_capacity(region: Region):
    service(region, 0)
    pools(region, Pattern="fargate", Count=0)
    answer = region.ecs(
        "RunTask",
        cluster="c",
        taskDefinition="web",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )
    (failure,) = answer["failures"]
    assert failure["reason"].startswith("Capacity is unavailable at this time.")


def test_the_parts_of_a_capacity_provider_strategy_are_metered_apart(region: Region):
    items = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 0},
        {"capacityProvider": "FARGATE_SPOT", "weight": 1},
    ]
    service(region, 3, capacityProviderStrategy=items)
    region.advance(3600)
    used = region.engine.region("us-east-1").used(region.now)
    (part,) = parts(used)
    assert (part.service, part.owner) == ("ecs", "c/s")
    now = {(item.product, item.purchase): units for item, units in part.now.items()}
    assert now == {
        ("Fargate-vCPU-Hours:perCPU", "OnDemand"): Fraction(1, 4),
        ("Fargate-GB-Hours", "OnDemand"): Fraction(1, 2),
        ("Fargate-vCPU-Hours:perCPU", "Spot"): Fraction(1, 2),
        ("Fargate-GB-Hours", "Spot"): Fraction(1),
    }
    seconds = {
        purchase: sum(
            amount
            for usage in part.hours.values()
            for item, amount in usage.items()
            if item.purchase == purchase and item.product == "Fargate-GB-Hours"
        )
        for purchase in ("OnDemand", "Spot")
    }
    assert seconds["Spot"] == pytest.approx(2 * float(seconds["OnDemand"]), rel=0.01)
