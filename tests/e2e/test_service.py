"""An ECS service behind a load balancer, from a template: its tasks really run."""

import os
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.app.examples import example
from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import descendants, wait_for

pytestmark = pytest.mark.processes


def test_a_fargate_service_serves_and_replaces_a_task_that_dies(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine("--speed", "30")
    cloudformation, elb, ecs = (engine.client(s) for s in ("cloudformation", "elbv2", "ecs"))
    cloudformation.create_stack(
        StackName="service",
        TemplateBody=Path(example("fargate-inference/template.yaml")).read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="service", WaiterConfig=WAIT)
    name = elb.describe_load_balancers()["LoadBalancers"][0]["DNSName"]

    def ask() -> int:
        request = urllib.request.Request(f"{engine.endpoint}/", headers={"Host": name})
        with urllib.request.urlopen(request, timeout=15) as answer:
            assert b'"stand_in": true' in answer.read()
            return answer.status

    assert ask() == 200
    cluster = ecs.list_clusters()["clusterArns"][0]

    def tasks() -> list[str]:
        return sorted(ecs.list_tasks(cluster=cluster)["taskArns"])

    before = tasks()
    folder = before[0].rpartition("/")[2]
    family = descendants(os.getpid()) | descendants(engine.pid)
    (process,) = (p for p in family if Path(f"/proc/{p}/cwd").resolve().parent.name == folder)
    os.kill(process, signal.SIGKILL)
    wait_for(lambda: before[0] not in tasks() and len(tasks()) == len(before), 30)
    (stopped,) = ecs.describe_tasks(cluster=cluster, tasks=[before[0]])["tasks"]
    assert stopped["stoppedReason"] == "Essential container in task exited"
    assert stopped["containers"][0]["exitCode"] == 137
    assert ask() == 200
