"""Attributes: defaults as AWS has them, and what is refused."""

from typing import Any

import pytest

from understudy.balancing.stickiness import Stickiness
from understudy.balancing.target_group import Threshold
from understudy.base.fault import Fault
from understudy.control.balancer import HealthCheck
from understudy.control.events import SetBalancer
from understudy.testing.balancing import balancer, group, web
from understudy.testing.region import Region

ROUTING = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"
DNS = "target_group_health.dns_failover.minimum_healthy_targets"


def of_group(region: Region, arn: str) -> dict[str, str]:
    answer = region.elbv2("DescribeTargetGroupAttributes", TargetGroupArn=arn)
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def change(region: Region, arn: str, **attributes: str) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in attributes.items()]
    region.elbv2("ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=pairs)


# AWS: TargetGroupAttribute.
def test_defaults_of_an_http_group() -> None:
    region = Region()
    assert of_group(region, group(region)) == {
        "deregistration_delay.timeout_seconds": "300",
        "load_balancing.algorithm.anomaly_mitigation": "off",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "slow_start.duration_seconds": "0",
        "stickiness.app_cookie.cookie_name": "",
        "stickiness.app_cookie.duration_seconds": "86400",
        "stickiness.enabled": "false",
        "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.type": "lb_cookie",
        f"{DNS}.count": "1",
        f"{DNS}.percentage": "off",
        f"{ROUTING}.count": "1",
        f"{ROUTING}.percentage": "off",
    }


@pytest.mark.parametrize(
    ("changes", "key", "value"),
    [
        pytest.param(
            {"Protocol": "TCP"}, "preserve_client_ip.enabled", "false", id="TCP by address"
        ),
        pytest.param(
            {"Protocol": "UDP"}, "preserve_client_ip.enabled", "true", id="UDP by address"
        ),
        pytest.param(
            {"Protocol": "TCP", "TargetType": "instance"},
            "preserve_client_ip.enabled",
            "true",
            id="TCP by instance",
        ),
        pytest.param(
            {"Protocol": "UDP"},
            "deregistration_delay.connection_termination.enabled",
            "true",
            id="UDP connections end with the delay",
        ),
        pytest.param(
            {"TargetType": "lambda", "Protocol": None, "Port": None, "VpcId": None},
            "lambda.multi_value_headers.enabled",
            "false",
            id="a function's headers",
        ),
    ],
)
def test_defaults_that_depend(changes: dict[str, Any], key: str, value: str) -> None:
    region = Region()
    assert of_group(region, group(region, **changes))[key] == value


def test_functions_have_no_deregistration_delay() -> None:
    region = Region()
    arn = group(region, TargetType="lambda", Protocol=None, Port=None, VpcId=None)
    assert "deregistration_delay.timeout_seconds" not in of_group(region, arn)


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        pytest.param({"what.is.that": "1"}, "not recognized", id="an unknown key"),
        pytest.param(
            {"deregistration_delay.timeout_seconds": "3601"}, "0-3600", id="an hour and a second"
        ),
        pytest.param({"slow_start.duration_seconds": "10"}, "30-900", id="a slow start of 10 s"),
        pytest.param({"stickiness.enabled": "yes"}, "must be one of", id="no boolean"),
        pytest.param(
            {
                "slow_start.duration_seconds": "30",
                "load_balancing.algorithm.type": "least_outstanding_requests",
            },
            "Slow start mode",
            id="slow start with least outstanding requests",
        ),
        pytest.param(
            {"load_balancing.algorithm.anomaly_mitigation": "on"},
            "weighted_random",
            id="anomaly mitigation with round robin",
        ),
        pytest.param(
            {"stickiness.enabled": "true", "stickiness.type": "app_cookie"},
            "cookie name",
            id="an application cookie without a name",
        ),
        pytest.param(
            {"stickiness.app_cookie.cookie_name": "AWSALBTG"}, "reserved", id="a reserved cookie"
        ),
        pytest.param(
            {f"{ROUTING}.percentage": "60", f"{DNS}.percentage": "50"},
            "DNS failover",
            id="routing failover before DNS failover",
        ),
    ],
)
def test_what_is_refused_changes_nothing(attributes: dict[str, str], text: str) -> None:
    region = Region()
    arn = group(region)
    before = of_group(region, arn)
    with pytest.raises(Fault, match=text):
        change(region, arn, **attributes)
    assert of_group(region, arn) == before


def test_the_data_plane_is_told_what_attributes_mean() -> None:
    region = Region()
    front = web(region)
    region.advance(0)
    told = region.commands(SetBalancer)[-1].balancer
    assert told.groups[0].check == HealthCheck()
    assert told.attributes["idle_timeout.timeout_seconds"] == "60"
    change(
        region,
        front.group,
        **{
            "load_balancing.cross_zone.enabled": "false",
            "slow_start.duration_seconds": "30",
            "stickiness.enabled": "true",
            "stickiness.lb_cookie.duration_seconds": "60",
            f"{DNS}.percentage": "50",
            f"{ROUTING}.percentage": "40",
        },
    )
    told = region.commands(SetBalancer)[-1].balancer
    rules = told.groups[0].rules
    assert rules.cross_zone is False
    assert (rules.routing, rules.dns) == (Threshold(1, 40), Threshold(1, 50))
    assert told.groups[0].slow_start == 30.0
    assert told.groups[0].stickiness == Stickiness(60)


def test_attributes_of_load_balancers_and_listeners() -> None:
    region = Region()
    front = web(region)
    region.advance(0)
    timeout = {"Key": "idle_timeout.timeout_seconds", "Value": "4000"}
    region.elbv2(
        "ModifyLoadBalancerAttributes", LoadBalancerArn=front.balancer, Attributes=[timeout]
    )
    header = "routing.http.response.strict_transport_security.header_value"
    region.elbv2(
        "ModifyListenerAttributes",
        ListenerArn=front.listener,
        Attributes=[{"Key": header, "Value": "max-age=1"}],
    )
    told = region.commands(SetBalancer)[-1].balancer
    assert told.attributes["idle_timeout.timeout_seconds"] == "4000"
    assert told.listeners[0].attributes[header] == "max-age=1"
    answer = region.elbv2("DescribeListenerAttributes", ListenerArn=front.listener)
    assert {"Key": header, "Value": "max-age=1"} in answer["Attributes"]
    cross = {"Key": "load_balancing.cross_zone.enabled", "Value": "false"}
    with pytest.raises(Fault, match="must be one of"):
        region.elbv2(
            "ModifyLoadBalancerAttributes", LoadBalancerArn=front.balancer, Attributes=[cross]
        )
    logs = {"Key": "access_logs.s3.enabled", "Value": "true"}
    with pytest.raises(Fault, match="bucket"):
        region.elbv2(
            "ModifyLoadBalancerAttributes", LoadBalancerArn=front.balancer, Attributes=[logs]
        )


def test_an_internal_load_balancer_is_closed_to_the_internet() -> None:
    region = Region()
    arn = balancer(region, Scheme="internal")
    answer = region.elbv2("DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
    assert {"Key": "ipv6.deny_all_igw_traffic", "Value": "true"} in answer["Attributes"]
    with pytest.raises(Fault, match="ipv4"):
        region.elbv2("SetIpAddressType", LoadBalancerArn=arn, IpAddressType="dualstack")
