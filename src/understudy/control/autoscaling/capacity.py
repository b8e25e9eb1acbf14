"""What a group has: which instances count, in units, and what its policies compute from.

AWS: Amazon EC2 Auto Scaling instance lifecycle; Set capacity limits; Instance weights.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from understudy.control.autoscaling.state import Group, Instance
from understudy.scaling.decision import Capacity

IN_SERVICE, STANDBY, RETAINED = "InService", "Standby", "Terminating:Retained"
PENDING = frozenset({"Pending", "Pending:Wait", "Pending:Proceed"})
REPLACING = frozenset(
    {
        "ReplacingRootVolume",
        "ReplacingRootVolume:Wait",
        "ReplacingRootVolume:Proceed",
        "RootVolumeReplaced",
    }
)
LIVE = PENDING | REPLACING | {IN_SERVICE}
LEAVING = frozenset({"Terminating", "Terminating:Wait", "Terminating:Proceed"})
WARMED_PENDING = frozenset({"Warmed:Pending", "Warmed:Pending:Wait", "Warmed:Pending:Proceed"})
WARMED = frozenset({"Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated"})
WARMED_LEAVING = frozenset(
    {"Warmed:Terminating", "Warmed:Terminating:Wait", "Warmed:Terminating:Proceed"}
)


def units(instances: Iterable[Instance]) -> int:
    """The weight of instances together."""
    return sum([each.weight for each in instances])


def live(group: Group) -> list[Instance]:
    """The instances that run or start, oldest first."""
    return [each for each in group.instances.values() if each.lifecycle in LIVE]


def counted(group: Group) -> list[Instance]:
    """Those of them that make up the group's capacity: the retiring ones do not."""
    return [
        each for each in group.instances.values() if each.lifecycle in LIVE and not each.retiring
    ]


@dataclass(frozen=True, slots=True)
class Census:
    """A group at a glance: the units that count, and the instances that are not at rest.

    At rest is what is in service, healthy and there to stay. In a large group few are not, and
    whatever is to be done next concerns one of them.
    """

    units: int
    restless: list[Instance]


def census(group: Group) -> Census:
    """A group at a glance, in one pass."""
    restless = [
        each
        for each in group.instances.values()
        if each.lifecycle != IN_SERVICE or each.retiring or not each.healthy
    ]
    out = units(each for each in restless if each.lifecycle not in LIVE or each.retiring)
    return Census(units(group.instances.values()) - out, restless)


def in_service(instance: Instance) -> bool:
    """Whether an instance serves and is healthy."""
    return instance.lifecycle == IN_SERVICE and instance.healthy


def capacity_of(group: Group, at: float) -> Capacity:
    """The capacity of a group for its policies.

    Instances that are not in service yet, or not warm, are warming; those that scale-in has taken
    out still count while they terminate.
    """
    running = warming = terminating = 0
    for each in group.instances.values():
        if each.retiring:
            continue
        if each.lifecycle in LIVE:
            running += each.weight
            if each.lifecycle in PENDING or at < each.warm_at:
                warming += each.weight
        elif each.lifecycle in LEAVING:
            terminating += each.weight
    return Capacity(
        group.minimum, group.maximum, group.desired, running, warming, terminating=terminating
    )


def in_zones(group: Group, zones: Iterable[str]) -> dict[str, int]:
    """How many instances each zone has, of those that count."""
    there = [
        each.zone
        for each in group.instances.values()
        if each.lifecycle in LIVE and not each.retiring
    ]
    return {**dict.fromkeys(zones, 0), **Counter(there)}
