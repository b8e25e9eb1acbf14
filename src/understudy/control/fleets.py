"""Fleets over time: how many instances or tasks a group or service had, and what each cost.

A record is made whenever a fleet has changed, so that what happened can be told afterwards.
"""

from collections import Counter
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
    _end(record, record.members.keys() - members.keys(), at)
    record.members = dict(members)
    states = Counter([each.state for each in members.values()])
    _point(record, desired, states, at)


def _end(record: FleetRecord, names: Iterable[str], at: float) -> None:
    """Take down that members are gone, in the order in which they came."""
    gone = set(names)
    for name in [name for name in record.members if name in gone] if gone else ():
        member = record.members.pop(name)
        if member.kind:
            record.ended.append(usage(member, at))


def _point(record: FleetRecord, desired: int, states: Mapping[str, int], at: float) -> None:
    """Take down how many members are in which state, if that is news."""
    counts = (states.get(each, 0) for each in ("in service", "pending", "terminating"))
    point = CapacityPoint(at, desired, *counts)
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


Seen = tuple[int, list[str], list[str]]
"""A group at a glance: what it desires, its instances, their lifecycle states."""
NOTHING: Seen = (-1, [], [])
"""Of a group that was not looked at before, by this engine; its record may be older."""


def note_groups(
    records: dict[str, FleetRecord], groups: Iterable[Group], seen: dict[str, Seen], at: float
) -> None:
    """Take down groups as they are now; of one that is gone nobody is left.

    ``seen`` is what they were like when they were looked at last: most have not changed.
    """
    there = {f"autoScalingGroup/{each.name}": each for each in groups}
    for name, group in there.items():
        before = seen.get(name, NOTHING)
        now = (
            group.desired,
            [*group.instances],
            [each.lifecycle for each in group.instances.values()],
        )
        if before != now:
            seen[name] = now
            _note_group(records.setdefault(name, FleetRecord()), group, before, now, at)
    for name, record in records.items():
        if name.startswith("autoScalingGroup/") and name not in there and record.members:
            seen.pop(name, None)
            note(record, 0, {}, at)


def _note_group(record: FleetRecord, group: Group, before: Seen, now: Seen, at: float) -> None:
    """Take down what has changed in a group, which may be large.

    Of a member only its state ever changes. What is stopped in the warm pool costs nothing.
    """
    desired, names, lifecycles = now
    were: list[str | None] = [*before[2]]
    if before is NOTHING or names != before[1]:
        _end(record, record.members.keys() - group.instances.keys(), at)
        known = dict(zip(before[1], before[2], strict=True))
        were = [known.get(name) for name in names]
    changed = [n for n, was, new in zip(names, were, lifecycles, strict=True) if was != new]
    _end(record, [name for name in changed if group.instances[name].lifecycle in _IDLE], at)
    for name in changed:
        instance, member = group.instances[name], record.members.get(name)
        state = _state(instance.lifecycle)
        if instance.lifecycle not in _IDLE and (member is None or member.state != state):
            record.members[name] = _member(instance, state)
    states: Counter[str] = Counter()
    for lifecycle, count in Counter(lifecycles).items():
        if lifecycle not in _IDLE:
            states[_state(lifecycle)] += count
    _point(record, desired, states, at)


def note_services(records: dict[str, FleetRecord], ecs: Ecs, at: float) -> None:
    """Take down services as they are now."""
    for service in ecs.state.services.values():
        record = records.setdefault(f"service/{service.key}", FleetRecord())
        desired = service.desired if service.external else 0
        if service.deployments and not service.external:
            desired = desired_of(ecs, service)
        if service.deployments or record.members:
            note(record, desired, members_of_service(ecs, service, at), at)
