"""The metrics of services and clusters.

AWS: Amazon ECS CloudWatch metrics: CPUUtilization and MemoryUtilization of a service are what its
tasks use of what its task definition reserves.
"""

from typing import TYPE_CHECKING

from understudy.control.ecs.state import OWNER, Service, Task
from understudy.control.ecs.utilization import reservation, utilization
from understudy.control.events import TasksMeasured
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint, of_value

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

NAMESPACE = "AWS/ECS"
MINUTE = 60
SPAN = 20
"""Seconds that a measurement stands for."""


def publish_measured(ecs: "Ecs", event: TasksMeasured, turn: Turn) -> None:
    """Publish what tasks used. Each measurement counts for its part of the minute.

    So the sample count of a minute is the number of tasks that ran in it.
    """
    for measured in event.measured:
        task = ecs.state.tasks.get(measured.task)
        service = ecs.state.services.get(task.service) if task else None
        if task is None or service is None:
            continue
        minute = measured.second // MINUTE * MINUTE
        dimensions = (("ClusterName", task.cluster), ("ServiceName", service.name))
        used = (("CPUUtilization", measured.cpu, task.cpu),)
        used += (("MemoryUtilization", measured.memory, task.memory),)
        for name, amount, reserved in used:
            if reserved and amount is not None:
                finest = resolution(service, name)
                point = _part(measured.second // finest * finest, utilization(amount, reserved))
                ecs.publisher.publish(NAMESPACE, name, dimensions, point, turn, "Percent", finest)
        _watch(ecs, task, minute, turn)


def resolution(service: Service, name: str) -> int:
    """How often, in seconds, a service reports a metric. AWS: API_MonitoringConfiguration.

    It is 60 unless the service's monitoring says 20.
    """
    for each in service.params.get("monitoring", {}).get("metricConfigurations", ()):
        if name in each["metricNames"]:
            return each["resolutionSeconds"]
    return MINUTE


def _part(second: int, value: float) -> Datapoint:
    return of_value(float(second), value, SPAN / MINUTE)


def _watch(ecs: "Ecs", task: Task, minute: int, turn: Turn) -> None:
    """Publish the reservations of a cluster of instances once a minute while tasks run."""
    cluster = ecs.state.clusters[task.cluster]
    if task.instance and cluster.watched < minute:
        cluster.watched = minute
        turn.schedule(float(minute + MINUTE), OWNER, "minute", task.cluster, str(minute))


def on_minute(ecs: "Ecs", name: str, minute: int, turn: Turn) -> None:
    """Publish CPUReservation and MemoryReservation of a cluster."""
    there = [
        each
        for each in ecs.state.instances.values()
        if each.cluster == name and each.status == "ACTIVE"
    ]
    arns = {each.arn for each in there}
    mine = [t for t in ecs.state.tasks.values() if t.instance in arns and t.live]
    figures = {
        "CPUReservation": reservation(sum(t.cpu for t in mine), sum(i.cpu for i in there)),
        "MemoryReservation": reservation(sum(t.memory for t in mine), sum(i.memory for i in there)),
    }
    for metric, value in figures.items():
        point = of_value(float(minute), value)
        ecs.publisher.publish(NAMESPACE, metric, (("ClusterName", name),), point, turn, "Percent")
