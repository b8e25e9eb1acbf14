"""The alarms that target tracking policies of groups own.

Their shapes are those of alarms exported from live accounts: high is above the target for three
minutes, low is below a share of it for fifteen. The share depends on the capacity, so the low
alarm is made anew, under another name, when the capacity changes.

AWS: Target tracking scaling policies for Amazon EC2 Auto Scaling;
API_PredefinedMetricSpecification.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling.configuration import TRACKING, target_tracking
from understudy.control.autoscaling.state import Group, ScalingPolicy
from understudy.control.events import Params
from understudy.control.policy_metrics import customized_params, label_dimensions
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

HIGH, LOW = "AlarmHigh", "AlarmLow"
HIGH_PERIODS = 3
LOW_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Metric:
    """Where CloudWatch has a predefined metric."""

    namespace: str
    name: str
    statistic: str
    period: int = 60
    unit: str = ""


PREDEFINED = {
    "ASGAverageCPUUtilization": Metric("AWS/EC2", "CPUUtilization", "Average", unit="Percent"),
    "ASGAverageCPUUtilizationHighResolution": Metric(
        "AWS/EC2", "CPUUtilization", "Average", 20, "Percent"
    ),
    "ASGAverageNetworkIn": Metric("AWS/EC2", "NetworkIn", "Average"),
    "ASGAverageNetworkOut": Metric("AWS/EC2", "NetworkOut", "Average"),
    "ALBRequestCountPerTarget": Metric("AWS/ApplicationELB", "RequestCountPerTarget", "Sum"),
}


def metric_params(configuration: Params, group: str) -> Params:
    """The members of PutMetricAlarm that say which metric a policy tracks."""
    predefined = configuration.get("PredefinedMetricSpecification")
    if predefined is None:
        return customized_params(configuration["CustomizedMetricSpecification"])
    metric = PREDEFINED[predefined["PredefinedMetricType"]]
    label = predefined.get("ResourceLabel")
    own = [{"Name": "AutoScalingGroupName", "Value": group}]
    found: Params = {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": label_dimensions(label) if label else own,
        "Statistic": metric.statistic,
        "Period": metric.period,
    }
    return found | ({"Unit": metric.unit} if metric.unit else {})


def shape(policy: ScalingPolicy, group: Group, kind: str) -> Params:
    """The parameters of a policy's high or low alarm, but the name."""
    tracking = target_tracking(policy, group.desired)
    common = metric_params(policy.params["TargetTrackingConfiguration"], group.name)
    period: int = common.get("Period", 60)
    if kind == HIGH:
        periods = 1 if tracking.reserves else HIGH_PERIODS
        threshold, comparison = tracking.target, "GreaterThanThreshold"
    else:
        periods = LOW_SECONDS // period
        threshold, comparison = tracking.low, "LessThanThreshold"
    return common | {
        "AlarmDescription": "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "
        f"{policy.arn}.",
        "ActionsEnabled": True,
        "AlarmActions": [policy.arn],
        "TreatMissingData": "missing",
        "EvaluationPeriods": periods,
        "Threshold": threshold,
        "ComparisonOperator": comparison,
    }


def _put(
    service: "AutoScaling", group: Group, policy: ScalingPolicy, kind: str, turn: Turn
) -> None:
    """Put an alarm of a policy under a fresh name. Raises Fault where CloudWatch refuses it."""
    name = f"TargetTracking-{group.name}-{kind}-{turn.ids.uuid()}"
    try:
        service.monitoring.put({"AlarmName": name, **shape(policy, group, kind)}, turn)
    except Fault as fault:
        raise validation_error(fault.message) from fault
    policy.alarms[kind] = name


def replace(service: "AutoScaling", group: Group, policy: ScalingPolicy, turn: Turn) -> None:
    """Put the alarms of a policy and delete those it had; a disabled policy has none."""
    old = tuple(policy.alarms.values())
    policy.alarms = {}
    if policy.params.get("Enabled", True):
        _put(service, group, policy, HIGH, turn)
        if not target_tracking(policy, group.desired).disable_scale_in:
            _put(service, group, policy, LOW, turn)
    service.monitoring.delete(old, turn)


def follow(service: "AutoScaling", group: Group, turn: Turn) -> None:
    """Make the low alarms anew whose threshold depends on the capacity that has changed."""
    for policy in group.policies.values():
        if policy.kind != TRACKING or LOW not in policy.alarms:
            continue
        name = policy.alarms[LOW]
        known = service.monitoring.definition(name)
        low = target_tracking(policy, group.desired).low
        if known is not None and known[0]["Threshold"] != low:
            _put(service, group, policy, LOW, turn)
            service.monitoring.delete((name,), turn)


def delete(service: "AutoScaling", policy: ScalingPolicy, turn: Turn) -> None:
    """Delete the alarms of a policy."""
    service.monitoring.delete(tuple(policy.alarms.values()), turn)
    policy.alarms = {}
