"""Deployments of services as they are told of afterwards, and revisions.

AWS: ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions,
StopServiceDeployment.
"""

from typing import TYPE_CHECKING

from understudy.base.arn import resource_of
from understudy.base.fault import Fault
from understudy.control.ecs import blue_green, deployments, scheduler
from understudy.control.ecs.keeping import tasks_of
from understudy.control.ecs.names import missing, paged, service_of
from understudy.control.ecs.state import Record, Revision, Service
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

OPEN = ("PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS")


def list_service_deployments(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListServiceDeployments: of a service, the latest first."""
    del turn
    service = service_of(ecs, params)
    statuses = params.get("status")
    created: Params = params.get("createdAt", {})
    found = [
        each
        for each in service.records
        if (not statuses or each.status in statuses)
        and created.get("after", 0.0) <= each.created_at <= created.get("before", float("inf"))
    ]
    shown, more = paged(found, params, 20)
    return {"serviceDeployments": [_brief(ecs, service, each) for each in shown], **more}


def _brief(ecs: "Ecs", service: Service, record: Record) -> Params:
    found: Params = {
        "serviceDeploymentArn": record.arn,
        "serviceArn": service.arn,
        "clusterArn": ecs.state.clusters[service.cluster].arn,
        "startedAt": record.created_at,
        "createdAt": record.created_at,
        "targetServiceRevisionArn": record.target,
        "status": record.status,
    }
    if record.finished_at:
        found["finishedAt"] = record.finished_at
    if record.reason:
        found["statusReason"] = record.reason
    return found


def describe_service_deployments(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeServiceDeployments: some by ARN."""
    del turn
    found: list[Params] = []
    failures: list[Params] = []
    for arn in params["serviceDeploymentArns"]:
        pair = _find(ecs, arn)
        if pair is None:
            failures.append(missing(arn))
        else:
            found.append(_described(ecs, *pair))
    return {"serviceDeployments": found, "failures": failures}


def _find(ecs: "Ecs", arn: str) -> tuple[Service, Record] | None:
    for service in ecs.state.services.values():
        for record in service.records:
            if record.arn == arn:
                return service, record
    return None


def _described(ecs: "Ecs", service: Service, record: Record) -> Params:
    found = _brief(ecs, service, record)
    target = found.pop("targetServiceRevisionArn")
    configuration = record.configuration
    breaker = configuration.get("deploymentCircuitBreaker", {})
    tripped = record.failures >= record.threshold > 0 and bool(record.rolled_back_to)
    state = "TRIGGERED" if tripped else "MONITORING"
    found |= {
        "updatedAt": record.finished_at or record.created_at,
        "sourceServiceRevisions": [_summary(ecs, service, each) for each in record.sources],
        "targetServiceRevision": _summary(ecs, service, target),
        "deploymentConfiguration": configuration,
        "deploymentCircuitBreaker": {
            "status": state if breaker.get("enable") else "DISABLED",
            "failureCount": record.failures,
            "threshold": record.threshold,
        },
    }
    alarms = configuration.get("alarms", {})
    if alarms.get("enable"):
        found["alarms"] = {
            "status": "TRIGGERED" if record.triggered else "MONITORING",
            "alarmNames": alarms.get("alarmNames", []),
            "triggeredAlarmNames": list(record.triggered),
        }
    if record.stage:
        found["lifecycleStage"] = record.stage
    if record.stopped_at:
        found["stoppedAt"] = record.stopped_at
    if record.rolled_back_to:
        found["rollback"] = {
            "reason": record.reason,
            "startedAt": record.stopped_at,
            "serviceRevisionArn": record.rolled_back_to,
        }
    return found


def _summary(ecs: "Ecs", service: Service, arn: str) -> Params:
    ids = {each.id for each in service.deployments if each.revision == arn}
    mine = [task for task in tasks_of(ecs, service) if task.deployment in ids]
    summary: Params = {
        "arn": arn,
        "requestedTaskCount": service.desired if ids else 0,
        "runningTaskCount": sum(task.running for task in mine),
        "pendingTaskCount": sum(task.live and not task.running for task in mine),
    }
    revision = service.revisions.get(arn)
    if revision is not None and service.deployments and blue_green.shifting(service):
        summary["requestedProductionTrafficWeight"] = blue_green.requested_weight(service, revision)
    return summary


def describe_service_revisions(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeServiceRevisions: some by ARN."""
    del turn
    found: list[Params] = []
    failures: list[Params] = []
    for arn in params["serviceRevisionArns"]:
        pair = _revision(ecs, arn)
        if pair is None:
            failures.append(missing(arn))
        else:
            found.append(_described_revision(ecs, *pair))
    return {"serviceRevisions": found, "failures": failures}


def _revision(ecs: "Ecs", arn: str) -> tuple[Service, Revision] | None:
    for service in ecs.state.services.values():
        if arn in service.revisions:
            return service, service.revisions[arn]
    return None


def _described_revision(ecs: "Ecs", service: Service, revision: Revision) -> Params:
    name = resource_of(revision.params["taskDefinition"]).removeprefix("task-definition/")
    definition = ecs.state.definitions.get(name)
    containers: list[Params] = definition.params["containerDefinitions"] if definition else []
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": ecs.state.clusters[service.cluster].arn,
        "createdAt": revision.created_at,
        **revision.params,
        "containerImages": [
            {"containerName": each["name"], "image": each["image"]} for each in containers
        ],
    }


def stop_service_deployment(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """StopServiceDeployment: the deployment in progress is rolled back."""
    arn = params["serviceDeploymentArn"]
    pair = _find(ecs, arn)
    if pair is None:
        raise Fault("ServiceDeploymentNotFoundException", "Service deployment not found.")
    service, record = pair
    if record.status not in OPEN or service.primary.record != arn:
        raise Fault(
            "ConflictException", f"The service deployment is {record.status} and cannot be stopped."
        )
    if params.get("stopType", "ROLLBACK") != "ROLLBACK":
        raise Fault("UnsupportedFeatureException", "Only ROLLBACK is offered here.")
    deployments.fail(ecs, service, "ECS deployment", "stopped by the user.", turn, back=True)
    scheduler.wake(ecs, service, turn)
    return {"serviceDeploymentArn": arn}
