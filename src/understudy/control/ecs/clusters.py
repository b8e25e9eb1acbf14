"""Clusters: create, describe, change, delete, and their capacity providers.

AWS: CreateCluster, DescribeClusters, ListClusters, UpdateCluster, UpdateClusterSettings,
DeleteCluster, PutClusterCapacityProviders.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.ecs import managed_scaling, tags
from understudy.control.ecs.faults import bad_parameter, client_error
from understudy.control.ecs.names import DEFAULT_CLUSTER, cluster_of, missing, paged
from understudy.control.ecs.state import Cluster
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

FARGATE_PROVIDERS = ("FARGATE", "FARGATE_SPOT")
SETTINGS = [{"name": "containerInsights", "value": "disabled"}]
_KEPT = ("settings", "configuration", "serviceConnectDefaults")


def create_cluster(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """CreateCluster: one that is there already is given back."""
    name = params.get("clusterName", DEFAULT_CLUSTER)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,254}", name):
        raise bad_parameter("Invalid identifier: Identifier is for cluster name.")
    known = ecs.state.clusters.get(name)
    if known is not None and known.status == "ACTIVE":
        return {"cluster": describe(ecs, known, ("SETTINGS", "TAGS"))}
    providers = tuple(params.get("capacityProviders", ()))
    strategy = params.get("defaultCapacityProviderStrategy", [])
    _check_providers(ecs, providers)
    check_strategy(ecs, strategy, providers)
    given = tags.checked(params)
    cluster = Cluster(
        turn.arn("ecs", f"cluster/{name}"),
        name,
        params={key: params[key] for key in _KEPT if key in params},
        providers=providers,
        strategy=tuple(strategy),
    )
    ecs.state.clusters[name] = cluster
    tags.put(ecs, cluster.arn, given)
    managed_scaling.associated(ecs, cluster, turn)
    return {"cluster": describe(ecs, cluster, ("SETTINGS", "TAGS"))}


def _check_providers(ecs: "Ecs", names: Sequence[str]) -> None:
    for name in names:
        provider = ecs.state.providers.get(name)
        if name not in FARGATE_PROVIDERS and (provider is None or provider.status != "ACTIVE"):
            raise bad_parameter(
                "The specified capacity provider does not exist. Specify a valid name or ARN and "
                "try again."
            )


def check_strategy(ecs: "Ecs", strategy: Sequence[Params], providers: Sequence[str]) -> None:
    """Raises Fault for a strategy that ECS refuses. AWS: CapacityProviderStrategyItem."""
    if not strategy:
        return
    for item in strategy:
        if item["capacityProvider"] not in providers:
            raise bad_parameter(
                "The specified capacity provider strategy cannot contain a capacity provider that "
                "is not associated with the cluster. Associate the capacity provider with the "
                "cluster and try again."
            )
    kinds = {item["capacityProvider"] in FARGATE_PROVIDERS for item in strategy}
    if len(kinds) > 1:
        raise bad_parameter(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto "
            "Scaling groups and Fargate providers. Specify one or the other and try again."
        )
    if not any(item.get("weight", 0) for item in strategy):
        raise bad_parameter(
            "The specified capacity provider strategy must contain at least one capacity provider "
            "with a weight greater than zero."
        )
    if sum(bool(item.get("base", 0)) for item in strategy) > 1:
        raise bad_parameter(
            "Only one capacity provider in a capacity provider strategy can have a base defined."
        )


def describe(ecs: "Ecs", cluster: Cluster, include: Sequence[str] = ()) -> Params:
    """A cluster as ECS describes it; settings, statistics and tags where they are asked for."""
    tasks = [task for task in ecs.state.tasks.values() if task.cluster == cluster.name]
    services = [each for each in ecs.state.services.values() if each.cluster == cluster.name]
    instances = [
        each
        for each in ecs.state.instances.values()
        if each.cluster == cluster.name and each.status in ("ACTIVE", "DRAINING")
    ]
    described: Params = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": len(instances),
        "runningTasksCount": sum(task.running for task in tasks),
        "pendingTasksCount": sum(
            task.status in ("PROVISIONING", "PENDING", "ACTIVATING") for task in tasks
        ),
        "activeServicesCount": sum(each.status == "ACTIVE" for each in services),
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": list(cluster.providers),
        "defaultCapacityProviderStrategy": list(cluster.strategy),
    }
    if "SETTINGS" in include:
        described["settings"] = cluster.params.get("settings", SETTINGS)
    if "CONFIGURATIONS" in include and "configuration" in cluster.params:
        described["configuration"] = cluster.params["configuration"]
    if "TAGS" in include:
        described["tags"] = tags.of(ecs, cluster.arn)
    if "ATTACHMENTS" in include:
        described["attachmentsStatus"] = "UPDATE_COMPLETE"
    return described


def describe_clusters(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeClusters: some by name or ARN; the default one where none is named."""
    del turn
    found: list[Params] = []
    failures: list[Params] = []
    for name in params.get("clusters") or [DEFAULT_CLUSTER]:
        cluster = ecs.state.clusters.get(last_name(name))
        if cluster is None:
            failures.append(missing(name))
        else:
            found.append(describe(ecs, cluster, params.get("include", [])))
    return {"clusters": found, "failures": failures}


def list_clusters(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListClusters: the ARNs of active clusters."""
    del turn
    there = [each.arn for each in ecs.state.clusters.values() if each.status == "ACTIVE"]
    shown, more = paged(there, params)
    return {"clusterArns": shown, **more}


def update_cluster(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UpdateCluster and UpdateClusterSettings: change what the request names."""
    del turn
    cluster = cluster_of(ecs, params)
    for key in _KEPT:
        if key in params:
            cluster.params[key] = params[key]
    return {"cluster": describe(ecs, cluster, ("SETTINGS", "CONFIGURATIONS"))}


def put_cluster_capacity_providers(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """PutClusterCapacityProviders: they take the place of those that were there."""
    cluster = cluster_of(ecs, params)
    providers, strategy = params["capacityProviders"], params["defaultCapacityProviderStrategy"]
    _check_providers(ecs, providers)
    check_strategy(ecs, strategy, providers)
    for gone in set(cluster.providers) - set(providers):
        _check_unused(ecs, cluster, gone)
    cluster.providers, cluster.strategy = tuple(providers), tuple(strategy)
    managed_scaling.associated(ecs, cluster, turn)
    return {"cluster": describe(ecs, cluster, ("SETTINGS", "ATTACHMENTS"))}


def _check_unused(ecs: "Ecs", cluster: Cluster, provider: str) -> None:
    for task in ecs.state.tasks.values():
        if task.cluster == cluster.name and task.provider == provider and task.live:
            raise Fault(
                "ResourceInUseException",
                "The specified capacity provider is in use and cannot be removed.",
            )


def delete_cluster(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeleteCluster: an empty one; it stays to be described as INACTIVE."""
    cluster = cluster_of(ecs, params)
    if any(
        each.cluster == cluster.name and each.status != "INACTIVE"
        for each in ecs.state.services.values()
    ):
        raise Fault(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        )
    if any(
        each.cluster == cluster.name and each.status != "STOPPED"
        for each in ecs.state.tasks.values()
    ):
        raise Fault(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
        )
    if any(each.cluster == cluster.name for each in ecs.state.instances.values()):
        raise Fault(
            "ClusterContainsContainerInstancesException",
            "The Cluster cannot be deleted while Container Instances are active or draining.",
        )
    cluster.status, cluster.providers, cluster.strategy = "INACTIVE", (), ()
    managed_scaling.associated(ecs, cluster, turn)
    ecs.state.tags.pop(cluster.arn, None)
    return {"cluster": describe(ecs, cluster)}


def strategy_of(ecs: "Ecs", cluster: Cluster, params: Params) -> tuple[str, list[Params]]:
    """The launch type of a request, or else its strategy, or the cluster's. Raises Fault."""
    given: list[Params] = params.get("capacityProviderStrategy") or []
    launch_type: str = params.get("launchType") or ""
    if given and launch_type:
        raise bad_parameter(
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
    if given:
        check_strategy(ecs, given, cluster.providers)
        return "", given
    if launch_type == "EXTERNAL":
        raise client_error("Understudy runs tasks on EC2 and Fargate; EXTERNAL is not offered.")
    if not launch_type and cluster.strategy:
        return "", list(cluster.strategy)
    return launch_type or "EC2", []
