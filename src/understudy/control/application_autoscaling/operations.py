"""The operations of Application Auto Scaling under AWS's names."""

from collections.abc import Mapping

from understudy.control.application_autoscaling.activities import describe_scaling_activities
from understudy.control.application_autoscaling.forecasts import get_predictive_scaling_forecast
from understudy.control.application_autoscaling.policies import (
    delete_scaling_policy,
    describe_scaling_policies,
    put_scaling_policy,
)
from understudy.control.application_autoscaling.schedules import (
    delete_scheduled_action,
    describe_scheduled_actions,
    put_scheduled_action,
)
from understudy.control.application_autoscaling.service import Operation
from understudy.control.application_autoscaling.tags import (
    list_tags_for_resource,
    tag_resource,
    untag_resource,
)
from understudy.control.application_autoscaling.targets import (
    deregister_scalable_target,
    describe_scalable_targets,
    register_scalable_target,
)

OPERATIONS: Mapping[str, Operation] = {
    "DeleteScalingPolicy": delete_scaling_policy,
    "DeleteScheduledAction": delete_scheduled_action,
    "DeregisterScalableTarget": deregister_scalable_target,
    "DescribeScalableTargets": describe_scalable_targets,
    "DescribeScalingActivities": describe_scaling_activities,
    "DescribeScalingPolicies": describe_scaling_policies,
    "DescribeScheduledActions": describe_scheduled_actions,
    "GetPredictiveScalingForecast": get_predictive_scaling_forecast,
    "ListTagsForResource": list_tags_for_resource,
    "PutScalingPolicy": put_scaling_policy,
    "PutScheduledAction": put_scheduled_action,
    "RegisterScalableTarget": register_scalable_target,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
