"""An ECS service moved by blue/green deployments on real tasks, under constant requests."""

from collections.abc import Callable
from typing import Any

import pytest

from understudy.testing.asking import asking
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

SUBNETS = ["subnet-0a0a0a0a", "subnet-0b0b0b0b"]
NETWORK = {"awsvpcConfiguration": {"subnets": SUBNETS}}
BAKE_MINUTES = 2


class Blue:
    """A service of two tasks with a blue target group that serves, and a green one."""

    def __init__(self, engine: RunningEngine) -> None:
        self.elb, self.ecs = engine.client("elbv2"), engine.client("ecs")
        self.groups = [self._group(name) for name in ("blue", "green")]
        made = self.elb.create_load_balancer(Name="front", Subnets=SUBNETS)["LoadBalancers"][0]
        self.host = made["DNSName"]
        weights = [
            {"TargetGroupArn": arn, "Weight": weight}
            for arn, weight in zip(self.groups, (100, 0), strict=True)
        ]
        self.listener = self.elb.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
        )["Listeners"][0]["ListenerArn"]  # fmt: skip
        rule = self.elb.describe_rules(ListenerArn=self.listener)["Rules"][-1]["RuleArn"]
        self.ecs.create_cluster(clusterName="moved")
        balanced = {
            "containerName": "web",
            "containerPort": 8080,
            "targetGroupArn": self.groups[0],
            "advancedConfiguration": {
                "alternateTargetGroupArn": self.groups[1],
                "productionListenerRule": rule,
                "roleArn": "arn:aws:iam::000000000000:role/ecs",
            },
        }
        self.ecs.create_service(
            cluster="moved", serviceName="web", taskDefinition=self.definition("256"),
            desiredCount=2, launchType="FARGATE", networkConfiguration=NETWORK,
            loadBalancers=[balanced],
            deploymentConfiguration={
                "strategy": "BLUE_GREEN",
                "bakeTimeInMinutes": BAKE_MINUTES,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            },
        )  # fmt: skip
        wait_for(lambda: self.latest()["status"] == "SUCCESSFUL", 60, "it does not start")

    def _group(self, name: str) -> str:
        arn: str = self.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip",
            HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "20"}
        self.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
        return arn

    def definition(self, cpu: str, **container: Any) -> str:
        """A task definition of a stand-in."""
        stand_in = {"name": "UNDERSTUDY_STAND_IN", "value": "5ms"}
        web = {
            "name": "web",
            "image": "web:1",
            "portMappings": [{"containerPort": 8080}],
            "environment": [stand_in],
            **container,
        }
        registered = self.ecs.register_task_definition(
            family="web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu=cpu,
            memory="2048", containerDefinitions=[web],
        )  # fmt: skip
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    def latest(self) -> dict[str, Any]:
        """The service's latest deployment."""
        found = self.ecs.list_service_deployments(cluster="moved", service="web")
        arns = [each["serviceDeploymentArn"] for each in found["serviceDeployments"][:1]]
        if not arns:
            return {"status": ""}
        described = self.ecs.describe_service_deployments(serviceDeploymentArns=arns)
        return dict(described["serviceDeployments"][0])

    def update(self, definition: str) -> dict[str, Any]:
        """Deploy a task definition; the deployment, once it has begun."""
        before = self.latest()["serviceDeploymentArn"]
        self.ecs.update_service(cluster="moved", service="web", taskDefinition=definition)
        wait_for(lambda: self.latest()["serviceDeploymentArn"] != before)
        return self.latest()

    def weights(self) -> list[int]:
        """What the listener gives to blue and to green."""
        found = self.elb.describe_listeners(ListenerArns=[self.listener])["Listeners"][0]
        by_group = {
            each["TargetGroupArn"]: each["Weight"]
            for each in found["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        }
        return [by_group.get(arn, 0) for arn in self.groups]

    def sizes(self) -> list[str]:
        """The processors of the tasks that run."""
        arns = self.ecs.list_tasks(cluster="moved")["taskArns"]
        found = self.ecs.describe_tasks(cluster="moved", tasks=arns)["tasks"]
        return sorted(each["cpu"] for each in found)


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    return make_engine("--speed", "20")


def test_traffic_moves_bakes_and_stays_or_goes_back_and_nothing_is_lost(
    engine: RunningEngine,
) -> None:
    service = Blue(engine)
    assert service.weights() == [100, 0]
    with asking(engine.port, service.host) as outcomes:
        service.update(service.definition("1024"))
        wait_for(lambda: service.weights() == [0, 100], 60, "production traffic does not move")
        # While it bakes both revisions run, and it could still go back.
        wait_for(lambda: service.latest().get("lifecycleStage") == "BAKE_TIME", 60)
        assert service.sizes() == ["1024", "1024", "256", "256"]
        wait_for(lambda: service.latest()["status"] == "SUCCESSFUL", 60, "it does not end")
        wait_for(lambda: service.sizes() == ["1024", "1024"], 60, "blue stays")
        moved = service.latest()
        seconds = (moved["finishedAt"] - moved["startedAt"]).total_seconds()
        assert seconds >= BAKE_MINUTES * 60
        # What never becomes healthy gets no production traffic, and the service stays as it is.
        check = {"command": ["CMD-SHELL", "false"], "interval": 5, "retries": 1, "timeout": 2}
        service.update(service.definition("512", healthCheck=check))
        wait_for(lambda: service.latest()["status"] == "ROLLBACK_SUCCESSFUL", 120, "no rollback")
        wait_for(lambda: service.sizes() == ["1024", "1024"], 60)
    assert service.weights() == [0, 100]
    assert set(outcomes) == {"200"}
    assert outcomes["200"] > 100
