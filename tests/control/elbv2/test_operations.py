"""Load balancers, listeners, rules and target groups as their operations show them."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import RemoveBalancer, SetBalancer
from understudy.testing.balancing import (
    SUBNETS,
    Web,
    add_rule,
    balancer,
    forward,
    group,
    listener,
    register,
    web,
)
from understudy.testing.region import START, Region


def code(fault: pytest.ExceptionInfo[Fault]) -> str:
    return fault.value.code


def test_a_load_balancer_is_provisioning_then_active() -> None:
    region = Region()
    arn = balancer(region)
    (described,) = region.elbv2("DescribeLoadBalancers", LoadBalancerArns=[arn])["LoadBalancers"]
    assert described["State"] == {"Code": "provisioning"}
    assert described["CreatedTime"] == START
    assert described["DNSName"].endswith(".us-east-1.elb.amazonaws.com")
    assert [each["ZoneName"] for each in described["AvailabilityZones"]] == [
        "us-east-1a",
        "us-east-1b",
    ]
    region.advance(0)
    (described,) = region.elbv2("DescribeLoadBalancers", Names=["front"])["LoadBalancers"]
    assert described["State"]["Code"] == "active"
    assert "stand-in" in described["State"]["Reason"]


def test_nothing_is_served_before_a_load_balancer_is_active() -> None:
    region = Region()
    front = web(region)
    assert region.commands(SetBalancer) == []
    region.advance(0)
    assert region.commands(SetBalancer)[0].balancer.arn == front.balancer


def test_creating_the_same_again_gives_the_same() -> None:
    region = Region()
    assert balancer(region) == balancer(region)
    assert group(region) == group(region)
    with pytest.raises(Fault, match="exists, but with different settings") as refused:
        balancer(region, Scheme="internal")
    assert code(refused) == "DuplicateLoadBalancerName"
    with pytest.raises(Fault, match="exists, but with different settings") as refused:
        group(region, Port=9090)
    assert code(refused) == "DuplicateTargetGroupName"


@pytest.mark.parametrize(
    ("changes", "expected", "text"),
    [
        pytest.param(
            {"Name": "internal-x"}, "ValidationError", "cannot begin with", id="a reserved prefix"
        ),
        pytest.param({"Name": "-x"}, "ValidationError", "begin or end with '-'", id="a hyphen"),
        pytest.param({"Name": "a_b"}, "ValidationError", "alphanumeric", id="an underscore"),
        pytest.param({"Name": "a" * 33}, "ValidationError", "longer than '32'", id="a long name"),
        pytest.param(
            {"Subnets": ["subnet-a"]}, "ValidationError", "At least two subnets", id="one zone only"
        ),
        pytest.param({"Subnets": []}, "ValidationError", "not both", id="no subnets"),
        pytest.param(
            {"Type": "gateway"}, "InvalidConfigurationRequest", "not offered", id="a gateway"
        ),
        pytest.param(
            {"Tags": [{"Key": "a"}, {"Key": "a"}]}, "DuplicateTagKeys", "'a'", id="a tag twice"
        ),
    ],
)
def test_load_balancers_that_are_refused(changes: dict[str, Any], expected: str, text: str) -> None:
    region = Region()
    with pytest.raises(Fault, match=text) as refused:
        region.elbv2("CreateLoadBalancer", **{"Name": "front", "Subnets": SUBNETS, **changes})
    assert code(refused) == expected
    assert region.elbv2("DescribeLoadBalancers")["LoadBalancers"] == []


def test_a_network_load_balancer_may_have_one_zone_and_no_rules() -> None:
    region = Region()
    arn = balancer(region, Type="network", Subnets=["subnet-a"])
    targets = group(region, Protocol="TCP")
    answer = region.elbv2(
        "CreateListener",
        LoadBalancerArn=arn,
        Protocol="TCP",
        Port=443,
        DefaultActions=forward(targets),
    )
    front = Web(arn, answer["Listeners"][0]["ListenerArn"], targets)
    assert ":loadbalancer/net/" in arn
    with pytest.raises(Fault, match="not offered"):
        add_rule(region, front, 1)
    with pytest.raises(Fault, match="forward actions only"):
        region.elbv2(
            "ModifyListener",
            ListenerArn=front.listener,
            DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
            ],
        )


def test_a_load_balancer_goes_with_its_listeners_and_rules_and_its_groups_stay() -> None:
    region = Region()
    front = web(region)
    add_rule(region, front, 10)
    region.advance(0)
    with pytest.raises(Fault, match="currently in use") as refused:
        region.elbv2("DeleteTargetGroup", TargetGroupArn=front.group)
    assert code(refused) == "ResourceInUse"
    region.elbv2("DeleteLoadBalancer", LoadBalancerArn=front.balancer)
    region.elbv2("DeleteLoadBalancer", LoadBalancerArn=front.balancer)  # it is gone already
    assert region.commands(RemoveBalancer) == [RemoveBalancer("us-east-1", front.balancer)]
    with pytest.raises(Fault, match="One or more listeners not found"):
        region.elbv2("DescribeListeners", ListenerArns=[front.listener])
    (described,) = region.elbv2("DescribeTargetGroups")["TargetGroups"]
    assert described["LoadBalancerArns"] == []
    region.elbv2("DeleteTargetGroup", TargetGroupArn=front.group)
    region.elbv2("DeleteTargetGroup", TargetGroupArn=front.group)  # it is gone already
    assert region.restored()


def test_deletion_protection() -> None:
    region = Region()
    arn = balancer(region)
    protection = {"Key": "deletion_protection.enabled", "Value": "true"}
    region.elbv2("ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=[protection])
    with pytest.raises(Fault, match="deletion protection is enabled") as refused:
        region.elbv2("DeleteLoadBalancer", LoadBalancerArn=arn)
    assert code(refused) == "OperationNotPermitted"


def test_listeners_have_ports_of_their_own() -> None:
    region = Region()
    front = web(region)
    with pytest.raises(Fault, match="already exists on this port") as refused:
        listener(region, front.balancer, front.group)
    assert code(refused) == "DuplicateListener"
    other = listener(region, front.balancer, front.group, port=81)
    with pytest.raises(Fault, match="already exists on this port"):
        region.elbv2("ModifyListener", ListenerArn=other, Port=80)
    region.elbv2("ModifyListener", ListenerArn=other, Port=82)
    there = region.elbv2("DescribeListeners", LoadBalancerArn=front.balancer)["Listeners"]
    assert [each["Port"] for each in there] == [80, 82]
    region.elbv2("DeleteListener", ListenerArn=other)
    assert len(region.elbv2("DescribeListeners", LoadBalancerArn=front.balancer)["Listeners"]) == 1


def test_a_secure_listener_has_a_certificate_and_a_policy() -> None:
    region = Region()
    front = web(region)
    secure = {
        "LoadBalancerArn": front.balancer,
        "Protocol": "HTTPS",
        "Port": 443,
        "DefaultActions": forward(front.group),
    }
    with pytest.raises(Fault, match="A certificate must be specified"):
        region.elbv2("CreateListener", **secure)
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/1"
    (made,) = region.elbv2(
        "CreateListener", **secure, Certificates=[{"CertificateArn": certificate}]
    )["Listeners"]
    assert made["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    arn = {"ListenerArn": made["ListenerArn"]}
    extra = [{"CertificateArn": f"{certificate}{n}"} for n in range(2)]
    region.elbv2("AddListenerCertificates", **arn, Certificates=extra)
    region.elbv2("AddListenerCertificates", **arn, Certificates=extra[:1])
    region.elbv2("RemoveListenerCertificates", **arn, Certificates=extra[1:])
    answer = region.elbv2("DescribeListenerCertificates", **arn)
    assert answer["Certificates"] == [
        {"CertificateArn": certificate, "IsDefault": True},
        {"CertificateArn": f"{certificate}0", "IsDefault": False},
    ]
    (plain,) = region.elbv2("ModifyListener", **arn, Protocol="HTTP")["Listeners"]
    assert not {"Certificates", "SslPolicy"} & set(plain)


# AWS: CreateTargetGroup; Health checks for Application Load Balancer target groups.
@pytest.mark.parametrize(
    ("changes", "interval", "timeout", "thresholds", "matcher"),
    [
        pytest.param({}, 30, 5, (5, 2), {"HttpCode": "200"}, id="HTTP"),
        pytest.param({"Protocol": "TCP"}, 30, 10, (5, 2), None, id="TCP"),
        pytest.param(
            {"Protocol": "TCP", "HealthCheckProtocol": "HTTP"},
            30,
            6,
            (5, 2),
            {"HttpCode": "200-399"},
            id="TCP with HTTP health checks",
        ),
        pytest.param({"ProtocolVersion": "GRPC"}, 30, 5, (5, 2), {"GrpcCode": "12"}, id="gRPC"),
        pytest.param(
            {"TargetType": "lambda", "Protocol": None, "Port": None, "VpcId": None},
            35,
            30,
            (5, 5),
            {"HttpCode": "200"},
            id="a function",
        ),
    ],
)
def test_health_checks_have_defaults(
    changes: dict[str, Any],
    interval: int,
    timeout: int,
    thresholds: tuple[int, int],
    matcher: dict[str, str] | None,
) -> None:
    region = Region()
    group(region, **changes)
    (made,) = region.elbv2("DescribeTargetGroups", Names=["web"])["TargetGroups"]
    assert made["HealthCheckIntervalSeconds"] == interval
    assert made["HealthCheckTimeoutSeconds"] == timeout
    assert (made["HealthyThresholdCount"], made["UnhealthyThresholdCount"]) == thresholds
    assert made.get("Matcher") == matcher
    assert made["HealthCheckEnabled"] is (made["TargetType"] != "lambda")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({"Protocol": None}, "A protocol must be specified", id="no protocol"),
        pytest.param({"Port": None}, "A port must be specified", id="no port"),
        pytest.param({"VpcId": None}, "A VPC ID must be specified", id="no VPC"),
        pytest.param({"Protocol": "GENEVE"}, "not offered", id="GENEVE"),
        pytest.param({"TargetType": "lambda"}, "cannot be specified", id="a function's protocol"),
        pytest.param({"HealthCheckProtocol": "TCP"}, "not supported", id="TCP checks of HTTP"),
        pytest.param(
            {"HealthCheckTimeoutSeconds": 30}, "smaller than the interval", id="a long timeout"
        ),
        pytest.param({"HealthCheckPath": "ping"}, "must begin with", id="a relative path"),
        pytest.param({"HealthCheckPort": "0"}, "range 1-65535", id="port zero"),
        pytest.param({"Matcher": {"HttpCode": "2xx"}}, "not valid", id="no code"),
        pytest.param({"HealthCheckEnabled": False}, "must be true", id="checks switched off"),
    ],
)
def test_target_groups_that_are_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(Fault, match=text):
        group(Region(), **changes)


def test_a_health_check_is_changed_in_part() -> None:
    region = Region()
    front = web(region)
    region.advance(0)
    region.elbv2(
        "ModifyTargetGroup",
        TargetGroupArn=front.group,
        HealthCheckPath="/up",
        HealthyThresholdCount=2,
    )
    check = region.commands(SetBalancer)[-1].balancer.groups[0].check
    assert (check.path, check.healthy, check.unhealthy) == ("/up", 2, 2)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Id": "somewhere"}, "not a valid IP address"),
        ({"Id": "i-1"}, "not a valid IP address"),
    ],
)
def test_targets_that_do_not_fit(target: dict[str, str], text: str) -> None:
    region = Region()
    front = web(region)
    with pytest.raises(Fault, match=text):
        region.elbv2("RegisterTargets", TargetGroupArn=front.group, Targets=[target])


def test_lists_come_in_pages() -> None:
    region = Region()
    for number in range(5):
        group(region, f"group{number}")
    first = region.elbv2("DescribeTargetGroups", PageSize=3)
    rest = region.elbv2("DescribeTargetGroups", PageSize=3, Marker=first["NextMarker"])
    assert "NextMarker" not in rest
    names = [each["TargetGroupName"] for each in first["TargetGroups"] + rest["TargetGroups"]]
    assert names == [f"group{number}" for number in range(5)]
    with pytest.raises(Fault, match="Invalid marker"):
        region.elbv2("DescribeTargetGroups", Marker="foreign")


def test_filters() -> None:
    region = Region()
    front = web(region)
    group(region, "other")
    of_balancer = region.elbv2("DescribeTargetGroups", LoadBalancerArn=front.balancer)
    assert [each["TargetGroupArn"] for each in of_balancer["TargetGroups"]] == [front.group]
    with pytest.raises(Fault, match="One or more target groups not found"):
        region.elbv2("DescribeTargetGroups", Names=["web", "nobody"])
    with pytest.raises(Fault, match=r"Load balancers '\[nobody\]' not found"):
        region.elbv2("DescribeLoadBalancers", Names=["nobody"])
    with pytest.raises(Fault, match="either listener ARNs or a load balancer ARN"):
        region.elbv2("DescribeListeners")
    with pytest.raises(Fault, match="either listener rule ARNs or a listener ARN"):
        region.elbv2("DescribeRules")


def test_tags_are_added_changed_and_removed() -> None:
    region = Region()
    front = web(region)
    arns = [front.balancer, front.listener, front.group]
    region.elbv2("AddTags", ResourceArns=arns, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    region.elbv2("AddTags", ResourceArns=arns[:1], Tags=[{"Key": "a", "Value": "2"}])
    region.elbv2("RemoveTags", ResourceArns=arns, TagKeys=["b"])
    answer = region.elbv2("DescribeTags", ResourceArns=arns)["TagDescriptions"]
    assert [each["Tags"][0]["Value"] for each in answer] == ["2", "1", "1"]
    with pytest.raises(Fault, match="not found"):
        region.elbv2("DescribeTags", ResourceArns=["arn:aws:elasticloadbalancing:x:1:rule/1"])


def test_subnets_and_addresses_can_be_changed() -> None:
    region = Region()
    front = web(region)
    region.advance(0)
    three = ["subnet-a", "subnet-b", "subnet-c"]
    answer = region.elbv2("SetSubnets", LoadBalancerArn=front.balancer, Subnets=three)
    assert len(answer["AvailabilityZones"]) == 3
    assert region.commands(SetBalancer)[-1].balancer.zones[-1] == "us-east-1c"
    region.elbv2("SetIpAddressType", LoadBalancerArn=front.balancer, IpAddressType="dualstack")
    region.elbv2("SetSecurityGroups", LoadBalancerArn=front.balancer, SecurityGroups=["sg-1"])
    (described,) = region.elbv2("DescribeLoadBalancers")["LoadBalancers"]
    assert (described["IpAddressType"], described["SecurityGroups"]) == ("dualstack", ["sg-1"])


def test_a_target_that_is_registered_twice_is_there_once() -> None:
    region = Region()
    front = web(region)
    register(region, front.group, "10.0.0.1")
    register(region, front.group, "10.0.0.1")
    assert (
        len(
            region.elbv2("DescribeTargetHealth", TargetGroupArn=front.group)[
                "TargetHealthDescriptions"
            ]
        )
        == 1
    )


# AWS: Security policies for your Application Load Balancer, table of TLS policies.
def test_a_security_policy_names_its_protocols_and_ciphers() -> None:
    region = Region()
    name = "ELBSecurityPolicy-TLS13-1-3-2021-06"
    (policy,) = region.elbv2("DescribeSSLPolicies", Names=[name])["SslPolicies"]
    assert policy["SslProtocols"] == ["TLSv1.3"]
    assert [each["Name"] for each in policy["Ciphers"]] == [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    ]
    with pytest.raises(Fault, match="not found") as refused:
        region.elbv2("DescribeSSLPolicies", Names=["none"])
    assert code(refused) == "SSLPolicyNotFound"
