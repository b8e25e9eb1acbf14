"""What a request calls a cluster, a service, a task: a short name, or an ARN."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from understudy.base.arn import last_name, resource_of
from understudy.base.fault import Fault
from understudy.control.ecs.faults import bad_parameter, client_error, no_cluster, no_service
from understudy.control.ecs.state import (
    Cluster,
    ContainerInstance,
    Service,
    Task,
    TaskDefinition,
)
from understudy.control.events import Params
from understudy.control.paging import page

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

Item = TypeVar("Item")
DEFAULT_CLUSTER = "default"
PAGE_SIZE = 100


def cluster_name(params: Params) -> str:
    """The name of the cluster that a request is about; ``default`` where it names none."""
    return last_name(params.get("cluster") or DEFAULT_CLUSTER)


def cluster_of(ecs: "Ecs", params: Params) -> Cluster:
    """The active cluster that a request is about. Raises Fault (ClusterNotFoundException)."""
    cluster = ecs.state.clusters.get(cluster_name(params))
    if cluster is None or cluster.status == "INACTIVE":
        raise no_cluster()
    return cluster


def service_key(cluster: str, name: str) -> str:
    """The key of a service by its short name or ARN."""
    return f"{cluster}/{last_name(name)}"


def service_of(ecs: "Ecs", params: Params, member: str = "service") -> Service:
    """The service that a request is about. Raises Fault (ServiceNotFoundException)."""
    cluster = cluster_of(ecs, params)
    service = ecs.state.services.get(service_key(cluster.name, params[member]))
    if service is None:
        raise no_service()
    return service


def task_of(ecs: "Ecs", cluster: Cluster, name: str) -> Task | None:
    """A task by its id or ARN, None if there is none in the cluster."""
    task_id = last_name(name)
    prefix = cluster.arn.replace(":cluster/", ":task/")
    return ecs.state.tasks.get(f"{prefix}/{task_id}")


def instance_of(ecs: "Ecs", cluster: Cluster, name: str) -> ContainerInstance | None:
    """A container instance by its id or ARN, None if there is none in the cluster."""
    prefix = cluster.arn.replace(":cluster/", ":container-instance/")
    return ecs.state.instances.get(f"{prefix}/{last_name(name)}")


def definition_of(ecs: "Ecs", name: str) -> TaskDefinition:
    """A task definition by family, family and revision, or ARN; of a family the latest active one.

    Raises Fault (ClientException) where there is none.
    """
    short = resource_of(name).removeprefix("task-definition/")
    if ":" in short:
        found = ecs.state.definitions.get(short)
    else:
        of_family = [
            each
            for each in ecs.state.definitions.values()
            if each.family == short and each.status == "ACTIVE"
        ]
        found = max(of_family, key=lambda each: each.revision, default=None)
    if found is None:
        raise client_error("Unable to describe task definition.")
    return found


def runnable(ecs: "Ecs", name: str) -> TaskDefinition:
    """A task definition that may be run. Raises Fault (ClientException)."""
    try:
        found = definition_of(ecs, name)
    except Fault as fault:
        raise client_error("TaskDefinition not found.") from fault
    if found.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    return found


def paged(
    items: Sequence[Item], params: Params, size: int = PAGE_SIZE
) -> tuple[list[Item], Params]:
    """The page that a request asks for, and the member nextToken if more follow. Raises Fault."""
    wanted = min(params.get("maxResults") or size, size)
    refused = bad_parameter("Invalid token.")
    shown, token = page(items, params.get("nextToken"), wanted, refused)
    return shown, {} if token is None else {"nextToken": token}


def missing(arn: str) -> Params:
    """A member of ``failures``: there is no such thing."""
    return {"arn": arn, "reason": "MISSING"}
