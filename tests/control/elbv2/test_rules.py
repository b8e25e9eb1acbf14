"""Rules of listeners: their order, their conditions, what they do."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import SetBalancer
from understudy.testing.balancing import (
    PATH,
    Web,
    add_rule,
    balancer,
    group,
    listener,
    web,
)
from understudy.testing.region import Region


def priorities(region: Region, front: Web) -> list[tuple[str, str]]:
    rules = region.elbv2("DescribeRules", ListenerArn=front.listener)["Rules"]
    return [(each["Priority"], each["RuleArn"]) for each in rules]


def code(fault: pytest.ExceptionInfo[Fault]) -> str:
    return fault.value.code


def test_rules_are_in_the_order_of_their_priorities() -> None:
    region = Region()
    front = web(region)
    late = add_rule(region, front, 200)["RuleArn"]
    early = add_rule(region, front, 9)["RuleArn"]
    (_, default) = priorities(region, front)[-1]
    assert priorities(region, front) == [("9", early), ("200", late), ("default", default)]
    with pytest.raises(Fault, match="Priority '9' is currently in use") as refused:
        add_rule(region, front, 9)
    assert code(refused) == "PriorityInUse"
    swap = [{"RuleArn": early, "Priority": 200}, {"RuleArn": late, "Priority": 9}]
    region.elbv2("SetRulePriorities", RulePriorities=swap)
    assert priorities(region, front)[:2] == [("9", late), ("200", early)]
    with pytest.raises(Fault, match="currently in use"):
        region.elbv2("SetRulePriorities", RulePriorities=[{"RuleArn": early, "Priority": 9}])
    region.advance(0)
    told = region.commands(SetBalancer)[-1].balancer.listeners[0].rules
    assert [each.arn for each in told] == [late, early, default]


def test_the_default_rule_cannot_be_touched_but_with_its_listener() -> None:
    region = Region()
    front = web(region)
    ((_, default),) = priorities(region, front)
    for operation, params in (
        ("DeleteRule", {"RuleArn": default}),
        ("ModifyRule", {"RuleArn": default, "Conditions": PATH}),
        ("SetRulePriorities", {"RulePriorities": [{"RuleArn": default, "Priority": 1}]}),
    ):
        with pytest.raises(Fault) as refused:
            region.elbv2(operation, **params)
        assert code(refused) == "OperationNotPermitted"


def test_a_rule_is_changed_in_part() -> None:
    region = Region()
    front = web(region)
    arn = add_rule(region, front, 1)["RuleArn"]
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    (after,) = region.elbv2("ModifyRule", RuleArn=arn, Actions=[fixed])["Rules"]
    assert after["Conditions"][0]["Values"] == ["/img/*"]
    assert after["Actions"][0]["FixedResponseConfig"] == {"StatusCode": "503"}
    with pytest.raises(Fault, match="Either conditions or actions must be specified"):
        region.elbv2("ModifyRule", RuleArn=arn)
    region.elbv2("DeleteRule", RuleArn=arn)
    with pytest.raises(Fault, match="One or more rules not found"):
        region.elbv2("DescribeRules", RuleArns=[arn])


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        pytest.param({"Field": "cookie", "Values": ["x"]}, "must be one of", id="no such field"),
        pytest.param({"Field": "path-pattern"}, "value must be specified", id="no value"),
        pytest.param({"Field": "path-pattern", "Values": [""]}, "cannot be empty", id="empty"),
        pytest.param({"Field": "path-pattern", "Values": ["/" * 129]}, "too long", id="too long"),
        pytest.param({"Field": "path-pattern", "Values": ["/a b"]}, "not valid", id="a space"),
        pytest.param(
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.300/8"]}},
            "CIDR block",
            id="no CIDR block",
        ),
        pytest.param(
            {"Field": "http-header", "HttpHeaderConfig": {"Values": ["x"]}},
            "header name",
            id="a header without a name",
        ),
        pytest.param(
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}},
            "not valid",
            id="a method in small letters",
        ),
        pytest.param(
            {"Field": "source-ip", "Values": ["10.0.0.0/8"]}, "not compatible", id="bare values"
        ),
        pytest.param(
            {"Field": "path-pattern", "HostHeaderConfig": {"Values": ["x.com"]}},
            "not compatible",
            id="another field's settings",
        ),
        pytest.param(
            {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["("]}},
            "regular expression",
            id="no regular expression",
        ),
        pytest.param(
            {"Field": "path-pattern", "Values": ["/1", "/2", "/3", "/4", "/5", "/6"]},
            "'5' condition values",
            id="six values",
        ),
        pytest.param(
            {"Field": "path-pattern", "Values": ["/*******"]}, "wildcards", id="seven wildcards"
        ),
    ],
)
def test_conditions_that_are_refused(condition: dict[str, Any], text: str) -> None:
    region = Region()
    front = web(region)
    with pytest.raises(Fault, match=text) as refused:
        add_rule(region, front, 1, Conditions=[condition])
    assert code(refused) == "ValidationError"


def test_a_rule_has_each_condition_once_but_headers_and_queries() -> None:
    region = Region()
    front = web(region)
    header = {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": "x", "Values": ["a"]},
    }
    add_rule(region, front, 1, Conditions=[header, header])
    with pytest.raises(Fault, match="more than one 'path-pattern'"):
        add_rule(region, front, 2, Conditions=[*PATH, *PATH])


@pytest.mark.parametrize(
    ("action", "expected", "text"),
    [
        pytest.param(
            {"Type": "authenticate-oidc"},
            "InvalidLoadBalancerAction",
            "does not offer",
            id="authentication",
        ),
        pytest.param({"Type": "forward"}, "ValidationError", "target group", id="to nowhere"),
        pytest.param(
            {"Type": "forward", "TargetGroupArn": "arn:x"},
            "TargetGroupNotFound",
            "'arn:x' not found",
            id="to what is not there",
        ),
        pytest.param(
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}},
            "InvalidLoadBalancerAction",
            "redirect loop",
            id="a loop",
        ),
        pytest.param(
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}},
            "ValidationError",
            "regular expression pattern",
            id="a fixed response may not redirect",
        ),
        pytest.param(
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {"StatusCode": "200", "ContentType": "image/png"},
            },
            "InvalidLoadBalancerAction",
            "ContentType",
            id="an image",
        ),
    ],
)
def test_actions_that_are_refused(action: dict[str, Any], expected: str, text: str) -> None:
    region = Region()
    front = web(region)
    with pytest.raises(Fault, match=text) as refused:
        add_rule(region, front, 1, Actions=[action])
    assert code(refused) == expected


def test_a_target_group_belongs_to_one_load_balancer_and_one_kind_of_protocol() -> None:
    region = Region()
    front = web(region)
    with pytest.raises(Fault, match="more than one load balancer") as refused:
        listener(region, balancer(region, "other"), front.group)
    assert code(refused) == "TargetGroupAssociationLimit"
    with pytest.raises(Fault) as refused:
        listener(region, front.balancer, group(region, "tcp", Protocol="TCP"), port=81)
    assert code(refused) == "IncompatibleProtocols"


def test_a_redirect_is_described_whole() -> None:
    region = Region()
    front = web(region)
    secure = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    (action,) = add_rule(
        region, front, 1, Actions=[{"Type": "redirect", "RedirectConfig": secure}]
    )["Actions"]
    assert action["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


def test_a_weighted_forward_keeps_its_weights_and_stickiness() -> None:
    region = Region()
    front, green = web(region), group(region, "green")
    config = {
        "TargetGroups": [
            {"TargetGroupArn": front.group, "Weight": 90},
            {"TargetGroupArn": green, "Weight": 10},
        ],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    }
    (action,) = add_rule(region, front, 1, Actions=[{"Type": "forward", "ForwardConfig": config}])[
        "Actions"
    ]
    assert action == {"Type": "forward", "Order": 1, "ForwardConfig": config}
    region.advance(0)
    told = region.commands(SetBalancer)[-1].balancer
    assert told.listeners[0].rules[0].action.groups == ((front.group, 90), (green, 10))
    assert told.listeners[0].rules[0].action.sticky == 60
    assert {each.arn for each in told.groups} == {front.group, green}
