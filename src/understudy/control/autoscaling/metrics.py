"""The metrics of groups: those that a group publishes of itself, and those of its instances.

AWS: Amazon CloudWatch metrics for Amazon EC2 Auto Scaling; Set the default instance warmup:
instances that warm up are left out of the metrics of their group.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import ceil
from typing import TYPE_CHECKING

from understudy.base.fault import validation_error
from understudy.control.autoscaling import pooling
from understudy.control.autoscaling.capacity import (
    IN_SERVICE,
    LEAVING,
    PENDING,
    STANDBY,
    WARMED,
    WARMED_LEAVING,
    WARMED_PENDING,
    units,
)
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group
from understudy.control.events import InstancesMeasured, Params
from understudy.control.turn import Turn
from understudy.metrics.datapoint import of_samples, of_value

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

NAMESPACE, EC2 = "AWS/AutoScaling", "AWS/EC2"
MINUTE = 60
TIMER = "metrics"
STATES: Mapping[str, frozenset[str]] = {
    "InService": frozenset({IN_SERVICE}),
    "Pending": PENDING,
    "Standby": frozenset({STANDBY}),
    "Terminating": LEAVING,
}
POOL_STATES: Mapping[str, frozenset[str]] = {
    "Warmed": WARMED,
    "Pending": WARMED_PENDING,
    "Terminating": WARMED_LEAVING,
}
NAMES = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    *(f"Group{state}Instances" for state in STATES),
    "GroupTotalInstances",
    *(f"Group{state}Capacity" for state in STATES),
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    *(f"WarmPool{state}Capacity" for state in POOL_STATES),
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
)


def values(group: Group) -> dict[str, float]:
    """Every metric of a group now. Those of the warm pool are there only with a warm pool."""
    numbers = weights = Counter([each.lifecycle for each in group.instances.values()])
    if units(group.instances.values()) != len(group.instances):
        weights = Counter[str]()
        for each in group.instances.values():
            weights[each.lifecycle] += each.weight
    found: dict[str, float] = {
        "GroupMinSize": group.minimum,
        "GroupMaxSize": group.maximum,
        "GroupDesiredCapacity": group.desired,
    }
    for what, counts in (("Instances", numbers), ("Capacity", weights)):
        for state, lifecycles in STATES.items():
            found[f"Group{state}{what}"] = _sum(counts, lifecycles)
        found[f"GroupTotal{what}"] = sum(_sum(counts, each) for each in STATES.values())
    if group.warm_pool is not None:
        found |= _pool_values(group, weights, found["GroupTotalCapacity"])
    return found


def _pool_values(group: Group, weights: Mapping[str, int], total: float) -> dict[str, float]:
    parts = {state: _sum(weights, lifecycles) for state, lifecycles in POOL_STATES.items()}
    size, pooled = pooling.wanted(group), sum(parts.values())
    return {
        "WarmPoolDesiredCapacity": size,
        **{f"WarmPool{state}Capacity": number for state, number in parts.items()},
        "WarmPoolTotalCapacity": pooled,
        "GroupAndWarmPoolDesiredCapacity": group.desired + size,
        "GroupAndWarmPoolTotalCapacity": total + pooled,
    }


def _sum(counts: Mapping[str, int], lifecycles: Iterable[str]) -> int:
    return sum(counts.get(each, 0) for each in lifecycles)


def enable_metrics_collection(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """EnableMetricsCollection: publish some metrics every minute, or all."""
    group = service.group(params["AutoScalingGroupName"])
    if params["Granularity"] != "1Minute":
        raise validation_error("The granularity must be 1Minute.")
    wanted = _checked(params) or list(NAMES)
    group.metrics = [name for name in NAMES if name in wanted or name in group.metrics]
    if group.metrics_due <= turn.at:
        _wait(group, turn)
    return {}


def _checked(params: Params) -> list[str]:
    names: list[str] = params.get("Metrics") or []
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise validation_error(f"Invalid metric name: {unknown[0]}")
    return names


def disable_metrics_collection(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DisableMetricsCollection: publish some metrics no longer, or none."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    unwanted = _checked(params) or list(NAMES)
    group.metrics = [name for name in group.metrics if name not in unwanted]
    return {}


def _wait(group: Group, turn: Turn) -> None:
    """Have the coming end of a minute announced."""
    group.metrics_due = (turn.at // MINUTE + 1) * MINUTE
    wish_for(group, turn, group.metrics_due, TIMER)


def publish(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Publish what a group has at the end of a minute."""
    if not group.metrics:
        return
    dimensions = (("AutoScalingGroupName", group.name),)
    now = values(group)
    start = turn.at // MINUTE * MINUTE - MINUTE
    for name in group.metrics:
        if name in now:
            point = of_value(start, now[name])
            service.monitoring.publish(NAMESPACE, name, dimensions, point, turn)
    _wait(group, turn)


def on_measured(service: "AutoScaling", event: InstancesMeasured, turn: Turn) -> None:
    """Publish what the world measured of instances: of each, and of their groups together."""
    start = float(ceil(event.at / MINUTE) - 1) * MINUTE
    at, name, members, groups = event.at, event.metric, service.state.members, service.state.groups
    own = [each for each in event.samples if each[0] in members]
    service.monitoring.publish_samples((EC2, name, "InstanceId"), own, start, turn, event.unit)
    together: defaultdict[str, list[float]] = defaultdict(list)
    for identity, value in own:
        group = members[identity]
        instance = groups[group].instances[identity]
        if instance.lifecycle == IN_SERVICE and at >= instance.warm_at:
            together[group].append(value)
    for group, samples in together.items():
        point = of_samples(start, samples)
        dimensions = (("AutoScalingGroupName", group),)
        service.monitoring.publish(EC2, name, dimensions, point, turn, event.unit)


def describe_metric_collection_types(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeMetricCollectionTypes."""
    del service, params, turn
    return {
        "Metrics": [{"Metric": name} for name in NAMES],
        "Granularities": [{"Granularity": "1Minute"}],
    }
