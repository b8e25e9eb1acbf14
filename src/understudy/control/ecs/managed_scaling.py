"""Managed scaling: a capacity provider's group has the instances that tasks need.

Every minute the metric CapacityProviderReservation is published; a target tracking policy on the
group, which ECS owns, follows it. AWS: Amazon ECS cluster auto scaling; Deep dive on Amazon ECS
cluster auto scaling.
"""

from typing import TYPE_CHECKING

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.ecs import scheduler, starting
from understudy.control.ecs.capacity import on
from understudy.control.ecs.state import OWNER, CapacityProvider, Cluster, ContainerInstance, Task
from understudy.control.ecs.utilization import needed_instances, provider_reservation
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.metrics.datapoint import of_value

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

NAMESPACE, METRIC = "AWS/ECS/ManagedScaling", "CapacityProviderReservation"
MINUTE = 60.0


def associated(ecs: "Ecs", cluster: Cluster, turn: Turn) -> None:
    """The capacity providers of a cluster have changed: their groups are scaled, or no more."""
    for provider in ecs.state.providers.values():
        wanted = (
            provider.name in cluster.providers
            and provider.params["managedScaling"]["status"] == "ENABLED"
        )
        if wanted:
            _scale(ecs, provider, cluster, turn)
        elif provider.managed == cluster.name:
            _release(ecs, provider, turn)


def _scale(ecs: "Ecs", provider: CapacityProvider, cluster: Cluster, turn: Turn) -> None:
    if not provider.policy:
        provider.policy = f"ECSManagedAutoScalingPolicy-{turn.ids.uuid()}"
    ecs.groups("PutScalingPolicy", _policy(provider, cluster), turn)
    if not provider.managed:
        turn.schedule(turn.at + MINUTE, OWNER, "provider", provider.name)
    provider.managed = cluster.name


def _policy(provider: CapacityProvider, cluster: Cluster) -> Params:
    scaling: Params = provider.params["managedScaling"]
    return {
        "AutoScalingGroupName": last_name(provider.group),
        "PolicyName": provider.policy,
        "PolicyType": "TargetTrackingScaling",
        "EstimatedInstanceWarmup": scaling["instanceWarmupPeriod"],
        "TargetTrackingConfiguration": {
            "CustomizedMetricSpecification": {
                "Namespace": NAMESPACE,
                "MetricName": METRIC,
                "Dimensions": [
                    {"Name": "CapacityProviderName", "Value": provider.name},
                    {"Name": "ClusterName", "Value": cluster.name},
                ],
                "Statistic": "Average",
            },
            "TargetValue": float(scaling["targetCapacity"]),
        },
    }


def _release(ecs: "Ecs", provider: CapacityProvider, turn: Turn) -> None:
    params = {"AutoScalingGroupName": last_name(provider.group), "PolicyName": provider.policy}
    provider.managed = provider.policy = ""
    try:
        ecs.groups("DeletePolicy", params, turn)
    except Fault as fault:  # The group may have been deleted before its provider.
        if fault.code != "ValidationError":
            raise


def on_minute(ecs: "Ecs", name: str, turn: Turn) -> None:
    """Publish what the group of a provider needs, for as long as it is managed."""
    provider = ecs.state.providers.get(name)
    cluster = ecs.state.clusters.get(provider.managed) if provider else None
    if provider is None or cluster is None:
        return
    starting.place_waiting(ecs, cluster, turn)
    for service in ecs.state.services.values():
        if service.cluster == cluster.name and not service.steady:
            scheduler.wake(ecs, service, turn)
    value = _reservation(ecs, provider)
    dimensions = (("CapacityProviderName", name), ("ClusterName", cluster.name))
    minute = turn.at // MINUTE * MINUTE
    ecs.publisher.publish(NAMESPACE, METRIC, dimensions, of_value(minute, value), turn, "Percent")
    turn.schedule(turn.at + MINUTE, OWNER, "provider", name)


def _reservation(ecs: "Ecs", provider: CapacityProvider) -> float:
    mine = [each for each in ecs.state.instances.values() if each.provider == provider.name]
    empty = sum(not on(ecs, each) for each in mine)
    waiting = [
        task
        for task in ecs.state.tasks.values()
        if task.provider == provider.name and not task.placed and task.live
    ]
    scaling: Params = provider.params["managedScaling"]
    needed = needed_instances(
        len(mine),
        empty,
        _short(mine, waiting),
        scaling["minimumScalingStepSize"],
        scaling["maximumScalingStepSize"],
    )
    return provider_reservation(needed, len(mine))


def _short(mine: list[ContainerInstance], waiting: list[Task]) -> int:
    """How many more instances would hold the waiting tasks, packed by CPU and memory.

    The largest instance that is there is what the group is taken to launch; without any, each task
    needs one.
    """
    if not waiting or not mine:
        return len(waiting)
    cpu = max(each.cpu for each in mine)
    memory = max(each.memory for each in mine)
    by_cpu = -(-sum(task.cpu for task in waiting) // cpu) if cpu else 0
    by_memory = -(-sum(task.memory for task in waiting) // memory) if memory else 0
    return max(by_cpu, by_memory, 1)
