"""DeletionPolicy and UpdateReplacePolicy. AWS: DeletionPolicy attribute."""

import pytest

from understudy.control.events import Params
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing


def volume(**attributes: str) -> Params:
    properties = {"AvailabilityZone": "us-east-1a", "Size": 1}
    return {"Type": "AWS::EC2::Volume", "Properties": properties, **attributes}


def snapshots(services: Services, identity: str) -> int:
    wanted = [{"Name": "volume-id", "Values": [identity]}]
    return len(services.ask("ec2", "DescribeSnapshots", Filters=wanted)["Snapshots"])


def test_a_volume_goes_with_its_stack_after_a_snapshot_of_it(
    real: StackStory, services: Services
) -> None:
    real.create({"V": volume(DeletionPolicy="Snapshot"), "W": volume()})
    kept, other = real.physical("V"), real.physical("W")
    assert real.delete() == "DELETE_COMPLETE"
    assert "V DELETE_COMPLETE V1" in real.events()
    assert (snapshots(services, kept), snapshots(services, other)) == (1, 0)
    assert not services.has("ec2", "DescribeVolumes", VolumeIds=[kept])


def test_a_volume_that_its_template_leaves_out_goes_after_a_snapshot_of_it(
    real: StackStory, services: Services
) -> None:
    real.create({"V": volume(DeletionPolicy="Snapshot"), "A": thing()})
    old = real.physical("V")
    assert real.update({"A": thing()}) == "UPDATE_COMPLETE"
    assert snapshots(services, old) == 1
    assert not services.has("ec2", "DescribeVolumes", VolumeIds=[old])


@pytest.mark.parametrize("kind", ["AWS::SNS::Topic", "AWS::DynamoDB::Table"])
def test_what_has_no_snapshots_cannot_be_kept_as_one(account: Account, kind: str) -> None:
    body = template({"R": {"Type": kind, "DeletionPolicy": "Snapshot"}, "A": thing()})
    assert message(account, "CreateStack", StackName="app", TemplateBody=body) == (
        f"ValidationError: Template error: resource type {kind} does not support deletion policy "
        "Snapshot"
    )
