"""Operations that answer the same to everybody: types and limits.

AWS: API_DescribeAdjustmentTypes, API_DescribeTerminationPolicyTypes, API_DescribeAccountLimits.
"""

from typing import TYPE_CHECKING

from understudy.control.autoscaling.groups import MOST_GROUPS
from understudy.control.autoscaling.launch_configurations import MOST
from understudy.control.autoscaling.lifecycle_hooks import TRANSITIONS
from understudy.control.autoscaling.policy_validation import ADJUSTMENTS
from understudy.control.autoscaling.termination import POLICIES
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def describe_adjustment_types(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeAdjustmentTypes."""
    del service, params, turn
    return {"AdjustmentTypes": [{"AdjustmentType": name} for name in ADJUSTMENTS]}


def describe_termination_policy_types(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeTerminationPolicyTypes."""
    del service, params, turn
    return {"TerminationPolicyTypes": list(POLICIES)}


def describe_lifecycle_hook_types(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeLifecycleHookTypes."""
    del service, params, turn
    return {"LifecycleHookTypes": list(TRANSITIONS)}


def describe_account_limits(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeAccountLimits: how many groups and launch configurations there may be, and are."""
    del params, turn
    return {
        "MaxNumberOfAutoScalingGroups": MOST_GROUPS,
        "MaxNumberOfLaunchConfigurations": MOST,
        "NumberOfAutoScalingGroups": len(service.state.groups),
        "NumberOfLaunchConfigurations": len(service.state.configurations),
    }
