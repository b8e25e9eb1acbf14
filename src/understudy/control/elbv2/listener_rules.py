"""Rules of listeners: create, describe, change, reorder, delete.

AWS: CreateRule, DescribeRules, ModifyRule, SetRulePriorities, DeleteRule.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.elbv2 import actions, conditions, listeners, tags
from understudy.control.elbv2.faults import not_allowed
from understudy.control.elbv2.pages import marked
from understudy.control.elbv2.state import DEFAULT, Listener, ListenerRule
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

MOST_RULES = 100


def create_rule(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """CreateRule: at a priority of its own."""
    listener = service.state.listener(params["ListenerArn"])
    there = service.state.rules_of(listener.arn)
    priority = params["Priority"]
    if any(rule.priority == str(priority) for rule in there):
        raise Fault("PriorityInUse", f"Priority '{priority}' is currently in use")
    if len(there) > MOST_RULES:
        raise Fault("TooManyRules", f"The maximum number of rules per listener is {MOST_RULES}")
    if listeners.balancer_of(service, listener).kind == "network":
        raise not_allowed("Rules of Network Load Balancer listeners are not offered")
    described = conditions.checked(params["Conditions"])
    wanted = _actions(service, listener, params["Actions"])
    transforms = actions.checked_transforms(params.get("Transforms", []))
    tags.checked(params)
    arn = listener.arn.replace(":listener/", ":listener-rule/") + f"/{turn.ids.hex(16)}"
    rule = ListenerRule(arn, listener.arn, str(priority), described, wanted, transforms)
    service.state.rules[arn] = rule
    tags.put(service, arn, params)
    service.touch(listener.load_balancer)
    service.watch_used(wanted, turn)
    return {"Rules": [describe(rule)]}


def _actions(
    service: "ElasticLoadBalancing", listener: Listener, wanted: list[Params]
) -> list[Params]:
    balancer = listeners.balancer_of(service, listener)
    return actions.checked(service, balancer, listener.params["Protocol"], wanted)


def describe(rule: ListenerRule) -> Params:
    """A rule as AWS describes it."""
    described: Params = {
        "RuleArn": rule.arn,
        "Priority": rule.priority,
        "Conditions": rule.conditions,
        "Actions": rule.actions,
        "IsDefault": rule.priority == DEFAULT,
    }
    return described | ({"Transforms": rule.transforms} if rule.transforms else {})


def describe_rules(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeRules: of a listener, or of some ARNs."""
    del turn
    arns, listener = params.get("RuleArns"), params.get("ListenerArn")
    if bool(arns) == bool(listener):
        raise validation_error(
            "You cannot specify both listener ARN and rule ARNs"
            if arns
            else "You must specify either listener rule ARNs or a listener ARN"
        )
    if arns:
        return {"Rules": [describe(service.state.rule(arn)) for arn in arns]}
    there = service.state.rules_of(service.state.listener(params["ListenerArn"]).arn)
    shown, more = marked(there, params)
    return {"Rules": [describe(each) for each in shown], **more}


def modify_rule(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """ModifyRule: change what the request names. The default rule changes with its listener."""
    rule = service.state.rule(params["RuleArn"])
    if rule.priority == DEFAULT:
        raise not_allowed(f"Default rule '{rule.arn}' cannot be modified")
    if not any(params.get(each) for each in ("Conditions", "Actions", "Transforms")) and not (
        params.get("ResetTransforms")
    ):
        raise validation_error("Either conditions or actions must be specified")
    listener = service.state.listeners[rule.listener]
    after = conditions.checked(params["Conditions"]) if params.get("Conditions") else None
    wanted = _actions(service, listener, params.get("Actions") or rule.actions)
    transforms = actions.checked_transforms(params.get("Transforms", rule.transforms))
    rule.conditions = after or rule.conditions
    rule.actions = wanted
    rule.transforms = [] if params.get("ResetTransforms") else transforms
    service.touch(listener.load_balancer)
    service.watch_used(wanted, turn)
    return {"Rules": [describe(rule)]}


def set_rule_priorities(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """SetRulePriorities: all at once, so that rules can change places."""
    del turn
    wishes = {each["RuleArn"]: each["Priority"] for each in params["RulePriorities"]}
    rules = [service.state.rule(arn) for arn in wishes]
    numbers = list(wishes.values())
    for number in numbers:
        if numbers.count(number) > 1:
            raise validation_error(f"Priority '{number}' was provided multiple times")
    for rule in rules:
        if rule.priority == DEFAULT:
            raise not_allowed(f"Default rule '{rule.arn}' priority cannot be modified")
        for other in service.state.rules_of(rule.listener):
            if other.arn not in wishes and other.priority == str(wishes[rule.arn]):
                raise Fault("PriorityInUse", f"Priority '{other.priority}' is currently in use")
    for rule in rules:
        rule.priority = str(wishes[rule.arn])
        service.touch(service.state.listeners[rule.listener].load_balancer)
    return {"Rules": [describe(rule) for rule in rules]}


def delete_rule(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DeleteRule: any but the default rule."""
    del turn
    rule = service.state.rule(params["RuleArn"])
    if rule.priority == DEFAULT:
        raise not_allowed(f"Default rule '{rule.arn}' cannot be deleted")
    del service.state.rules[rule.arn]
    service.state.tags.pop(rule.arn, None)
    service.touch(service.state.listeners[rule.listener].load_balancer)
    return {}
