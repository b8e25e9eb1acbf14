"""Scaling activities: begun, finished, kept for six weeks, described.

AWS: Verify a scaling activity for an Auto Scaling group; API_Activity.
"""

import json
from bisect import insort
from collections.abc import Sequence
from datetime import datetime
from math import floor
from typing import TYPE_CHECKING

from understudy.base.fault import validation_error
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.state import Activity, Group, History, Instance
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

KEPT = 6 * 7 * 86400.0
"""Seconds for which activities are kept."""

PROGRESS = {
    "PreInService": 30,
    "InProgress": 50,
    "WaitingForELBConnectionDraining": 50,
    "MidLifecycleAction": 60,
    "MidTerminatingLifecycleAction": 60,
    "WaitingForInstanceWarmup": 90,
    "Successful": 100,
    "Failed": 100,
    "Cancelled": 100,
}
"""How far an activity is, in percent. AWS gives 30, 50, 60 and 100 in its examples."""


def begin(
    group: Group,
    instance: Instance,
    description: str,
    cause: str,
    status: str,
    turn: Turn,
    invoking: Sequence[Params] = (),
) -> Activity:
    """Begin an activity of an instance, which goes through it from now on."""
    activity = Activity(
        turn.ids.uuid(),
        f"{description}: {instance.id}",
        cause,
        turn.at,
        status,
        _details(instance, invoking),
        instance.id,
        PROGRESS[status],
    )
    group.in_progress[activity.id] = activity
    instance.activity = activity.id
    return activity


def _details(instance: Instance, invoking: Sequence[Params]) -> str:
    details: Params = {"Subnet ID": instance.subnet} if instance.subnet else {}
    details["Availability Zone"] = instance.zone
    if invoking:
        details["InvokingAlarms"] = list(invoking)
    return json.dumps(details, separators=(",", ":"))


def advance(group: Group, instance: Instance, status: str, suffix: str = "") -> None:
    """Bring the activity of an instance to another status; ``suffix`` ends its description."""
    activity = group.in_progress.get(instance.activity)
    if activity is not None:
        activity.status, activity.progress = status, PROGRESS[status]
        if suffix and not activity.description.endswith(suffix):
            activity.description += suffix


def finish(
    service: "AutoScaling",
    group: Group,
    instance: Instance,
    status: str,
    turn: Turn,
    message: str = "",
) -> Activity | None:
    """End the activity that an instance goes through, if there is one.

    Ends are whole seconds, as AWS gives them.
    """
    activity = group.in_progress.pop(instance.activity, None)
    instance.activity = ""
    if activity is None:
        return None
    activity.status, activity.message = status, message
    activity.progress = PROGRESS[status]
    activity.ended_at = max(float(floor(turn.at)), activity.started_at)
    _keep(service, group, activity, turn)
    return activity


def record_refusal(service: "AutoScaling", group: Group, message: str, turn: Turn) -> None:
    """Keep the activity of a launch for which there is not even a definition."""
    text = f"{message} Launching EC2 instance failed."
    cause = "  ".join(group.wish.sentences)
    activity = Activity(
        turn.ids.uuid(),
        f"Launching a new EC2 instance.  Status Reason: {text}",
        cause,
        turn.at,
        "Failed",
        "{}",
        progress=PROGRESS["Failed"],
        message=text,
        ended_at=turn.at,
    )
    _keep(service, group, activity, turn)


def _keep(service: "AutoScaling", group: Group, activity: Activity, turn: Turn) -> None:
    """Keep a settled activity in the order of starts; forget those older than six weeks."""
    history = service.state.histories.setdefault(group.name, History(group.arn))
    insort(history.activities, activity, key=lambda each: each.started_at)
    while history.activities[0].started_at < turn.at - KEPT:
        del history.activities[0]


def bury(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Keep the activities of a group that is gone, for IncludeDeletedGroups."""
    history = service.state.histories.pop(group.name, None)
    if history is not None:
        history.deleted_at = turn.at
        service.state.histories[f"{group.name}/{group.arn}"] = history


def shown(activity: Activity, name: str, arn: str, *, deleted: bool = False) -> Params:
    """An activity as AWS describes it."""
    found: Params = {
        "ActivityId": activity.id,
        "AutoScalingGroupName": name,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.started_at,
        "StatusCode": activity.status,
        "Progress": activity.progress,
        "Details": activity.details,
        "AutoScalingGroupARN": arn,
    }
    if activity.ended_at is not None:
        found["EndTime"] = activity.ended_at
    if activity.message:
        found["StatusMessage"] = activity.message
    if deleted:
        found["AutoScalingGroupState"] = "Deleted"
    return found


def describe_scaling_activities(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeScalingActivities: those in progress first, then by start, the newest first."""
    name: str | None = params.get("AutoScalingGroupName")
    deleted = bool(params.get("IncludeDeletedGroups"))
    if name is not None and not deleted:
        service.group(name)
    ids: list[str] | None = params.get("ActivityIds")
    groups = [g for g in service.state.groups.values() if name in {None, g.name}]
    running = [
        shown(activity, group.name, group.arn)
        for group in groups
        for activity in reversed(group.in_progress.values())
    ]
    settled = [
        shown(activity, key.split("/arn:")[0], history.arn, deleted=history.deleted_at is not None)
        for key, history in service.state.histories.items()
        if name in {None, key.split("/arn:")[0]} and (deleted or history.deleted_at is None)
        for activity in reversed(history.activities)
        if activity.started_at >= turn.at - KEPT
    ]
    for part in (running, settled):
        part.sort(key=lambda each: each["StartTime"], reverse=True)
    chosen = [each for each in running + settled if not ids or each["ActivityId"] in ids]
    for condition in params.get("Filters", ()):
        chosen = [each for each in chosen if _matches(each, condition)]
    return paged("Activities", chosen, params, 100)


def _matches(activity: Params, condition: Params) -> bool:
    name, values = condition["Name"], condition.get("Values", ())
    if name == "Status":
        return activity["StatusCode"] in values
    bound = {"StartTimeLowerBound": 1, "StartTimeUpperBound": -1}.get(name)
    if bound is None:
        raise validation_error(
            f"Filter type {name} is not correct. Allowed Filter types are: StartTimeLowerBound "
            "StartTimeUpperBound Status"
        )
    try:
        limit = datetime.fromisoformat(values[0]).timestamp()
    except (IndexError, ValueError):
        raise validation_error(f"The value of the filter {name} must be a time.") from None
    return (activity["StartTime"] - limit) * bound >= 0
