"""Instances by the API: states, attributes, tags, faults, and those of groups among them."""

from base64 import b64encode
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import InstanceFailed, Params
from understudy.testing.region import Region

IDENTITY = "i-0123456789abcdef0"


@pytest.fixture
def region() -> Region:
    return Region()


def run(region: Region, **changes: Any) -> Params:
    """An instance that runs."""
    params = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, **changes}
    identity = region.call("ec2", "RunInstances", **params)["Instances"][0]["InstanceId"]
    region.advance(1.0)
    return seen(region, identity)


def seen(region: Region, identity: str) -> Params:
    found = region.call("ec2", "DescribeInstances", InstanceIds=[identity])
    return found["Reservations"][0]["Instances"][0]


def state(region: Region, identity: str) -> str:
    return seen(region, identity)["State"]["Name"]


def order(region: Region, operation: str, identity: str) -> None:
    region.call("ec2", operation, InstanceIds=[identity])


def refused(region: Region, operation: str, **params: Any) -> str:
    with pytest.raises(Fault) as caught:
        region.call("ec2", operation, **params)
    return caught.value.code


def test_an_instance_lives(region: Region) -> None:
    answer = region.call("ec2", "RunInstances", ImageId="ami-1", MinCount=1, MaxCount=2)
    first, second = (each["InstanceId"] for each in answer["Instances"])
    assert [state(region, each) for each in (first, second)] == ["pending"] * 2
    region.advance(1.0)
    assert state(region, first) == "running"
    order(region, "StopInstances", first)
    assert state(region, first) == "stopping"
    region.advance(10.0)
    assert state(region, first) == "stopped"
    assert seen(region, first)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    order(region, "StartInstances", first)
    region.advance(10.0)
    assert state(region, first) == "running"
    order(region, "TerminateInstances", first)
    region.advance(10.0)
    assert [state(region, each) for each in (first, second)] == ["terminated", "running"]
    region.advance(3600.0)
    assert refused(region, "DescribeInstances", InstanceIds=[first]) == "InvalidInstanceID.NotFound"


def test_a_reboot_is_not_seen_in_the_state(region: Region) -> None:
    identity = run(region)["InstanceId"]
    order(region, "RebootInstances", identity)
    states = [state(region, identity)]
    region.advance(10.0)
    assert [*states, state(region, identity)] == ["running", "running"]


def test_the_type_is_changed_while_it_is_stopped(region: Region) -> None:
    identity = run(region, InstanceType="t3.micro")["InstanceId"]
    change = {"InstanceId": identity, "InstanceType": {"Value": "m5.large"}}
    assert refused(region, "ModifyInstanceAttribute", **change) == "IncorrectInstanceState"
    order(region, "StopInstances", identity)
    region.advance(10.0)
    region.call("ec2", "ModifyInstanceAttribute", **change)
    order(region, "StartInstances", identity)
    region.advance(10.0)
    assert seen(region, identity)["InstanceType"] == "m5.large"
    wrong = {"InstanceId": identity, "InstanceType": {"Value": "m5.nothing"}}
    order(region, "StopInstances", identity)
    region.advance(10.0)
    assert refused(region, "ModifyInstanceAttribute", **wrong) == "InvalidInstanceAttributeValue"


def test_a_protected_instance_is_not_terminated(region: Region) -> None:
    identity = run(region, DisableApiTermination=True)["InstanceId"]
    asked = {"InstanceIds": [identity]}
    assert refused(region, "TerminateInstances", **asked) == "OperationNotPermitted"
    released = {"InstanceId": identity, "DisableApiTermination": {"Value": False}}
    region.call("ec2", "ModifyInstanceAttribute", **released)
    order(region, "TerminateInstances", identity)
    assert state(region, identity) == "shutting-down"


def test_an_instance_that_ends_by_itself_has_stopped(region: Region) -> None:
    identity = run(region)["InstanceId"]
    reason = "Client.InstanceInitiatedShutdown: it ended with code 3: bye"
    region.report(InstanceFailed, instance_id=identity, reason=reason)
    assert state(region, identity) == "stopped"
    assert seen(region, identity)["StateReason"] == {
        "Code": "Client.InstanceInitiatedShutdown",
        "Message": reason,
    }


def test_status_checks_pass_after_a_while(region: Region) -> None:
    identity = run(region)["InstanceId"]

    def status() -> list[str]:
        found = region.call("ec2", "DescribeInstanceStatus")["InstanceStatuses"]
        return [each["InstanceStatus"]["Status"] for each in found]

    assert status() == ["initializing"]
    region.advance(60.0)
    assert status() == ["ok"]
    order(region, "StopInstances", identity)
    region.advance(10.0)
    assert status() == []
    every = region.call("ec2", "DescribeInstanceStatus", IncludeAllInstances=True)
    assert every["InstanceStatuses"][0]["InstanceStatus"]["Status"] == "not-applicable"


def test_a_client_token_runs_instances_once(region: Region) -> None:
    first = run(region, ClientToken="once")
    assert run(region, ClientToken="once")["InstanceId"] == first["InstanceId"]


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("instance-state-name", ["running"], 2),
        ("instance-type", ["t3.*"], 1),
        ("tag:Name", ["web"], 1),
        ("tag-key", ["Nam?"], 1),
        ("image-id", ["ami-2"], 0),
    ],
)
def test_filters(region: Region, name: str, values: list[str], found: int) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}]
    run(region, InstanceType="t3.micro", TagSpecifications=tags)
    run(region, InstanceType="m5.large")
    filters = [{"Name": name, "Values": values}]
    answer = region.call("ec2", "DescribeInstances", Filters=filters)
    assert len(answer["Reservations"]) == found


def test_tags_come_and_go(region: Region) -> None:
    identity = run(region)["InstanceId"]
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    region.call("ec2", "CreateTags", Resources=[identity], Tags=tags)
    region.call("ec2", "DeleteTags", Resources=[identity], Tags=[{"Key": "a", "Value": "other"}])
    region.call("ec2", "DeleteTags", Resources=[identity], Tags=[{"Key": "b"}])
    described = region.call(
        "ec2", "DescribeTags", Filters=[{"Name": "resource-id", "Values": [identity]}]
    )
    assert [(each["Key"], each["Value"]) for each in described["Tags"]] == [("a", "1")]


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("StartInstances", {"InstanceIds": [IDENTITY]}, "InvalidInstanceID.NotFound"),
        ("StopInstances", {"InstanceIds": ["i-x"]}, "InvalidInstanceID.Malformed"),
        ("RunInstances", {"MinCount": 1, "MaxCount": 1}, "MissingParameter"),
        (
            "RunInstances",
            {"ImageId": "ami-1", "MinCount": 2, "MaxCount": 1},
            "InvalidParameterValue",
        ),
        ("DescribeInstances", {"DryRun": True}, "DryRunOperation"),
    ],
)
def test_faults(region: Region, operation: str, params: Params, code: str) -> None:
    assert refused(region, operation, **params) == code


def test_a_launch_template_says_what_runs(region: Region) -> None:
    script = b64encode(b"#!/bin/sh").decode()
    data = {"ImageId": "ami-7", "InstanceType": "c5.large", "UserData": script}
    region.call("ec2", "CreateLaunchTemplate", LaunchTemplateName="web", LaunchTemplateData=data)
    template = {"LaunchTemplateName": "web"}
    params = {"MinCount": 1, "MaxCount": 1, "LaunchTemplate": template, "InstanceType": "c5.xlarge"}
    instance = region.call("ec2", "RunInstances", **params)["Instances"][0]
    assert (instance["ImageId"], instance["InstanceType"]) == ("ami-7", "c5.xlarge")
    assert region.plane.ec2.state.instances[instance["InstanceId"]].machine.user_data == "#!/bin/sh"


def test_a_groups_instance_is_shown_and_replaced_when_it_is_terminated(region: Region) -> None:
    data = {"ImageId": "ami-7", "InstanceType": "c5.large"}
    region.call("ec2", "CreateLaunchTemplate", LaunchTemplateName="web", LaunchTemplateData=data)
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web"},
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
    )
    region.advance(60.0)
    running = [{"Name": "instance-state-name", "Values": ["running"]}]

    def members() -> list[str]:
        found = region.call("ec2", "DescribeInstances", Filters=running)["Reservations"]
        return [each["InstanceId"] for one in found for each in one["Instances"]]

    (member,) = members()
    tags = {each["Key"]: each["Value"] for each in seen(region, member)["Tags"]}
    assert tags["aws:autoscaling:groupName"] == "web"
    answer = region.call("ec2", "TerminateInstances", InstanceIds=[member])
    assert answer["TerminatingInstances"][0]["CurrentState"]["Name"] == "shutting-down"
    region.advance(300.0)
    assert len(members()) == 1
    assert members() != [member]
