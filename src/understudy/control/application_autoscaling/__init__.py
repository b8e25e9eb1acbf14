"""Application Auto Scaling: targets, policies, schedules, and what they make of alarms."""

from understudy.control.application_autoscaling.explain import explain
from understudy.control.application_autoscaling.operations import OPERATIONS
from understudy.control.application_autoscaling.service import (
    ApplicationAutoScaling,
    MetricHistory,
    Operation,
)
from understudy.control.application_autoscaling.state import OWNER, State
from understudy.control.reasoning import Explanation

__all__ = [
    "OPERATIONS",
    "OWNER",
    "ApplicationAutoScaling",
    "Explanation",
    "MetricHistory",
    "Operation",
    "State",
    "explain",
]
