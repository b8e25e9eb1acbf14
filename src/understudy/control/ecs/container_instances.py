"""Container instances: EC2 instances that have registered with a cluster.

An instance registers when it runs, with the cluster that its user data names (ECS_CLUSTER), or with
the one that has a capacity provider of its group. AWS: Amazon ECS container instances;
DescribeContainerInstances, ListContainerInstances, UpdateContainerInstancesState,
DeregisterContainerInstance, PutAttributes, ListAttributes, DeleteAttributes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from understudy.base.arn import last_name
from understudy.control.ecs import scheduler, starting, tags, tasks
from understudy.control.ecs.capacity import attributes_of, on, remaining
from understudy.control.ecs.faults import bad_parameter
from understudy.control.ecs.names import cluster_of, instance_of, missing, paged
from understudy.control.ecs.placement import holds, terms
from understudy.control.ecs.state import Cluster, ContainerInstance
from understudy.control.events import Params, TaskEnded
from understudy.control.task import Exit
from understudy.control.turn import Turn
from understudy.pricing.instance import hardware

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs, Host

MIB = 1024
LEFT_TO_TASKS = 0.948
"""The share of an instance's memory that the agent registers (recorded: 3884 MiB of a t3.medium's
4096, 7764 of an m5.large's 8192)."""
UNKNOWN = (1, 1.0)
"""vCPUs and GiB of an instance type that is not known."""
STATES = ("ACTIVE", "DRAINING")


def on_healthy(ecs: "Ecs", instance_id: str, turn: Turn) -> None:
    """An EC2 instance runs; register it if it belongs to a cluster."""
    host = ecs.host(instance_id)
    known = any(each.instance_id == instance_id for each in ecs.state.instances.values())
    if host is None or known:
        return
    providers = {
        name: provider
        for name, provider in ecs.state.providers.items()
        if host.group and last_name(provider.group) == host.group
    }
    cluster = _cluster(ecs, host, set(providers))
    if cluster is None:
        return
    instance = _instance(instance_id, host, cluster, turn)
    instance.provider = next((name for name in providers if name in cluster.providers), "")
    ecs.state.instances[instance.arn] = instance
    starting.place_waiting(ecs, cluster, turn)
    _wake_all(ecs, cluster, turn)


def _cluster(ecs: "Ecs", host: "Host", providers: set[str]) -> Cluster | None:
    named = ecs.state.clusters.get(host.cluster)
    if named is not None:
        return named if named.status == "ACTIVE" else None
    return next(
        (each for each in ecs.state.clusters.values() if providers & set(each.providers)), None
    )


def _instance(instance_id: str, host: "Host", cluster: Cluster, turn: Turn) -> ContainerInstance:
    found = hardware(host.instance_type)
    vcpus, memory = (found.vcpus, found.memory_gib) if found else UNKNOWN
    arn = turn.arn("ecs", f"container-instance/{cluster.name}/{turn.ids.hex(32)}")
    return ContainerInstance(
        arn,
        cluster.name,
        instance_id,
        host.zone,
        vcpus * MIB,
        int(memory * MIB * LEFT_TO_TASKS),
        turn.at,
        attributes={"ecs.instance-type": host.instance_type},
    )


def _wake_all(ecs: "Ecs", cluster: Cluster, turn: Turn) -> None:
    for service in ecs.state.services.values():
        if service.cluster == cluster.name:
            service.steady = False
            scheduler.wake(ecs, service, turn)


def on_gone(ecs: "Ecs", instance_id: str, turn: Turn) -> None:
    """An EC2 instance is gone: its tasks have ended with it."""
    for instance in list(ecs.state.instances.values()):
        if instance.instance_id == instance_id:
            _remove(ecs, instance, turn)


def _remove(ecs: "Ecs", instance: ContainerInstance, turn: Turn) -> None:
    reason = f"Host EC2 (instance {instance.instance_id}) terminated."
    for task in on(ecs, instance):
        exits = tuple(Exit(each.name, None, reason) for each in task.containers)
        ecs.on_ended(TaskEnded(turn.at, turn.region, task.arn, exits, reason), turn)
    del ecs.state.instances[instance.arn]
    ecs.state.tags.pop(instance.arn, None)
    cluster = ecs.state.clusters[instance.cluster]
    _wake_all(ecs, cluster, turn)


def describe(ecs: "Ecs", instance: ContainerInstance) -> Params:
    """A container instance as ECS describes it."""
    cpu, memory, ports = remaining(ecs, instance)
    there = on(ecs, instance)
    found: Params = {
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.instance_id,
        "version": instance.version,
        "versionInfo": {"agentVersion": "1.0.0", "dockerVersion": "DockerVersion: none"},
        "remainingResources": _resources(cpu, memory, ports),
        "registeredResources": _resources(instance.cpu, instance.memory, frozenset(instance.ports)),
        "status": instance.status,
        "agentConnected": True,
        "runningTasksCount": sum(task.running for task in there),
        "pendingTasksCount": sum(task.live and not task.running for task in there),
        "attributes": [
            {"name": name, "value": value} for name, value in attributes_of(instance).items()
        ],
        "registeredAt": instance.registered_at,
        "attachments": [],
        "tags": tags.of(ecs, instance.arn),
    }
    return {**found, "capacityProviderName": instance.provider} if instance.provider else found


def _resources(cpu: int, memory: int, ports: frozenset[int]) -> list[Params]:
    used = [str(port) for port in sorted(ports)]
    return [
        {"name": "CPU", "type": "INTEGER", "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", "stringSetValue": used},
    ]


def _each(ecs: "Ecs", params: Params, do: Callable[[ContainerInstance], Params]) -> Params:
    """What an operation does to each instance that a request names."""
    cluster = cluster_of(ecs, params)
    found: list[Params] = []
    failures: list[Params] = []
    for name in params["containerInstances"]:
        instance = instance_of(ecs, cluster, name)
        if instance is None:
            failures.append(missing(name))
        else:
            found.append(do(instance))
    return {"containerInstances": found, "failures": failures}


def describe_container_instances(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeContainerInstances: some by id or ARN."""
    del turn
    return _each(ecs, params, lambda instance: describe(ecs, instance))


def list_container_instances(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListContainerInstances: the ARNs of a cluster's instances, by status and filter."""
    del turn
    cluster = cluster_of(ecs, params)
    wanted = params.get("status")
    filters = terms(params["filter"]) if params.get("filter") else []
    found = [
        each.arn
        for each in ecs.state.instances.values()
        if each.cluster == cluster.name
        and wanted in (None, each.status)
        and all(holds(attributes_of(each), term) for term in filters)
    ]
    shown, more = paged(found, params)
    return {"containerInstanceArns": shown, **more}


def update_container_instances_state(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UpdateContainerInstancesState: a draining instance gets no tasks, and services leave it."""
    if params["status"] not in STATES:
        raise bad_parameter("The status must be one of ACTIVE and DRAINING.")

    def change(instance: ContainerInstance) -> Params:
        instance.status = params["status"]
        instance.version += 1
        if instance.status == "DRAINING":
            _leave(ecs, instance, turn)
        _wake_all(ecs, ecs.state.clusters[instance.cluster], turn)
        return describe(ecs, instance)

    return _each(ecs, params, change)


def _leave(ecs: "Ecs", instance: ContainerInstance, turn: Turn) -> None:
    reason = f"Task stopped: container instance {last_name(instance.arn)} is draining."
    for task in on(ecs, instance):
        if task.service:
            tasks.stop(ecs, task, tasks.BY_SCHEDULER, reason, turn)


def deregister_container_instance(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeregisterContainerInstance: one with tasks must be forced."""
    instance = _there(ecs, params)
    if on(ecs, instance) and not params.get("force"):
        raise bad_parameter("Found running tasks on the instance.")
    described = {**describe(ecs, instance), "status": "INACTIVE"}
    _remove(ecs, instance, turn)
    return {"containerInstance": described}


def _there(ecs: "Ecs", params: Params) -> ContainerInstance:
    instance = instance_of(ecs, cluster_of(ecs, params), params["containerInstance"])
    if instance is None:
        raise bad_parameter("The referenced container instance was not found.")
    return instance


def put_attributes(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """PutAttributes: of container instances."""
    del turn
    for each in params["attributes"]:
        _target(ecs, params, each).attributes[each["name"]] = each.get("value", "")
    return {"attributes": params["attributes"]}


def delete_attributes(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeleteAttributes: of container instances."""
    del turn
    for each in params["attributes"]:
        _target(ecs, params, each).attributes.pop(each["name"], None)
    return {"attributes": params["attributes"]}


def _target(ecs: "Ecs", params: Params, attribute: Params) -> ContainerInstance:
    cluster = cluster_of(ecs, params)
    found = instance_of(ecs, cluster, attribute.get("targetId", ""))
    if found is None:
        raise bad_parameter("The specified target wasn't found.")
    return found


def list_attributes(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListAttributes: of the container instances of a cluster."""
    del turn
    cluster = cluster_of(ecs, params)
    name, value = params.get("attributeName"), params.get("attributeValue")
    found: list[Params] = [
        {"name": key, "value": text, "targetType": "container-instance", "targetId": each.arn}
        for each in ecs.state.instances.values()
        if each.cluster == cluster.name
        for key, text in attributes_of(each).items()
        if name in (None, key) and value in (None, text)
    ]
    shown, more = paged(found, params)
    return {"attributes": shown, **more}
