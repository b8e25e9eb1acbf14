"""AWS::EC2::CapacityReservation in stacks: reserved, changed, refused, let go."""

from typing import Any

import pytest

from understudy.testing.region import Region

TEMPLATE = """
Resources:
  Kept:
    Type: AWS::EC2::CapacityReservation
    Properties:
      AvailabilityZone: us-east-1a
      InstanceType: p4d.24xlarge
      InstancePlatform: Linux/UNIX
      InstanceCount: COUNT
Outputs:
  Total:
    Value: !GetAtt Kept.TotalInstanceCount
  Id:
    Value: !Ref Kept
"""


@pytest.fixture
def region() -> Region:
    return Region()


def deploy(region: Region, count: int, operation: str = "CreateStack") -> dict[str, Any]:
    body = TEMPLATE.replace("COUNT", str(count))
    region.call("cloudformation", operation, StackName="s", TemplateBody=body)
    region.advance(60)
    return region.call("cloudformation", "DescribeStacks", StackName="s")["Stacks"][0]


def reservations(region: Region) -> list[dict[str, Any]]:
    return region.call("ec2", "DescribeCapacityReservations")["CapacityReservations"]


def test_capacity_is_reserved_changed_and_let_go(region: Region):
    stack = deploy(region, 2)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    (kept,) = reservations(region)
    assert (kept["TotalInstanceCount"], kept["State"]) == (2, "active")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs == {"Total": "2", "Id": kept["CapacityReservationId"]}
    tags = {each["Key"]: each["Value"] for each in kept["Tags"]}
    assert tags["aws:cloudformation:logical-id"] == "Kept"

    assert deploy(region, 3, "UpdateStack")["StackStatus"] == "UPDATE_COMPLETE"
    assert [each["TotalInstanceCount"] for each in reservations(region)] == [3]

    region.call("cloudformation", "DeleteStack", StackName="s")
    region.advance(60)
    assert [each["State"] for each in reservations(region)] == ["cancelled"]
    assert region.restored()


def test_a_stack_rolls_back_where_the_pool_has_too_little(region: Region):
    region.call("understudy", "PutPools", Pools=[{"Pattern": "p4d", "Count": 1}])
    assert deploy(region, 2)["StackStatus"] == "ROLLBACK_COMPLETE"
    events = region.call("cloudformation", "DescribeStackEvents", StackName="s")["StackEvents"]
    reasons = [each.get("ResourceStatusReason") or "" for each in events]
    assert any("Insufficient capacity." in reason for reason in reasons)
    assert reservations(region) == []
