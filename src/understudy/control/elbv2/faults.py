"""What Elastic Load Balancing refuses, in its words.

AWS: Elastic Load Balancing API Reference (2015-12-01), Common errors and those of each action.
"""

from understudy.base.fault import Fault

MISSING = {
    "load balancer": ("LoadBalancerNotFound", "One or more load balancers not found"),
    "listener": ("ListenerNotFound", "One or more listeners not found"),
    "rule": ("RuleNotFound", "One or more rules not found"),
    "target group": ("TargetGroupNotFound", "One or more target groups not found"),
}


def missing(noun: str) -> Fault:
    """There is no such load balancer, listener, rule or target group."""
    return Fault(*MISSING[noun])


def not_allowed(message: str) -> Fault:
    """OperationNotPermitted."""
    return Fault("OperationNotPermitted", message)


def bad_configuration(message: str) -> Fault:
    """InvalidConfigurationRequest."""
    return Fault("InvalidConfigurationRequest", message)


def bad_action(message: str) -> Fault:
    """InvalidLoadBalancerAction."""
    return Fault("InvalidLoadBalancerAction", message)
