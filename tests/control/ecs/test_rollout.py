"""Services under way: rolling deployments, failures, rollbacks, scale-in."""

from dataclasses import replace

import pytest

from understudy.base.fault import Fault
from understudy.control.events import (
    ContainerEnded,
    EngineRestarted,
    LaunchTask,
    TaskEnded,
    TaskHealthChanged,
)
from understudy.control.stand_ins import StandInModel, TaskModel
from understudy.control.task import Exit
from understudy.testing.balancing import health
from understudy.testing.region import Region
from understudy.testing.services import Story, register, service

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
BROKEN = StandInModel(by_image={"broken:1": TaskModel(failure="CannotPullContainerError: no")})
DEAF = StandInModel(by_image={"deaf:1": TaskModel(ready=float("inf"))})


def tail(story: Story, number: int) -> list[str]:
    """The last events, each up to its first id."""
    return [each.split("(task ")[0].split("(deployment ")[0] for each in story.said()[-number:]]


def test_a_new_service_reaches_a_steady_state() -> None:
    story = service(Region(), balanced=True)
    assert story.rollouts() == [("PRIMARY", "IN_PROGRESS")]
    story.region.advance(30)
    assert story.rollouts() == [("PRIMARY", "COMPLETED")]
    assert story.running() == 2
    assert story.front is not None
    assert set(health(story.region, story.front.group).values()) == {"healthy"}
    assert story.said()[-1] == "has reached a steady state."
    assert {task["availabilityZone"] for task in story.tasks()} == {"us-east-1a", "us-east-1b"}


def test_without_any_health_check_a_task_is_healthy_after_forty_seconds() -> None:
    story = service(Region(), 1)
    story.region.advance(39)
    assert story.rollouts() == [("PRIMARY", "IN_PROGRESS")]
    story.region.advance(10)
    assert story.rollouts() == [("PRIMARY", "COMPLETED")]


# AWS: Rolling update: 4 tasks, 50 % to 100 %: two stop before two start.
def test_a_rolling_update_stays_within_its_bounds() -> None:
    story = service(Region(), 4, balanced=True)
    story.settle()
    percents = {"minimumHealthyPercent": 50, "maximumPercent": 100}
    story.update(
        taskDefinition=register(story.region, image="web:2"), deploymentConfiguration=percents
    )
    seen: list[int] = []
    while story.rollouts()[0] != ("PRIMARY", "COMPLETED"):
        story.region.advance(1)
        seen.append(sum(task["lastStatus"] == "RUNNING" for task in story.tasks()))
    assert min(seen) == 2
    assert max(len(story.tasks()), *seen) == 4
    assert story.images() == {"web:2"}


def test_a_rolling_update_never_has_fewer_healthy_targets_than_desired() -> None:
    story = service(Region(), 3, balanced=True)
    story.settle()
    story.update(taskDefinition=register(story.region, image="web:2"))
    assert story.front is not None
    while story.rollouts()[0] != ("PRIMARY", "COMPLETED"):
        story.region.advance(1)
        states = list(health(story.region, story.front.group).values())
        assert states.count("healthy") >= 3
    assert story.images() == {"web:2"}


@pytest.mark.parametrize("image", ["broken:1", "deaf:1"], ids=["never starts", "never healthy"])
def test_the_circuit_breaker_rolls_back(image: str) -> None:
    stand_ins = replace(DEAF, by_image={**BROKEN.by_image, **DEAF.by_image})
    story = service(Region(stand_ins), 2, balanced=True, deploymentConfiguration=BREAKER)
    story.settle()
    good = story.describe()["deployments"][0]["id"]
    story.update(taskDefinition=register(story.region, image=image))
    story.region.advance(5)
    assert len(story.rollouts()) == 2
    story.region.advance(600)
    assert story.rollouts() == [("PRIMARY", "COMPLETED")]
    assert story.describe()["deployments"][0]["id"] == good
    assert story.images() == {"web:1"}
    said = "\n".join(story.said())
    assert "deployment failed: tasks failed to start." in said
    assert f"rolling back to deployment {good}." in said
    (latest, _) = story.region.ecs("ListServiceDeployments", service="web")["serviceDeployments"]
    assert latest["status"] == "ROLLBACK_SUCCESSFUL"


def test_without_rollback_a_failed_deployment_starts_no_more_tasks() -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    story = service(Region(BROKEN), 2, balanced=True, deploymentConfiguration=breaker)
    story.settle()
    story.update(taskDefinition=register(story.region, image="broken:1"))
    story.region.advance(300)
    assert story.rollouts() == [("PRIMARY", "FAILED"), ("ACTIVE", "COMPLETED")]
    launched = len(story.launched())
    story.region.advance(600)
    assert len(story.launched()) == launched
    assert story.images() == {"web:1"}


def test_a_service_that_cannot_start_tasks_is_throttled() -> None:
    story = service(Region(BROKEN), 1, taskDefinition=None, balanced=False)
    story.update(taskDefinition=register(story.region, image="broken:1"), desiredCount=1)
    story.region.advance(3600)
    assert "is unable to consistently start tasks successfully." in story.said()
    assert len(story.launched()) < 20


def test_an_alarm_rolls_a_deployment_back() -> None:
    alarms = {"alarms": {"alarmNames": ["bad"], "enable": True, "rollback": True}}
    region = Region()
    region.call(
        "cloudwatch",
        "PutMetricAlarm",
        AlarmName="bad",
        Namespace="App",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    story = service(region, 2, balanced=True, deploymentConfiguration=alarms)
    story.settle()
    story.update(taskDefinition=register(region, image="web:2"))
    region.advance(6)
    region.call(
        "cloudwatch", "SetAlarmState", AlarmName="bad", StateValue="ALARM", StateReason="test"
    )
    region.advance(60)
    assert story.images() == {"web:1"}
    assert "ECS deployment alarms: rolling back to" in (
        "".join(d["rolloutStateReason"] for d in story.describe()["deployments"])
        + "".join(
            each.get("statusReason", "")
            for each in region.ecs("ListServiceDeployments", service="web")["serviceDeployments"]
        ).replace("alarm detected.", "rolling back to")
    )


def test_a_task_that_ends_is_replaced() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    (first, _) = story.tasks()
    story.region.report(
        TaskEnded, task=first["taskArn"], exits=(Exit("web", 137, "OutOfMemoryError"),)
    )
    (stopped,) = story.tasks("STOPPED")
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["containers"][0]["exitCode"] == 137
    story.settle()
    assert story.running() == 2
    assert first["taskArn"] not in {task["taskArn"] for task in story.tasks()}


def test_a_task_that_hangs_is_replaced_and_named() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    hung = story.tasks()[0]["taskArn"]
    story.region.world.silence(hung)
    story.region.advance(60)
    assert story.running() == 2
    assert hung not in {task["taskArn"] for task in story.tasks()}
    assert any("is unhealthy in (target-group" in each for each in story.said())


def test_in_its_grace_period_a_task_may_fail_its_checks() -> None:
    story = service(Region(DEAF), 1, balanced=True, healthCheckGracePeriodSeconds=300)
    story.settle()
    story.update(taskDefinition=register(story.region, image="deaf:1"))
    story.region.advance(280)
    deaf = [task for task in story.tasks() if task["containers"][0]["image"] == "deaf:1"]
    assert len(deaf) == 1
    story.region.advance(60)
    now = [task["taskArn"] for task in story.tasks()]
    assert deaf[0]["taskArn"] not in now


def test_a_container_that_turns_unhealthy_ends_its_task() -> None:
    check = {"healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10}}
    region = Region()
    story = service(region, 1, taskDefinition=register(region, container=check))
    region.advance(30)
    (task,) = story.tasks()
    assert task["healthStatus"] == "HEALTHY"
    region.report(TaskHealthChanged, task=task["taskArn"], container="web", status="UNHEALTHY")
    region.advance(60)
    assert task["taskArn"] not in {each["taskArn"] for each in story.tasks()}
    assert any("failed container health checks." in each for each in story.said())


def test_a_container_that_ends_while_its_task_goes_on_is_described_and_remembered() -> None:
    story = service(Region(), 1)
    story.settle()
    (task,) = story.tasks()
    story.region.report(ContainerEnded, task=task["taskArn"], exit=Exit("web", 3, "why"))
    (seen,) = story.tasks()
    (container,) = seen["containers"]
    assert seen["lastStatus"] == "RUNNING"
    assert (container["lastStatus"], container["exitCode"]) == ("STOPPED", 3)
    story.region.report(EngineRestarted)
    assert story.region.commands(LaunchTask)[-1].ended == (Exit("web", 3, "why"),)


def test_scaling_in_takes_the_fullest_zone_and_leaves_protected_tasks() -> None:
    story = service(Region(), 3, balanced=True)
    story.settle()
    by_zone = {task["taskArn"]: task["availabilityZone"] for task in story.tasks()}
    fullest = max(set(by_zone.values()), key=list(by_zone.values()).count)
    story.update(desiredCount=2)
    story.region.advance(30)
    (gone,) = set(by_zone) - {task["taskArn"] for task in story.tasks()}
    assert by_zone[gone] == fullest
    arns = [task["taskArn"] for task in story.tasks()]
    story.region.ecs("UpdateTaskProtection", tasks=arns, protectionEnabled=True)
    story.update(desiredCount=0)
    story.region.advance(60)
    assert {task["taskArn"] for task in story.tasks()} == set(arns)
    assert any("2 tasks under protection" in each for each in story.said())
    story.region.advance(2 * 3600)
    assert story.tasks() == []


def test_a_deployment_takes_the_place_of_one_in_progress() -> None:
    story = service(Region(DEAF), 2, balanced=True)
    story.settle()
    story.update(taskDefinition=register(story.region, image="deaf:1"))
    story.region.advance(7)
    story.update(taskDefinition=register(story.region, image="web:3"))
    story.settle()
    assert story.images() == {"web:3"}
    statuses = [
        each["status"]
        for each in story.region.ecs("ListServiceDeployments", service="web")["serviceDeployments"]
    ]
    assert statuses == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_a_service_drains_before_it_is_gone() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    with pytest.raises(Fault, match="scaled above 0"):
        story.region.ecs("DeleteService", service="web")
    answer = story.region.ecs("DeleteService", service="web", force=True)
    assert answer["service"]["status"] == "DRAINING"
    story.region.advance(8)
    assert {task["lastStatus"] for task in story.tasks("STOPPED")} == {"DEACTIVATING"}
    story.region.advance(30)
    assert story.describe()["status"] == "INACTIVE"
    assert story.region.ecs("ListServices")["serviceArns"] == []
    story.region.ecs("DeleteCluster", cluster="default")


def test_the_state_can_be_stored_at_any_time() -> None:
    story = service(Region(), 2, balanced=True)
    story.settle()
    story.update(taskDefinition=register(story.region, image="web:2"))
    for _ in range(30):
        story.region.advance(1)
        assert story.region.restored()
