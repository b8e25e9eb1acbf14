"""What the world reports of instances, and what groups make of it."""

from typing import TYPE_CHECKING

from understudy.control.autoscaling import entering, leaving, renewing, replacing
from understudy.control.autoscaling import group as machine
from understudy.control.autoscaling.capacity import IN_SERVICE, STANDBY
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import (
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    SpotNoticed,
    Stop,
)
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

STARTING = frozenset({"Pending", "Warmed:Pending", "ReplacingRootVolume"})
"""The lifecycle states in which the world is expected to say that an instance runs."""
AT_REST = frozenset({"Warmed:Stopped", "Warmed:Hibernated", "Terminated"})
"""The lifecycle states in which nothing of an instance runs."""


def on_healthy(service: "AutoScaling", event: InstanceHealthy, turn: Turn) -> None:
    """An instance that was launched, or started again, runs."""
    found = service.find(event.instance_id)
    if found is None:
        return
    group, instance = found
    instance.runs = event.runs
    starts = instance.lifecycle in STARTING and not instance.stopping_at
    if starts and entering.answered(service, group, instance, turn):
        machine.settle(service, group, turn)


def on_failed(service: "AutoScaling", event: InstanceFailed, turn: Turn) -> None:
    """An instance did not come up, or is lost."""
    found = service.find(event.instance_id)
    if found is None:
        service.state.detached.pop(event.instance_id, None)
        return
    group, instance = found
    if "Terminating" in instance.lifecycle:
        leaving.gone(service, group, instance, turn)
        machine.remove_if_empty(service, group, turn)
    elif instance.lifecycle in {IN_SERVICE, STANDBY}:
        if "HealthCheck" not in group.suspended and instance.lifecycle == IN_SERVICE:
            instance.healthy, instance.illness = False, "ec2"
    elif instance.came_from or instance.lifecycle.startswith("Replacing"):
        instance.lifecycle = IN_SERVICE
        instance.healthy, instance.illness = False, "ec2"
    else:
        entering.failed(service, group, instance, event.reason, turn)
    machine.settle(service, group, turn)


def on_stopped(service: "AutoScaling", event: InstanceStopped, turn: Turn) -> None:
    """An instance that was told to stop has stopped: it is gone, or rests in the warm pool."""
    found = service.find(event.instance_id)
    if found is None:
        return
    group, instance = found
    if instance.lifecycle == "Warmed:Pending:Proceed":
        entering.rest(service, group, instance, turn)
    elif instance.lifecycle == "ReplacingRootVolume":
        renewing.stopped(service, group, instance, turn)
    elif "Terminating" in instance.lifecycle:
        leaving.stopped(service, group, instance, turn)
        machine.remove_if_empty(service, group, turn)
    elif instance.rebooting:
        instance.rebooting = False
        entering.run(service, group, instance, turn)
    machine.settle(service, group, turn)


def reboot(instance: Instance, turn: Turn) -> None:
    """Have the world end an instance in service and run it again; it loses nothing it has written.

    It stays in service meanwhile, as far as its health checks let it.
    """
    if instance.lifecycle in {IN_SERVICE, STANDBY} and not instance.rebooting:
        instance.rebooting = True
        turn.emit(Stop(turn.region, instance.id, 0.0, keep=True))


def on_spot(service: "AutoScaling", event: SpotNoticed, turn: Turn) -> None:
    """EC2 will take a spot instance back, or says that it may."""
    found = service.find(event.instance_id)
    if found is None:
        return
    group, instance = found
    if event.notice == "interruption":
        replacing.interrupt(service, group, instance, turn)
    else:
        replacing.recommend(service, group, instance, turn)
    machine.settle(service, group, turn)


def on_restart(service: "AutoScaling", turn: Turn) -> None:
    """The world may have forgotten what it was asked for: ask again.

    An instance that runs on is taken over as it is; one that has been lost is started again.
    """
    for group in list(service.state.groups.values()):
        for instance in list(group.instances.values()):
            _again(service, group, instance, turn)
        machine.react(service, group, turn)


def _again(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    instance.rebooting = False
    if instance.stopping_at:
        turn.emit(Stop(turn.region, instance.id, 0.0))
    elif instance.lifecycle in STARTING:
        entering.start(service, group, instance, turn)
    elif instance.lifecycle not in AT_REST:
        entering.run(service, group, instance, turn)
