"""What the operations answer has the members and types of AWS's own service model."""

from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel

from understudy.control.elbv2.operations import OPERATIONS
from understudy.testing.balancing import SUBNETS, forward, register, web
from understudy.testing.region import Region
from understudy.testing.shapes import differences

MODEL: ServiceModel = botocore.session.get_session().get_service_model("elbv2")


def story() -> tuple[Region, list[tuple[str, dict[str, Any]]]]:
    """A region with something of everything, and a call of every operation."""
    region = Region()
    front = web(region)
    region.advance(5)
    register(region, front.group, "10.0.0.1")
    region.advance(5)
    balancer = {"LoadBalancerArn": front.balancer}
    listener, group = {"ListenerArn": front.listener}, {"TargetGroupArn": front.group}
    path = [{"Field": "path-pattern", "Values": ["/a"]}]
    rule = region.elbv2(
        "CreateRule", **listener, Priority=5, Conditions=path, Actions=forward(front.group)
    )["Rules"][0]["RuleArn"]
    certificate = [{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1"}]
    secure = region.elbv2(
        "CreateListener",
        **balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=certificate,
        DefaultActions=forward(front.group),
    )["Listeners"][0]["ListenerArn"]
    timeout = [{"Key": "idle_timeout.timeout_seconds", "Value": "61"}]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
    server = [{"Key": "routing.http.response.server.enabled", "Value": "false"}]
    tags = [{"Key": "a", "Value": "b"}]
    return region, [
        ("CreateLoadBalancer", {"Name": "second", "Subnets": SUBNETS, "Tags": tags}),
        ("DescribeLoadBalancers", {"PageSize": 1}),
        ("DescribeLoadBalancerAttributes", balancer),
        ("ModifyLoadBalancerAttributes", {**balancer, "Attributes": timeout}),
        ("SetSubnets", {**balancer, "Subnets": SUBNETS}),
        ("SetSecurityGroups", {**balancer, "SecurityGroups": ["sg-1"]}),
        ("SetIpAddressType", {**balancer, "IpAddressType": "ipv4"}),
        (
            "CreateListener",
            {**balancer, "Protocol": "HTTP", "Port": 8080, "DefaultActions": forward(front.group)},
        ),
        ("DescribeListeners", balancer),
        ("DescribeListenerAttributes", listener),
        ("ModifyListenerAttributes", {**listener, "Attributes": server}),
        ("ModifyListener", {**listener, "Port": 81}),
        ("AddListenerCertificates", {"ListenerArn": secure, "Certificates": certificate}),
        ("DescribeListenerCertificates", {"ListenerArn": secure}),
        ("RemoveListenerCertificates", {"ListenerArn": secure, "Certificates": certificate}),
        (
            "CreateRule",
            {
                **listener,
                "Priority": 6,
                "Conditions": path,
                "Actions": [
                    {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
                ],
                "Transforms": [
                    {
                        "Type": "url-rewrite",
                        "UrlRewriteConfig": {"Rewrites": [{"Regex": "a", "Replace": "b"}]},
                    }
                ],
            },
        ),
        ("DescribeRules", listener),
        ("ModifyRule", {"RuleArn": rule, "Conditions": path}),
        ("SetRulePriorities", {"RulePriorities": [{"RuleArn": rule, "Priority": 7}]}),
        (
            "CreateTargetGroup",
            {"Name": "third", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"},
        ),
        ("DescribeTargetGroups", {"PageSize": 1}),
        ("DescribeTargetGroupAttributes", group),
        ("ModifyTargetGroup", {**group, "HealthCheckPath": "/up"}),
        ("ModifyTargetGroupAttributes", {**group, "Attributes": delay}),
        ("RegisterTargets", {**group, "Targets": [{"Id": "10.0.0.2"}]}),
        ("DescribeTargetHealth", {**group, "Include": ["All"]}),
        ("DeregisterTargets", {**group, "Targets": [{"Id": "10.0.0.2"}]}),
        ("AddTags", {"ResourceArns": [rule], "Tags": tags}),
        ("DescribeTags", {"ResourceArns": [rule]}),
        ("RemoveTags", {"ResourceArns": [rule], "TagKeys": ["a"]}),
        ("DescribeAccountLimits", {}),
        ("DescribeSSLPolicies", {"PageSize": 3}),
        ("DeleteRule", {"RuleArn": rule}),
        ("DeleteListener", {"ListenerArn": secure}),
        ("DeleteLoadBalancer", balancer),
        ("DeleteTargetGroup", group),
    ]


def test_every_answer_has_the_shape_of_the_model() -> None:
    region, calls = story()
    found: list[str] = []
    for operation, params in calls:
        answer = region.elbv2(operation, **params)
        shape = MODEL.operation_model(operation).output_shape
        if shape is not None:
            found += differences(answer, shape, operation)
    assert found == []
    assert {operation for operation, _ in calls} == set(OPERATIONS)
    assert region.restored()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_one_of_the_model(operation: str) -> None:
    assert operation in MODEL.operation_names
