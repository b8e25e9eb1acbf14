"""Services that somebody else deploys: task sets, each with its share of the desired count."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.balancing import health, web
from understudy.testing.region import Region
from understudy.testing.services import NETWORK, register

OUTER = {"service": "outer"}
EXTERNAL = {"type": "EXTERNAL"}


def percent(value: float) -> Params:
    return {"value": value, "unit": "PERCENT"}


def external(region: Region, desired: int) -> None:
    region.ecs("CreateCluster", clusterName="default")
    region.ecs(
        "CreateService", serviceName="outer", desiredCount=desired, deploymentController=EXTERNAL
    )


def task_set(region: Region, image: str, scale: float, **changes: Any) -> str:
    """The id of a new task set."""
    made = region.ecs(
        "CreateTaskSet",
        **OUTER,
        taskDefinition=register(region, image=image),
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        scale=percent(scale),
        **changes,
    )
    return made["taskSet"]["id"]


def seen(region: Region) -> dict[str, tuple[str, int, int, str]]:
    """Status, tasks wanted and running, and stability of each task set."""
    return {
        each["id"]: (
            each["status"],
            each["computedDesiredCount"],
            each["runningCount"],
            each["stabilityStatus"],
        )
        for each in region.ecs("DescribeTaskSets", **OUTER)["taskSets"]
    }


def described(region: Region) -> Params:
    return region.ecs("DescribeServices", services=["outer"])["services"][0]


def test_task_sets_have_their_share_and_one_takes_over_from_the_other() -> None:
    region = Region()
    external(region, 3)
    assert described(region)["taskSets"] == described(region)["deployments"] == []
    blue = task_set(region, "web:1", 100.0)
    region.ecs("UpdateServicePrimaryTaskSet", **OUTER, primaryTaskSet=blue)
    assert seen(region)[blue] == ("PRIMARY", 3, 0, "STABILIZING")
    region.advance(60.0)
    green = task_set(region, "web:2", 50.0)
    region.advance(60.0)
    assert seen(region) == {
        blue: ("PRIMARY", 3, 3, "STEADY_STATE"),
        green: ("ACTIVE", 2, 2, "STEADY_STATE"),
    }
    region.ecs("UpdateTaskSet", **OUTER, taskSet=green, scale=percent(100.0))
    region.advance(60.0)
    region.ecs("UpdateServicePrimaryTaskSet", **OUTER, primaryTaskSet=green)
    with pytest.raises(Fault, match="scaled above 0"):
        region.ecs("DeleteTaskSet", **OUTER, taskSet=blue)
    deleted = region.ecs("DeleteTaskSet", **OUTER, taskSet=blue, force=True)["taskSet"]
    assert deleted["status"] == "DRAINING"
    region.advance(60.0)
    assert seen(region) == {green: ("PRIMARY", 3, 3, "STEADY_STATE")}
    assert described(region)["runningCount"] == 3
    region.ecs("UpdateService", **OUTER, desiredCount=1)
    region.advance(60.0)
    assert seen(region) == {green: ("PRIMARY", 1, 1, "STEADY_STATE")}
    assert region.restored()
    region.ecs("DeleteService", **OUTER, force=True)
    region.advance(60.0)
    assert described(region)["status"] == "INACTIVE"


def test_a_task_set_is_the_target_of_its_own_group() -> None:
    region = Region()
    front = web(region)
    external(region, 2)
    balanced = {
        "containerName": "web",
        "containerPort": 8080,
        "targetGroupArn": front.group,
    }
    task_set(region, "web:1", 100.0, loadBalancers=[balanced])
    region.advance(120.0)
    assert list(health(region, front.group).values()) == ["healthy"] * 2


def test_a_client_token_repeats_the_answer_and_there_are_five_at_most() -> None:
    region = Region()
    external(region, 1)
    first = task_set(region, "web:1", 0.0, clientToken="once")
    assert task_set(region, "web:1", 0.0, clientToken="once") == first
    for _ in range(4):
        task_set(region, "web:1", 0.0)
    with pytest.raises(Fault) as caught:
        task_set(region, "web:1", 0.0)
    assert caught.value.code == "LimitExceededException"


def test_what_a_deployment_controller_does_not_do_is_refused() -> None:
    region = Region()
    external(region, 1)
    definition = register(region)
    with pytest.raises(Fault, match="Use the CreateTaskSet action"):
        region.ecs("UpdateService", **OUTER, taskDefinition=definition)
    with pytest.raises(Fault, match="task set does not exist"):
        region.ecs("UpdateTaskSet", **OUTER, taskSet="ecs-svc/1", scale=percent(1.0))
    own = {
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
    }
    controller = {"type": "CODE_DEPLOY"}
    region.ecs(
        "CreateService", serviceName="cd", desiredCount=1, deploymentController=controller, **own
    )
    region.advance(60.0)
    found = region.ecs("DescribeServices", services=["cd"])["services"][0]
    assert (found["runningCount"], found["deploymentController"]) == (1, controller)
    with pytest.raises(Fault, match="Use AWS CodeDeploy"):
        region.ecs("UpdateService", service="cd", taskDefinition=definition)
    with pytest.raises(Fault, match="EXTERNAL deployment controller"):
        region.ecs("CreateTaskSet", service="cd", **own)
