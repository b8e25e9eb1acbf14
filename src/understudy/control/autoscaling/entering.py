"""An instance's way into service: launched, held by hooks, registered, warmed up.

    Pending -> Pending:Wait -> Pending:Proceed -> InService
    Warmed:Pending -> Warmed:Pending:Wait -> Warmed:Pending:Proceed -> Warmed:Stopped -> Pending

AWS: Amazon EC2 Auto Scaling instance lifecycle; Use lifecycle hooks with a warm pool.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.autoscaling import activities, hooks
from understudy.control.autoscaling.capacity import IN_SERVICE
from understudy.control.autoscaling.launching import Placement, shortage_key, zones_of
from understudy.control.autoscaling.machines import machine_of
from understudy.control.autoscaling.notifications import LAUNCH, LAUNCH_ERROR, notify
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import Container, Launch, Params, Stop
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

LAUNCHING = "Launching a new EC2 instance"
POOLED = "Warmed:"
WARM_TIMER, START_TIMER = "warm", "start"
REFUSED = re.compile(r"([A-Z][A-Za-z]+)(?: - (.+))?")
SHORTAGES = frozenset(
    {"InsufficientInstanceCapacity", "UnfulfillableCapacity", "SpotMaxPriceTooLow"}
)
"""EC2's codes for a pool that has nothing to give now; other pools may."""
FIRST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 900.0


def launch(
    service: "AutoScaling",
    group: Group,
    placement: Placement,
    cause: str,
    turn: Turn,
    *,
    pooled: bool = False,
    warm_up: float = 0.0,
    invoking: Sequence[Params] = (),
) -> Instance:
    """Launch an instance into the group, or into its warm pool."""
    pool, option = placement.pool, placement.option
    instance = Instance(
        f"i-{turn.ids.hex(17)}",
        pool.zone,
        placement.subnet,
        pool.instance_type,
        pool.weight,
        turn.at,
        lifecycle=f"{POOLED}Pending" if pooled else "Pending",
        purchase=placement.purchase,
        image_id=option.image_id,
        launch_template=option.template,
        launch_configuration=option.configuration,
        rank=pool.rank,
        weighted=option.weighted,
        protected=bool(group.params.get("NewInstancesProtectedFromScaleIn")),
        warm_up=warm_up,
    )
    group.instances[instance.id] = instance
    service.state.members[instance.id] = group.name
    description = f"{LAUNCHING} into warm pool" if pooled else LAUNCHING
    activities.begin(group, instance, description, cause, "PreInService", turn, invoking)
    start(service, group, instance, turn)
    return instance


def start(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """Have the world start an instance: ``launched_at`` is when it was asked to."""
    instance.launched_at = turn.at
    run(service, group, instance, turn)


def run(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """Have the world run an instance, or go on running it."""
    turn.emit(
        Launch(
            region=turn.region,
            instance_id=instance.id,
            instance_type=instance.instance_type,
            container=Container(instance.image_id),
            log_group="",
            log_stream="",
            download_timeout=0.0,
            startup_timeout=0.0,
            kind=instance.kind,
            machine=machine_of(service, group, instance),
        )
    )


def from_pool(
    group: Group,
    service: "AutoScaling",
    instance: Instance,
    cause: str,
    turn: Turn,
    *,
    warm_up: float,
    invoking: Sequence[Params] = (),
) -> None:
    """Take an instance out of the warm pool: one that is stopped is started again."""
    instance.came_from, instance.lifecycle = instance.lifecycle, "Pending"
    instance.warm_up = warm_up
    description = f"{LAUNCHING} from warm pool"
    activities.begin(group, instance, description, cause, "PreInService", turn, invoking)
    if instance.came_from == f"{POOLED}Running":
        started(service, group, instance, turn)
    else:
        start(service, group, instance, turn)


def answered(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> bool:
    """An instance runs; it goes on once its start-up delay is over, and whether that is now."""
    due = instance.launched_at + service.config.startup_delay
    if due > turn.at:
        wish_for(group, turn, due, START_TIMER, instance.id)
        return False
    started(service, group, instance, turn)
    return True


def started(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """An instance has started: it waits for the launch hooks, or goes on."""
    if instance.lifecycle == "ReplacingRootVolume":
        instance.lifecycle = "RootVolumeReplaced"
        enter_service(service, group, instance, turn)
    elif hooks.hold(service, group, instance, hooks.LAUNCHING, turn):
        instance.lifecycle = f"{_prefix(instance)}Pending:Wait"
        activities.advance(group, instance, "MidLifecycleAction")
    else:
        go_on(service, group, instance, turn)


def _prefix(instance: Instance) -> str:
    return POOLED if instance.lifecycle.startswith(POOLED) else ""


def go_on(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """No launch hook holds an instance any more."""
    instance.lifecycle = f"{_prefix(instance)}Pending:Proceed"
    if not instance.lifecycle.startswith(POOLED):
        enter_service(service, group, instance, turn)
        return
    pool = group.warm_pool
    if pool is not None and pool.state != "Running":
        instance.stopping_at = turn.at
        turn.emit(Stop(turn.region, instance.id, 0.0))
    else:
        rest(service, group, instance, turn)


def rest(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """An instance is ready in the warm pool."""
    state = group.warm_pool.state if group.warm_pool else "Stopped"
    instance.lifecycle, instance.stopping_at = f"{POOLED}{state}", 0.0
    if activity := activities.finish(service, group, instance, "Successful", turn):
        notify(group, LAUNCH, activity, turn)


def enter_service(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """An instance serves; its activity ends when it is warm."""
    instance.lifecycle, instance.came_from = IN_SERVICE, ""
    instance.in_service_at = turn.at
    instance.warm_at = turn.at + instance.warm_up
    group.cooldown_until = turn.at + group.cooldown
    group.failures = 0
    if "AddToLoadBalancer" not in group.suspended:
        for source in group.sources:
            service.balancing.register(source, instance.id, turn)
    if instance.warm_at > turn.at:
        activities.advance(group, instance, "WaitingForInstanceWarmup")
        wish_for(group, turn, instance.warm_at, WARM_TIMER, instance.id)
    else:
        succeeded(service, group, instance, turn)


def succeeded(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """The launch of an instance is complete."""
    activity = activities.finish(service, group, instance, "Successful", turn)
    if activity is not None and activity.description.startswith(LAUNCHING):
        notify(group, LAUNCH, activity, turn)


def failed(
    service: "AutoScaling", group: Group, instance: Instance, reason: str, turn: Turn
) -> None:
    """An instance did not come up: its launch is over, and the group waits before the next.

    A reason that begins with one of EC2's error codes says that EC2 refused the launch.
    """
    if REFUSED.fullmatch(reason) is None:
        message = (
            "Instance became unhealthy while waiting for instance to be in InService state. "
            f"Termination Reason: {reason}"
        )
        give_up(service, group, instance, "Cancelled", message, turn)
        return
    code, text = refusal(service, group, instance.instance_type, instance.zone, reason)
    kind = "Spot" if instance.purchase == "spot" else "On-Demand"
    message = f"Could not launch {kind} Instances. {code} - {text} Launching EC2 instance failed."
    activity = group.in_progress.get(instance.activity)
    if activity is not None:
        activity.description = f"{LAUNCHING}.  Status Reason: {message}"
    give_up(service, group, instance, "Failed", message, turn)
    if code in SHORTAGES:
        pool = shortage_key(instance.pool, instance.purchase)
        group.shortages[pool] = turn.at + _patience(group)
        group.retry_at = turn.at


def refusal(
    service: "AutoScaling", group: Group, kind: str, zone: str, reason: str
) -> tuple[str, str]:
    """The code and the text of a refused launch; ``reason`` is the code, or both: ``Code - Text``.

    For a shortage of which only the code is known the words are EC2's own.
    """
    code, _, text = reason.partition(" - ")
    return code, text or _words(service, group, kind, zone, code)


def _words(service: "AutoScaling", group: Group, kind: str, zone: str, code: str) -> str:
    if code != "InsufficientInstanceCapacity":
        return "Unable to fulfill capacity due to your request configuration."
    others = ", ".join(each for each in zones_of(service, group) if each != zone)
    elsewhere = f" or choosing {others}" if others else ""
    return (
        f"We currently do not have sufficient {kind} capacity in the Availability Zone you "
        f"requested ({zone}). Our system will be working on provisioning additional capacity. You "
        f"can currently get {kind} capacity by not specifying an Availability Zone in your request"
        f"{elsewhere}."
    )


def _patience(group: Group) -> float:
    doublings = min(max(group.failures - 1, 0), 6)
    return min(FIRST_RETRY_SECONDS * 2**doublings, LONGEST_RETRY_SECONDS)


def give_up(
    service: "AutoScaling",
    group: Group,
    instance: Instance,
    status: str,
    message: str,
    turn: Turn,
) -> None:
    """End a launch that did not succeed, and forget the instance."""
    activity = activities.finish(service, group, instance, status, turn, message)
    if activity is not None:
        notify(group, LAUNCH_ERROR, activity, turn)
    forget(service, group, instance)
    group.failures += 1
    group.retry_at = turn.at + _patience(group)
    wish_for(group, turn, group.retry_at, "settle")


def forget(service: "AutoScaling", group: Group, instance: Instance) -> None:
    """Take an instance off the books of a group."""
    del group.instances[instance.id]
    del service.state.members[instance.id]
