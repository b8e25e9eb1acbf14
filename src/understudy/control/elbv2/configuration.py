"""A load balancer as one value for the data plane."""

from typing import TYPE_CHECKING

from understudy.balancing.rules import Rule
from understudy.balancing.stickiness import Stickiness
from understudy.balancing.target_group import HealthRules, Threshold
from understudy.control.balancer import (
    BalancedGroup,
    BalancedListener,
    BalancedTarget,
    Balancer,
    HealthCheck,
)
from understudy.control.elbv2 import actions, conditions
from understudy.control.elbv2.state import Listener, LoadBalancer, TargetGroup
from understudy.control.events import Params

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

SERVING = ("access_logs.", "client_keep_alive.", "dns_record.", "idle_timeout.", "routing.")
"""How the attributes begin that the data plane goes by."""

_HEALTH = "target_group_health."


def configuration(service: "ElasticLoadBalancing", balancer: LoadBalancer) -> Balancer:
    """Everything that the data plane needs to serve with a load balancer."""
    there = service.state.listeners_of(balancer.arn)
    used = [
        arn
        for listener in there
        for rule in service.state.rules_of(listener.arn)
        for arn in actions.forwarded_to(rule.actions)
    ]
    return Balancer(
        balancer.arn,
        balancer.kind,
        balancer.dns_name,
        balancer.zones,
        tuple(_listener(service, each) for each in there),
        tuple(_group(service, balancer, service.state.groups[arn]) for arn in dict.fromkeys(used)),
        {key: value for key, value in balancer.attributes.items() if key.startswith(SERVING)},
    )


def _listener(service: "ElasticLoadBalancing", listener: Listener) -> BalancedListener:
    rules = tuple(
        Rule(
            rule.arn,
            conditions.built(rule.conditions),
            actions.built(rule.actions),
            actions.built_transforms(rule.transforms),
            int(rule.priority) if rule.priority.isdecimal() else 0,
        )
        for rule in service.state.rules_of(listener.arn)
    )
    set_ones = {key: value for key, value in listener.attributes.items() if value}
    return BalancedListener(
        listener.arn, listener.params["Protocol"], listener.params["Port"], rules, set_ones
    )


def _group(
    service: "ElasticLoadBalancing", balancer: LoadBalancer, group: TargetGroup
) -> BalancedGroup:
    attributes = group.attributes
    return BalancedGroup(
        group.arn,
        group.kind,
        group.params.get("Protocol", ""),
        _targets(service, balancer, group),
        check_of(group.params),
        rules_of(balancer, group),
        attributes.get("load_balancing.algorithm.type", "round_robin"),
        float(attributes.get("slow_start.duration_seconds", "0")),
        _stickiness(attributes),
        attributes.get("target_health_state.unhealthy.connection_termination.enabled") == "true",
        attributes.get("lambda.multi_value_headers.enabled") == "true",
    )


def _targets(
    service: "ElasticLoadBalancing", balancer: LoadBalancer, group: TargetGroup
) -> tuple[BalancedTarget, ...]:
    """The targets in the load balancer's zones."""
    found: list[BalancedTarget] = []
    for target in group.targets.values():
        if target.zone != "all" and target.zone not in balancer.zones:
            continue
        where = service.locate(target.id, target.port)
        host, port = (where.host, where.port) if where else ("", 0)
        state = "draining" if target.draining else target.state
        found.append(BalancedTarget(target.id, target.port, target.zone, host, port, state))
    return tuple(found)


def check_of(params: Params) -> HealthCheck:
    """The health check that a target group describes."""
    port = params.get("HealthCheckPort", "traffic-port")
    matcher = params.get("Matcher", {})
    return HealthCheck(
        params.get("HealthCheckProtocol", "HTTP"),
        0 if port == "traffic-port" else int(port),
        params.get("HealthCheckPath", "/"),
        matcher.get("HttpCode", matcher.get("GrpcCode", "200")),
        float(params["HealthCheckIntervalSeconds"]),
        float(params["HealthCheckTimeoutSeconds"]),
        params["HealthyThresholdCount"],
        params["UnhealthyThresholdCount"],
        params["HealthCheckEnabled"],
    )


def rules_of(balancer: LoadBalancer, group: TargetGroup) -> HealthRules:
    """When a group fails open and when a zone leaves DNS."""
    cross_zone = group.attributes["load_balancing.cross_zone.enabled"]
    if cross_zone == "use_load_balancer_configuration":
        cross_zone = balancer.attributes["load_balancing.cross_zone.enabled"]
    return HealthRules(
        cross_zone == "true",
        _threshold(group.attributes, "unhealthy_state_routing"),
        _threshold(group.attributes, "dns_failover"),
    )


def _threshold(attributes: dict[str, str], action: str) -> Threshold:
    count, percent = (
        attributes[f"{_HEALTH}{action}.minimum_healthy_targets.{unit}"]
        for unit in ("count", "percentage")
    )
    return Threshold(
        int(count) if count.isdecimal() else 0, int(percent) if percent.isdecimal() else 0
    )


def _stickiness(attributes: dict[str, str]) -> Stickiness:
    if attributes["stickiness.enabled"] != "true":
        return Stickiness()
    kind = attributes["stickiness.type"]
    if kind == "app_cookie":
        seconds = attributes["stickiness.app_cookie.duration_seconds"]
        return Stickiness(int(seconds), attributes["stickiness.app_cookie.cookie_name"])
    return Stickiness(int(attributes.get("stickiness.lb_cookie.duration_seconds", "0")))
