"""Replacing instances that are unhealthy, too old, in too full a zone, or taken back by EC2.

AWS: Health checks for instances in an Auto Scaling group; Replace instances based on maximum
lifetime; Instance maintenance policies; Capacity Rebalancing; Rebalancing activities.
"""

from typing import TYPE_CHECKING

from understudy.control.autoscaling import causes, leaving
from understudy.control.autoscaling.capacity import (
    IN_SERVICE,
    LIVE,
    Census,
    census,
    counted,
    in_service,
    live,
    units,
)
from understudy.control.autoscaling.launching import (
    configuration_of,
    next_placement,
    options_of,
    plan_of,
    zone_counts,
)
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling.refresh import before, together

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

TENTH = 10
"""One in so many may be replaced at a time, and at least one."""


def review(service: "AutoScaling", group: Group, now: Census, turn: Turn) -> bool:
    """Take out, or mark as retiring, what shall be replaced now; whether there was anything."""
    if "Terminate" in group.suspended:
        return False
    unwell = [] if "ReplaceUnhealthy" in group.suspended else _unwell(now)
    if unwell:
        _replace_unhealthy(service, group, unwell, turn)
    old = _replace_old(service, group, turn)
    if unwell or old:
        now = census(group)
    if "AZRebalance" in group.suspended or "Launch" in group.suspended:
        return bool(unwell) or old
    return _balance(service, group, now, turn) or bool(unwell) or old


def _unwell(now: Census) -> list[Instance]:
    return [
        each
        for each in now.restless
        if not each.healthy and each.lifecycle in LIVE and not each.retiring
    ]


def _replace_unhealthy(
    service: "AutoScaling", group: Group, unwell: list[Instance], turn: Turn
) -> None:
    """Those that are gone already leave at once, the others a few at a time."""
    for each in [each for each in unwell if each.illness == "ec2"]:
        _take_out(service, group, each, causes.ILLNESSES["ec2"], "unhealthy", turn)
    sick = [each for each in unwell if each.illness != "ec2"]
    for each, after in _allowed(group, sick, turn):
        if after:
            each.retiring, each.after = "unhealthy", True
            group.owed.append("unhealthy")
        else:
            _take_out(service, group, each, causes.ILLNESSES[each.illness], "unhealthy", turn)


def _take_out(
    service: "AutoScaling", group: Group, instance: Instance, why: str, reason: str, turn: Turn
) -> None:
    """Terminate an instance now; its replacement is launched at the same time."""
    leaving.terminate(service, group, instance, causes.taken_out(turn.at, why), turn)
    instance.retiring = reason
    group.owed.append(reason)


def _allowed(group: Group, candidates: list[Instance], turn: Turn) -> list[tuple[Instance, bool]]:
    """Those that may be replaced now, each with whether its replacement comes first.

    Without a maintenance policy a tenth of the desired capacity, and only once the replacements
    before are warm.
    """
    if not candidates:
        return []
    policy: Params = group.params.get("InstanceMaintenancePolicy", {})
    least, most = policy.get("MinHealthyPercentage", -1), policy.get("MaxHealthyPercentage", -1)
    own = {each.id for each in candidates}
    steady = units(
        each
        for each in counted(group)
        if each.id in own or (in_service(each) and turn.at >= each.warm_at)
    )
    if most > 100:
        room = before(group.desired, units(live(group)), most)
        return [(each, True) for each in candidates[:room]]
    if least >= 0:
        room = together(group.desired, steady, least)
        return [(each, False) for each in candidates[:room]]
    room = max(group.desired // TENTH, 1) - max(group.desired - steady, 0)
    return [(each, False) for each in candidates[: max(room, 0)]]


def _replace_old(service: "AutoScaling", group: Group, turn: Turn) -> bool:
    """Replace instances at the end of their life, if there are any.

    Several go at once only where time is short.
    """
    lifetime: int = group.params.get("MaxInstanceLifetime") or 0
    if not lifetime:
        return False
    serving = [each for each in counted(group) if each.lifecycle == IN_SERVICE]
    old = [each for each in serving if turn.at >= each.launched_at + lifetime]
    for each, after in _allowed(group, old, turn):
        each.retiring, each.after = "lifetime", after
        group.owed.append("lifetime")
        if not after:
            cause = causes.taken_out(turn.at, causes.REPLACED["lifetime"])
            leaving.terminate(service, group, each, cause, turn)
    due = min((each.launched_at + lifetime for each in serving if each not in old), default=0.0)
    if due > turn.at and due != group.lifetime_due:
        group.lifetime_due = due
        wish_for(group, turn, due, "settle")
    return bool(old)


def _balance(service: "AutoScaling", group: Group, now: Census, turn: Turn) -> bool:
    """Move instances from the fullest zone to the emptiest, if everything else is at rest.

    Up to a tenth of the maximum, and at least one, may be moved at a time.
    """
    if now.units != group.desired or turn.at < group.settle_at:
        return False
    if any(map(_moving, now.restless)):
        return False
    counts = zone_counts(service, group)
    room = most = max(group.maximum // TENTH, 1)
    while room > 0 and counts and max(counts.values()) - min(counts.values()) > 1:
        fullest = max(counts, key=lambda zone: counts[zone])
        emptiest = min(counts, key=lambda zone: counts[zone])
        moved = [e for e in counted(group) if e.zone == fullest and not e.protected]
        if not moved or not _has_room(service, group, emptiest, turn):
            break
        moved[0].retiring, moved[0].after = "zones", True
        group.owed.append("zones")
        counts[fullest] -= 1
        counts[emptiest] += 1
        room -= 1
    return room < most


def _moving(instance: Instance) -> bool:
    """Whether an instance comes or goes, as far as the group's capacity is concerned."""
    return instance.lifecycle in LIVE and (
        instance.lifecycle != IN_SERVICE or bool(instance.retiring)
    )


def _has_room(service: "AutoScaling", group: Group, zone: str, turn: Turn) -> bool:
    """Whether the next launch can go to a zone."""
    options = options_of(service, configuration_of(group))
    found = next_placement(service, group, plan_of(service, group), options, turn.at)
    return found is not None and found.pool.zone == zone


def farewell(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> str:
    """The cause of terminating a retiring instance whose replacement is there."""
    reason = instance.retiring
    if reason == "zones":
        present = units(live(group))
        zones = [zone for zone in zone_counts(service, group) if zone != instance.zone]
        return causes.joined(
            causes.balanced(turn.at, zones),
            causes.shrunk(turn.at, present, present - instance.weight),
            causes.selected(turn.at, instance.id),
        )
    why = causes.ILLNESSES.get(instance.illness) if reason == "unhealthy" else None
    first = causes.taken_out(turn.at, why or causes.REPLACED[reason])
    return causes.joined(
        first, causes.selected(turn.at, instance.id) if reason == "refresh" else ""
    )


def recommend(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """EC2 says that a spot instance is at an elevated risk of interruption.

    With Capacity Rebalancing its replacement is launched before it goes, unless all that is to be
    had is more of the same pool.
    """
    if not group.params.get("CapacityRebalance") or instance.retiring:
        return
    if instance.lifecycle != IN_SERVICE or instance.purchase != "spot":
        return
    options = options_of(service, configuration_of(group))
    plan = plan_of(service, group)
    found = next_placement(service, group, plan, options, turn.at)
    if found is None or found.pool == instance.pool:
        return
    instance.retiring, instance.after = "rebalance", True
    group.owed.append("rebalance")


def interrupt(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """EC2 takes a spot instance back in two minutes: it leaves now, and is replaced."""
    if instance.lifecycle in LIVE:
        _take_out(service, group, instance, causes.REPLACED["interruption"], "interruption", turn)
