"""Suspending and resuming the processes of a group.

AWS: Suspend and resume Amazon EC2 Auto Scaling processes. While Launch or Terminate is suspended,
what needs them waits; scheduled actions that were missed are not run later.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import validation_error
from understudy.control.autoscaling import causes
from understudy.control.autoscaling import group as machine
from understudy.control.autoscaling.state import Group
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

PROCESSES = (
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
)


def _named(service: "AutoScaling", params: Params) -> tuple[Group, list[str]]:
    group = service.group(params["AutoScalingGroupName"])
    names: list[str] = params.get("ScalingProcesses") or list(PROCESSES)
    unknown = [name for name in names if name not in PROCESSES]
    if unknown:
        raise validation_error(f"Unknown scaling process type '{unknown[0]}'")
    return group, names


def suspend_processes(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """SuspendProcesses: some of them, or all."""
    group, names = _named(service, params)
    at = causes.moment(turn.at)
    for name in names:
        group.suspended.setdefault(name, f"User suspended at {at}")
    return {}


def resume_processes(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """ResumeProcesses: the group does what it did not do meanwhile.

    Alarms that are still in breach invoke their policies again within a minute.
    """
    group, names = _named(service, params)
    for name in names:
        group.suspended.pop(name, None)
    machine.react(service, group, turn)
    return {}


def describe_scaling_process_types(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeScalingProcessTypes."""
    del service, params, turn
    return {"Processes": [{"ProcessName": name} for name in PROCESSES]}
