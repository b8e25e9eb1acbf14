"""Clusters of EC2 instances for tests: a group, its capacity provider, a bridge task definition."""

from base64 import b64encode
from typing import Any

from understudy.control.events import Params
from understudy.testing.region import Region

USER_DATA = b64encode(b"#!/bin/sh\necho ECS_CLUSTER=pool >> /etc/ecs/ecs.config\n").decode()


def group(region: Region, desired: int, maximum: int = 10, name: str = "hosts") -> str:
    """The ARN of a new group of m5.large instances that register with the cluster pool."""
    region.call(
        "ec2",
        "CreateLaunchTemplate",
        LaunchTemplateName=name,
        LaunchTemplateData={
            "ImageId": "ami-0123456789abcdef0",
            "InstanceType": "m5.large",
            "UserData": USER_DATA,
        },
    )
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
        MinSize=0,
        MaxSize=maximum,
        DesiredCapacity=desired,
        AvailabilityZones=["us-east-1a", "us-east-1b"],
    )
    found = region.call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])
    return found["AutoScalingGroups"][0]["AutoScalingGroupARN"]


def bridge(region: Region, *, cpu: int = 512, memory: int = 512, port: int = 0) -> str:
    """The ARN of a new revision of a task definition for instances."""
    container: Params = {
        "name": "app",
        "image": "app:1",
        "cpu": cpu,
        "memory": memory,
        "portMappings": [{"containerPort": 80, "hostPort": port}],
    }
    answer = region.ecs("RegisterTaskDefinition", family="bridge", containerDefinitions=[container])
    return answer["taskDefinition"]["taskDefinitionArn"]


def pool(region: Region, desired: int, **scaling: Any) -> str:
    """The cluster pool with a provider of a group of instances; the ARN of the group."""
    arn = group(region, desired)
    bridge(region)
    managed = {"status": "ENABLED", "instanceWarmupPeriod": 60, **scaling}
    settings = {"autoScalingGroupArn": arn, "managedScaling": managed}
    region.ecs("CreateCapacityProvider", name="first", autoScalingGroupProvider=settings)
    region.ecs(
        "CreateCluster",
        clusterName="pool",
        capacityProviders=["first"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "first", "weight": 1}],
    )
    return arn
