"""Deployments that shift traffic from blue to green."""

import pytest

from understudy.balancing.actions import Forward
from understudy.control.events import Params, SetBalancer
from understudy.control.stand_ins import StandInModel, TaskModel
from understudy.testing.region import Region
from understudy.testing.services import register, shifted

DEAF = StandInModel(by_image={"deaf:1": TaskModel(ready=float("inf"))})


def share(region: Region, target_group: str) -> int:
    """The weight of a target group in the listener's default rule, as the data plane has it."""
    rule = region.commands(SetBalancer)[-1].balancer.listeners[0].rules[-1]
    assert isinstance(rule.action, Forward)
    weights = dict(rule.action.groups)
    return weights.get(target_group, 0)


def test_green_gets_the_traffic_and_blue_goes_after_the_bake_time() -> None:
    region = Region()
    story, blue, green = shifted(region)
    assert (share(region, blue), share(region, green)) == (100, 0)
    story.update(taskDefinition=register(region, image="web:2"))
    region.advance(40)
    assert (share(region, blue), share(region, green)) == (0, 100)
    assert story.images() == {"web:1", "web:2"}
    region.advance(5 * 60)
    assert story.images() == {"web:2"}
    assert story.rollouts() == [("PRIMARY", "COMPLETED")]


def test_the_next_deployment_goes_back_to_the_first_group() -> None:
    region = Region()
    story, blue, green = shifted(region, bakeTimeInMinutes=0)
    story.update(taskDefinition=register(region, image="web:2"))
    story.settle()
    assert (share(region, blue), share(region, green)) == (0, 100)
    story.update(taskDefinition=register(region, image="web:3"))
    story.settle()
    assert (share(region, blue), share(region, green)) == (100, 0)
    assert story.images() == {"web:3"}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        pytest.param(
            {
                "strategy": "CANARY",
                "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 2},
            },
            [0, 5, 100],
            id="a canary of 5 percent",
        ),
        pytest.param(
            {
                "strategy": "LINEAR",
                "linearConfiguration": {"stepPercent": 40.0, "stepBakeTimeInMinutes": 1},
            },
            [0, 40, 80, 100],
            id="linear by 40 percent",
        ),
    ],
)
def test_traffic_is_shifted_in_steps(strategy: Params, expected: list[int]) -> None:
    region = Region()
    story, _, green = shifted(region, **strategy)
    story.update(taskDefinition=register(region, image="web:2"))
    seen = [share(region, green)]
    for _ in range(300):
        region.advance(1)
        if share(region, green) != seen[-1]:
            seen.append(share(region, green))
    assert seen == expected


def test_a_green_that_never_becomes_healthy_gets_no_traffic() -> None:
    region = Region(DEAF)
    story, blue, green = shifted(region)
    story.update(taskDefinition=register(region, image="deaf:1"))
    for _ in range(60):
        region.advance(10)
        assert (share(region, blue), share(region, green)) == (100, 0)
    assert story.images() == {"web:1"}
    assert story.rollouts() == [("PRIMARY", "COMPLETED")]


def test_a_deployment_that_is_stopped_while_it_bakes_goes_back() -> None:
    region = Region()
    story, blue, green = shifted(region)
    story.update(taskDefinition=register(region, image="web:2"))
    region.advance(60)
    assert share(region, green) == 100
    record = story.region.ecs("ListServiceDeployments", service="web")["serviceDeployments"][0]
    arn = record["serviceDeploymentArn"]
    (described,) = region.ecs("DescribeServiceDeployments", serviceDeploymentArns=[arn])[
        "serviceDeployments"
    ]
    assert described["lifecycleStage"] == "BAKE_TIME"
    region.ecs("StopServiceDeployment", serviceDeploymentArn=arn)
    region.advance(60)
    assert (share(region, blue), share(region, green)) == (100, 0)
    assert story.images() == {"web:1"}
