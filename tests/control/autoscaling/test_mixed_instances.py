"""Mixed instances: purchase options, types, weights, prices; and which instances go first."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.autoscaling.state import Instance
from understudy.testing.group_story import GroupStory


def mixed(
    story: GroupStory,
    overrides: list[dict[str, str]],
    minimum: int,
    maximum: int,
    desired: int,
    zones: tuple[str, ...] = ("us-east-1a",),
    group: dict[str, Any] | None = None,
    **distribution: Any,
) -> None:
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": story.template(),
            "Overrides": overrides,
        },
        "InstancesDistribution": distribution,
    }
    places = {"AvailabilityZones": list(zones)}
    more = group or {}
    story.create(minimum, maximum, desired, MixedInstancesPolicy=policy, **places, **more)
    story.run(1)


def types(*names: str) -> list[dict[str, str]]:
    return [{"InstanceType": name} for name in names]


def kinds(story: GroupStory) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in story.instances("InService"):
        found[each.purchase] = found.get(each.purchase, 0) + 1
    return found


@pytest.mark.parametrize(
    ("desired", "base", "percent", "expected"),
    [
        (10, 10, 50, {"on-demand": 10}),
        (30, 10, 50, {"on-demand": 20, "spot": 10}),
        (40, 10, 50, {"on-demand": 25, "spot": 15}),
        (10, 0, 0, {"spot": 10}),
        (10, 0, 60, {"on-demand": 6, "spot": 4}),
        (30, 12, 0, {"on-demand": 12, "spot": 18}),
    ],
)
def test_purchase_options(
    story: GroupStory, desired: int, base: int, percent: int, expected: dict[str, int]
) -> None:
    mixed(
        story,
        types("m5.large"),
        0,
        50,
        desired,
        OnDemandBaseCapacity=base,
        OnDemandPercentageAboveBaseCapacity=percent,
    )
    assert kinds(story) == expected


def test_without_a_distribution_everything_is_on_demand(story: GroupStory) -> None:
    mixed(story, types("m5.large"), 0, 9, 3)
    assert kinds(story) == {"on-demand": 3}


def test_scale_in_keeps_the_split(story: GroupStory) -> None:
    mixed(story, types("m5.large"), 0, 50, 20, OnDemandPercentageAboveBaseCapacity=50)
    story.of("SetDesiredCapacity", DesiredCapacity=10)
    story.run(1)
    assert kinds(story) == {"on-demand": 5, "spot": 5}


def test_prioritized_on_demand_takes_the_first_type_that_has_capacity(story: GroupStory) -> None:
    story.refuse = lambda launch: (
        "InsufficientInstanceCapacity" if launch.instance_type == "m5.large" else None
    )
    mixed(story, types("m5.large", "c5.large"), 0, 9, 2)
    story.run(10)
    assert {each.instance_type for each in story.instances("InService")} == {"c5.large"}


def test_lowest_price_spreads_spot_over_the_cheapest_pools(story: GroupStory) -> None:
    prices = {"a.large": 0.09, "b.large": 0.03, "c.large": 0.05}
    story.plane.groups.price = lambda kind, zone, purchase: prices[kind]
    mixed(
        story,
        types("a.large", "b.large", "c.large"),
        0,
        9,
        4,
        OnDemandPercentageAboveBaseCapacity=0,
        SpotInstancePools=2,
    )
    found = sorted(each.instance_type for each in story.instances())
    assert found == ["b.large", "b.large", "c.large", "c.large"]


def test_spot_never_costs_more_than_its_limit(story: GroupStory) -> None:
    prices = {("a.large", "spot"): 0.2, ("b.large", "spot"): 0.05}
    story.plane.groups.price = lambda kind, zone, purchase: prices.get((kind, purchase), 0.1)
    mixed(
        story,
        types("a.large", "b.large"),
        0,
        9,
        2,
        OnDemandPercentageAboveBaseCapacity=0,
        SpotAllocationStrategy="capacity-optimized-prioritized",
    )
    assert {each.instance_type for each in story.instances()} == {"b.large"}


def weighted(*pairs: tuple[str, int]) -> list[dict[str, str]]:
    return [{"InstanceType": name, "WeightedCapacity": str(weight)} for name, weight in pairs]


def test_weights_may_overshoot_by_less_than_the_last_instance(story: GroupStory) -> None:
    # AWS: ten units, five more asked at a maximum of twelve, an instance of six units: sixteen.
    mixed(story, weighted(("big", 6), ("small", 4)), 0, 12, 10)
    assert [each.weight for each in story.instances()] == [6, 6]
    story.of("SetDesiredCapacity", DesiredCapacity=12)
    story.run(1)
    assert sum(each.weight for each in story.instances()) == 12


def test_five_units_more_than_ten_at_a_maximum_of_twelve_may_make_sixteen(
    story: GroupStory,
) -> None:
    mixed(story, weighted(("one", 1)), 0, 12, 10)
    story.of(
        "UpdateAutoScalingGroup",
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "web"},
                "Overrides": weighted(("six", 6)),
            }
        },
    )
    story.step("out", (0, None, 5))
    story.of("ExecutePolicy", PolicyName="out", MetricValue=60, BreachThreshold=50)
    story.run(1)
    assert story.desired == 12
    assert sum(each.weight for each in story.instances()) == 16


def test_scale_in_takes_only_whole_instances(story: GroupStory) -> None:
    mixed(story, weighted(("big", 4)), 0, 12, 8)
    story.of("SetDesiredCapacity", DesiredCapacity=5)
    story.run(1)
    assert sum(each.weight for each in story.instances()) == 8
    story.of("SetDesiredCapacity", DesiredCapacity=4)
    story.run(1)
    assert sum(each.weight for each in story.instances()) == 4


@pytest.mark.parametrize(
    ("overrides", "distribution", "message"),
    [
        pytest.param(
            [{"InstanceType": "a", "WeightedCapacity": "2"}, {"InstanceType": "b"}],
            {},
            "You must specify weights for all instance types, or for none.",
            id="weights for some",
        ),
        pytest.param(
            [{"InstanceType": "a", "WeightedCapacity": "0"}],
            {},
            "WeightedCapacity must be a number between 1 and 999.",
            id="no weight",
        ),
        pytest.param(
            [{"InstanceType": "a"}],
            {"OnDemandPercentageAboveBaseCapacity": 101},
            "The instances distribution is not valid.",
            id="more than everything",
        ),
    ],
)
def test_what_a_policy_cannot_be(
    story: GroupStory,
    overrides: list[dict[str, str]],
    distribution: dict[str, int],
    message: str,
) -> None:
    with pytest.raises(Fault) as refused:
        mixed(story, overrides, 0, 9, 1, **distribution)
    assert refused.value.message == message


def leaving(story: GroupStory, policies: list[str]) -> Instance:
    """The instance that goes when the group shrinks by one."""
    story.of("UpdateAutoScalingGroup", TerminationPolicies=policies)
    before = {each.id: each for each in story.instances()}
    story.of("SetDesiredCapacity", DesiredCapacity=story.desired - 1)
    story.run(1)
    (gone,) = before.keys() - {each.id for each in story.instances()}
    return before[gone]


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        pytest.param("OldestInstance", 0, id="the oldest"),
        pytest.param("NewestInstance", 2, id="the newest"),
        pytest.param("ClosestToNextInstanceHour", 1, id="the one closest to its next hour"),
        pytest.param("OldestLaunchTemplate", 0, id="the one of the oldest version"),
        pytest.param("Default", 0, id="by default the oldest version"),
    ],
)
def test_termination_policies(story: GroupStory, policy: str, place: int) -> None:
    story.create(0, 9, 1, AvailabilityZones=["us-east-1a"])
    for number, wait in enumerate((600, 3000), start=2):
        story.run(wait)
        story.call(
            "CreateLaunchTemplateVersion",
            "ec2",
            LaunchTemplateName="web",
            SourceVersion="1",
            LaunchTemplateData={"InstanceType": f"m{number}.large"},
        )
        story.of("SetDesiredCapacity", DesiredCapacity=number)
    story.run(550)
    order = [each.id for each in story.instances()]
    assert leaving(story, [policy]).id == order[place]


def test_the_fullest_zone_comes_before_any_policy(story: GroupStory) -> None:
    story.create(0, 9, 3)
    story.run(60)
    oldest = story.instances()[0]
    assert oldest.zone == "us-east-1a"
    gone = leaving(story, ["OldestInstance"])
    assert gone.zone == "us-east-1a"
    assert leaving(story, ["OldestInstance"]).zone in {"us-east-1a", "us-east-1b"}


def test_launch_configurations_go_before_templates(story: GroupStory) -> None:
    for name in ("old", "new"):
        story.call(
            "CreateLaunchConfiguration",
            LaunchConfigurationName=name,
            ImageId="ami-1",
            InstanceType="t3.micro",
        )
        story.run(10)
    zone = ["us-east-1a"]
    story.create(0, 9, 1, LaunchConfigurationName="new", AvailabilityZones=zone)
    story.of("UpdateAutoScalingGroup", LaunchConfigurationName="old")
    story.of("SetDesiredCapacity", DesiredCapacity=2)
    story.run(1)
    story.of("UpdateAutoScalingGroup", LaunchTemplate=story.template())
    story.of("SetDesiredCapacity", DesiredCapacity=3)
    story.run(1)
    assert leaving(story, ["Default"]).launch_configuration == "old"
    assert leaving(story, ["Default"]).launch_configuration == "new"


def test_by_allocation_strategy_the_dearest_goes(story: GroupStory) -> None:
    prices = {"a.large": 0.09, "b.large": 0.03, "c.large": 0.05}
    story.plane.groups.price = lambda kind, zone, purchase: prices[kind]
    mixed(
        story,
        types("a.large", "b.large", "c.large"),
        0,
        9,
        3,
        OnDemandPercentageAboveBaseCapacity=0,
        SpotAllocationStrategy="price-capacity-optimized",
    )
    assert leaving(story, ["AllocationStrategy"]).instance_type == "a.large"
    assert leaving(story, ["AllocationStrategy"]).instance_type == "c.large"
