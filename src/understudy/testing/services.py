"""Services of tasks for tests: what a story is not about is filled in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from understudy.control.events import LaunchTask, Params
from understudy.testing.balancing import SUBNETS, Web, balancer, group, listener, web
from understudy.testing.region import Region

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NETWORK: Params = {"awsvpcConfiguration": {"subnets": SUBNETS, "assignPublicIp": "ENABLED"}}
QUICK = {"deregistration_delay.timeout_seconds": "10"}
SECONDS = {
    "HealthCheckIntervalSeconds": 5,
    "HealthCheckTimeoutSeconds": 2,
    "HealthyThresholdCount": 2,
}


def register(region: Region, family: str = "web", image: str = "web:1", **changes: Any) -> str:
    """The ARN of a new revision of a Fargate task definition with one container at port 8080."""
    container = {
        "name": "web",
        "image": image,
        "portMappings": [{"containerPort": 8080}],
        **changes.pop("container", {}),
    }
    params = {
        "family": family,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [container],
        **changes,
    }
    answer = region.ecs("RegisterTaskDefinition", **params)
    return answer["taskDefinition"]["taskDefinitionArn"]


@dataclass(frozen=True, slots=True)
class Story:
    """A service in a region, and what one asks of it."""

    region: Region
    front: Web | None = None

    def describe(self) -> Params:
        """The service as ECS describes it."""
        return self.region.ecs("DescribeServices", services=["web"])["services"][0]

    def tasks(self, status: str = "RUNNING") -> list[Params]:
        """The tasks that have, or shall have, a status."""
        arns = self.region.ecs("ListTasks", desiredStatus=status)["taskArns"]
        return self.region.ecs("DescribeTasks", tasks=arns)["tasks"] if arns else []

    def running(self) -> int:
        """How many tasks run."""
        return self.describe()["runningCount"]

    def rollouts(self) -> list[tuple[str, str]]:
        """The status and rollout state of each deployment, the latest first."""
        return [(d["status"], d["rolloutState"]) for d in self.describe()["deployments"]]

    def said(self) -> list[str]:
        """The events of the service without its name and ids, oldest first."""
        return [e["message"].removeprefix("(service web) ") for e in self.describe()["events"]][
            ::-1
        ]

    def images(self) -> set[str]:
        """The images of the containers of all tasks that shall run."""
        return {each["image"] for task in self.tasks() for each in task["containers"]}

    def update(self, **changes: Any) -> Params:
        """Change the service."""
        return self.region.ecs("UpdateService", service="web", **changes)["service"]

    def settle(self, seconds: float = 120.0) -> None:
        """Let time pass until the service is steady, or so long."""
        for _ in range(int(seconds)):
            self.region.advance(1)
            found = self.describe()
            done = [each["rolloutState"] for each in found["deployments"]] == ["COMPLETED"]
            if done and found["runningCount"] == found["desiredCount"]:
                return

    def launched(self) -> Sequence[LaunchTask]:
        """All tasks that the world was told to launch."""
        return self.region.commands(LaunchTask)


def service(region: Region, desired: int = 2, *, balanced: bool = False, **changes: Any) -> Story:
    """A Fargate service of a new task definition, behind a load balancer if it is ``balanced``."""
    region.ecs("CreateCluster")
    front = web(region, QUICK, **SECONDS) if balanced else None
    params: Params = {
        "serviceName": "web",
        "taskDefinition": changes.pop("taskDefinition", None) or register(region),
        "desiredCount": desired,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        **changes,
    }
    if front is not None:
        balancer = {"containerName": "web", "containerPort": 8080, "targetGroupArn": front.group}
        params.setdefault("loadBalancers", [balancer])
    region.ecs("CreateService", **{key: v for key, v in params.items() if v is not None})
    return Story(region, front)


def shifted(region: Region, **strategy: Any) -> tuple[Story, str, str]:
    """A service behind a listener that forwards to its blue group, and to green with weight 0."""
    blue, green = (group(region, name, **SECONDS) for name in ("blue", "green"))
    for each in (blue, green):
        pairs = [{"Key": key, "Value": value} for key, value in QUICK.items()]
        region.elbv2("ModifyTargetGroupAttributes", TargetGroupArn=each, Attributes=pairs)
    arn = balancer(region)
    front = listener(region, arn, blue, green)
    balanced: Params = {
        "containerName": "web",
        "containerPort": 8080,
        "targetGroupArn": blue,
        "advancedConfiguration": {
            "alternateTargetGroupArn": green,
            "productionListenerRule": front,
            "roleArn": "arn:aws:iam::000000000000:role/ecs",
        },
    }
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, **BREAKER, **strategy}
    made = service(region, 2, loadBalancers=[balanced], deploymentConfiguration=configuration)
    story = Story(region, Web(arn, front, blue))
    made.settle()
    return story, blue, green
