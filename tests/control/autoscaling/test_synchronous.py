"""LaunchInstances: what is launched at once, what is refused, and what is tried again."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.group_story import GroupStory

ZONES = ["us-east-1a", "us-east-1b"]


def story(**params: Any) -> GroupStory:
    """A group of one to eight m5.large instances in two zones, with one instance."""
    told = GroupStory()
    told.template("tmpl")
    template = {"LaunchTemplateName": "tmpl", "Version": "1"}
    told.create(1, 8, 1, **{"LaunchTemplate": template, "AvailabilityZones": ZONES, **params})
    told.run(60)
    return told


def launch(told: GroupStory, number: int, token: str = "one", **params: Any) -> Params:
    zone = {"AvailabilityZones": ["us-east-1b"]}
    call = {"RequestedCapacity": number, "ClientToken": token, **zone, **params}
    return told.of("LaunchInstances", **call)


def desired(told: GroupStory) -> int:
    return told.group.desired


def test_instances_are_there_at_once_and_the_desired_capacity_rises() -> None:
    told = story()
    answer = launch(told, 2)
    (one,) = answer["Instances"]
    assert (one["AvailabilityZone"], one["MarketType"]) == ("us-east-1b", "OnDemand")
    assert len(one["InstanceIds"]) == 2
    assert answer["Errors"] == []
    assert set(one["InstanceIds"]) <= {each.id for each in told.instances()}
    assert desired(told) == 3
    told.run(120)
    assert {each.lifecycle for each in told.instances()} == {"InService"}
    assert len(told.instances()) == desired(told) == 3
    cause = told.activities()[0]["Cause"]
    assert "changing the desired capacity from 1 to 3.  At " in cause


def test_the_token_of_a_call_repeats_its_answer() -> None:
    told = story()
    assert launch(told, 2) == launch(told, 2)
    assert desired(told) == 3
    with pytest.raises(Fault) as caught:
        launch(told, 1)
    assert caught.value.code == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("strategy", "after"),
    [
        pytest.param("none", 2, id="once"),
        pytest.param("retry-with-group-configuration", 5, id="on"),
    ],
)
def test_what_cannot_be_had_is_an_error(strategy: str, after: int) -> None:
    told = story()
    pool = {"Pattern": "*", "Count": 1, "Zone": "us-east-1b"}
    told.call("PutPools", "understudy", Pools=[pool])
    answer = launch(told, 4, RetryStrategy=strategy)
    assert len(answer["Instances"][0]["InstanceIds"]) == 1
    (error,) = answer["Errors"]
    assert error["ErrorCode"] == "InsufficientInstanceCapacity"
    assert "capacity in the Availability Zone you requested (us-east-1b)" in error["ErrorMessage"]
    told.run(300)
    assert desired(told) == len(told.instances()) == after


def test_a_quota_is_an_error_too() -> None:
    told = story()
    told.call("PutLimits", "understudy", Limits={"standard": 5})
    answer = launch(told, 4)
    assert answer["Errors"][0]["ErrorCode"] == "VcpuLimitExceeded"
    assert len(answer["Instances"][0]["InstanceIds"]) == 1  # two vCPUs beside two of five
    assert desired(told) == 2


@pytest.mark.parametrize(
    ("params", "text"),
    [
        pytest.param({"AvailabilityZones": []}, "Name one of", id="two zones, none named"),
        pytest.param({"AvailabilityZones": ["us-east-1f"]}, "not one of", id="another's zone"),
        pytest.param({"SubnetIds": ["subnet-1"]}, "not one of", id="another's subnet"),
        pytest.param({"RequestedCapacity": 8}, "max-size=8", id="more than the maximum"),
    ],
)
def test_what_is_refused(params: dict[str, Any], text: str) -> None:
    told = story()
    with pytest.raises(Fault, match=text):
        launch(told, 1, **params)
    assert desired(told) == 1


def test_any_subnet_of_a_group_can_be_named() -> None:
    subnets = {"VPCZoneIdentifier": "subnet-1,subnet-2,subnet-3", "AvailabilityZones": None}
    told = story(**subnets)
    answer = launch(told, 1, AvailabilityZones=[], SubnetIds=["subnet-3"])
    (one,) = answer["Instances"]
    assert (one["SubnetId"], one["AvailabilityZone"]) == ("subnet-3", "us-east-1c")
    with pytest.raises(Fault, match="not one of the group's"):
        launch(told, 1, "other", SubnetIds=["subnet-3"])


def test_a_group_that_mixes_purchase_options_is_refused() -> None:
    specification = {"LaunchTemplateSpecification": {"LaunchTemplateName": "tmpl", "Version": "1"}}
    mixed = {
        "LaunchTemplate": specification,
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 50},
    }
    told = GroupStory()
    told.template("tmpl")
    told.create(1, 8, 1, MixedInstancesPolicy=mixed, AvailabilityZones=ZONES)
    with pytest.raises(Fault, match="On-Demand or of Spot Instances only"):
        launch(told, 1)
