"""An instance's way out of service: deregistered and drained, held by hooks, ended.

    InService -> Terminating -> Terminating:Wait -> Terminating:Proceed -> gone

AWS: Amazon EC2 Auto Scaling instance lifecycle; API_InstanceLifecyclePolicy.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.autoscaling import activities, hooks
from understudy.control.autoscaling.capacity import IN_SERVICE, LEAVING, STANDBY
from understudy.control.autoscaling.entering import POOLED, forget, succeeded
from understudy.control.autoscaling.notifications import TERMINATE, notify
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import Params, Stop
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

DRAINING = " - Waiting For ELB Connection Draining."
DRAIN_TIMER, GONE_TIMER = "drained", "gone"


def terminate(
    service: "AutoScaling",
    group: Group,
    instance: Instance,
    cause: str,
    turn: Turn,
    invoking: Sequence[Params] = (),
) -> None:
    """Begin to terminate an instance. A launch that is not complete is cancelled by it."""
    served = instance.lifecycle == IN_SERVICE
    if served:
        succeeded(service, group, instance, turn)
    else:
        activities.finish(service, group, instance, "Cancelled", turn)
    instance.lifecycle = f"{_prefix(instance)}Terminating"
    instance.actions.clear()
    description = "Terminating EC2 instance"
    activities.begin(group, instance, description, cause, "InProgress", turn, invoking)
    seconds = deregister(service, group, instance, turn) if served else 0.0
    if seconds > 0:
        activities.advance(group, instance, "WaitingForELBConnectionDraining", DRAINING)
        wish_for(group, turn, turn.at + seconds, DRAIN_TIMER, instance.id)
    else:
        drained(service, group, instance, turn)


def _prefix(instance: Instance) -> str:
    return POOLED if instance.lifecycle.startswith(POOLED) else ""


def deregister(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> float:
    """Take an instance off its load balancers; how many seconds it takes to drain."""
    return max(
        (service.balancing.deregister(source, instance.id, turn) for source in group.sources),
        default=0.0,
    )


def drained(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """An instance has no requests left: it waits for the terminating hooks, or ends.

    The cooldown of simple scaling counts from here (AWS: Scaling cooldowns).
    """
    if instance.lifecycle in LEAVING:
        group.cooldown_until = turn.at + group.cooldown
    known = instance.in_service_at > 0 or instance.lifecycle.startswith(POOLED)
    if known and hooks.hold(service, group, instance, hooks.TERMINATING, turn):
        instance.lifecycle = f"{_prefix(instance)}Terminating:Wait"
        activities.advance(group, instance, "MidTerminatingLifecycleAction")
    else:
        stop(instance, turn)


def released(
    service: "AutoScaling", group: Group, instance: Instance, turn: Turn, *, abandoned: bool
) -> None:
    """No terminating hook holds an instance any more.

    After ABANDON it is kept, outside of the group's capacity, where the group's lifecycle policy
    says so.
    """
    policy: Params = group.params.get("InstanceLifecyclePolicy", {})
    retains = policy.get("RetentionTriggers", {}).get("TerminateHookAbandon") == "retain"
    if abandoned and retains:
        instance.lifecycle = f"{_prefix(instance)}Terminating:Retained"
        activities.finish(service, group, instance, "Cancelled", turn)
        return
    instance.lifecycle = f"{_prefix(instance)}Terminating:Proceed"
    stop(instance, turn)


def stop(instance: Instance, turn: Turn) -> None:
    """Have the world end an instance."""
    instance.stopping_at = turn.at
    turn.emit(Stop(turn.region, instance.id, 0.0))


def stopped(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """The world has ended an instance; it is gone once its termination delay is over."""
    due = instance.stopping_at + service.config.termination_delay
    if due > turn.at:
        wish_for(group, turn, due, GONE_TIMER, instance.id)
    else:
        gone(service, group, instance, turn)


def gone(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """An instance is terminated."""
    if activity := activities.finish(service, group, instance, "Successful", turn):
        activity.description = activity.description.removesuffix(DRAINING)
        notify(group, TERMINATE, activity, turn)
    forget(service, group, instance)


def may_leave(instance: Instance) -> bool:
    """Whether an instance is in a state from which it can be taken out."""
    leaving = "Terminating" in instance.lifecycle or instance.lifecycle.startswith("Detach")
    return not leaving and instance.lifecycle != STANDBY
