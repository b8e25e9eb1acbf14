"""Tasks on EC2: placement, daemons, lost instances, and groups that follow their tasks."""

import pytest

from understudy.base.fault import Fault
from understudy.control.events import InstanceFailed, Params
from understudy.testing.hosts import bridge, group, pool
from understudy.testing.region import Region


def instances(region: Region) -> list[Params]:
    arns = region.ecs("ListContainerInstances", cluster="pool")["containerInstanceArns"]
    if not arns:
        return []
    answer = region.ecs("DescribeContainerInstances", cluster="pool", containerInstances=arns)
    return answer["containerInstances"]


def tasks(region: Region, status: str = "RUNNING") -> list[Params]:
    arns = region.ecs("ListTasks", cluster="pool", desiredStatus=status)["taskArns"]
    return region.ecs("DescribeTasks", cluster="pool", tasks=arns)["tasks"] if arns else []


def size(region: Region) -> int:
    found = region.call("autoscaling", "DescribeAutoScalingGroups")["AutoScalingGroups"]
    return found[0]["DesiredCapacity"]


def test_an_instance_registers_with_the_cluster_of_its_user_data() -> None:
    region = Region()
    region.ecs("CreateCluster", clusterName="pool")
    group(region, 2)
    region.advance(10)
    found = instances(region)
    assert len(found) == 2
    resources = {each["name"]: each.get("integerValue") for each in found[0]["registeredResources"]}
    assert (resources["CPU"], resources["MEMORY"]) == (2048, 7766)


def test_a_service_is_spread_over_instances_and_says_when_there_is_no_room() -> None:
    region = Region()
    region.ecs("CreateCluster", clusterName="pool")
    group(region, 2)
    region.advance(10)
    region.ecs(
        "CreateService",
        cluster="pool",
        serviceName="app",
        taskDefinition=bridge(region, cpu=1024),
        desiredCount=5,
        launchType="EC2",
    )
    region.advance(60)
    there = tasks(region)
    assert len(there) == 4
    assert len({task["containerInstanceArn"] for task in there}) == 2
    (service,) = region.ecs("DescribeServices", cluster="pool", services=["app"])["services"]
    assert any("insufficient CPU units available" in e["message"] for e in service["events"])


@pytest.mark.parametrize(
    ("hosts", "memory", "reason"),
    [
        pytest.param(
            0, 512, "Reason: No Container Instances were found in your cluster.", id="none at all"
        ),
        pytest.param(
            1,
            9000,
            "The closest matching container-instance {} has insufficient memory available.",
            id="none with the memory",
        ),
    ],
)
def test_why_a_task_found_no_place(hosts: int, memory: int, reason: str) -> None:
    # AWS: Amazon ECS service event messages.
    region = Region()
    region.ecs("CreateCluster", clusterName="pool")
    group(region, hosts)
    region.advance(10)
    params = {"cluster": "pool", "launchType": "EC2", "desiredCount": 1}
    definition = bridge(region, memory=memory)
    region.ecs("CreateService", serviceName="app", taskDefinition=definition, **params)
    region.advance(60)
    named = [each["containerInstanceArn"].rpartition("/")[2] for each in instances(region)]
    (service,) = region.ecs("DescribeServices", cluster="pool", services=["app"])["services"]
    assert [each["message"] for each in service["events"]] == [
        (
            "(service app) was unable to place a task because no container instance met all of its "
            f"requirements. {reason.format(*named)} For more information, see the Troubleshooting "
            "section of the Amazon ECS Developer Guide."
        )
    ]


def test_a_daemon_runs_once_on_each_instance() -> None:
    region = Region()
    region.ecs("CreateCluster", clusterName="pool")
    group(region, 2)
    region.advance(10)
    region.ecs(
        "CreateService",
        cluster="pool",
        serviceName="agent",
        taskDefinition=bridge(region, cpu=128),
        schedulingStrategy="DAEMON",
        launchType="EC2",
    )
    region.advance(30)
    assert len({task["containerInstanceArn"] for task in tasks(region)}) == 2
    region.call(
        "autoscaling",
        "SetDesiredCapacity",
        AutoScalingGroupName="hosts",
        DesiredCapacity=3,
        HonorCooldown=False,
    )
    region.advance(30)
    assert len({task["containerInstanceArn"] for task in tasks(region)}) == 3


def test_the_tasks_of_a_lost_instance_run_elsewhere() -> None:
    region = Region()
    region.ecs("CreateCluster", clusterName="pool")
    group(region, 2)
    region.advance(10)
    region.ecs(
        "CreateService",
        cluster="pool",
        serviceName="app",
        taskDefinition=bridge(region),
        desiredCount=2,
        launchType="EC2",
        availabilityZoneRebalancing="DISABLED",
    )
    region.advance(60)
    lost = instances(region)[0]["ec2InstanceId"]
    region.report(InstanceFailed, instance_id=lost, reason="it was ended")
    region.advance(60)
    assert len(tasks(region)) == 2
    assert lost not in {each["ec2InstanceId"] for each in instances(region)}
    (stopped,) = tasks(region, "STOPPED")
    assert stopped["stoppedReason"] == f"Host EC2 (instance {lost}) terminated."


def test_a_managed_group_grows_for_waiting_tasks_and_shrinks_when_they_are_gone() -> None:
    region = Region()
    pool(region, 0)
    region.ecs(
        "CreateService",
        cluster="pool",
        serviceName="app",
        taskDefinition=bridge(region, cpu=1024),
        desiredCount=6,
    )
    region.advance(20)
    assert {task["lastStatus"] for task in tasks(region)} == {"PENDING"}
    region.advance(20 * 60)
    assert {task["lastStatus"] for task in tasks(region)} == {"RUNNING"}
    assert len(tasks(region)) == 6
    assert size(region) >= 3
    region.ecs("UpdateService", cluster="pool", service="app", desiredCount=1)
    region.advance(2 * 3600)
    assert size(region) == 1
    assert [task["lastStatus"] for task in tasks(region)] == ["RUNNING"]


def test_a_provider_in_use_is_not_deleted() -> None:
    region = Region()
    pool(region, 1)
    with pytest.raises(Fault, match="associated with cluster: pool"):
        region.ecs("DeleteCapacityProvider", capacityProvider="first")
