"""Capacity providers of Auto Scaling groups: create, describe, change, delete.

AWS: CreateCapacityProvider, DescribeCapacityProviders, UpdateCapacityProvider,
DeleteCapacityProvider.
"""

import re
from typing import TYPE_CHECKING

from understudy.base.arn import last_name
from understudy.base.fault import Fault
from understudy.control.ecs import managed_scaling, tags
from understudy.control.ecs.clusters import FARGATE_PROVIDERS
from understudy.control.ecs.faults import bad_parameter, client_error
from understudy.control.ecs.names import missing, paged
from understudy.control.ecs.state import CapacityProvider
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
RESERVED = ("aws", "ecs", "fargate")


def create_capacity_provider(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """CreateCapacityProvider: of an Auto Scaling group."""
    name = params["name"]
    if not NAME.fullmatch(name) or name.lower().startswith(RESERVED):
        raise client_error(
            "The specified capacity provider name is invalid. Up to 255 characters are allowed, "
            "including letters (upper and lowercase), numbers, underscores, and hyphens. Capacity "
            "provider names can't be prefixed with aws, ecs, or fargate."
        )
    settings: Params | None = params.get("autoScalingGroupProvider")
    if settings is None:
        raise client_error("Only capacity providers of Auto Scaling groups are offered here.")
    if name in ecs.state.providers:
        raise client_error(
            "A capacity provider with the specified name already exists. Specify a different name "
            "and try again."
        )
    group = last_name(settings["autoScalingGroupArn"])
    found = ecs.groups("DescribeAutoScalingGroups", {"AutoScalingGroupNames": [group]}, turn)
    if not found["AutoScalingGroups"]:
        raise client_error(
            "The specified Auto Scaling group ARN is not valid. Specify a valid Auto Scaling group "
            "ARN and try again."
        )
    given = tags.checked(params)
    provider = CapacityProvider(
        turn.arn("ecs", f"capacity-provider/{name}"),
        name,
        settings["autoScalingGroupArn"],
        _settings(settings),
    )
    ecs.state.providers[name] = provider
    tags.put(ecs, provider.arn, given)
    return {"capacityProvider": describe(ecs, provider)}


def _settings(settings: Params) -> Params:
    """The settings of a provider with AWS's defaults. AWS: ManagedScaling."""
    scaling = {
        "status": "DISABLED",
        "targetCapacity": 100,
        "minimumScalingStepSize": 1,
        "maximumScalingStepSize": 10000,
        "instanceWarmupPeriod": 300,
        **settings.get("managedScaling", {}),
    }
    if settings.get("managedTerminationProtection") == "ENABLED" and scaling["status"] != "ENABLED":
        raise bad_parameter(
            "The managed termination protection setting for the capacity provider is invalid. To "
            "enable managed termination protection for a capacity provider, you must enable "
            "managed scaling."
        )
    return {
        "managedTerminationProtection": "DISABLED",
        "managedDraining": "ENABLED",
        **settings,
        "managedScaling": scaling,
    }


def describe(ecs: "Ecs", provider: CapacityProvider) -> Params:
    """A capacity provider as ECS describes it."""
    found: Params = {
        "capacityProviderArn": provider.arn,
        "name": provider.name,
        "status": provider.status,
        "autoScalingGroupProvider": provider.params,
        "type": "EC2_AUTOSCALING",
        "tags": tags.of(ecs, provider.arn),
    }
    return {**found, "updateStatus": provider.update_status} if provider.update_status else found


def describe_capacity_providers(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeCapacityProviders: some by name or ARN, or all, Fargate's first."""
    there = {name: _fargate(name, turn) for name in FARGATE_PROVIDERS}
    there |= {each.name: describe(ecs, each) for each in ecs.state.providers.values()}
    names = [last_name(name) for name in params.get("capacityProviders") or there]
    found = [there[name] for name in names if name in there]
    shown, more = paged(found, params)
    failures = [missing(name) for name in names if name not in there]
    return {"capacityProviders": shown, "failures": failures, **more}


def _fargate(name: str, turn: Turn) -> Params:
    return {
        "capacityProviderArn": turn.arn("ecs", f"capacity-provider/{name}"),
        "name": name,
        "status": "ACTIVE",
        "type": name,
        "tags": [],
    }


def _there(ecs: "Ecs", name: str) -> CapacityProvider:
    provider = ecs.state.providers.get(last_name(name))
    if provider is None or provider.status != "ACTIVE":
        raise client_error(
            "The specified capacity provider does not exist. Specify a valid name or ARN and try "
            "again."
        )
    return provider


def update_capacity_provider(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UpdateCapacityProvider: change what the request names."""
    provider = _there(ecs, params["name"])
    changes: Params = params.get("autoScalingGroupProvider", {})
    merged = {**provider.params, **changes}
    scaling = {**provider.params["managedScaling"], **changes.get("managedScaling", {})}
    provider.params = _settings({**merged, "managedScaling": scaling})
    provider.update_status = "UPDATE_COMPLETE"
    for cluster in ecs.state.clusters.values():
        if provider.name in cluster.providers:
            managed_scaling.associated(ecs, cluster, turn)
    return {"capacityProvider": describe(ecs, provider)}


def delete_capacity_provider(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeleteCapacityProvider: one that no cluster has."""
    del turn
    provider = _there(ecs, params["capacityProvider"])
    if any(provider.name in each.providers for each in ecs.state.clusters.values()):
        raise Fault(
            "ResourceInUseException",
            "The capacity provider cannot be deleted because it is associated with cluster: "
            + ", ".join(
                each.name for each in ecs.state.clusters.values() if provider.name in each.providers
            )
            + ". Remove the capacity provider from the cluster and try again.",
        )
    del ecs.state.providers[provider.name]
    described = {**describe(ecs, provider), "status": "INACTIVE"}
    ecs.state.tags.pop(provider.arn, None)
    return {"capacityProvider": {**described, "updateStatus": "DELETE_COMPLETE"}}
