"""Services: create, change, delete.

AWS: CreateService, UpdateService, DeleteService.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.ecs import deployments, rebalancing, scheduler, tags
from understudy.control.ecs.blue_green import RECONCILE, enter, groups_of_green
from understudy.control.ecs.clusters import strategy_of
from understudy.control.ecs.container_definitions import port_of
from understudy.control.ecs.faults import bad_parameter
from understudy.control.ecs.names import cluster_of, runnable, service_of
from understudy.control.ecs.placement import check_constraints
from understudy.control.ecs.service_description import describe
from understudy.control.ecs.shifting import shifting
from understudy.control.ecs.state import Cluster, Service, TaskDefinition
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
DEPLOYED = (
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
"""Members of which a new value starts a deployment. AWS: UpdateService, ServiceRevision."""

SETTINGS = (
    "schedulingStrategy",
    "deploymentController",
    "deploymentConfiguration",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
    "monitoring",
    "role",
)


def create_service(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """CreateService: the service begins its first deployment."""
    cluster = cluster_of(ecs, params)
    name = params["serviceName"]
    _check_name(ecs, cluster, name)
    settings = {key: params[key] for key in SETTINGS if key in params}
    settings.setdefault("availabilityZoneRebalancing", rebalancing.usual(settings))
    _check_settings(settings)
    rebalancing.check(params, settings)
    daemon = settings.get("schedulingStrategy") == "DAEMON"
    desired = 0 if daemon else _desired(params)
    given = tags.checked(params)
    arn = turn.arn("ecs", f"service/{cluster.name}/{name}")
    service = Service(arn, name, cluster.name, desired, turn.at, settings)
    if not service.external:
        deployed = {key: params[key] for key in DEPLOYED if key in params}
        complete(ecs, cluster, deployed, params, daemon=daemon)
        _deploy(service, deployed, turn)
    ecs.state.services[service.key] = service
    tags.put(ecs, arn, given)
    scheduler.wake(ecs, service, turn)
    return {"service": describe(ecs, service, tagged=True)}


def _check_name(ecs: "Ecs", cluster: Cluster, name: str) -> None:
    if not NAME.fullmatch(name):
        raise bad_parameter("Invalid identifier: Identifier is for service name.")
    known = ecs.state.services.get(f"{cluster.name}/{name}")
    if known is not None and known.status == "ACTIVE":
        raise bad_parameter("Creation of service was not idempotent.")
    if known is not None and known.status == "DRAINING":
        raise bad_parameter("Unable to Start a service that is still Draining.")


def _check_settings(settings: Params) -> None:
    check_constraints(settings.get("placementConstraints", ()))
    configuration = settings.get("deploymentConfiguration", {})
    low, high = (
        configuration.get("minimumHealthyPercent"),
        configuration.get("maximumPercent"),
    )
    if low == 100 and high == 100:
        raise bad_parameter(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
            "deployments."
        )
    if configuration.get("strategy", "ROLLING") == "BLUE_GREEN" and (
        "bakeTimeInMinutes" not in configuration
    ):
        raise bad_parameter("bakeTimeInMinutes is required for the BLUE_GREEN strategy.")
    if configuration.get("lifecycleHooks"):
        raise bad_parameter("Lifecycle hooks of deployments are not offered here.")


def _desired(params: Params) -> int:
    if "desiredCount" not in params:
        raise bad_parameter("Desired count must be specified for the REPLICA strategy.")
    if params["desiredCount"] < 0:
        raise bad_parameter("Desired count cannot be negative.")
    return params["desiredCount"]


def complete(
    ecs: "Ecs", cluster: Cluster, deployed: Params, params: Params, *, daemon: bool
) -> None:
    """Check what is to be deployed and fill in what follows from the rest. Raises Fault."""
    definition = runnable(ecs, deployed.get("taskDefinition", ""))
    deployed["taskDefinition"] = definition.arn
    launch_type, items = strategy_of(ecs, cluster, params)
    for key in ("launchType", "capacityProviderStrategy"):
        deployed.pop(key, None)
    if items:
        deployed["capacityProviderStrategy"] = items
    else:
        deployed["launchType"] = launch_type
    fargate = launch_type == "FARGATE" or any(
        each["capacityProvider"].startswith("FARGATE") for each in items
    )
    if fargate:
        deployed.setdefault("platformVersion", "LATEST")
        if daemon:
            raise bad_parameter("The daemon scheduling strategy does not support Fargate tasks.")
    check_runs(definition, deployed, fargate=fargate)
    _check_balancers(ecs, definition, deployed.get("loadBalancers", []))


def check_runs(definition: TaskDefinition, params: Params, *, fargate: bool) -> None:
    """Raises Fault where a task definition cannot run as a request wants it to."""
    if fargate and "FARGATE" not in definition.params["compatibilities"]:
        raise bad_parameter("Task definition does not support launch_type FARGATE.")
    awsvpc = definition.params["networkMode"] == "awsvpc"
    there = "awsvpcConfiguration" in params.get("networkConfiguration", {})
    if awsvpc and not there:
        raise bad_parameter(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    if there and not awsvpc:
        raise bad_parameter(
            "Network Configuration is not valid for the given networkMode of this task definition."
        )


def _check_balancers(ecs: "Ecs", definition: TaskDefinition, balancers: Sequence[Params]) -> None:
    containers: list[Params] = definition.params["containerDefinitions"]
    for each in balancers:
        arn = each.get("targetGroupArn")
        if not arn:
            raise bad_parameter("A target group must be specified; Classic Load Balancers are not.")
        facts = ecs.targets.group(arn)
        if facts is None:
            raise bad_parameter(f"The target group {arn} does not exist.")
        if not facts.balanced:
            raise bad_parameter(
                f"The target group with targetGroupArn {arn} does not have an associated load "
                "balancer."
            )
        mode = definition.params["networkMode"]
        if (facts.kind == "ip") != (mode == "awsvpc"):
            raise bad_parameter(
                f"The provided target group {arn} has target type {facts.kind}, which is "
                f"incompatible with the {mode} network mode specified in the task definition."
            )
        port_of(containers, each.get("containerName", ""), each.get("containerPort"))


def _deploy(service: Service, deployed: Params, turn: Turn) -> None:
    """Begin to deploy a new revision."""
    revision = deployments.new_revision(service, deployed, turn)
    if shifting(service):
        revision.groups = groups_of_green(service, deployed)
    deployment = deployments.begin(service, revision, turn)
    if shifting(service):
        enter(service, deployment, RECONCILE, turn)


def update_service(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UpdateService: change the count and settings, and deploy what is new."""
    service = service_of(ecs, params)
    if service.status != "ACTIVE":
        raise Fault("ServiceNotActiveException", "Service was not ACTIVE.")
    settings = {key: params[key] for key in SETTINGS if key in params}
    _check_settings({**service.params, **settings})
    rebalancing.check(params, {**service.params, **settings})
    changes = {key: params[key] for key in DEPLOYED if key in params}
    _refuse_to_deploy(service, changes)
    before = service.revisions[service.primary.revision].params if service.deployments else {}
    deployed = before if service.external else _changed(ecs, service, before, changes)
    if "desiredCount" in params and not service.daemon:
        service.desired = _desired(params)
    service.params.update(settings)
    service.steady = False
    if deployed != before or (params.get("forceNewDeployment") and not service.external):
        _deploy(service, deployed, turn)
    scheduler.wake(ecs, service, turn)
    return {"service": describe(ecs, service, tagged=True)}


def _refuse_to_deploy(service: Service, changes: Params) -> None:
    """Raises Fault where a deployment controller other than ECS is to begin one.

    AWS: API_UpdateService, Request Parameters.
    """
    controller = service.controller
    if controller == "CODE_DEPLOY" and "taskDefinition" in changes:
        raise bad_parameter(
            "Unable to update task definition on services with a CODE_DEPLOY deployment "
            "controller. Use AWS CodeDeploy to trigger a new deployment."
        )
    if controller == "EXTERNAL" and changes:
        raise bad_parameter(
            f"Unable to update {', '.join(sorted(changes))} on services with an EXTERNAL "
            "deployment controller. Use the CreateTaskSet action to trigger a new deployment."
        )


def _changed(ecs: "Ecs", service: Service, before: Params, changes: Params) -> Params:
    """What is deployed from now on: all of it, checked."""
    deployed = {**before, **changes}
    if "capacityProviderStrategy" in changes:
        deployed.pop("launchType", None)
    cluster = ecs.state.clusters[service.cluster]
    complete(ecs, cluster, deployed, dict(deployed), daemon=service.daemon)
    return deployed


def delete_service(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeleteService: its tasks go; one that still wants tasks must be forced."""
    service = service_of(ecs, params)
    if service.status == "ACTIVE":
        if service.desired and not service.daemon and not params.get("force"):
            raise bad_parameter("The service cannot be stopped while it is scaled above 0.")
        service.desired, service.status = 0, "DRAINING"
        ecs.removed(service, turn)
        scheduler.wake(ecs, service, turn)
    return {"service": describe(ecs, service)}
