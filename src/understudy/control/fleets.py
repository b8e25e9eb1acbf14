"""Fleets over time: how many instances or tasks a group or service had, and what each cost.

A record is made whenever a fleet has changed, so that what happened can be told afterwards.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from msgspec import Struct, field
from msgspec.structs import replace

from understudy.control.autoscaling.capacity import IN_SERVICE, LEAVING
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.ecs.assessment import assess
from understudy.control.ecs.keeping import tasks_of
from understudy.control.ecs.service import Ecs
from understudy.control.ecs.starting import desired_of
from understudy.control.ecs.state import Service
from understudy.control.outcome import CapacityPoint
from understudy.pricing.fargate import size_name
from understudy.pricing.meter import Usage
from understudy.pricing.offer import ON_DEMAND

KEPT = 50_000
"""Points and lives that are kept of a fleet."""


class Member(Struct, frozen=True, array_like=True):
    """An instance or a task: ``kind`` is what is billed, empty for a task on an instance."""

    state: str
    kind: str
    since: float
    zone: str
    purchase: str = ON_DEMAND


class FleetRecord(Struct):
    """What a fleet was: its capacity at every change, the members there are, lives that ended."""

    points: list[CapacityPoint] = field(default_factory=list[CapacityPoint])
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    ended: list[Usage] = field(default_factory=list[Usage])


def note(record: FleetRecord, desired: int, members: Mapping[str, Member], at: float) -> None:
    """Take down a fleet as it is now."""
    for name, member in record.members.items():
        if name not in members and member.kind:
            record.ended.append(usage(member, at))
    record.members = dict(members)
    states = [each.state for each in members.values()]
    point = CapacityPoint(
        at,
        desired,
        states.count("in service"),
        states.count("pending"),
        states.count("terminating"),
    )
    last = record.points[-1] if record.points else None
    if last is not None and last.at == at:
        record.points.pop()
        last = record.points[-1] if record.points else None
    if last is None or replace(last, at=at) != point:
        record.points.append(point)
    del record.points[:-KEPT], record.ended[:-KEPT]


def usage(member: Member, end: float) -> Usage:
    """The life of a member until a time."""
    return Usage(member.kind, member.since, end, member.purchase, member.zone)


def members_of_group(group: Group, before: Mapping[str, Member]) -> dict[str, Member]:
    """The instances of an Auto Scaling group that cost something; those known ``before`` if alike.

    Of a member only its state ever changes, so most can be taken over: groups may be large.
    """
    found: dict[str, Member] = {}
    for name, each in group.instances.items():
        lifecycle = each.lifecycle
        if lifecycle in _IDLE:
            continue
        known = before.get(name)
        state = _state(lifecycle)
        found[name] = known if known and known.state == state else _member(each, state)
    return found


_IDLE = frozenset({"Warmed:Stopped", "Warmed:Hibernated"})


def _member(instance: Instance, state: str) -> Member:
    purchase = "Spot" if instance.purchase == "spot" else ON_DEMAND
    return Member(state, instance.instance_type, instance.launched_at, instance.zone, purchase)


@cache
def _state(lifecycle: str) -> str:
    if lifecycle == IN_SERVICE:
        return "in service"
    return "terminating" if lifecycle in LEAVING else "pending"


def members_of_service(ecs: Ecs, service: Service, at: float) -> dict[str, Member]:
    """The tasks of a service that are not stopped."""
    there = tasks_of(ecs, service)
    conditions = assess(ecs, service, there, at)
    return {
        task.arn: Member(
            "terminating"
            if not task.live
            else "in service"
            if conditions[task.arn] == "healthy" or (task.running and not task.targets)
            else "pending",
            size_name(task.cpu, task.memory) if task.launch_type == "FARGATE" else "",
            task.created_at,
            task.zone,
        )
        for task in there
    }


Seen = tuple[int, tuple[str, ...], tuple[str, ...]]
"""A group at a glance: what it desires, its instances, their lifecycle states."""


def note_groups(
    records: dict[str, FleetRecord], groups: Iterable[Group], seen: dict[str, Seen], at: float
) -> None:
    """Take down groups as they are now; of one that is gone nobody is left.

    ``seen`` is what they were like when they were looked at last: most have not changed.
    """
    there = {f"autoScalingGroup/{each.name}": each for each in groups}
    for name, group in there.items():
        now = (
            group.desired,
            tuple(group.instances),
            tuple([each.lifecycle for each in group.instances.values()]),
        )
        if seen.get(name) == now:
            continue
        seen[name] = now
        record = records.setdefault(name, FleetRecord())
        note(record, group.desired, members_of_group(group, record.members), at)
    for name, record in records.items():
        if name.startswith("autoScalingGroup/") and name not in there and record.members:
            seen.pop(name, None)
            note(record, 0, {}, at)


def note_services(records: dict[str, FleetRecord], ecs: Ecs, at: float) -> None:
    """Take down services as they are now."""
    for service in ecs.state.services.values():
        record = records.setdefault(f"service/{service.key}", FleetRecord())
        desired = desired_of(ecs, service) if service.deployments else 0
        if service.deployments or record.members:
            note(record, desired, members_of_service(ecs, service, at), at)
