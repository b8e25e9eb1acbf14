"""Which instances go when a group scales in.

The purchase option that is over its share goes first, then the zone with the most instances, then
the group's termination policies decide. Protected instances stay.

AWS: Configure termination policies for Amazon EC2 Auto Scaling.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from understudy.control.autoscaling.capacity import counted, units
from understudy.control.autoscaling.launching import (
    ON_DEMAND,
    SPOT,
    configuration_of,
    distribution,
)
from understudy.control.autoscaling.state import Group, Instance
from understudy.scaling.mixed import split

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

HOUR = 3600.0
POLICIES = (
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
)


def choose(service: "AutoScaling", group: Group, excess: int, at: float) -> list[Instance]:
    """The instances that go so that up to ``excess`` units do, in the order in which they go."""
    present = counted(group)
    open_ones = [each for each in present if not each.protected]
    zones = _count_zones(present)
    purchased = {
        kind: units(e for e in present if e.purchase == kind) for kind in (ON_DEMAND, SPOT)
    }
    chosen: list[Instance] = []
    while excess > 0:
        fitting = [each for each in open_ones if each.weight <= excess]
        if not fitting:
            break
        one = _choose_one(service, group, fitting, zones, purchased, at)
        chosen.append(one)
        open_ones.remove(one)
        zones[one.zone] -= 1
        purchased[one.purchase] -= one.weight
        excess -= one.weight
    return chosen


def _count_zones(instances: list[Instance]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in instances:
        counts[each.zone] = counts.get(each.zone, 0) + 1
    return counts


def _choose_one(
    service: "AutoScaling",
    group: Group,
    candidates: list[Instance],
    zones: Mapping[str, int],
    purchased: Mapping[str, int],
    at: float,
) -> Instance:
    candidates = _over_share(group, candidates, purchased)
    fullest = max(zones[each.zone] for each in candidates)
    candidates = [each for each in candidates if zones[each.zone] == fullest]
    for policy in group.params.get("TerminationPolicies") or ["Default"]:
        if len(candidates) == 1:
            break
        for narrow in _STEPS.get(policy, ()):
            candidates = narrow(service, group, candidates, at)
    return min(candidates, key=lambda each: each.id)


def _over_share(
    group: Group, candidates: list[Instance], purchased: Mapping[str, int]
) -> list[Instance]:
    """Those of the purchase option that has more than its share, in a mixed group."""
    if "MixedInstancesPolicy" not in configuration_of(group):
        return candidates
    wanted = distribution(group)
    target = split(
        group.desired,
        wanted["OnDemandBaseCapacity"],
        wanted["OnDemandPercentageAboveBaseCapacity"],
    )
    over = [
        kind
        for kind, share in ((ON_DEMAND, target.on_demand), (SPOT, target.spot))
        if purchased[kind] > share
    ]
    return [each for each in candidates if each.purchase in over] or candidates


Step = Callable[["AutoScaling", Group, list[Instance], float], list[Instance]]
"""Keeps of some instances those that go first."""


def _least(candidates: list[Instance], key: Callable[[Instance], object]) -> list[Instance]:
    keys = [key(each) for each in candidates]
    first = min(keys)  # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    return [each for each, own in zip(candidates, keys, strict=True) if own == first]


def _oldest(
    service: "AutoScaling", group: Group, candidates: list[Instance], at: float
) -> list[Instance]:
    del service, group, at
    return _least(candidates, lambda each: each.launched_at)


def _newest(
    service: "AutoScaling", group: Group, candidates: list[Instance], at: float
) -> list[Instance]:
    del service, group, at
    return _least(candidates, lambda each: -each.launched_at)


def _closest_to_hour(
    service: "AutoScaling", group: Group, candidates: list[Instance], at: float
) -> list[Instance]:
    del service, group
    return _least(candidates, lambda each: -((at - each.launched_at) % HOUR))


def _oldest_configuration(
    service: "AutoScaling", group: Group, candidates: list[Instance], at: float
) -> list[Instance]:
    """Those of the oldest launch configuration; all of them where none has one."""
    del group, at
    configured = [each for each in candidates if each.launch_configuration]
    known = service.state.configurations

    def created(each: Instance) -> float:
        own = known.get(each.launch_configuration)
        return own.created_at if own else float("-inf")

    return _least(configured, created) if configured else candidates


def _oldest_template(
    service: "AutoScaling", group: Group, candidates: list[Instance], at: float
) -> list[Instance]:
    """Those of another template than the group's, else those of the oldest version."""
    del service, at
    templated = [each for each in candidates if each.launch_template]
    if not templated:
        return candidates
    own = group.params.get("LaunchTemplate", {}).get("LaunchTemplateId")
    if own is not None:
        others = [each for each in templated if each.launch_template["LaunchTemplateId"] != own]
        templated = others or templated
    return _least(templated, lambda each: int(each.launch_template["Version"]))


def _by_allocation(
    service: "AutoScaling", group: Group, candidates: list[Instance], at: float
) -> list[Instance]:
    """Those that the allocation strategies would take last: the dearest, or of the last rank."""
    del at
    if "MixedInstancesPolicy" not in configuration_of(group):
        return candidates
    wanted = distribution(group)

    def badness(each: Instance) -> float:
        strategy = wanted[
            "OnDemandAllocationStrategy" if each.purchase == ON_DEMAND else "SpotAllocationStrategy"
        ]
        if strategy.endswith("prioritized"):
            return -float(each.rank)
        price = service.price(each.instance_type, each.zone, each.purchase)
        return 0.0 if price is None else -price / each.weight

    return _least(candidates, badness)


_STEPS: Mapping[str, tuple[Step, ...]] = {
    "OldestInstance": (_oldest,),
    "NewestInstance": (_newest,),
    "ClosestToNextInstanceHour": (_closest_to_hour,),
    "OldestLaunchConfiguration": (_oldest_configuration,),
    "OldestLaunchTemplate": (_oldest_template,),
    "AllocationStrategy": (_by_allocation,),
    "Default": (_by_allocation, _oldest_configuration, _oldest_template, _closest_to_hour),
}
"""What each policy narrows by. A Lambda function is not asked: the next policy decides."""
