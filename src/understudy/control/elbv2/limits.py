"""Quotas that hold here as they do on AWS. AWS: DescribeAccountLimits."""

from typing import TYPE_CHECKING

from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

LIMITS = {
    "application-load-balancers": 50,
    "network-load-balancers": 50,
    "target-groups": 3000,
    "targets-per-application-load-balancer": 1000,
    "listeners-per-application-load-balancer": 50,
    "rules-per-application-load-balancer": 100,
    "targets-per-target-group": 1000,
    "condition-values-per-alb-rule": 5,
    "condition-wildcards-per-alb-rule": 6,
    "certificates-per-application-load-balancer": 25,
    "target-groups-per-action-on-application-load-balancer": 5,
}


def describe_account_limits(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeAccountLimits."""
    del service, params, turn
    return {"Limits": [{"Name": name, "Max": str(most)} for name, most in LIMITS.items()]}
