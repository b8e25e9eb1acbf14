"""Where tasks run: on Fargate, or on the container instances of the cluster."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.ecs.placement import Candidate, Needs, place
from understudy.control.ecs.state import Cluster, ContainerInstance, Task, TaskDefinition
from understudy.control.events import Params

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

OCCUPYING = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING")


def needs_of(definition: TaskDefinition, constraints: Sequence[Params] = ()) -> Needs:
    """What a task of a definition needs of an instance."""
    containers: list[Params] = definition.params["containerDefinitions"]
    cpu, memory = sizes(definition)
    ports = frozenset(
        mapping["hostPort"]
        for container in containers
        for mapping in container["portMappings"]
        if mapping["hostPort"] and definition.params["networkMode"] != "awsvpc"
    )
    own: list[Params] = definition.params.get("placementConstraints", [])
    return Needs(cpu, memory, ports, (*own, *constraints))


def sizes(definition: TaskDefinition) -> tuple[int, int]:
    """The CPU units and MiB that a task reserves: its own, or the sum of its containers'.

    Of a container the soft limit counts where it has one. (AWS: Cluster reservation.)
    """
    containers: list[Params] = definition.params["containerDefinitions"]
    cpu = int(definition.params.get("cpu", 0)) or sum(each.get("cpu", 0) for each in containers)
    memory = int(definition.params.get("memory", 0)) or sum(
        each.get("memoryReservation", each.get("memory", 0)) for each in containers
    )
    return cpu, memory


def on(ecs: "Ecs", instance: ContainerInstance) -> list[Task]:
    """The tasks that occupy an instance."""
    return [
        task
        for task in ecs.state.tasks.values()
        if task.instance == instance.arn and task.status in OCCUPYING
    ]


def remaining(ecs: "Ecs", instance: ContainerInstance) -> tuple[int, int, frozenset[int]]:
    """The CPU units and MiB that are left of an instance, and its ports in use."""
    tasks = on(ecs, instance)
    cpu = instance.cpu - sum(task.cpu for task in tasks)
    memory = instance.memory - sum(task.memory for task in tasks)
    used = {port for task in tasks for port in fixed_ports(ecs, task)}
    return cpu, memory, frozenset(instance.ports) | used


def fixed_ports(ecs: "Ecs", task: Task) -> frozenset[int]:
    """The host ports that a task occupies for certain."""
    definition = ecs.state.definitions.get(task.definition)
    return needs_of(definition).ports if definition else frozenset()


def candidates(ecs: "Ecs", cluster: Cluster, group: str, provider: str = "") -> list[Candidate]:
    """The instances of a cluster that take tasks, of one capacity provider if one is named."""
    found: list[Candidate] = []
    for instance in ecs.state.instances.values():
        if instance.cluster != cluster.name or instance.status != "ACTIVE":
            continue
        if provider and instance.provider != provider:
            continue
        cpu, memory, ports = remaining(ecs, instance)
        mine = sum(task.group == group for task in on(ecs, instance))
        attributes = attributes_of(instance)
        found.append(Candidate(instance.arn, cpu, memory, ports, attributes, mine))
    return found


def attributes_of(instance: ContainerInstance) -> dict[str, str]:
    """The attributes of an instance by name."""
    return {
        "ecs.availability-zone": instance.zone,
        "ecs.os-type": "linux",
        **instance.attributes,
    }


def find_place(
    ecs: "Ecs", cluster: Cluster, task: Task, needs: Needs, strategy: Sequence[Params]
) -> str:
    """Give a task a place on an instance; "" or why there is none."""
    found = place(candidates(ecs, cluster, task.group, task.provider), needs, strategy)
    if isinstance(found, str):
        return found
    task.instance, task.placed = found.arn, True
    task.zone = ecs.state.instances[found.arn].zone
    return ""
