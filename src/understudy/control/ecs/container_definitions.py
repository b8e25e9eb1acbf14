"""The containers of a task definition: what ECS accepts, and how it describes them.

AWS: Amazon ECS task definition parameters; ContainerDefinition, ContainerDependency.
"""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from understudy.base.fault import Fault
from understudy.control.ecs.faults import client_error
from understudy.control.events import Params

MOST_CONTAINERS = 10
HEALTHY, COMPLETE, SUCCESS = "HEALTHY", "COMPLETE", "SUCCESS"
HEALTH_CHECK: Params = {"interval": 30, "timeout": 5, "retries": 3}
_LISTS = ("environment", "mountPoints", "volumesFrom", "portMappings", "systemControls")


def checked(containers: Sequence[Params], network_mode: str, *, sized: bool) -> list[Params]:
    """Container definitions as ECS describes them. Raises Fault (ClientException).

    A task that is ``sized`` itself needs no memory limits of its containers.
    """
    if not containers:
        raise client_error("Container list cannot be empty.")
    if len(containers) > MOST_CONTAINERS:
        raise client_error(f"Task definition has more than {MOST_CONTAINERS} containers.")
    described = [_described(each, network_mode) for each in containers]
    names = [each["name"] for each in described]
    if len(set(names)) < len(names):
        raise client_error("Container names in a task definition must be unique.")
    if not any(each["essential"] for each in described):
        raise client_error("TaskDefinition must have at least one essential container.")
    for each in described:
        _check_memory(each, sized=sized)
    _check_dependencies(described)
    return described


def _described(container: Params, network_mode: str) -> Params:
    for member in ("name", "image"):
        if not container.get(member):
            raise client_error(f"Container.{member} should not be null or empty.")
    empty: dict[str, list[Params]] = {member: [] for member in _LISTS}
    described: Params = {"cpu": 0, "essential": True, **empty, **container}
    described["portMappings"] = [_mapping(each, network_mode) for each in described["portMappings"]]
    if "healthCheck" in described:
        described["healthCheck"] = {**HEALTH_CHECK, **described["healthCheck"]}
        if not described["healthCheck"].get("command"):
            raise client_error("Health check command should not be empty.")
    return described


def _mapping(mapping: Params, network_mode: str) -> Params:
    """A port mapping: in awsvpc and host mode the host's port is the container's."""
    port = mapping.get("containerPort")
    if port is None:
        raise client_error("Port mapping must have a containerPort; port ranges are not offered.")
    same = network_mode in ("awsvpc", "host")
    host = mapping.get("hostPort", port if same else 0)
    if same and host != port:
        raise client_error(
            f"When networkMode={network_mode}, the host ports and container ports in port mappings "
            "must match."
        )
    return {"protocol": "tcp", **mapping, "hostPort": host}


def _check_memory(container: Params, *, sized: bool) -> None:
    name = container["name"]
    memory, reserved = container.get("memory"), container.get("memoryReservation")
    if memory is None and reserved is None and not sized:
        raise client_error(
            f"Invalid setting for container '{name}'. At least one of 'memory' or "
            "'memoryReservation' must be specified."
        )
    if memory is not None and reserved is not None and memory < reserved:
        raise client_error(
            f"Invalid setting for container '{name}'. 'memory' must be greater than or equal to "
            "'memoryReservation'."
        )


def check_sums(containers: Sequence[Params], cpu: int, memory: int) -> None:
    """Raises Fault where the containers of a task want more than the task has."""
    for name, unit, limit in (("cpu", "CPU units", cpu), ("memory", "MiB", memory)):
        total = sum(each.get(name) or 0 for each in containers)
        if limit and total > limit:
            raise client_error(
                f"Invalid '{name}' setting for task: the containers' total of {total} {unit} is "
                f"more than the task's {limit}."
            )


def _check_dependencies(containers: Sequence[Params]) -> None:
    by_name = {each["name"]: each for each in containers}
    graph: dict[str, list[str]] = {}
    for each in containers:
        needs = each.get("dependsOn", [])
        graph[each["name"]] = [need["containerName"] for need in needs]
        for need in needs:
            _check_dependency(each["name"], by_name.get(need["containerName"]), need)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        raise client_error("Circular dependency found among containers.") from None


def _check_dependency(name: str, needed: Params | None, need: Params) -> None:
    if needed is None:
        raise client_error(
            f"Invalid 'dependsOn' setting for container '{name}'. Container "
            f"'{need['containerName']}' does not exist in the task definition."
        )
    if need["condition"] == HEALTHY and "healthCheck" not in needed:
        raise client_error(
            f"Invalid 'dependsOn' setting for container '{name}'. Container '{needed['name']}' "
            "does not have a health check."
        )
    if need["condition"] in (COMPLETE, SUCCESS) and needed["essential"]:
        raise client_error(
            f"Invalid 'dependsOn' setting for container '{name}'. The condition "
            f"{need['condition']} cannot be set on the essential container '{needed['name']}'."
        )


def port_of(containers: Sequence[Params], name: str, port: int | None) -> Params:
    """The mapping of a container's port that a load balancer names. Raises Fault."""
    container = next((each for each in containers if each["name"] == name), None)
    if container is None:
        raise _unfit(f"The container {name} does not exist in the task definition.")
    for mapping in container["portMappings"]:
        if mapping["containerPort"] == port:
            return mapping
    raise _unfit(f"The container {name} did not have a container port {port} defined.")


def _unfit(message: str) -> Fault:
    return Fault("InvalidParameterException", message)
