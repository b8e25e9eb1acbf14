"""What the policies of both scaling services say in the same way: metrics, steps."""

from math import inf

from understudy.control.events import Params
from understudy.scaling.step import Step


def label_dimensions(label: str) -> list[Params]:
    """The CloudWatch dimensions of a resource label of ALBRequestCountPerTarget.

    >>> label_dimensions("app/web/1/targetgroup/blue/2")[1]["Value"]
    'targetgroup/blue/2'
    """
    balancer, _, group = label.partition("/targetgroup/")
    return [
        {"Name": "LoadBalancer", "Value": balancer},
        {"Name": "TargetGroup", "Value": f"targetgroup/{group}"},
    ]


def customized_params(metric: Params) -> Params:
    """The members of PutMetricAlarm for a customized metric or metric maths.

    It is looked at by the minute, unless the specification says otherwise.
    """
    period: int = metric.get("Period", 60)
    if "Metrics" in metric:
        return {"Metrics": [_query_params(query, period) for query in metric["Metrics"]]}
    return {
        "Namespace": metric["Namespace"],
        "MetricName": metric["MetricName"],
        "Dimensions": list(metric.get("Dimensions", ())),
        "Statistic": metric["Statistic"],
        "Period": period,
        **({"Unit": metric["Unit"]} if "Unit" in metric else {}),
    }


def _query_params(query: Params, period: int) -> Params:
    """A query of a policy as CloudWatch takes it: with a period, and ReturnData defaulted."""
    found = {**query, "ReturnData": query.get("ReturnData", True)}
    if "MetricStat" in query:
        found["MetricStat"] = {"Period": period, **query["MetricStat"]}
    return found


def steps_of(configuration: Params) -> tuple[Step, ...]:
    """The step adjustments of a step scaling policy; a bound that is not given is infinite."""
    return tuple(
        Step(
            step["ScalingAdjustment"],
            step.get("MetricIntervalLowerBound", -inf),
            step.get("MetricIntervalUpperBound", inf),
        )
        for step in configuration.get("StepAdjustments", ())
    )
