"""The table of everything that Elastic Load Balancing offers."""

from collections.abc import Callable, Mapping

from understudy.control.elbv2 import (
    limits,
    listener_rules,
    listeners,
    load_balancers,
    ssl_policies,
    tags,
    target_groups,
    targets,
)
from understudy.control.elbv2.service import ElasticLoadBalancing
from understudy.control.events import Params
from understudy.control.turn import Turn

Operation = Callable[[ElasticLoadBalancing, Params, Turn], Params]

OPERATIONS: Mapping[str, Operation] = {
    "CreateLoadBalancer": load_balancers.create_load_balancer,
    "DescribeLoadBalancers": load_balancers.describe_load_balancers,
    "DescribeLoadBalancerAttributes": load_balancers.describe_attributes,
    "ModifyLoadBalancerAttributes": load_balancers.modify_attributes,
    "SetSubnets": load_balancers.set_subnets,
    "SetSecurityGroups": load_balancers.set_security_groups,
    "SetIpAddressType": load_balancers.set_ip_address_type,
    "DeleteLoadBalancer": load_balancers.delete_load_balancer,
    "CreateListener": listeners.create_listener,
    "DescribeListeners": listeners.describe_listeners,
    "DescribeListenerAttributes": listeners.describe_attributes,
    "ModifyListener": listeners.modify_listener,
    "ModifyListenerAttributes": listeners.modify_attributes,
    "DeleteListener": listeners.delete_listener,
    "AddListenerCertificates": listeners.add_certificates,
    "DescribeListenerCertificates": listeners.describe_certificates,
    "RemoveListenerCertificates": listeners.remove_certificates,
    "CreateRule": listener_rules.create_rule,
    "DescribeRules": listener_rules.describe_rules,
    "ModifyRule": listener_rules.modify_rule,
    "SetRulePriorities": listener_rules.set_rule_priorities,
    "DeleteRule": listener_rules.delete_rule,
    "CreateTargetGroup": target_groups.create_target_group,
    "DescribeTargetGroups": target_groups.describe_target_groups,
    "DescribeTargetGroupAttributes": target_groups.describe_attributes,
    "ModifyTargetGroup": target_groups.modify_target_group,
    "ModifyTargetGroupAttributes": target_groups.modify_attributes,
    "DeleteTargetGroup": target_groups.delete_target_group,
    "RegisterTargets": targets.register_targets,
    "DeregisterTargets": targets.deregister_targets,
    "DescribeTargetHealth": targets.describe_target_health,
    "AddTags": tags.add_tags,
    "RemoveTags": tags.remove_tags,
    "DescribeTags": tags.describe_tags,
    "DescribeSSLPolicies": ssl_policies.describe_ssl_policies,
    "DescribeAccountLimits": limits.describe_account_limits,
}
