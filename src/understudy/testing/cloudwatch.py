"""Alarms for tests: parameters that say only what a story is about."""

from typing import Any

from understudy.control.cloudwatch.metric_alarms import with_defaults
from understudy.control.cloudwatch.operations import OPERATIONS
from understudy.control.cloudwatch.service import CloudWatch
from understudy.control.cloudwatch.state import MetricAlarm
from understudy.control.cloudwatch.watch import watch
from understudy.control.events import Params
from understudy.testing.stage import Route, Stage

SCALING_POLICY = (
    "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:6d8972f3-efc8-437c-92d1-6270f29a66e7:"
    "resource/ecs/service/cluster/web:policyName/busy"
)
TOPIC = "arn:aws:sns:us-east-1:000000000000:alerts"


def alarm_params(name: str = "busy", **changes: Any) -> Params:
    """PutMetricAlarm's parameters: the average of App/Load over 1 of 1 minutes is above 10.

    A change to None leaves a parameter out.
    """
    params: Params = {
        "AlarmName": name,
        "Namespace": "App",
        "MetricName": "Load",
        "Dimensions": [{"Name": "Service", "Value": "web"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **changes,
    }
    return {key: value for key, value in params.items() if value is not None}


def evaluation_second(params: Params) -> int:
    """The second of the minute at which an alarm with these parameters is evaluated."""
    name = params["AlarmName"]
    alarm = MetricAlarm(
        name=name,
        arn=name,
        params=with_defaults(params),
        incarnation="",
        created_at=0.0,
        updated_at=0.0,
    )
    return watch(alarm).second


def at_second(second: int, params: Params) -> Params:
    """The same alarm, on a metric named so that it is evaluated at a second of the minute."""
    for number in range(10_000):
        metric = f"{params['MetricName']}{number}"
        if evaluation_second({**params, "MetricName": metric}) == second:
            return {**params, "MetricName": metric}
    raise ValueError(f"no metric found whose alarm is evaluated at second {second}")


def cloudwatch_stage(
    at: float, service: CloudWatch | None = None, route: Route | None = None
) -> tuple[Stage, CloudWatch]:
    """A stage with CloudWatch on it, and the service."""
    stage, there = Stage(at, route), service or CloudWatch()
    stage.add("cloudwatch", there, OPERATIONS)
    return stage, there
