"""The alarms that a target tracking policy owns: their names, metrics and shapes.

AWS: How target tracking scaling works; API_PredefinedMetricSpecification. The shapes are those of
alarms exported from live accounts: high is above the target for three periods, low is below nine
tenths of it for fifteen minutes (ten where the period is 20 seconds).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.application_autoscaling.configuration import target_tracking
from understudy.control.application_autoscaling.state import Alarm, ScalableTarget, ScalingPolicy
from understudy.control.events import Params
from understudy.control.policy_metrics import customized_params, label_dimensions
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

HIGH_PERIODS = 3
LOW_PERIODS = {10: 90, 20: 30, 60: 15}
"""How many datapoints the low alarm evaluates, by period in seconds."""

_ECS = ("ecs:service:DesiredCount",)
_COPIES = ("sagemaker:inference-component:DesiredCopyCount",)
_VARIANT = ("sagemaker:variant:DesiredInstanceCount",)
_SERVERLESS = ("sagemaker:variant:DesiredProvisionedConcurrency",)
_FUNCTIONS = ("lambda:function:ProvisionedConcurrency",)


@dataclass(frozen=True, slots=True)
class Metric:
    """Where CloudWatch has a predefined metric, and which scalable dimensions may track it."""

    scales: tuple[str, ...]
    namespace: str
    name: str
    statistic: str
    period: int = 60
    unit: str = ""


PREDEFINED = {
    "ALBRequestCountPerTarget": Metric(_ECS, "AWS/ApplicationELB", "RequestCountPerTarget", "Sum"),
    "ECSServiceAverageCPUUtilization": Metric(
        _ECS, "AWS/ECS", "CPUUtilization", "Average", unit="Percent"
    ),
    "ECSServiceAverageCPUUtilizationHighResolution": Metric(
        _ECS, "AWS/ECS", "CPUUtilization", "Average", 20, "Percent"
    ),
    "ECSServiceAverageMemoryUtilization": Metric(
        _ECS, "AWS/ECS", "MemoryUtilization", "Average", unit="Percent"
    ),
    "ECSServiceAverageMemoryUtilizationHighResolution": Metric(
        _ECS, "AWS/ECS", "MemoryUtilization", "Average", 20, "Percent"
    ),
    "LambdaProvisionedConcurrencyUtilization": Metric(
        _FUNCTIONS, "AWS/Lambda", "ProvisionedConcurrencyUtilization", "Maximum"
    ),
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": Metric(
        _COPIES, "AWS/SageMaker", "ConcurrentRequestsPerCopy", "Maximum", 10
    ),
    "SageMakerInferenceComponentInvocationsPerCopy": Metric(
        _COPIES, "AWS/SageMaker", "InvocationsPerCopy", "Sum"
    ),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": Metric(
        _VARIANT, "AWS/SageMaker", "ConcurrentRequestsPerModel", "Maximum", 10
    ),
    "SageMakerVariantInvocationsPerInstance": Metric(
        _VARIANT, "AWS/SageMaker", "InvocationsPerInstance", "Sum"
    ),
    "SageMakerVariantProvisionedConcurrencyUtilization": Metric(
        _SERVERLESS, "AWS/SageMaker", "ServerlessProvisionedConcurrencyUtilization", "Maximum"
    ),
}
"""The predefined metrics of the dimensions that can be scaled here."""


def metrics_of(dimension: str) -> tuple[str, ...]:
    """The predefined metric types that a scalable dimension may track, in order."""
    return tuple(kind for kind, metric in PREDEFINED.items() if dimension in metric.scales)


def resource_dimensions(resource_id: str) -> list[Params]:
    """The CloudWatch dimensions of a resource id.

    >>> resource_dimensions("endpoint/digits/variant/blue")[1]
    {'Name': 'VariantName', 'Value': 'blue'}
    """
    if resource_id.startswith("function:"):
        _, name, qualifier = resource_id.split(":")
        pairs = (("FunctionName", name), ("Resource", f"{name}:{qualifier}"))
        return [{"Name": dimension, "Value": value} for dimension, value in pairs]
    kind, _, rest = resource_id.partition("/")
    names = {
        "service": ("ClusterName", "ServiceName"),
        "endpoint": ("EndpointName", "VariantName"),
        "inference-component": ("InferenceComponentName",),
    }[kind]
    values = rest.replace("/variant/", "/").split("/")
    return [{"Name": name, "Value": value} for name, value in zip(names, values, strict=True)]


def metric_params(configuration: Params, resource_id: str) -> Params:
    """The members of PutMetricAlarm that say which metric a policy tracks."""
    predefined = configuration.get("PredefinedMetricSpecification")
    if predefined is None:
        return customized_params(configuration["CustomizedMetricSpecification"])
    metric = PREDEFINED[predefined["PredefinedMetricType"]]
    label = predefined.get("ResourceLabel")
    found: Params = {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": label_dimensions(label) if label else resource_dimensions(resource_id),
        "Statistic": metric.statistic,
        "Period": metric.period,
    }
    return found | ({"Unit": metric.unit} if metric.unit else {})


def alarm_shapes(policy: ScalingPolicy, target: ScalableTarget) -> list[tuple[str, Params]]:
    """``AlarmHigh`` and, unless scale-in is disabled, ``AlarmLow``: PutMetricAlarm but the name."""
    tracking = target_tracking(policy.name, policy.configuration, target.dimension)
    action = f"{policy.arn}:createdBy/{policy.created_by}"
    common: Params = metric_params(policy.configuration, target.resource_id) | {
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}.",
        "ActionsEnabled": True,
        "AlarmActions": [action],
        "TreatMissingData": "missing",
    }
    period: int = common.get("Period", 60)
    high: Params = {
        "EvaluationPeriods": HIGH_PERIODS,
        "Threshold": tracking.target,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    low: Params = {
        "EvaluationPeriods": LOW_PERIODS[period],
        "Threshold": tracking.low,
        "ComparisonOperator": "LessThanThreshold",
    }
    shapes = [("AlarmHigh", common | high), ("AlarmLow", common | low)]
    return shapes[:1] if tracking.disable_scale_in else shapes


def replace_alarms(
    service: "ApplicationAutoScaling", policy: ScalingPolicy, target: ScalableTarget, turn: Turn
) -> None:
    """Put the alarms of a policy under fresh names and delete the ones it had.

    Raises Fault (FailedResourceAccessException) where CloudWatch refuses; nothing is left behind.
    """
    made: list[Alarm] = []
    for kind, params in alarm_shapes(policy, target):
        name = f"TargetTracking-{target.resource_id}-{kind}-{turn.ids.uuid()}"
        try:
            service.alarms.put({"AlarmName": name, **params}, turn)
        except Fault as fault:
            service.alarms.delete(tuple(alarm.name for alarm in made), turn)
            raise Fault("FailedResourceAccessException", fault.message) from fault
        made.append(Alarm(name, turn.arn("cloudwatch", f"alarm:{name}")))
    delete_alarms(service, policy, turn)
    policy.alarms = tuple(made)


def delete_alarms(service: "ApplicationAutoScaling", policy: ScalingPolicy, turn: Turn) -> None:
    """Delete the alarms that a policy owns."""
    if policy.alarms:
        service.alarms.delete(tuple(alarm.name for alarm in policy.alarms), turn)
        policy.alarms = ()
