"""What a group tells others: SNS topics of its notifications, targets of its lifecycle hooks.

It leaves as signals; whoever delivers to topics and queues takes them from there.

AWS: Amazon SNS notification options for Amazon EC2 Auto Scaling; Lifecycle hook notifications.
"""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from understudy.base.arn import ACCOUNT
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.state import Action, Activity, Group, Hook, Instance
from understudy.control.events import Params
from understudy.control.signals import Happened, Notification
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

LAUNCH, LAUNCH_ERROR = "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"
TERMINATE = "autoscaling:EC2_INSTANCE_TERMINATE"
TERMINATE_ERROR = "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"
TEST = "autoscaling:TEST_NOTIFICATION"
TYPES = (LAUNCH, LAUNCH_ERROR, TERMINATE, TERMINATE_ERROR, TEST)

_SUBJECTS = {
    LAUNCH: "launch for group",
    LAUNCH_ERROR: "Failed to launch for group",
    TERMINATE: "termination for group",
    TERMINATE_ERROR: "Failed to terminate for group",
}
_KINDS = {
    LAUNCH: "EC2 Instance Launch Successful",
    LAUNCH_ERROR: "EC2 Instance Launch Unsuccessful",
    TERMINATE: "EC2 Instance Terminate Successful",
    TERMINATE_ERROR: "EC2 Instance Terminate Unsuccessful",
}


def _iso(at: float) -> str:
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def notify(group: Group, kind: str, activity: Activity, turn: Turn) -> None:
    """Tell EventBridge, and the topics that want to know of it, what came of an activity."""
    turn.signal(_happened(group, kind, activity, turn))
    topics = [topic for topic, kinds in group.notifications.items() if kind in kinds]
    if not topics:
        return
    message: Params = {
        "Progress": activity.progress,
        "AccountId": ACCOUNT,
        "Description": activity.description,
        "RequestId": activity.id,
        "EndTime": _iso(activity.ended_at or turn.at),
        "AutoScalingGroupARN": group.arn,
        "ActivityId": activity.id,
        "StartTime": _iso(activity.started_at),
        "Service": "AWS Auto Scaling",
        "Time": _iso(turn.at),
        "EC2InstanceId": activity.instance,
        "StatusCode": "InProgress" if kind in {LAUNCH, TERMINATE} else "Failed",
        "StatusMessage": activity.message,
        "Details": json.loads(activity.details),
        "AutoScalingGroupName": group.name,
        "Cause": activity.cause,
        "Event": kind,
    }
    subject = f'Auto Scaling: {_SUBJECTS[kind]} "{group.name}"'
    for topic in topics:
        turn.signal(Notification(topic, subject, message))


def _happened(group: Group, kind: str, activity: Activity, turn: Turn) -> Happened:
    """AWS: Amazon EC2 Auto Scaling event reference, successful and unsuccessful events."""
    detail: Params = {
        "StatusCode": "InProgress" if kind in {LAUNCH, TERMINATE} else "Failed",
        "AutoScalingGroupName": group.name,
        "ActivityId": activity.id,
        "Details": json.loads(activity.details),
        "RequestId": activity.id,
        "StatusMessage": activity.message,
        "EndTime": _iso(activity.ended_at or turn.at),
        "EC2InstanceId": activity.instance,
        "StartTime": _iso(activity.started_at),
        "Cause": activity.cause,
        "Description": activity.description,
    }
    of = turn.arn("ec2", f"instance/{activity.instance}")
    return Happened("aws.autoscaling", _KINDS[kind], detail, (group.arn, of))


def notify_hook(
    service: "AutoScaling",
    group: Group,
    hook: Hook,
    instance: Instance,
    action: Action,
    turn: Turn,
) -> None:
    """Tell the target of a hook, if it has one, that an instance waits."""
    del service
    target: str | None = hook.params.get("NotificationTargetARN")
    if not target:
        return
    message: Params = {
        "Service": "AWS Auto Scaling",
        "Time": _iso(turn.at),
        "RequestId": instance.activity,
        "LifecycleActionToken": action.token,
        "AccountId": ACCOUNT,
        "AutoScalingGroupName": group.name,
        "LifecycleHookName": hook.name,
        "EC2InstanceId": instance.id,
        "LifecycleTransition": hook.transition,
        **_origin(instance),
    }
    if "NotificationMetadata" in hook.params:
        message["NotificationMetadata"] = hook.params["NotificationMetadata"]
    subject = f"Auto Scaling: Lifecycle action for instance {instance.id} in progress."
    turn.signal(Notification(target, subject, message))


def _origin(instance: Instance) -> Params:
    """Where an instance comes from and goes to, as warm pools need it."""
    pooled = instance.lifecycle.startswith("Warmed:")
    if "Terminating" in instance.lifecycle:
        place = "WarmPool" if pooled else "AutoScalingGroup"
        return {"Origin": place, "Destination": "EC2"}
    destination = "WarmPool" if pooled else "AutoScalingGroup"
    return {"Origin": "WarmPool" if instance.came_from else "EC2", "Destination": destination}


def put_notification_configuration(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """PutNotificationConfiguration: the types of a topic, and a test notification to it."""
    group = service.group(params["AutoScalingGroupName"])
    topic, kinds = params["TopicARN"], list(params["NotificationTypes"])
    group.notifications[topic] = kinds
    message: Params = {
        "AccountId": ACCOUNT,
        "RequestId": turn.ids.uuid(),
        "AutoScalingGroupARN": group.arn,
        "AutoScalingGroupName": group.name,
        "Service": "AWS Auto Scaling",
        "Event": TEST,
        "Time": _iso(turn.at),
    }
    turn.signal(
        Notification(topic, f'Auto Scaling: test notification for group "{group.name}"', message)
    )
    return {}


def delete_notification_configuration(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteNotificationConfiguration: nothing more is sent to a topic."""
    del turn
    service.group(params["AutoScalingGroupName"]).notifications.pop(params["TopicARN"], None)
    return {}


def describe_notification_configurations(
    service: "AutoScaling", params: Params, turn: Turn
) -> Params:
    """DescribeNotificationConfigurations: one entry for each group, topic and type."""
    del turn
    names: list[str] = params.get("AutoScalingGroupNames") or sorted(service.state.groups)
    found = [
        {"AutoScalingGroupName": name, "TopicARN": topic, "NotificationType": kind}
        for name in names
        if name in service.state.groups
        for topic, kinds in service.state.groups[name].notifications.items()
        for kind in kinds
    ]
    return paged("NotificationConfigurations", found, params)


def describe_auto_scaling_notification_types(
    service: "AutoScaling", params: Params, turn: Turn
) -> Params:
    """DescribeAutoScalingNotificationTypes."""
    del service, params, turn
    return {"AutoScalingNotificationTypes": list(TYPES)}
