"""Operations on warm pools. AWS: API_PutWarmPool, API_DescribeWarmPool, API_DeleteWarmPool."""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling import causes, instances, leaving, pooling
from understudy.control.autoscaling import group as machine
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.state import WarmPool
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def put_warm_pool(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """PutWarmPool: it fills itself from now on. What the request omits has its default."""
    group = service.group(params["AutoScalingGroupName"])
    if "MixedInstancesPolicy" in group.params:
        raise validation_error(
            "You can't add a warm pool to an Auto Scaling group that has a mixed instances policy."
        )
    prepared: int | None = params.get("MaxGroupPreparedCapacity")
    minimum: int = params.get("MinSize", 0)
    if minimum < 0 or (prepared is not None and prepared < -1):
        raise validation_error("The sizes of a warm pool cannot be negative.")
    group.warm_pool = WarmPool(
        None if prepared == -1 else prepared,
        minimum,
        params.get("PoolState", "Stopped"),
        bool(params.get("InstanceReusePolicy", {}).get("ReuseOnScaleIn")),
    )
    machine.react(service, group, turn)
    return {}


def shown(pool: WarmPool) -> Params:
    """A warm pool's configuration as AWS describes it."""
    found: Params = {"MinSize": pool.minimum, "PoolState": pool.state}
    if pool.prepared is not None:
        found["MaxGroupPreparedCapacity"] = pool.prepared
    if pool.reuse:
        found["InstanceReusePolicy"] = {"ReuseOnScaleIn": True}
    if pool.deleting:
        found["Status"] = "PendingDelete"
    return found


def describe_warm_pool(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeWarmPool: its configuration and its instances; nothing where there is none."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    pooled = [
        instances.shown(each)
        for each in group.instances.values()
        if each.lifecycle.startswith("Warmed:")
    ]
    answer = paged("Instances", pooled, params)
    if group.warm_pool is not None:
        answer["WarmPoolConfiguration"] = shown(group.warm_pool)
    return answer


def delete_warm_pool(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteWarmPool: its instances are terminated; without ForceDelete only while none enters."""
    group = service.group(params["AutoScalingGroupName"])
    pool = group.warm_pool
    if pool is None:
        raise validation_error(f"No warm pool found for group {group.name}.")
    entering = [each for each in pooling.members(group) if each not in pooling.ready(group)]
    if entering and not params.get("ForceDelete"):
        raise Fault(
            "ScalingActivityInProgress",
            "You cannot delete a warm pool while there are scaling activities in progress.",
        )
    pool.deleting = True
    for each in entering:
        cause = causes.by_user(turn.at, each.id, "was taken out of service")
        leaving.terminate(service, group, each, cause, turn)
    machine.react(service, group, turn)
    return {}
