"""Lifecycle actions: instances that wait for somebody outside, at most until a deadline.

AWS: Amazon EC2 Auto Scaling lifecycle hooks. A wait can be extended by heartbeats, to 48 hours or
100 times the heartbeat timeout, whichever is less.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import validation_error
from understudy.control.autoscaling.notifications import notify_hook
from understudy.control.autoscaling.service import wish_for
from understudy.control.autoscaling.state import Action, Group, Hook, Instance
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

LAUNCHING, TERMINATING = (
    "autoscaling:EC2_INSTANCE_LAUNCHING",
    "autoscaling:EC2_INSTANCE_TERMINATING",
)
LONGEST = 48 * 3600.0
MOST_BEATS = 100

TIMER = "hook"
"""The kind of their timers; then come the instance and the token."""


def hold(
    service: "AutoScaling", group: Group, instance: Instance, transition: str, turn: Turn
) -> bool:
    """Let an instance wait for the hooks of a transition; whether there are any."""
    hooks = [each for each in group.hooks.values() if each.transition == transition]
    for hook in hooks:
        latest = turn.at + min(LONGEST, MOST_BEATS * hook.heartbeat)
        deadline = turn.at + hook.heartbeat
        action = Action(hook.name, turn.ids.uuid(), hook.default, deadline, latest)
        instance.actions[action.token] = action
        wish_for(group, turn, deadline, TIMER, instance.id, action.token)
        notify_hook(service, group, hook, instance, action, turn)
    return bool(hooks)


def find(group: Group, params: Params) -> tuple[Instance, Action]:
    """The waiting instance and the action that a request names, by token or instance.

    Raises Fault.
    """
    token, identity = params.get("LifecycleActionToken"), params.get("InstanceId")
    name = params["LifecycleHookName"]
    for instance in group.instances.values():
        for action in instance.actions.values():
            named = action.token == token if token is not None else instance.id == identity
            if action.hook == name and named:
                return instance, action
    what = f"token {token}" if token is not None else f"instance ID {identity}"
    raise validation_error(f"No active Lifecycle Action found with {what}")


def beat(group: Group, hook: Hook, instance: Instance, action: Action, turn: Turn) -> None:
    """Extend a wait by the heartbeat timeout of its hook."""
    action.deadline = min(turn.at + hook.heartbeat, action.latest)
    wish_for(group, turn, action.deadline, TIMER, instance.id, action.token)


def answered(instance: Instance, action: Action, result: str) -> bool | None:
    """Take a result in: None while other actions are awaited, else whether to go on.

    ABANDON ends all other waits of the instance.
    """
    if result == "ABANDON":
        instance.actions.clear()
        return False
    del instance.actions[action.token]
    return None if instance.actions else True
