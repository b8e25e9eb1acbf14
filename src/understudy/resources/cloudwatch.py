"""AWS::CloudWatch::Alarm, CompositeAlarm, Dashboard and AnomalyDetector."""

import json
from typing import Any

from understudy.base.arn import arn
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Invoke, Request, ResourceType, Steps
from understudy.resources.forgiving import gone, remove
from understudy.resources.tags import tag_list, without
from understudy.resources.times import seconds

SERVICE = "cloudwatch"
NAME_LIMIT = 255
ALARM_TYPE = "AWS::CloudWatch::Alarm"
COMPOSITE_TYPE = "AWS::CloudWatch::CompositeAlarm"
DASHBOARD_TYPE = "AWS::CloudWatch::Dashboard"
DETECTOR_TYPE = "AWS::CloudWatch::AnomalyDetector"


def put_alarm(request: Request) -> Handler:
    """Put an alarm."""
    return (yield from _put(request, "PutMetricAlarm"))


def put_composite(request: Request) -> Handler:
    """Put a composite alarm."""
    return (yield from _put(request, "PutCompositeAlarm"))


def _put(request: Request, operation: str) -> Handler:
    name = request.physical_id or request.properties.get("AlarmName") or request.name(NAME_LIMIT)
    tags = tag_list(request)
    params = {**without(request.properties, "Tags"), "AlarmName": name, "Tags": tags}
    yield Invoke(SERVICE, operation, params)
    identity = arn(SERVICE, request.region, f"alarm:{name}")
    if request.physical_id:
        yield from _tag(request, identity)
    return Done(name, {"Arn": identity})


def _tag(request: Request, identity: str) -> Steps[None]:
    """Bring the tags of what was there already to what they shall be."""
    wanted = tag_list(request)
    answer = yield Invoke(SERVICE, "ListTagsForResource", {"ResourceARN": identity})
    kept = {each["Key"] for each in wanted}
    old = [each["Key"] for each in answer["Tags"] if each["Key"] not in kept]
    if old:
        yield Invoke(SERVICE, "UntagResource", {"ResourceARN": identity, "TagKeys": old})
    if wanted:
        yield Invoke(SERVICE, "TagResource", {"ResourceARN": identity, "Tags": wanted})


def delete_alarm(request: Request) -> Handler:
    """Delete an alarm; one that is gone already counts as deleted."""
    yield Invoke(SERVICE, "DeleteAlarms", {"AlarmNames": [request.physical_id]})
    return Done(request.physical_id)


def read_alarm(request: Request) -> Handler:
    """The live properties of an alarm."""
    return (yield from _read(request, "MetricAlarms", ALARM_TYPE))


def read_composite(request: Request) -> Handler:
    """The live properties of a composite alarm."""
    return (yield from _read(request, "CompositeAlarms", COMPOSITE_TYPE))


def _read(request: Request, member: str, kind: str) -> Handler:
    name = request.physical_id or request.properties["AlarmName"]
    types = {"AlarmNames": [name], "AlarmTypes": [member.removesuffix("s")]}
    found = (yield Invoke(SERVICE, "DescribeAlarms", types))[member]
    if not found:
        raise gone(kind, name)
    alarm: Params = found[0]
    tags = yield Invoke(SERVICE, "ListTagsForResource", {"ResourceARN": alarm["AlarmArn"]})
    return Done(name, {"Arn": alarm["AlarmArn"]}, {**alarm, "Tags": tags["Tags"]})


def put_dashboard(request: Request) -> Handler:
    """Keep a dashboard."""
    wanted = request.properties
    name = request.physical_id or wanted.get("DashboardName") or request.name(NAME_LIMIT)
    body: Any = wanted["DashboardBody"]
    params = {
        "DashboardName": name,
        "DashboardBody": body if isinstance(body, str) else json.dumps(body),
        "Tags": tag_list(request),
    }
    yield Invoke(SERVICE, "PutDashboard", params)
    if request.physical_id:
        yield from _tag(request, arn(SERVICE, "", f"dashboard/{name}"))
    return Done(name)


def delete_dashboard(request: Request) -> Handler:
    """Delete a dashboard."""
    names = {"DashboardNames": [request.physical_id]}
    yield from remove(SERVICE, "DeleteDashboards", names, _is_missing)
    return Done(request.physical_id)


def read_dashboard(request: Request) -> Handler:
    """The live properties of a dashboard."""
    name = request.physical_id or request.properties["DashboardName"]
    try:
        found = yield Invoke(SERVICE, "GetDashboard", {"DashboardName": name})
    except Fault as fault:
        if _is_missing(fault):
            raise gone(DASHBOARD_TYPE, name) from fault
        raise
    live = {"DashboardName": name, "DashboardBody": found["DashboardBody"]}
    return Done(name, {}, live)


def _is_missing(fault: Fault) -> bool:
    return fault.code in {"ResourceNotFound", "ResourceNotFoundException"}


def put_detector(request: Request) -> Handler:
    """Watch a metric for anomalies."""
    answer = yield Invoke(SERVICE, "PutAnomalyDetector", _detector(request.properties))
    identity = answer["AnomalyDetectorId"]
    return Done(identity, {"Id": identity})


def _detector(properties: Params) -> Params:
    """The properties as the API has them: it spells the zone otherwise, and times are numbers."""
    params = dict(properties)
    configuration: Params = dict(params.get("Configuration", {}))
    if "MetricTimeZone" in configuration:
        configuration["MetricTimezone"] = configuration.pop("MetricTimeZone")
    if "ExcludedTimeRanges" in configuration:
        ranges: list[Params] = configuration["ExcludedTimeRanges"]
        configuration["ExcludedTimeRanges"] = [
            {member: seconds(value) for member, value in each.items()} for each in ranges
        ]
    return {**params, "Configuration": configuration}


def delete_detector(request: Request) -> Handler:
    """Stop to watch a metric."""
    identity = {"AnomalyDetectorId": request.physical_id}
    yield from remove(SERVICE, "DeleteAnomalyDetector", identity, _is_missing)
    return Done(request.physical_id)


ALARM = ResourceType(ALARM_TYPE, "runs", put_alarm, delete_alarm, put_alarm, read_alarm)
COMPOSITE_ALARM = ResourceType(
    COMPOSITE_TYPE, "runs", put_composite, delete_alarm, put_composite, read_composite
)
DASHBOARD = ResourceType(
    DASHBOARD_TYPE, "kept", put_dashboard, delete_dashboard, put_dashboard, read_dashboard
)
ANOMALY_DETECTOR = ResourceType(DETECTOR_TYPE, "runs", put_detector, delete_detector, put_detector)
