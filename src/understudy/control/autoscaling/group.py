"""The group: what is desired, and bringing what is there to it.

AWS: Set scaling limits for your Auto Scaling group; Instance weights.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.autoscaling import (
    activities,
    alarms,
    causes,
    entering,
    leaving,
    pooling,
    refreshing,
    replacing,
)
from understudy.control.autoscaling.capacity import (
    IN_SERVICE,
    LIVE,
    STANDBY,
    Census,
    census,
    counted,
    in_service,
    units,
)
from understudy.control.autoscaling.launching import (
    Placement,
    Plan,
    configuration_of,
    next_placement,
    options_of,
    plan_of,
)
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, Instance, Wish
from understudy.control.autoscaling.termination import choose
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

SETTLE = "settle"
"""The kind of the timers at which a group acts on what is desired."""


def demand(
    service: "AutoScaling",
    group: Group,
    desired: int,
    what: str,
    turn: Turn,
    *,
    policy: str = "",
    invoking: Sequence[Params] = (),
    warm_up: float | None = None,
    cooldown: float | None = None,
) -> None:
    """Set the desired capacity because of ``what``; the group acts on it after its reaction time.

    ``cooldown`` is that of a simple scaling policy, in seconds.
    """
    before, group.desired = group.desired, desired
    group.overshoot = max(group.overshoot + before - desired, 0) if desired > before else 0
    sentence = causes.at(turn.at, f"{what} {causes.changing(before, desired)}")
    wish = group.wish
    group.wish = Wish([*wish.sentences, sentence], policy, list(invoking), warm_up)
    group.cooldown = group.default_cooldown if cooldown is None else cooldown
    group.retry_at, group.failures = turn.at, 0
    react(service, group, turn)


def react(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Have the group settle once its reaction time is over, after its capacity was changed.

    Also without one it does so by a timer: what else happens at this very moment comes first.
    """
    alarms.follow(service, group, turn)
    group.settle_at = turn.at + service.config.reaction_delay
    wish_for(group, turn, group.settle_at, SETTLE)


def settle(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Do what there is to do now: replace, refresh, launch, terminate, fill the warm pool."""
    if group.deleting:
        return
    now = census(group)
    if replacing.review(service, group, now, turn):
        now = census(group)
    if refreshing.advance(service, group, turn):
        now = census(group)
    if turn.at >= group.settle_at and _match(service, group, now.units, turn):
        now = census(group)
    retire(service, group, now, turn)
    pooling.settle(service, group, turn)


def _match(service: "AutoScaling", group: Group, present: int, turn: Turn) -> bool:
    """Bring the units that are present to what is desired; whether that took anything."""
    if present < group.desired:
        _grow(service, group, present, turn)
        return True
    shrinks = present > group.desired + group.overshoot and "Terminate" not in group.suspended
    if shrinks:
        _shrink(service, group, present, turn)
    group.wish = Wish()
    group.owed.clear()
    return shrinks


def _grow(service: "AutoScaling", group: Group, present: int, turn: Turn) -> None:
    """Launch what is missing, as far as there is capacity for it."""
    if "Launch" in group.suspended or turn.at < group.retry_at:
        return
    try:
        plan = plan_of(service, group)
        found = _found(service, group, plan, group.desired - present, turn)
    except Fault as fault:
        activities.record_refusal(service, group, fault.message, turn)
        group.retry_at = turn.at + entering.FIRST_RETRY_SECONDS
        wish_for(group, turn, group.retry_at, SETTLE)
        return
    owed, group.owed = group.owed[: len(found)], group.owed[len(found) :]
    replacing_units = sum(_weight(each) for each in found[: len(owed)])
    before = present + replacing_units
    after = before + sum(_weight(each) for each in found[len(owed) :])
    started = causes.joined(*group.wish.sentences, causes.started(turn.at, before, after))
    zones = sorted(plan.zones.items())
    for place, each in enumerate(found):
        reason = owed[place] if place < len(owed) else ""
        _enter(service, group, each, _cause(reason, started, zones, turn), reason, turn)
    if after >= group.desired:
        group.wish, group.overshoot = Wish(), after - group.desired


def _weight(found: Placement | Instance) -> int:
    return found.weight if isinstance(found, Instance) else found.pool.weight


def _found(
    service: "AutoScaling", group: Group, plan: Plan, missing: int, turn: Turn
) -> list[Placement | Instance]:
    """Instances of the warm pool and placements for new ones, for the missing units."""
    found: list[Placement | Instance] = []
    ready = pooling.ready(group)
    options = options_of(service, configuration_of(group)) if missing > len(ready) else []
    while missing > 0:
        if ready:
            each: Placement | Instance = pooling.take(ready, plan)
            plan.add(each.pool, each.purchase)
        else:
            options = options or options_of(service, configuration_of(group))
            placement = next_placement(service, group, plan, options, turn.at)
            if placement is None:
                _wait_for_capacity(group, turn)
                break
            each = placement
            plan.add(each.pool, each.purchase)
        found.append(each)
        missing -= _weight(each)
    return found


def _wait_for_capacity(group: Group, turn: Turn) -> None:
    """Every pool is short of capacity: try again when the first is worth asking."""
    due = [until for until in group.shortages.values() if until > turn.at]
    wish_for(group, turn, min(due, default=turn.at + entering.FIRST_RETRY_SECONDS), SETTLE)


def _cause(reason: str, started: str, zones: Sequence[tuple[str, int]], turn: Turn) -> str:
    if not reason:
        return started
    if reason == "zones":
        return causes.launched_to_balance(turn.at, zones)
    return causes.launched_for(turn.at, reason)


def _enter(
    service: "AutoScaling",
    group: Group,
    found: Placement | Instance,
    cause: str,
    reason: str,
    turn: Turn,
) -> None:
    """Launch an instance, or take it out of the warm pool."""
    warm_up = warm_up_of(group, reason)
    invoking: Sequence[Params] = () if reason else group.wish.invoking
    if isinstance(found, Instance):
        entering.from_pool(group, service, found, cause, turn, warm_up=warm_up, invoking=invoking)
    else:
        entering.launch(service, group, found, cause, turn, warm_up=warm_up, invoking=invoking)


def warm_up_of(group: Group, reason: str) -> float:
    """How long the next instance warms up, in seconds.

    For a policy: its own estimate, else the group's default, else the default cooldown. For a
    refresh: its own, else the group's default, else the health check grace period. For anything
    else the group's default, if it is set. AWS: Set the default instance warmup.
    """
    default = group.warm_up
    refresh = group.refresh
    if reason == "refresh" and refresh is not None:
        own: float | None = refresh.preferences.get("InstanceWarmup")
        grace = float(group.params.get("HealthCheckGracePeriod", 0))
        return float(own) if own is not None and own >= 0 else grace if default is None else default
    if not reason and group.wish.policy:
        if group.wish.warm_up is not None:
            return group.wish.warm_up
        return group.default_cooldown if default is None else default
    return default or 0.0


def _shrink(service: "AutoScaling", group: Group, present: int, turn: Turn) -> None:
    """Terminate what is too much; the whole weight of an instance must be."""
    chosen = choose(service, group, present - group.desired, turn.at)
    after = present - units(chosen)
    cause = causes.joined(
        *group.wish.sentences,
        causes.shrunk(turn.at, present, after),
        *(causes.selected(turn.at, each.id) for each in chosen),
    )
    for each in chosen:
        if pooling.takes_back(group, each):
            pooling.give_back(service, group, each, cause, turn)
        else:
            leaving.terminate(service, group, each, cause, turn, group.wish.invoking)


def retire(service: "AutoScaling", group: Group, now: Census, turn: Turn) -> None:
    """Terminate retiring instances whose replacements are in service and warm."""
    retiring = [each for each in now.restless if each.retiring and each.lifecycle in LIVE]
    if not retiring or "Terminate" in group.suspended:
        return
    serving = [e for e in counted(group) if e.lifecycle == IN_SERVICE and turn.at >= e.warm_at]
    present, warm = units(serving), units(each for each in serving if each.healthy)
    left = units(each for each in retiring if in_service(each))
    for each in retiring:
        remaining = left - each.weight if in_service(each) else left
        # Of many unhealthy instances each waits for its own replacement, not for all of them.
        if (present if each.retiring == "unhealthy" else warm) + remaining < group.desired:
            continue
        left = remaining
        leaving.terminate(
            service, group, each, replacing.farewell(service, group, each, turn), turn
        )


def delete(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Terminate everything without waiting for hooks; the group is gone when all of it is."""
    group.deleting = True
    group.minimum = group.maximum = group.desired = 0
    group.hooks.clear()
    group.warm_pool = None
    for policy in group.policies.values():
        alarms.delete(service, policy, turn)
        del service.state.owners[policy.arn]
    group.policies.clear()
    for each in list(group.instances.values()):
        each.actions.clear()
        if each.lifecycle == STANDBY or "Terminating" not in each.lifecycle:
            cause = causes.by_user(turn.at, each.id, "was taken out of service")
            leaving.terminate(service, group, each, cause, turn)
        elif not each.stopping_at:
            leaving.stop(each, turn)
    remove_if_empty(service, group, turn)


def remove_if_empty(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Forget a group that is being deleted and has no instances left."""
    if not group.deleting or group.instances:
        return
    activities.bury(service, group, turn)
    del service.state.groups[group.name]
