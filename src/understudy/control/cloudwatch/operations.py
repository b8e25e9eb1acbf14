"""Everything that CloudWatch offers, under AWS's names."""

from collections.abc import Callable, Mapping

from understudy.control.cloudwatch import (
    alarms,
    composite_alarms,
    dashboards,
    detectors,
    history,
    metric_alarms,
    metric_data,
    metric_query,
    metric_statistics,
    tags,
)
from understudy.control.cloudwatch.books import Books
from understudy.control.cloudwatch.service import CloudWatch
from understudy.control.events import Params
from understudy.control.turn import Turn

Operation = Callable[[CloudWatch, Params, Turn], Params]
"""Answers an operation with its output or raises a Fault."""


def _on_service(function: Callable[[Books, Params, Turn], Params]) -> Operation:
    def operation(service: CloudWatch, params: Params, turn: Turn) -> Params:
        return function(service.books, params, turn)

    operation.__doc__ = function.__doc__
    return operation


OPERATIONS: Mapping[str, Operation] = {
    name: _on_service(function)
    for name, function in {
        "DeleteAlarms": alarms.delete_alarms,
        "DeleteAnomalyDetector": detectors.delete_anomaly_detector,
        "DeleteDashboards": dashboards.delete_dashboards,
        "DescribeAlarmHistory": history.describe_alarm_history,
        "DescribeAlarms": alarms.describe_alarms,
        "DescribeAlarmsForMetric": alarms.describe_alarms_for_metric,
        "DescribeAnomalyDetectors": detectors.describe_anomaly_detectors,
        "DisableAlarmActions": alarms.disable_alarm_actions,
        "EnableAlarmActions": alarms.enable_alarm_actions,
        "GetDashboard": dashboards.get_dashboard,
        "GetMetricData": metric_query.get_metric_data,
        "GetMetricStatistics": metric_statistics.get_metric_statistics,
        "ListDashboards": dashboards.list_dashboards,
        "ListMetrics": metric_data.list_metrics,
        "ListTagsForResource": tags.list_tags_for_resource,
        "PutAnomalyDetector": detectors.put_anomaly_detector,
        "PutCompositeAlarm": composite_alarms.put_composite_alarm,
        "PutDashboard": dashboards.put_dashboard,
        "PutMetricAlarm": metric_alarms.put_metric_alarm,
        "PutMetricData": metric_data.put_metric_data,
        "SetAlarmState": alarms.set_alarm_state,
        "TagResource": tags.tag_resource,
        "UntagResource": tags.untag_resource,
    }.items()
}
"""What is not here is answered as not offered: log alarms, mute rules, Contributor Insights, metric
streams, OTel enrichment, datasets."""
