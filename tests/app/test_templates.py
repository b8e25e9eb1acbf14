"""A template is looked at before it is deployed, with the values that it will have."""

from pathlib import Path

from understudy.app.templates import checked

SUBNET = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: 10.0.0.0/24
      AvailabilityZone: !Select [1, !GetAZs ""]
"""


def test_a_region_has_more_than_one_availability_zone(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(SUBNET)
    result, problems = checked(path, {})
    assert problems == []
    assert result is not None
    zone = result.template.resources["Subnet"].properties["AvailabilityZone"]
    assert result.evaluated(zone) == "us-east-1b"
