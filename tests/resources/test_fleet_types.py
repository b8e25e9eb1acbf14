"""Stacks of load balancers, clusters and services: created, updated, rolled back, deleted."""

import json
from typing import Any

import pytest

from understudy.app.examples import example
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.stand_ins import StandInModel, TaskModel
from understudy.testing.region import Region

BODY = example("fargate-inference/template.yaml").read_text()
BROKEN = StandInModel(by_image={"broken:1": TaskModel(failure="CannotPullContainerError: no")})


def settled(region: Region) -> str:
    """The status of the stack once it changes no more."""
    for _ in range(400):
        region.advance(5)
        status = region.call("cloudformation", "DescribeStacks", StackName="web")["Stacks"][0][
            "StackStatus"
        ]
        if not status.endswith("IN_PROGRESS"):
            return status
    return "nothing"


def create(region: Region, **parameters: str) -> str:
    region.call("cloudformation", "CreateStack", StackName="web", **_template(parameters))
    return settled(region)


def update(region: Region, **parameters: str) -> str:
    region.call("cloudformation", "UpdateStack", StackName="web", **_template(parameters))
    return settled(region)


def _template(parameters: dict[str, str]) -> dict[str, Any]:
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    return {"TemplateBody": BODY, "Parameters": given, "Capabilities": ["CAPABILITY_IAM"]}


def resources(region: Region) -> dict[str, str]:
    found = region.call("cloudformation", "DescribeStackResources", StackName="web")
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found["StackResources"]
    }


def service(region: Region) -> Params:
    _, cluster, name = resources(region)["Service"].rsplit("/", 2)
    return region.ecs("DescribeServices", cluster=cluster, services=[name])["services"][0]


def test_a_service_behind_a_load_balancer_is_created_whole() -> None:
    region = Region()
    assert create(region) == "CREATE_COMPLETE"
    found = service(region)
    assert found["desiredCount"] == 2  # the least that its scalable target allows
    names = {
        each["key"]
        for each in region.ecs("ListTagsForResource", resourceArn=found["serviceArn"])["tags"]
    }
    assert "aws:cloudformation:stack-name" in names
    stack = region.call("cloudformation", "DescribeStacks", StackName="web")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"].endswith(".elb.amazonaws.com/")
    region.call("cloudformation", "DeleteStack", StackName="web")
    region.advance(900)
    assert region.plane.elbv2.state.load_balancers == {}
    assert [each.status for each in region.plane.ecs.state.services.values()] == ["INACTIVE"]


def test_a_new_size_of_task_is_rolled_out_by_an_update() -> None:
    region = Region()
    create(region)
    before = service(region)["taskDefinition"]
    assert update(region, Cpu="1024", Memory="2048") == "UPDATE_COMPLETE"
    found = service(region)
    assert found["taskDefinition"] != before
    assert len(found["deployments"]) == 1
    with pytest.raises(Fault):
        region.ecs("RegisterTaskDefinition", family="x", containerDefinitions=[])


def test_a_deployment_that_the_circuit_breaker_stops_rolls_the_stack_back() -> None:
    region = Region(BROKEN)
    create(region)
    before = service(region)["taskDefinition"]
    assert update(region, Image="broken:1") == "UPDATE_ROLLBACK_COMPLETE"
    assert service(region)["taskDefinition"] == before
    events = region.call("cloudformation", "DescribeStackEvents", StackName="web")["StackEvents"]
    reasons = [each.get("ResourceStatusReason") or "" for each in events]
    assert any("ECS Deployment Circuit Breaker was triggered" in each for each in reasons)


def test_an_update_leaves_the_count_of_a_service_that_names_none() -> None:
    region = Region()
    create(region)
    _, cluster, name = resources(region)["Service"].rsplit("/", 2)
    region.ecs("UpdateService", cluster=cluster, service=name, desiredCount=4)
    region.advance(60)
    assert update(region, Cpu="1024", Memory="2048") == "UPDATE_COMPLETE"
    assert service(region)["desiredCount"] == 4


@pytest.mark.parametrize("mode", ["STANDARD", "EXPRESS"])
def test_an_instance_is_registered_once_it_runs(mode: str) -> None:
    # In EXPRESS mode nobody has waited for the instance, which cannot be registered before.
    web = {
        "Protocol": "HTTP",
        "Port": 80,
        "VpcId": "vpc-1",
        "Targets": [{"Id": {"Ref": "Machine"}}],
    }
    resources = {
        "Machine": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "ami-1"}},
        "Web": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": web},
    }
    region = Region()
    body = json.dumps({"Resources": resources})
    config = {"Mode": mode}
    call = {"StackName": "web", "TemplateBody": body, "DeploymentConfig": config}
    region.call("cloudformation", "CreateStack", **call)
    assert settled(region) == "CREATE_COMPLETE"
    found = region.call("cloudformation", "DescribeStackResources", StackName="web")
    names = {e["LogicalResourceId"]: e["PhysicalResourceId"] for e in found["StackResources"]}
    answer = region.elbv2("DescribeTargetHealth", TargetGroupArn=names["Web"])
    (target,) = answer["TargetHealthDescriptions"]
    assert target["Target"]["Id"] == names["Machine"]
