"""A service over two machines, one of which is lost while requests come."""

from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest

from understudy.testing.asking import asking
from understudy.testing.container_engine import IMAGE
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for
from understudy.testing.swarm import Swarm, missing, swarm

pytestmark = pytest.mark.processes

SUBNETS = ["subnet-0a0a0a0a", "subnet-0b0b0b0b"]
CLIENTS, TASKS = 4, 4
SERVE = "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www"


@pytest.fixture(scope="module")
def machines() -> Iterator[Swarm]:
    if reason := missing():
        pytest.skip(reason)
    with swarm() as found:
        yield found


def serve(engine: RunningEngine) -> tuple[str, str]:
    """The host name and the target group of a service of four tasks behind a load balancer."""
    elb, ecs = engine.client("elbv2"), engine.client("ecs")
    group = elb.create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip",
        HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    front = elb.create_load_balancer(Name="web", Subnets=SUBNETS)["LoadBalancers"][0]
    elb.create_listener(
        LoadBalancerArn=front["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip
    container = {
        "name": "web",
        "image": IMAGE,
        "command": ["sh", "-c", SERVE],
        "portMappings": [{"containerPort": 80}],
    }
    ecs.register_task_definition(
        family="web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256",
        memory="512", containerDefinitions=[container],
    )  # fmt: skip
    ecs.create_cluster(clusterName="web")
    ecs.create_service(
        cluster="web", serviceName="web", taskDefinition="web", desiredCount=TASKS,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": SUBNETS}},
        loadBalancers=[{"containerName": "web", "containerPort": 80, "targetGroupArn": group}],
    )  # fmt: skip
    return front["DNSName"], group


def test_what_ran_on_a_machine_that_is_lost_is_replaced_while_requests_come(
    machines: Swarm,
    make_engine: Callable[..., RunningEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", machines.manager)
    engine = make_engine("--speed", "10")
    host, group = serve(engine)
    client: Any = docker.DockerClient(machines.manager)

    def healthy() -> int:
        found = engine.client("elbv2").describe_target_health(TargetGroupArn=group)
        states = [each["TargetHealth"]["State"] for each in found["TargetHealthDescriptions"]]
        return states.count("healthy")

    def placed() -> list[int]:
        """How many containers run on the manager, and on the others."""
        (manager,) = (n.id for n in client.nodes.list() if n.attrs.get("ManagerStatus"))
        tasks = client.api.tasks(filters={"desired-state": "running"})
        nodes = [each["NodeID"] for each in tasks if each["Status"]["State"] == "running"]
        return [nodes.count(manager), len(nodes) - nodes.count(manager)]

    wait_for(lambda: healthy() == TASKS, 60, "not all healthy")
    assert placed() == [TASKS // 2, TASKS // 2]
    with asking(engine.port, host, CLIENTS) as outcomes:
        wait_for(lambda: outcomes["200"] > 20)
        machines.lose_worker()
        wait_for(lambda: placed()[0] == TASKS, 60, "they are not replaced")
        wait_for(lambda: healthy() == TASKS, 60, "what replaced them is not healthy")
        before = outcomes["200"]
        wait_for(lambda: outcomes["200"] > before + 20)
    client.close()
    # What was in flight on the machine is lost with it: a client may have given up by then.
    lost = outcomes.total() - outcomes["200"]
    assert set(outcomes) <= {"200", "502", "504", "TimeoutError"}
    assert lost <= 2 * CLIENTS
