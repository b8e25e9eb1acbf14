"""Which instances go when a group scales in.

The purchase option that is over its share goes first, then the zone with the most instances, then
the group's termination policies decide. Protected instances stay.

AWS: Configure termination policies for Amazon EC2 Auto Scaling.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from math import inf
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
    """The instances that go so that up to ``excess`` units do, in the order in which they go.

    Which of two goes first does not depend on the others, only on how full its zone is and on its
    purchase option's share: so each of these has a queue, in order.
    """
    present = counted(group)
    zones = Counter(each.zone for each in present)
    purchased = {
        kind: units(e for e in present if e.purchase == kind) for kind in (ON_DEMAND, SPOT)
    }
    queues = _queues(service, group, [each for each in present if not each.protected], at)
    chosen: list[Instance] = []
    while excess > 0:
        fitting = {key: _first(queue, excess) for key, queue in queues.items()}
        heads = [(place, *key) for key, place in fitting.items() if place is not None]
        if not heads:
            break
        heads = _over_share(group, heads, purchased)
        fullest = max(zones[zone] for _, _, zone in heads)
        place, purchase, zone = min(
            (head for head in heads if zones[head[2]] == fullest),
            key=lambda head: queues[head[1], head[2]][head[0]][0],
        )
        _, one = queues[purchase, zone].pop(place)
        chosen.append(one)
        zones[zone] -= 1
        purchased[purchase] -= one.weight
        excess -= one.weight
    return chosen


Queue = list[tuple[tuple[float | str, ...], Instance]]
"""Instances of one purchase option in one zone, the first to go first, each with its rank."""
Head = tuple[int, str, str]
"""The place in its queue of the first that may go, and the queue's purchase option and zone."""


def _queues(
    service: "AutoScaling", group: Group, candidates: list[Instance], at: float
) -> dict[tuple[str, str], Queue]:
    policies = group.params.get("TerminationPolicies") or ["Default"]
    rules = [rule for policy in policies for rule in _RULES.get(policy, ())]
    queues: dict[tuple[str, str], Queue] = {}
    for each in candidates:
        rank = (*(rule(service, group, each, at) for rule in rules), each.id)
        queues.setdefault((each.purchase, each.zone), []).append((rank, each))
    for queue in queues.values():
        queue.sort(key=lambda ranked: ranked[0])
    return queues


def _first(queue: Queue, excess: int) -> int | None:
    """The place of the first whose whole weight may go."""
    fitting = (place for place, (_, each) in enumerate(queue) if each.weight <= excess)
    return next(fitting, None)


def _over_share(group: Group, heads: list[Head], purchased: Mapping[str, int]) -> list[Head]:
    """Those of the purchase option that has more than its share, in a mixed group."""
    if "MixedInstancesPolicy" not in configuration_of(group):
        return heads
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
    return [head for head in heads if head[1] in over] or heads


Rule = Callable[["AutoScaling", Group, Instance, float], float]
"""A number for an instance: those with the least go first."""


def _oldest(service: "AutoScaling", group: Group, each: Instance, at: float) -> float:
    del service, group, at
    return each.launched_at


def _newest(service: "AutoScaling", group: Group, each: Instance, at: float) -> float:
    del service, group, at
    return -each.launched_at


def _closest_to_hour(service: "AutoScaling", group: Group, each: Instance, at: float) -> float:
    del service, group
    return -((at - each.launched_at) % HOUR)


def _oldest_configuration(service: "AutoScaling", group: Group, each: Instance, at: float) -> float:
    """Those of the oldest launch configuration; of one that is gone before, without one last."""
    del group, at
    if not each.launch_configuration:
        return inf
    own = service.state.configurations.get(each.launch_configuration)
    return own.created_at if own else -inf


def _other_template(service: "AutoScaling", group: Group, each: Instance, at: float) -> float:
    """Those of another template than the group's, then those of its own, then those of none."""
    del service, at
    if not each.launch_template:
        return 2.0
    own = group.params.get("LaunchTemplate", {}).get("LaunchTemplateId")
    return float(own is None or each.launch_template["LaunchTemplateId"] == own)


def _oldest_version(service: "AutoScaling", group: Group, each: Instance, at: float) -> float:
    del service, group, at
    return float(each.launch_template["Version"]) if each.launch_template else 0.0


def _by_allocation(service: "AutoScaling", group: Group, each: Instance, at: float) -> float:
    """Those that the allocation strategies would take last: the dearest, or of the last rank."""
    del at
    if "MixedInstancesPolicy" not in configuration_of(group):
        return 0.0
    on_demand = each.purchase == ON_DEMAND
    kind = "OnDemandAllocationStrategy" if on_demand else "SpotAllocationStrategy"
    if distribution(group)[kind].endswith("prioritized"):
        return -float(each.rank)
    price = service.price(each.instance_type, each.zone, each.purchase)
    return 0.0 if price is None else -price / each.weight


_TEMPLATE = (_other_template, _oldest_version)
_RULES: Mapping[str, tuple[Rule, ...]] = {
    "OldestInstance": (_oldest,),
    "NewestInstance": (_newest,),
    "ClosestToNextInstanceHour": (_closest_to_hour,),
    "OldestLaunchConfiguration": (_oldest_configuration,),
    "OldestLaunchTemplate": _TEMPLATE,
    "AllocationStrategy": (_by_allocation,),
    "Default": (_by_allocation, _oldest_configuration, *_TEMPLATE, _closest_to_hour),
}
"""What each policy orders by. A Lambda function is not asked: the next policy decides."""
