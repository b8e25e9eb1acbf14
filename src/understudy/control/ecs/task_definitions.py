"""Task definitions: register, describe, list, deregister, delete.

AWS: RegisterTaskDefinition, DescribeTaskDefinition, ListTaskDefinitions,
ListTaskDefinitionFamilies, DeregisterTaskDefinition, DeleteTaskDefinitions.
"""

import re
from typing import TYPE_CHECKING

from understudy.base.arn import ACCOUNT, resource_of
from understudy.base.fault import Fault
from understudy.control.ecs import container_definitions, tags
from understudy.control.ecs.fargate import check_size, cpu_units, memory_mib
from understudy.control.ecs.faults import client_error
from understudy.control.ecs.names import definition_of, missing, paged
from understudy.control.ecs.state import TaskDefinition
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

ACTIVE, INACTIVE, DELETING = "ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"
FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
CREATOR = f"arn:aws:iam::{ACCOUNT}:root"
STILL_ACTIVE = (
    "The specified task definition is still in ACTIVE status. Please deregister the target and try "
    "again."
)


def register_task_definition(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """RegisterTaskDefinition: the next revision of its family."""
    family = params["family"]
    if not FAMILY.fullmatch(family):
        raise client_error(
            "Family contains invalid characters when it should only contain letters, numbers, "
            "hyphens, and underscores."
        )
    described = _described(params)
    given = tags.checked(params)
    revision = ecs.state.revisions.get(family, 0) + 1
    definition = TaskDefinition(
        turn.arn("ecs", f"task-definition/{family}:{revision}"),
        family,
        revision,
        described,
        turn.at,
    )
    ecs.state.revisions[family] = revision
    ecs.state.definitions[definition.name] = definition
    tags.put(ecs, definition.arn, given)
    return {"taskDefinition": describe(definition), "tags": tags.of(ecs, definition.arn)}


def _described(params: Params) -> Params:
    """What a request defines, checked and with defaults. Raises Fault."""
    required = params.get("requiresCompatibilities", [])
    fargate = "FARGATE" in required
    mode = params.get("networkMode", "awsvpc" if fargate else "bridge")
    if fargate and mode != "awsvpc":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    size = _size(params, fargate=fargate)
    sized = "memory" in size
    containers = container_definitions.checked(params["containerDefinitions"], mode, sized=sized)
    cpu, memory = (int(size.get(name, 0)) for name in ("cpu", "memory"))
    container_definitions.check_sums(containers, cpu, memory)
    kept = {
        key: value
        for key, value in params.items()
        if key not in ("tags", "family", "containerDefinitions", "cpu", "memory")
    }
    return {
        "volumes": [],
        "placementConstraints": [],
        **kept,
        **size,
        "networkMode": mode,
        "containerDefinitions": containers,
        "compatibilities": _compatible(mode, cpu, memory),
    }


def _size(params: Params, *, fargate: bool) -> Params:
    size: Params = {}
    if params.get("cpu"):
        size["cpu"] = str(cpu_units(params["cpu"]))
    if params.get("memory"):
        size["memory"] = str(memory_mib(params["memory"]))
    if fargate:
        for name in ("cpu", "memory"):
            if name not in size:
                raise client_error(f"Fargate requires that '{name}' be defined at the task level.")
        check_size(int(size["cpu"]), int(size["memory"]))
    return size


def _compatible(mode: str, cpu: int, memory: int) -> list[str]:
    """The launch types that a task can have."""
    try:
        check_size(cpu, memory)
    except Fault:
        return ["EC2"]
    return ["EC2", "FARGATE"] if mode == "awsvpc" else ["EC2"]


def describe(definition: TaskDefinition) -> Params:
    """A task definition as ECS describes it."""
    times = {
        "deregisteredAt": definition.deregistered_at,
        "deleteRequestedAt": definition.delete_requested_at,
    }
    return {
        "taskDefinitionArn": definition.arn,
        "family": definition.family,
        "revision": definition.revision,
        "status": definition.status,
        **definition.params,
        "registeredAt": definition.registered_at,
        "registeredBy": CREATOR,
        **{name: at for name, at in times.items() if at},
    }


def describe_task_definition(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeTaskDefinition: a revision, or the latest active one of a family."""
    del turn
    found = definition_of(ecs, params["taskDefinition"])
    answer: Params = {"taskDefinition": describe(found)}
    if "TAGS" in params.get("include", []):
        answer["tags"] = tags.of(ecs, found.arn)
    return answer


def list_task_definitions(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListTaskDefinitions: ARNs by family and revision; active ones unless asked otherwise."""
    del turn
    status = params.get("status", ACTIVE)
    prefix = params.get("familyPrefix")
    found = [
        each
        for each in ecs.state.definitions.values()
        if each.status == status and prefix in (None, each.family)
    ]
    found.sort(key=lambda each: (each.family, each.revision), reverse=params.get("sort") == "DESC")
    shown, more = paged(found, params)
    return {"taskDefinitionArns": [each.arn for each in shown], **more}


def list_task_definition_families(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListTaskDefinitionFamilies: active ones have an active revision, inactive ones have none."""
    del turn
    families: dict[str, set[str]] = {}
    for each in ecs.state.definitions.values():
        families.setdefault(each.family, set()).add(each.status)
    status, prefix = params.get("status", "ALL"), params.get("familyPrefix", "")
    found = [
        family
        for family, statuses in sorted(families.items())
        if family.startswith(prefix)
        and (status == "ALL" or (status == ACTIVE) == (ACTIVE in statuses))
    ]
    shown, more = paged(found, params)
    return {"families": shown, **more}


def deregister_task_definition(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeregisterTaskDefinition: it is inactive; what runs of it goes on."""
    name = resource_of(params["taskDefinition"]).removeprefix("task-definition/")
    if ":" not in name:
        raise client_error("Revision must be specified.")
    found = definition_of(ecs, name)
    if found.status == ACTIVE:
        found.status, found.deregistered_at = INACTIVE, turn.at
    return {"taskDefinition": describe(found)}


def delete_task_definitions(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeleteTaskDefinitions: inactive ones, each gone once nothing runs of it."""
    deleted: list[Params] = []
    failures: list[Params] = []
    for name in params["taskDefinitions"]:
        try:
            found = definition_of(ecs, name)
        except Fault:
            failures.append(missing(name))
            continue
        if found.status == ACTIVE:
            failures.append({"arn": found.arn, "reason": STILL_ACTIVE})
            continue
        found.status, found.delete_requested_at = DELETING, turn.at
        deleted.append(describe(found))
        forget_unused(ecs, found)
    return {"taskDefinitions": deleted, "failures": failures}


def forget_unused(ecs: "Ecs", definition: TaskDefinition) -> None:
    """Forget a task definition that is being deleted, unless a task or service still has it."""
    used = any(task.definition == definition.name for task in ecs.state.tasks.values()) or any(
        revision.params["taskDefinition"] == definition.arn
        for service in ecs.state.services.values()
        for revision in service.revisions.values()
    )
    if definition.status == DELETING and not used:
        del ecs.state.definitions[definition.name]
        ecs.state.tags.pop(definition.arn, None)
