"""Lifecycle hooks: put, describe, delete; actions completed and extended.

AWS: API_PutLifecycleHook, API_CompleteLifecycleAction, API_RecordLifecycleActionHeartbeat.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling import entering, hooks, leaving
from understudy.control.autoscaling import group as groups
from understudy.control.autoscaling.capacity import PENDING, WARMED_PENDING
from understudy.control.autoscaling.state import Action, Group, Hook, Instance
from understudy.control.events import Params, Stop
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

MOST_HOOKS = 50
USUAL_HEARTBEAT = 3600.0
TRANSITIONS = (hooks.LAUNCHING, hooks.TERMINATING)
RESULTS = ("CONTINUE", "ABANDON")
_ABOUT = ("NotificationTargetARN", "RoleARN", "NotificationMetadata")


def put_lifecycle_hook(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """PutLifecycleHook: create a hook, or change what the request names of it."""
    del turn
    put(service.group(params["AutoScalingGroupName"]), params)
    return {}


def put(group: Group, params: Params) -> None:
    """Keep a hook from a request or from the specification list of a new group. Raises Fault."""
    name: str = params["LifecycleHookName"]
    known = group.hooks.get(name)
    if known is None and len(group.hooks) >= MOST_HOOKS:
        raise Fault("LimitExceeded", f"A group can have at most {MOST_HOOKS} lifecycle hooks.")
    transition = params.get("LifecycleTransition", known.transition if known else None)
    if transition not in TRANSITIONS:
        raise validation_error(
            f"Lifecycle transition must be one of {', '.join(TRANSITIONS)}; it is {transition}."
        )
    usual = known.heartbeat if known else USUAL_HEARTBEAT
    heartbeat = float(params.get("HeartbeatTimeout", usual))
    if not 30 <= heartbeat <= 7200:
        raise validation_error("HeartbeatTimeout must be between 30 and 7200 seconds.")
    default = params.get("DefaultResult", known.default if known else "ABANDON")
    if default not in RESULTS:
        raise validation_error(f"DefaultResult must be CONTINUE or ABANDON; it is {default}.")
    about = {member: params[member] for member in _ABOUT if member in params}
    kept = known.params if known else {}
    group.hooks[name] = Hook(name, transition, heartbeat, default, kept | about)


def describe_lifecycle_hooks(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeLifecycleHooks: of one group."""
    del turn
    group = service.group(params["AutoScalingGroupName"])
    names = params.get("LifecycleHookNames") or sorted(group.hooks)
    unknown = [name for name in names if name not in group.hooks]
    if unknown:
        raise validation_error(f"Lifecycle hook {unknown[0]} not found in group {group.name}.")
    return {"LifecycleHooks": [_shown(group, group.hooks[name]) for name in names]}


def _shown(group: Group, hook: Hook) -> Params:
    return {
        "LifecycleHookName": hook.name,
        "AutoScalingGroupName": group.name,
        "LifecycleTransition": hook.transition,
        "HeartbeatTimeout": int(hook.heartbeat),
        "GlobalTimeout": int(min(hooks.LONGEST, hooks.MOST_BEATS * hook.heartbeat)),
        "DefaultResult": hook.default,
        **hook.params,
    }


def delete_lifecycle_hook(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteLifecycleHook: instances that wait for it go on (launching) or are given up.

    AWS: waiting instances are completed with ABANDON when launching, CONTINUE when terminating.
    """
    group = service.group(params["AutoScalingGroupName"])
    name: str = params["LifecycleHookName"]
    hook = group.hooks.pop(name, None)
    if hook is None:
        raise validation_error(f"Lifecycle hook {name} not found in group {group.name}.")
    result = "ABANDON" if hook.transition == hooks.LAUNCHING else "CONTINUE"
    waiting = [
        (instance, action)
        for instance in list(group.instances.values())
        for action in list(instance.actions.values())
        if action.hook == name
    ]
    for instance, action in waiting:
        complete(service, group, instance, action, result, turn)
    return {}


def complete_lifecycle_action(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """CompleteLifecycleAction: the instance goes on, or is given up."""
    group = _group_with(service, params)
    result: str = params["LifecycleActionResult"]
    if result not in RESULTS:
        raise validation_error(
            f"LifecycleActionResult must be CONTINUE or ABANDON; it is {result}."
        )
    instance, action = hooks.find(group, params)
    complete(service, group, instance, action, result, turn)
    return {}


def record_lifecycle_action_heartbeat(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """RecordLifecycleActionHeartbeat: the wait is extended by the hook's timeout."""
    group = _group_with(service, params)
    instance, action = hooks.find(group, params)
    hooks.beat(group, group.hooks[action.hook], instance, action, turn)
    return {}


def _group_with(service: "AutoScaling", params: Params) -> Group:
    group = service.group(params["AutoScalingGroupName"])
    if params["LifecycleHookName"] not in group.hooks:
        raise validation_error(
            f"Lifecycle hook {params['LifecycleHookName']} not found in group {group.name}."
        )
    return group


def expire(service: "AutoScaling", group: Group, instance_id: str, token: str, turn: Turn) -> None:
    """A deadline has come: unless it was extended, the hook's default result is taken."""
    instance = group.instances.get(instance_id)
    action = instance.actions.get(token) if instance else None
    if instance is not None and action is not None and turn.at >= action.deadline:
        complete(service, group, instance, action, action.result, turn)


def complete(
    service: "AutoScaling",
    group: Group,
    instance: Instance,
    action: Action,
    result: str,
    turn: Turn,
) -> None:
    """Take the result of one action in; after the last, or ABANDON, the instance moves."""
    goes_on = hooks.answered(instance, action, result)
    if goes_on is None:
        return
    if instance.lifecycle in PENDING or instance.lifecycle in WARMED_PENDING:
        if goes_on:
            entering.go_on(service, group, instance, turn)
        else:
            message = (
                "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "
                f"{action.token} was abandoned: Lifecycle Action Completed with ABANDON Result"
            )
            turn.emit(Stop(turn.region, instance.id, 0.0))
            entering.give_up(service, group, instance, "Cancelled", message, turn)
    else:
        leaving.released(service, group, instance, turn, abandoned=not goes_on)
    groups.settle(service, group, turn)
