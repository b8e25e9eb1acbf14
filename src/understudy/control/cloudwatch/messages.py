"""What an alarm tells a topic. Source: AWS, Notifying users on alarm changes."""

import json

from understudy.base.arn import ACCOUNT
from understudy.base.regions import LOCATIONS
from understudy.control.alarm_trigger import trigger
from understudy.control.cloudwatch.state import AnyAlarm, CompositeAlarm
from understudy.control.events import Params
from understudy.control.signals import AlarmAction, Happened, Notification
from understudy.scaling.alarm_reason import moment

PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"
"""Whom a function's policy permits for alarms. AWS: Invoke a Lambda function from an alarm."""


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
    return Notification(action.action, "", event, PRINCIPAL, alarm.arn)


def told_state(alarm: AnyAlarm) -> Params:
    """The state of an alarm as EventBridge has it."""
    data = {"reasonData": alarm.reason_data} if alarm.reason_data else {}
    when = moment(alarm.transitioned_at)
    return {"value": alarm.state, "reason": alarm.reason, **data, "timestamp": when}


def happened(alarm: AnyAlarm, before: Params) -> Happened:
    """A change of an alarm's state as EventBridge has it; ``before`` is its old state.

    AWS: Alarm events and EventBridge, sample events.
    """
    detail = {
        "alarmName": alarm.name,
        "state": told_state(alarm),
        "previousState": before,
        "configuration": _configuration(alarm.params),
    }
    return Happened("aws.cloudwatch", "CloudWatch Alarm State Change", detail, (alarm.arn,))


def _configuration(params: Params) -> Params:
    configuration: Params = {}
    if params.get("AlarmDescription"):
        configuration["description"] = params["AlarmDescription"]
    if "AlarmRule" in params:
        return {**configuration, "alarmRule": params["AlarmRule"]}
    if "MetricName" not in params:
        return configuration
    metric = {
        "namespace": params.get("Namespace"),
        "name": params["MetricName"],
        "dimensions": {each["Name"]: each["Value"] for each in params.get("Dimensions", ())},
    }
    statistic = params.get("Statistic") or params.get("ExtendedStatistic")
    counted = {"metric": metric, "period": params.get("Period"), "stat": statistic}
    return {**configuration, "metrics": [{"id": "m1", "metricStat": counted, "returnData": True}]}


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
