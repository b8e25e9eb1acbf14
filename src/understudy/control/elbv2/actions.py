"""The actions and transforms of a rule: what AWS accepts, and what `balancing.actions` does.

AWS: Action, RuleTransform; Listeners for your Application Load Balancers, Rule action types.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from understudy.balancing.actions import Action, FixedResponse, Forward, Redirect, Transform
from understudy.base.fault import Fault, validation_error
from understudy.control.elbv2.faults import bad_action, bad_configuration
from understudy.control.elbv2.state import LoadBalancer, TargetGroup
from understudy.control.events import Params

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

OFFERED = ("forward", "redirect", "fixed-response")
PROTOCOLS = {
    "HTTP": ("HTTP", "HTTPS"),
    "HTTPS": ("HTTP", "HTTPS"),
    "TCP": ("TCP", "TCP_UDP"),
    "TLS": ("TCP", "TLS"),
    "UDP": ("UDP", "TCP_UDP"),
    "TCP_UDP": ("TCP_UDP",),
}
"""The protocols of target groups that a listener of a protocol can forward to."""
CONTENT_TYPES = (
    "text/plain", "text/css", "text/html", "application/javascript", "application/json",
)  # fmt: skip
MOST_GROUPS = 5
_UNCHANGED = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


def checked(
    service: "ElasticLoadBalancing",
    balancer: LoadBalancer,
    protocol: str,
    actions: Sequence[Params],
) -> list[Params]:
    """Actions as AWS describes them. Raises Fault where it would refuse them."""
    for action in actions:
        if action["Type"] not in OFFERED:
            raise bad_action(f"Understudy does not offer {action['Type']} actions")
    if len(actions) != 1:
        raise Fault("TooManyActions", "You cannot specify more than one routing action")
    action = actions[0]
    if balancer.kind == "network" and action["Type"] != "forward":
        raise bad_action("Network Load Balancers support forward actions only")
    if action["Type"] == "forward":
        described = _forward(service, balancer, protocol, action)
    elif action["Type"] == "redirect":
        described = _redirect(action)
    else:
        described = _fixed(action)
    return [{"Type": action["Type"], "Order": action.get("Order", 1), **described}]


def _forward(
    service: "ElasticLoadBalancing", balancer: LoadBalancer, protocol: str, action: Params
) -> Params:
    config: Params = action.get("ForwardConfig", {})
    tuples: list[Params] = config.get("TargetGroups", [])
    single: str | None = action.get("TargetGroupArn")
    if single and tuples and [each["TargetGroupArn"] for each in tuples] != [single]:
        raise bad_action(
            "You can only specify one target group in both the TargetGroupArn and the "
            "ForwardConfig, and it must be the same"
        )
    tuples = tuples or ([{"TargetGroupArn": single}] if single else [])
    if not tuples:
        raise validation_error("A target group ARN must be specified")
    if len(tuples) > MOST_GROUPS:
        raise bad_action(f"You can only forward to '{MOST_GROUPS}' target groups")
    _check_groups(service, balancer, protocol, [each["TargetGroupArn"] for each in tuples])
    groups = [{"TargetGroupArn": t["TargetGroupArn"], "Weight": t.get("Weight", 1)} for t in tuples]
    stickiness: Params = config.get("TargetGroupStickinessConfig", {"Enabled": False})
    if stickiness.get("Enabled") and "DurationSeconds" not in stickiness:
        raise validation_error(
            "Target group stickiness duration must be specified when stickiness is enabled"
        )
    described: Params = {
        "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
    }
    if len(groups) == 1:
        described["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    return described


def _check_groups(
    service: "ElasticLoadBalancing", balancer: LoadBalancer, protocol: str, arns: Iterable[str]
) -> None:
    for arn in arns:
        group = service.state.groups.get(arn)
        if group is None:
            raise Fault("TargetGroupNotFound", f"Target group '{arn}' not found")
        elsewhere = [each for each in service.balancers_of(arn) if each != balancer.arn]
        if elsewhere:
            raise Fault(
                "TargetGroupAssociationLimit",
                "The following target groups cannot be associated with more than one load "
                f"balancer: {arn}",
            )
        _check_protocol(group, balancer, protocol)


def _check_protocol(group: TargetGroup, balancer: LoadBalancer, protocol: str) -> None:
    own = group.params.get("Protocol", "HTTP" if balancer.kind == "application" else "")
    if own not in PROTOCOLS[protocol]:
        raise Fault(
            "IncompatibleProtocols",
            f"Protocol {own or 'of Lambda functions'} is not supported for listeners of protocol "
            f"{protocol}",
        )


def _redirect(action: Params) -> Params:
    config = {**_UNCHANGED, **action.get("RedirectConfig", {})}
    if all(config[part] == _UNCHANGED[part] for part in ("Protocol", "Host", "Port", "Path")):
        raise bad_action(
            "The RedirectConfig values must change at least one of protocol, host, port or path "
            "to avoid a redirect loop"
        )
    if "StatusCode" not in config:
        raise validation_error("A redirect status code must be specified")
    return {"RedirectConfig": config}


def _fixed(action: Params) -> Params:
    config: Params = action.get("FixedResponseConfig", {})
    status = str(config.get("StatusCode", ""))
    if not re.fullmatch(r"[245]\d\d", status):
        raise validation_error(
            f"1 validation error detected: Value '{status}' at "
            "'actions.1.member.fixedResponseConfig.statusCode' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^(2|4|5)\\d\\d$"
        )
    if config.get("ContentType", "text/plain") not in CONTENT_TYPES:
        raise bad_action(f"The ContentType must be one of: '{', '.join(sorted(CONTENT_TYPES))}'")
    return {"FixedResponseConfig": {**config, "StatusCode": status}}


def forwarded_to(actions: Iterable[Params]) -> list[str]:
    """The target groups of described actions."""
    return [
        each["TargetGroupArn"]
        for action in actions
        for each in action.get("ForwardConfig", {}).get("TargetGroups", [])
    ]


def built(actions: Sequence[Params]) -> Action:
    """Described actions as the data plane performs them."""
    action = actions[-1]
    if action["Type"] == "forward":
        config = action["ForwardConfig"]
        sticky = config["TargetGroupStickinessConfig"]
        return Forward(
            tuple((each["TargetGroupArn"], each["Weight"]) for each in config["TargetGroups"]),
            sticky.get("DurationSeconds", 0) if sticky.get("Enabled") else 0,
        )
    if action["Type"] == "redirect":
        config = action["RedirectConfig"]
        return Redirect(
            int(config["StatusCode"].removeprefix("HTTP_")),
            *(config[part] for part in ("Protocol", "Host", "Port", "Path", "Query")),
        )
    config = action["FixedResponseConfig"]
    return FixedResponse(
        int(config["StatusCode"]),
        config.get("ContentType", "text/plain"),
        config.get("MessageBody", ""),
    )


_TRANSFORMS = {
    "host-header-rewrite": ("host", "HostHeaderRewriteConfig"),
    "url-rewrite": ("url", "UrlRewriteConfig"),
}


def checked_transforms(transforms: Sequence[Params]) -> list[Params]:
    """Transforms, at most one of each type. Raises Fault where AWS would refuse them."""
    types = [each["Type"] for each in transforms]
    if len(set(types)) < len(types):
        raise bad_configuration("You can only specify one transform of each type")
    for each in transforms:
        rewrites = each.get(_TRANSFORMS[each["Type"]][1], {}).get("Rewrites", [])
        if len(rewrites) != 1:
            raise bad_configuration("A transform must have exactly one rewrite")
        try:
            re.compile(rewrites[0]["Regex"])
        except re.error:
            raise bad_configuration(
                f"'{rewrites[0]['Regex']}' is not a valid regular expression"
            ) from None
    return list(transforms)


def built_transforms(transforms: Sequence[Params]) -> tuple[Transform, ...]:
    """Transforms as the data plane performs them."""
    return tuple(
        Transform(part, rewrite["Regex"], rewrite["Replace"])
        for each in transforms
        for part, member in [_TRANSFORMS[each["Type"]]]
        for rewrite in each[member]["Rewrites"]
    )
