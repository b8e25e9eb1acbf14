"""AWS::CloudWatch::Alarm."""

from understudy.base.arn import arn
from understudy.deploy.handler import Done, Handler, Invoke, Request, ResourceType
from understudy.resources.tags import tag_list, without

NAME_LIMIT = 255


def create(request: Request) -> Handler:
    """Put an alarm."""
    name = request.physical_id or request.properties.get("AlarmName") or request.name(NAME_LIMIT)
    params = {**without(request.properties, "Tags"), "AlarmName": name, "Tags": tag_list(request)}
    yield Invoke("cloudwatch", "PutMetricAlarm", params)
    return Done(name, {"Arn": arn("cloudwatch", request.region, f"alarm:{name}")})


def delete(request: Request) -> Handler:
    """Delete an alarm; one that is gone already counts as deleted."""
    yield Invoke("cloudwatch", "DeleteAlarms", {"AlarmNames": [request.physical_id]})
    return Done(request.physical_id)


ALARM = ResourceType("AWS::CloudWatch::Alarm", "runs", create, delete, create)
