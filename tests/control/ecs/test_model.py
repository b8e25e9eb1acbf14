"""What the operations answer has the members and types of AWS's own service model."""

from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel

from understudy.control.ecs.operations import OPERATIONS
from understudy.control.events import TaskEnded, TasksMeasured
from understudy.control.task import Exit, Measured
from understudy.testing.hosts import pool
from understudy.testing.region import Region
from understudy.testing.services import NETWORK, register, service
from understudy.testing.shapes import differences

MODEL: ServiceModel = botocore.session.get_session().get_service_model("ecs")
EXTERNAL, HALF = {"type": "EXTERNAL"}, {"value": 50.0, "unit": "PERCENT"}
CHECK = {"healthCheck": {"command": ["CMD-SHELL", "true"]}, "memoryReservation": 128}


def story() -> tuple[Region, list[tuple[str, dict[str, Any]]]]:
    """A region with something of everything, and a call of every operation."""
    region = Region()
    web = service(region, balanced=True)
    group = pool(region, 2)
    region.advance(60)
    definition = register(region, "batch", "batch:1", container=CHECK)
    old = register(region, "old", "old:1")
    ended = web.tasks()[0]["taskArn"]
    region.report(TaskEnded, task=ended, exits=(Exit("web", 1, "no"),))
    region.report(TasksMeasured, measured=(Measured(ended, int(region.now), 1.0, 1.0),))
    (instance, *_) = region.ecs("ListContainerInstances", cluster="pool")["containerInstanceArns"]
    deployed = region.ecs("ListServiceDeployments", service="web")["serviceDeployments"][0]
    web.update(taskDefinition=register(region, image="web:2"))
    region.advance(6)
    stopping = region.ecs("ListServiceDeployments", service="web")["serviceDeployments"][0]
    tags = [{"key": "a", "value": "b"}]
    cluster = region.ecs("DescribeClusters")["clusters"][0]["clusterArn"]
    on_pool = {"cluster": "pool"}
    attribute = {"name": "rack", "value": "1", "targetId": instance}
    own = {
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
    }
    provider = {
        "name": "second",
        "autoScalingGroupProvider": {"autoScalingGroupArn": group},
    }
    outer = {"service": "outer"}
    region.ecs("CreateService", serviceName="outer", desiredCount=2, deploymentController=EXTERNAL)
    made = [region.ecs("CreateTaskSet", **outer, **own)["taskSet"]["id"] for _ in range(2)]
    return region, [
        ("CreateCluster", {"clusterName": "other", "tags": tags}),
        ("DescribeClusters", {"include": ["SETTINGS", "CONFIGURATIONS", "TAGS", "ATTACHMENTS"]}),
        ("ListClusters", {"maxResults": 1}),
        ("UpdateCluster", {"cluster": "default"}),
        (
            "UpdateClusterSettings",
            {"cluster": "default", "settings": [{"name": "containerInsights", "value": "enabled"}]},
        ),
        (
            "PutClusterCapacityProviders",
            {
                "cluster": "other",
                "capacityProviders": ["FARGATE"],
                "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
            },
        ),
        (
            "RegisterTaskDefinition",
            {
                "family": "more",
                "containerDefinitions": [{"name": "a", "image": "b", "memory": 64}],
                "tags": tags,
            },
        ),
        ("DescribeTaskDefinition", {"taskDefinition": "web", "include": ["TAGS"]}),
        ("ListTaskDefinitions", {"maxResults": 1}),
        ("ListTaskDefinitionFamilies", {}),
        ("DeregisterTaskDefinition", {"taskDefinition": old}),
        ("DeleteTaskDefinitions", {"taskDefinitions": [old, "web"]}),
        (
            "CreateService",
            {
                **own,
                "serviceName": "second",
                "desiredCount": 1,
                "tags": tags,
                "propagateTags": "SERVICE",
            },
        ),
        ("DescribeServices", {"services": ["web", "second", "third"], "include": ["TAGS"]}),
        ("ListServices", {"maxResults": 1}),
        ("ListServiceDeployments", {"service": "web"}),
        (
            "DescribeServiceDeployments",
            {
                "serviceDeploymentArns": [
                    deployed["serviceDeploymentArn"],
                    stopping["serviceDeploymentArn"],
                    "arn:none",
                ]
            },
        ),
        (
            "DescribeServiceRevisions",
            {"serviceRevisionArns": [deployed["targetServiceRevisionArn"], "arn:none"]},
        ),
        (
            "StopServiceDeployment",
            {"serviceDeploymentArn": stopping["serviceDeploymentArn"]},
        ),
        ("UpdateService", {"service": "web", "desiredCount": 1}),
        ("CreateTaskSet", {**outer, **own, "externalId": "e", "scale": HALF, "tags": tags}),
        ("UpdateTaskSet", {**outer, "taskSet": made[0], "scale": HALF}),
        ("UpdateServicePrimaryTaskSet", {**outer, "primaryTaskSet": made[0]}),
        ("DescribeTaskSets", {**outer, "taskSets": [*made, "none"], "include": ["TAGS"]}),
        ("DescribeServices", {"services": ["outer"]}),
        ("DeleteTaskSet", {**outer, "taskSet": made[1]}),
        ("RunTask", {**own, "count": 2, "tags": tags, "startedBy": "me"}),
        (
            "StartTask",
            {**on_pool, "taskDefinition": "bridge", "containerInstances": [instance, "none"]},
        ),
        ("ListTasks", {"serviceName": "web", "maxResults": 1}),
        ("DescribeTasks", {"tasks": [ended, "none"], "include": ["TAGS"]}),
        ("UpdateTaskProtection", {"tasks": [ended, "none"], "protectionEnabled": True}),
        ("GetTaskProtection", {}),
        ("StopTask", {"task": web.tasks()[0]["taskArn"]}),
        ("ListContainerInstances", {**on_pool, "filter": "attribute:rack !exists"}),
        ("DescribeContainerInstances", {**on_pool, "containerInstances": [instance, "none"]}),
        ("PutAttributes", {**on_pool, "attributes": [attribute]}),
        ("ListAttributes", {**on_pool, "targetType": "container-instance"}),
        ("DeleteAttributes", {**on_pool, "attributes": [attribute]}),
        (
            "UpdateContainerInstancesState",
            {**on_pool, "containerInstances": [instance], "status": "DRAINING"},
        ),
        (
            "DeregisterContainerInstance",
            {**on_pool, "containerInstance": instance, "force": True},
        ),
        ("CreateCapacityProvider", provider),
        ("DescribeCapacityProviders", {}),
        (
            "UpdateCapacityProvider",
            {
                "name": "second",
                "autoScalingGroupProvider": {"managedScaling": {"targetCapacity": 80}},
            },
        ),
        ("DeleteCapacityProvider", {"capacityProvider": "second"}),
        ("PutAccountSetting", {"name": "containerInsights", "value": "enabled"}),
        ("PutAccountSettingDefault", {"name": "awsvpcTrunking", "value": "enabled"}),
        ("ListAccountSettings", {"effectiveSettings": True}),
        ("DeleteAccountSetting", {"name": "containerInsights"}),
        ("TagResource", {"resourceArn": cluster, "tags": tags}),
        ("ListTagsForResource", {"resourceArn": cluster}),
        ("UntagResource", {"resourceArn": cluster, "tagKeys": ["a"]}),
        ("DeleteService", {"service": "second", "force": True}),
        ("DeleteCluster", {"cluster": "other"}),
    ]


def test_every_answer_has_the_shape_of_the_model() -> None:
    region, calls = story()
    found: list[str] = []
    for operation, params in calls:
        answer = region.ecs(operation, **params)
        shape = MODEL.operation_model(operation).output_shape
        if shape is not None:
            found += differences(answer, shape, operation)
    assert found == []
    assert {operation for operation, _ in calls} == set(OPERATIONS)
    assert region.restored()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_one_of_the_model(operation: str) -> None:
    assert operation in MODEL.operation_names
