"""The instance metadata service: what it answers, to whom, and what it knows at which time."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.self_knowledge import self_knowledge
from understudy.live.metadata import Asked, answer
from understudy.testing.region import Region

TAGGED = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}]
NAME = "latest/meta-data/tags/instance/Name"
ID = "latest/meta-data/instance-id"
SPOT = "latest/meta-data/spot/"


@pytest.fixture
def region() -> Region:
    return Region()


def launched(region: Region, **params: Any) -> str:
    """An instance that runs."""
    given = {"ImageId": "ami-1", "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}
    answered = region.call("ec2", "RunInstances", **(given | params))
    region.advance(1.0)
    return answered["Instances"][0]["InstanceId"]


def ask(
    region: Region, identity: str, path: str, method: str = "GET", **headers: str
) -> tuple[int, str]:
    """Headers are named without ``x-aws-ec2-metadata-`` and with underscores."""
    own = self_knowledge(region.plane, identity)
    assert own is not None
    named = {f"x-aws-ec2-metadata-{name.replace('_', '-')}": headers[name] for name in headers}
    return answer(own, "us-east-1", Asked(method, path, named), region.now)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("latest/meta-data/instance-type", 200, "t3.small"),
        ("2021-07-15/meta-data/instance-type", 200, "t3.small"),
        ("latest/meta-data/placement/", 200, "availability-zone\nregion"),
        ("latest/meta-data/instance-life-cycle", 200, "on-demand"),
        ("latest/user-data", 200, "#!/bin/sh"),
        ("latest/meta-data/iam/security-credentials/", 200, "app"),
        ("", 200, "1.0\n2007-01-19\n2016-09-02\n2021-07-15\nlatest"),
        ("latest/nothing", 404, "Not Found"),
        (f"{SPOT}instance-action", 404, "Not Found"),
        ("latest/meta-data/autoscaling/target-lifecycle-state", 404, "Not Found"),
        pytest.param(NAME, 404, "Not Found", id="tags, unless they are enabled"),
    ],
)
def test_metadata(region: Region, path: str, status: int, text: str) -> None:
    identity = launched(
        region,
        UserData="IyEvYmluL3No",
        IamInstanceProfile={"Name": "app"},
        TagSpecifications=TAGGED,
    )
    assert ask(region, identity, path) == (status, text)


def test_the_identity_document_and_the_interface_tell_of_the_instance(region: Region) -> None:
    identity = launched(region, SubnetId="subnet-1")
    document = json.loads(ask(region, identity, "latest/dynamic/instance-identity/document")[1])
    assert document["instanceId"] == identity
    assert document["pendingTime"] == "2026-01-01T00:00:00Z"
    _, mac = ask(region, identity, "latest/meta-data/mac")
    here = f"latest/meta-data/network/interfaces/macs/{mac}"
    assert ask(region, identity, f"{here}/subnet-id") == (200, "subnet-1")
    assert ask(region, identity, f"{here}/local-ipv4s") == (200, document["privateIp"])


def test_nothing_but_reading_is_allowed(region: Region) -> None:
    assert ask(region, launched(region), "latest/user-data", "POST")[0] == 405


def test_version_2_takes_a_token_that_holds_for_as_long_as_was_asked(region: Region) -> None:
    identity = launched(region, MetadataOptions={"HttpTokens": "required"})
    other = launched(region)
    assert ask(region, identity, ID)[0] == 401
    assert ask(region, identity, "latest/api/token", "PUT")[0] == 400
    status, token = ask(region, identity, "latest/api/token", "PUT", token_ttl_seconds="60")
    assert status == 200
    assert ask(region, identity, ID, token=token) == (200, identity)
    assert ask(region, other, ID, token=token)[0] == 401
    assert ask(region, identity, ID, token="another")[0] == 401
    later = f"{token.rpartition('-')[0]}-{region.now + 9999:.3f}"
    assert ask(region, identity, ID, token=later)[0] == 401
    region.advance(61.0)
    assert ask(region, identity, ID, token=token)[0] == 401


def test_a_proxy_gets_no_token(region: Region) -> None:
    own = self_knowledge(region.plane, launched(region))
    assert own is not None
    headers = {"x-aws-ec2-metadata-token-ttl-seconds": "60", "x-forwarded-for": "10.0.0.1"}
    asked = Asked("PUT", "latest/api/token", headers)
    assert answer(own, "us-east-1", asked, region.now) == (403, "Forbidden")


def test_options_and_tags_change_while_it_runs(region: Region) -> None:
    identity = launched(region, TagSpecifications=TAGGED)
    change = {"InstanceId": identity, "HttpTokens": "required", "InstanceMetadataTags": "enabled"}
    changed = region.call("ec2", "ModifyInstanceMetadataOptions", **change)
    assert changed["InstanceMetadataOptions"]["HttpTokens"] == "required"
    found = region.call("ec2", "DescribeInstances", InstanceIds=[identity])
    shown = found["Reservations"][0]["Instances"][0]["MetadataOptions"]
    assert shown == changed["InstanceMetadataOptions"]
    assert ask(region, identity, ID)[0] == 401
    token = ask(region, identity, "latest/api/token", "PUT", token_ttl_seconds="60")[1]
    assert ask(region, identity, NAME, token=token) == (200, "web")
    tags = [{"Key": "Name", "Value": "shop"}]
    region.call("ec2", "CreateTags", Resources=[identity], Tags=tags)
    assert ask(region, identity, NAME, token=token) == (200, "shop")
    region.call(
        "ec2", "ModifyInstanceMetadataOptions", InstanceId=identity, HttpEndpoint="disabled"
    )
    assert ask(region, identity, ID, token=token) == (403, "Forbidden")


def group_of_one(region: Region, purchase: int) -> str:
    """The instance of a group of one, so many percent of which are on demand."""
    template = {"LaunchTemplateName": "web", "LaunchTemplateData": {"ImageId": "ami-1"}}
    region.call("ec2", "CreateLaunchTemplate", **template)
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="g",
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "web"},
                "Overrides": [{"InstanceType": "m5.large"}],
            },
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": purchase},
        },
    )
    region.advance(60.0)
    described = region.call("autoscaling", "DescribeAutoScalingInstances")
    return described["AutoScalingInstances"][0]["InstanceId"]


def hold(region: Region) -> None:
    """Have the instances of the group wait before they end."""
    region.call(
        "autoscaling",
        "PutLifecycleHook",
        AutoScalingGroupName="g",
        LifecycleHookName="h",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
    )


def test_a_spot_instance_is_told_before_it_is_taken_back(region: Region) -> None:
    identity = group_of_one(region, 0)
    assert ask(region, identity, "latest/meta-data/instance-life-cycle") == (200, "spot")
    hold(region)
    region.call("understudy", "InterruptSpot", Pattern="m5", Count=1)
    region.advance(1.0)
    rebalance = "latest/meta-data/events/recommendations/rebalance"
    assert ask(region, identity, rebalance)[0] == 200
    assert ask(region, identity, f"{SPOT}instance-action")[0] == 404
    while ask(region, identity, f"{SPOT}instance-action")[0] == 404:
        region.advance(5.0)
    noticed = json.loads(ask(region, identity, f"{SPOT}instance-action")[1])
    assert noticed["action"] == "terminate"
    assert ask(region, identity, f"{SPOT}termination-time") == (200, noticed["time"])


def test_an_instance_of_a_group_is_told_where_it_goes(region: Region) -> None:
    path = "latest/meta-data/autoscaling/target-lifecycle-state"
    identity = group_of_one(region, 100)
    assert ask(region, identity, path) == (200, "InService")
    refused = {"InstanceId": identity, "HttpTokens": "required"}
    with pytest.raises(Fault, match="Auto Scaling group's launch template"):
        region.call("ec2", "ModifyInstanceMetadataOptions", **refused)
    hold(region)
    region.call(
        "autoscaling",
        "TerminateInstanceInAutoScalingGroup",
        InstanceId=identity,
        ShouldDecrementDesiredCapacity=False,
    )
    region.advance(10.0)
    assert ask(region, identity, path) == (200, "Terminated")
