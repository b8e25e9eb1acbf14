"""What an alarm tells a topic. Source: AWS, Notifying users on alarm changes."""

import json

from understudy.base.arn import ACCOUNT
from understudy.base.regions import LOCATIONS
from understudy.control.alarm_trigger import trigger
from understudy.control.cloudwatch.state import AnyAlarm, CompositeAlarm
from understudy.control.events import Params
from understudy.control.signals import AlarmAction, Notification
from understudy.scaling.alarm_reason import moment


def notification(alarm: AnyAlarm, action: AlarmAction, region: str) -> Notification:
    """The message with which an alarm tells a topic of its change of state."""
    place = LOCATIONS.get(region, region)
    subject = f'{action.new_state}: "{alarm.name}" in {place}'
    params = alarm.params
    message: Params = {
        "AlarmName": alarm.name,
        "AlarmDescription": params.get("AlarmDescription"),
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.updated_at),
        "NewStateValue": action.new_state,
        "NewStateReason": action.reason,
        "StateChangeTime": moment(alarm.transitioned_at),
        "Region": place,
        "AlarmArn": alarm.arn,
        "OldStateValue": action.old_state,
        "OKActions": params["OKActions"],
        "AlarmActions": params["AlarmActions"],
        "InsufficientDataActions": params["InsufficientDataActions"],
    }
    if isinstance(alarm, CompositeAlarm):
        message |= _composite(alarm)
    else:
        message["Trigger"] = trigger(params)
    return Notification(action.action, subject, message)


def invocation(alarm: AnyAlarm, action: AlarmAction, region: str) -> Notification:
    """The event with which an alarm calls a function.

    AWS: Invoke a Lambda function from an alarm, sample event.
    """
    event: Params = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": ACCOUNT,
        "time": moment(alarm.transitioned_at),
        "region": region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": {
                "value": action.new_state,
                "reason": action.reason,
                "reasonData": alarm.reason_data or None,
                "timestamp": moment(alarm.transitioned_at),
            },
            "previousState": {"value": action.old_state},
            "configuration": {"description": alarm.params.get("AlarmDescription")},
        },
    }
    return Notification(action.action, "", event)


def _composite(alarm: CompositeAlarm) -> Params:
    """The rule of a composite alarm and the alarms that moved it."""
    data: Params = json.loads(alarm.reason_data) if alarm.reason_data else {}
    children = [
        {
            "Arn": each["arn"],
            "State": {"Value": each["state"]["value"], "Timestamp": each["state"]["timestamp"]},
        }
        for each in data.get("triggeringAlarms", ())
    ]
    return {"AlarmRule": alarm.params["AlarmRule"], "TriggeringChildren": children}
