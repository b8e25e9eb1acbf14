"""Services as ECS describes them. AWS: DescribeServices, ListServices; Service, Deployment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.base.arn import ACCOUNT, last_name
from understudy.control.ecs import starting, tags
from understudy.control.ecs.keeping import limits_of, tasks_of
from understudy.control.ecs.names import cluster_of, missing, paged, service_key
from understudy.control.ecs.state import Deployment, Service, Task
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

MOST_DESCRIBED, LISTED = 10, 10
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
FARGATE_VERSION = "1.4.0"
RUNTIME = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
)
SHOWN = (
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "availabilityZoneRebalancing",
    "monitoring",
)


def describe(ecs: "Ecs", service: Service, *, tagged: bool = False) -> Params:
    """A service as ECS describes it."""
    there = tasks_of(ecs, service)
    cluster = ecs.state.clusters[service.cluster]
    described: Params = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": cluster.arn,
        "status": service.status,
        "desiredCount": _desired(ecs, service),
        **_numbers(there),
        "loadBalancers": [],
        "serviceRegistries": [],
        "deploymentConfiguration": _configuration(service),
        "deploymentController": {"type": service.controller},
        **_deployments(ecs, service, there),
        "events": [
            {"id": each.id, "createdAt": each.at, "message": each.message}
            for each in service.events
        ],
        "createdAt": service.created_at,
        "createdBy": f"arn:aws:iam::{ACCOUNT}:root",
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": service.params.get("schedulingStrategy", "REPLICA"),
        "enableECSManagedTags": service.params.get("enableECSManagedTags", False),
        "propagateTags": service.params.get("propagateTags", "NONE"),
        "enableExecuteCommand": service.params.get("enableExecuteCommand", False),
        **{key: service.params[key] for key in SHOWN if key in service.params},
        **_deployed(service),
    }
    if service.params.get("role") or described["loadBalancers"]:
        described["roleArn"] = service.params.get("role", ROLE)
    if tagged:
        described["tags"] = tags.of(ecs, service.arn)
    return described


def _desired(ecs: "Ecs", service: Service) -> int:
    if service.external:
        return service.desired
    return starting.desired_of(ecs, service) if service.deployments else 0


def _deployments(ecs: "Ecs", service: Service, there: Sequence[Task]) -> Params:
    if service.external:
        sets = [task_set(ecs, service, each) for each in service.deployments]
        return {"deployments": [], "taskSets": sets}
    return {"deployments": [_deployment(ecs, service, each, there) for each in service.deployments]}


def _numbers(there: Sequence[Task]) -> Params:
    running = sum(task.status in ("RUNNING", "DEACTIVATING") for task in there)
    pending = sum(task.status in ("PROVISIONING", "PENDING", "ACTIVATING") for task in there)
    return {"runningCount": running, "pendingCount": pending}


def _configuration(service: Service) -> Params:
    low, high = limits_of(service)
    given = service.params.get("deploymentConfiguration", {})
    breaker = {"enable": False, "rollback": False}
    return {
        "deploymentCircuitBreaker": breaker,
        "strategy": "ROLLING",
        **given,
        "maximumPercent": high,
        "minimumHealthyPercent": low,
    }


def _deployed(service: Service) -> Params:
    """What a service deploys, from its latest deployment; a task set says so itself."""
    if not service.deployments or service.external:
        return {}
    primary = service.primary
    params = service.revisions[primary.revision].params
    shown = (*RUNTIME, "taskDefinition", "loadBalancers", "serviceRegistries")
    found: Params = {key: params[key] for key in shown if key in params}
    if "platformVersion" in found:
        found["platformFamily"] = "Linux"
    found["currentServiceRevisions"] = [{"arn": each.revision} for each in service.deployments]
    if primary.rollout == "IN_PROGRESS":
        found["currentServiceDeployment"] = primary.record
    return found


def _deployment(
    ecs: "Ecs", service: Service, deployment: Deployment, there: Sequence[Task]
) -> Params:
    params = service.revisions[deployment.revision].params
    mine = [task for task in there if task.deployment == deployment.id]
    primary = deployment.status == "PRIMARY"
    return {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": params["taskDefinition"],
        "desiredCount": starting.desired_of(ecs, service) if primary else 0,
        **_numbers(mine),
        "failedTasks": deployment.failures,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason,
        **_runtime(params),
    }


def _runtime(params: Params) -> Params:
    """Where a revision's tasks run."""
    found: Params = {key: params[key] for key in RUNTIME if key in params}
    if found.get("platformVersion") == "LATEST":
        found["platformVersion"] = FARGATE_VERSION
    if "platformVersion" in found:
        found["platformFamily"] = "Linux"
    return found


def task_set(
    ecs: "Ecs", service: Service, deployment: Deployment, *, tagged: bool = False
) -> Params:
    """A task set as ECS describes it."""
    kept = deployment.task_set
    assert kept is not None
    params = service.revisions[deployment.revision].params
    mine = [task for task in tasks_of(ecs, service) if task.deployment == deployment.id]
    found: Params = {
        "id": deployment.id,
        "taskSetArn": kept.arn,
        "serviceArn": service.arn,
        "clusterArn": ecs.state.clusters[service.cluster].arn,
        "status": deployment.status,
        "taskDefinition": params["taskDefinition"],
        "computedDesiredCount": starting.wanted_of(ecs, service, deployment),
        **_numbers(mine),
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "loadBalancers": params.get("loadBalancers", []),
        "serviceRegistries": params.get("serviceRegistries", []),
        "scale": {"value": kept.scale, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE" if kept.stable else "STABILIZING",
        "stabilityStatusAt": kept.stable_at,
        **_runtime(params),
    }
    if kept.external_id:
        found["externalId"] = kept.external_id
    if tagged:
        found["tags"] = tags.of(ecs, kept.arn)
    return found


def describe_services(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeServices: some by name or ARN."""
    del turn
    cluster = cluster_of(ecs, params)
    tagged = "TAGS" in params.get("include", [])
    found: list[Params] = []
    failures: list[Params] = []
    for name in params["services"]:
        service = ecs.state.services.get(service_key(cluster.name, name))
        if service is None:
            arn = f"{cluster.arn.replace(':cluster/', ':service/')}/{last_name(name)}"
            failures.append(missing(arn))
        else:
            found.append(describe(ecs, service, tagged=tagged))
    return {"services": found, "failures": failures}


def list_services(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListServices: the ARNs of the services of a cluster that are not inactive."""
    del turn
    cluster = cluster_of(ecs, params)
    launch_type, kind = params.get("launchType"), params.get("schedulingStrategy")
    found = [
        each.arn
        for each in ecs.state.services.values()
        if each.cluster == cluster.name
        and each.status != "INACTIVE"
        and launch_type in (None, _deployed(each).get("launchType"))
        and kind in (None, each.params.get("schedulingStrategy", "REPLICA"))
    ]
    shown, more = paged(found, params, LISTED if "maxResults" not in params else 100)
    return {"serviceArns": shown, **more}
