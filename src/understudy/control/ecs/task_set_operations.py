"""Task sets: the deployments of a service whose deployment controller is EXTERNAL.

AWS: API_CreateTaskSet, API_UpdateTaskSet, API_UpdateServicePrimaryTaskSet, API_DeleteTaskSet,
API_DescribeTaskSets.
"""

from typing import TYPE_CHECKING

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.ecs import deployments, tags
from understudy.control.ecs.faults import bad_parameter
from understudy.control.ecs.names import cluster_of, missing, service_of
from understudy.control.ecs.scheduler import wake
from understudy.control.ecs.service_description import task_set
from understudy.control.ecs.services import DEPLOYED, complete
from understudy.control.ecs.state import Deployment, Service, TaskSet
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

MOST = 5
"""Task sets of a service. AWS: Amazon ECS service quotas."""


def _not_found() -> Fault:
    return Fault("TaskSetNotFoundException", "The specified task set does not exist.")


def _service(ecs: "Ecs", params: Params) -> Service:
    service = service_of(ecs, params)
    if service.status != "ACTIVE":
        raise Fault("ServiceNotActiveException", "Service was not ACTIVE.")
    if not service.external:
        raise bad_parameter(
            "Amazon ECS only supports task set management on services with an EXTERNAL deployment "
            "controller."
        )
    return service


def _scale(params: Params) -> float:
    value = float(params.get("scale", {}).get("value", 0.0))
    if not 0.0 <= value <= 100.0:
        raise bad_parameter("Scale value must be between 0 and 100.")
    return value


def _found(service: Service, name: str) -> tuple[Deployment, TaskSet]:
    for each in service.deployments:
        if each.task_set is not None and last_name(each.id) == last_name(name):
            return each, each.task_set
    raise _not_found()


def create_task_set(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """CreateTaskSet: a client token repeats the answer."""
    service = _service(ecs, params)
    token = params.get("clientToken", "")
    for each in service.deployments:
        if token and each.task_set is not None and each.task_set.token == token:
            return {"taskSet": task_set(ecs, service, each)}
    if len(service.deployments) >= MOST:
        raise Fault("LimitExceededException", f"A service has at most {MOST} task sets.")
    scale = _scale(params)
    deployed = {key: params[key] for key in DEPLOYED if key in params}
    complete(ecs, cluster_of(ecs, params), deployed, params, daemon=False)
    revision = deployments.new_revision(service, deployed, turn)
    identity = f"ecs-svc/{turn.ids.letters(19, deployments.DIGITS)}"
    arn = turn.arn("ecs", f"task-set/{service.key}/{identity}")
    kept = TaskSet(arn, scale, params.get("externalId", ""), token, stable_at=turn.at)
    made = Deployment(identity, revision.arn, "", turn.at, turn.at, "ACTIVE", task_set=kept)
    service.deployments.append(made)
    tags.put(ecs, arn, tags.checked(params))
    _changed(ecs, service, turn)
    return {"taskSet": task_set(ecs, service, made)}


def _changed(ecs: "Ecs", service: Service, turn: Turn) -> None:
    service.steady = False
    wake(ecs, service, turn)


def update_task_set(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UpdateTaskSet: another share of the desired count."""
    service = _service(ecs, params)
    found, kept = _found(service, params["taskSet"])
    kept.scale, found.updated_at = _scale(params), turn.at
    _changed(ecs, service, turn)
    return {"taskSet": task_set(ecs, service, found)}


def update_service_primary_task_set(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UpdateServicePrimaryTaskSet: the one that serves production traffic."""
    service = _service(ecs, params)
    found, _ = _found(service, params["primaryTaskSet"])
    for each in service.deployments:
        if each.status == "PRIMARY":
            each.status = "ACTIVE"
    found.status, found.updated_at = "PRIMARY", turn.at
    service.deployments.remove(found)
    service.deployments.insert(0, found)
    return {"taskSet": task_set(ecs, service, found)}


def delete_task_set(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeleteTaskSet: it drains; one that is scaled above 0 has to be forced."""
    service = _service(ecs, params)
    found, kept = _found(service, params["taskSet"])
    if kept.scale and not params.get("force"):
        raise bad_parameter("The task set cannot be deleted while it is scaled above 0.")
    kept.scale, found.status, found.updated_at = 0.0, "DRAINING", turn.at
    _changed(ecs, service, turn)
    return {"taskSet": task_set(ecs, service, found)}


def describe_task_sets(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeTaskSets: some by id or ARN, or all of a service."""
    del turn
    service = _service(ecs, params)
    known = {last_name(each.id): each for each in service.deployments}
    wanted = [last_name(each) for each in params.get("taskSets") or known]
    tagged = "TAGS" in params.get("include", [])
    prefix = service.arn.replace(":service/", ":task-set/")
    return {
        "taskSets": [
            task_set(ecs, service, known[each], tagged=tagged) for each in wanted if each in known
        ],
        "failures": [missing(f"{prefix}/ecs-svc/{each}") for each in wanted if each not in known],
    }
