"""A service's new tasks: how many, where, and what they are told."""

from collections import Counter
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from understudy.base.arn import resource_of
from understudy.control.ecs import messages, strategy, tags, tasks
from understudy.control.ecs.capacity import candidates, find_place, needs_of
from understudy.control.ecs.clusters import FARGATE_PROVIDERS
from understudy.control.ecs.placement import ZONE, lacking
from understudy.control.ecs.state import (
    Cluster,
    Deployment,
    Revision,
    Service,
    Task,
    TaskDefinition,
)
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.pricing.quota import FARGATE, FARGATE_SPOT

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

CPU_UNITS = 1024
"""CPU units of a vCPU."""
PLACED_WITHIN = 1800.0
"""Seconds that a task of a capacity provider may wait for an instance. AWS: Cluster auto scaling,
tasks in the PROVISIONING state."""


def desired_of(ecs: "Ecs", service: Service) -> int:
    """How many tasks a service shall have: a daemon one on each instance that fits."""
    if not service.daemon:
        return service.desired
    cluster = ecs.state.clusters[service.cluster]
    definition = definition_of(ecs, service, service.primary)
    needs = needs_of(definition, service.params.get("placementConstraints", ()))
    group = f"service:{service.name}"
    return sum(
        each.mine > 0 or lacking(each, needs) is None for each in candidates(ecs, cluster, group)
    )


def wanted_of(ecs: "Ecs", service: Service, deployment: Deployment) -> int:
    """How many tasks a deployment shall have; a task set its share of them, rounded up.

    AWS: TaskSet, computedDesiredCount.
    """
    if deployment.task_set is None:
        return desired_of(ecs, service)
    return ceil(service.desired * deployment.task_set.scale / 100)


def definition_of(ecs: "Ecs", service: Service, deployment: Deployment) -> TaskDefinition:
    """The task definition of a deployment."""
    arn = service.revisions[deployment.revision].params["taskDefinition"]
    return ecs.state.definitions[resource_of(arn).removeprefix("task-definition/")]


def start(
    ecs: "Ecs", service: Service, deployment: Deployment, number: int, turn: Turn
) -> list[Task]:
    """Start tasks of a deployment, as many as find a place. A failing service waits a while.

    A task of a capacity provider of instances may wait for one.
    """
    if turn.at < service.retry_at:
        return []
    revision = service.revisions[deployment.revision]
    started: list[Task] = []
    for provider in _providers(ecs, service, revision, number):
        task = _create(ecs, service, deployment, revision, provider, turn)
        choose_subnet(ecs, task, subnets_of(revision.params), turn)
        why = _place(ecs, service, task, turn)
        if why and (not provider or provider in FARGATE_PROVIDERS):
            withdraw(ecs, task)
            messages.unplaced(service, why, turn)
            break
        started.append(task)
    if started:
        messages.resolved(service, "placement")
        messages.started(service, started, turn)
    return started


def start_in(ecs: "Ecs", service: Service, zone: str, number: int, turn: Turn) -> list[Task]:
    """Start tasks of a service's deployment in one zone, as many as find a place there now."""
    revision = service.revisions[service.primary.revision]
    started: list[Task] = []
    for provider in _providers(ecs, service, revision, number):
        task = _create(ecs, service, service.primary, revision, provider, turn)
        choose_subnet(ecs, task, subnets_of(revision.params), turn, zone)
        if why := _place(ecs, service, task, turn, zone):
            withdraw(ecs, task)
            messages.unplaced_in(service, zone, why, turn)
            break
        started.append(task)
    if started:
        messages.started_in(service, zone, started, turn)
    return started


def _providers(ecs: "Ecs", service: Service, revision: Revision, number: int) -> list[str]:
    """The capacity provider of each task, empty where the launch type says it all."""
    items: list[Params] = revision.params.get("capacityProviderStrategy", [])
    if not items:
        return [""] * number
    there = [
        task.provider
        for task in ecs.state.tasks.values()
        if task.service == service.key and task.live
    ]
    return strategy.providers(items, there, number)


def _create(
    ecs: "Ecs",
    service: Service,
    deployment: Deployment,
    revision: Revision,
    provider: str,
    turn: Turn,
) -> Task:
    cluster = ecs.state.clusters[service.cluster]
    definition = definition_of(ecs, service, deployment)
    task = tasks.create(ecs, cluster, definition, f"service:{service.name}", turn)
    task.service, task.deployment, task.started_by = service.key, deployment.id, deployment.id
    set_launch(task, revision.params, provider)
    source = {"SERVICE": service.arn, "TASK_DEFINITION": definition.arn}.get(
        service.params.get("propagateTags", "NONE"), ""
    )
    tags.put(ecs, task.arn, dict(ecs.state.tags.get(source, {})))
    return task


def set_launch(task: Task, params: Params, provider: str) -> None:
    """Let a task run on Fargate or on EC2, as its provider or launch type says."""
    task.provider = provider
    fargate = provider in FARGATE_PROVIDERS if provider else params.get("launchType") == "FARGATE"
    task.launch_type = "FARGATE" if fargate else "EC2"


def subnets_of(params: Params) -> list[str]:
    """The subnets of a network configuration."""
    configuration: Params = params.get("networkConfiguration", {})
    return list(configuration.get("awsvpcConfiguration", {}).get("subnets", []))


def zones_of(ecs: "Ecs", subnets: Sequence[str], region: str) -> dict[str, str]:
    """The zone of each subnet."""
    where = ecs.networks.subnets(list(subnets), region)
    return {subnet: each.zone for subnet, each in zip(subnets, where, strict=True)}


def choose_subnet(
    ecs: "Ecs", task: Task, subnets: Sequence[str], turn: Turn, zone: str = ""
) -> None:
    """Put a task with a network interface into the zone of its group that has fewest tasks.

    Or into that which is named; there, into the subnet with fewest.
    """
    if not task.address or not subnets:
        task.zone = f"{turn.region}a"
        return
    zones = zones_of(ecs, subnets, turn.region)
    peers = [
        other
        for other in ecs.state.tasks.values()
        if other.group == task.group and other.cluster == task.cluster and other.live
    ]
    by_zone = Counter(other.zone for other in peers)
    by_subnet = Counter(other.subnet for other in peers)
    allowed = [each for each in subnets if zone in ("", zones[each])]
    task.subnet = min(allowed, key=lambda each: (by_zone[zones[each]], by_subnet[each]))
    task.zone = zones[task.subnet]


def _place(ecs: "Ecs", service: Service, task: Task, turn: Turn, zone: str = "") -> str:
    """Give a task a place and begin it; why that is not possible now, empty where it is."""
    definition = ecs.state.definitions[task.definition]
    constraints = service.params.get("placementConstraints", [])
    if zone:
        within = {"type": "memberOf", "expression": f"attribute:{ZONE} == {zone}"}
        constraints = [*constraints, within]
    spread = service.params.get("placementStrategy", [])
    if service.daemon:
        constraints = [*constraints, {"type": "distinctInstance"}]
    cluster = ecs.state.clusters[service.cluster]
    return place(ecs, cluster, task, definition, (constraints, spread), turn)


def place(
    ecs: "Ecs",
    cluster: Cluster,
    task: Task,
    definition: TaskDefinition,
    rules: tuple[Sequence[Params], Sequence[Params]],
    turn: Turn,
) -> str:
    """Place a task by its constraints and strategy, and begin it; why not, empty where it is done.

    On Fargate there is a place while its capacity, and its quota of vCPUs, lasts.
    """
    if task.launch_type == "FARGATE":
        if beyond_quota(ecs, task):
            return messages.NO_QUOTA
        if not has_capacity(ecs, task, turn.at):
            return messages.NO_CAPACITY
        task.placed = True
    else:
        constraints, spread = rules
        if why := find_place(ecs, cluster, task, needs_of(definition, constraints), spread):
            return why
    tasks.begin(ecs, task, turn)
    return ""


def beyond_quota(ecs: "Ecs", task: Task) -> bool:
    """Whether one more task on Fargate exceeds the account's quota of vCPUs, spot ones apart."""
    limit = ecs.quota_of(FARGATE_SPOT if purchase_of(task) == "spot" else FARGATE)
    if limit is None:
        return False
    return sum(other.cpu for other in _beside(ecs, task)) + task.cpu > limit * CPU_UNITS


def has_capacity(ecs: "Ecs", task: Task, at: float) -> bool:
    """Whether Fargate has room for one more task in its zone."""
    limit = ecs.limit_of(messages.FARGATE, task.zone, purchase_of(task), at)
    if limit is None:
        return True
    return sum(other.zone == task.zone for other in _beside(ecs, task)) < limit


def _beside(ecs: "Ecs", task: Task) -> list[Task]:
    """The tasks that Fargate runs of those that are bought like one."""
    return [
        other
        for other in ecs.state.tasks.values()
        if other.launch_type == "FARGATE"
        and other.live
        and other.placed
        and other is not task
        and purchase_of(other) == purchase_of(task)
    ]


def purchase_of(task: Task) -> str:
    """How a task on Fargate is bought: on-demand or spot."""
    return "spot" if task.provider == "FARGATE_SPOT" else "on-demand"


def withdraw(ecs: "Ecs", task: Task) -> None:
    """A task that found no place was never there."""
    ecs.located.pop(task.address, None)
    tasks.forget(ecs, task)


def place_waiting(ecs: "Ecs", cluster: Cluster, turn: Turn) -> None:
    """Place the tasks of capacity providers that wait for an instance."""
    for task in list(ecs.state.tasks.values()):
        if task.cluster != cluster.name or task.placed or not task.live:
            continue
        service = ecs.state.services.get(task.service)
        if turn.at > task.created_at + PLACED_WITHIN:
            reason = "Timed out waiting for capacity"
            tasks.stop(ecs, task, tasks.FAILED, reason, turn)
        elif service is not None:
            _place(ecs, service, task, turn)
        else:
            definition = ecs.state.definitions[task.definition]
            place(ecs, cluster, task, definition, ((), ()), turn)
