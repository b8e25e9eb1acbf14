"""Names that CloudFormation gives resources: of their service's length, and theirs for life.

AWS: Name type.
"""

import re

import pytest

from understudy.control.events import Params
from understudy.testing.stack_story import StackStory, thing

LONG = "a-stack-with-a-name-that-is-really-rather-long-for-a-stack"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
SERVICES: dict[str, tuple[Params, int, str]] = {
    "AWS::S3::Bucket": ({}, 63, r"[a-z0-9.-]+-[a-z0-9]{12}"),
    "AWS::IAM::Role": ({"AssumeRolePolicyDocument": TRUST}, 64, r"[\w+=,.@-]+-[A-Za-z0-9]{12}"),
    "AWS::SSM::Parameter": ({"Type": "String", "Value": "v"}, 2048, r"CFN-.*-[A-Za-z0-9]{12}"),
    "AWS::SQS::Queue": ({}, 80, r".*/[A-Za-z0-9_-]+-[A-Za-z0-9]{12}"),
}


@pytest.mark.parametrize("kind", SERVICES)
def test_a_name_fits_its_service_and_keeps_its_random_end(real: StackStory, kind: str) -> None:
    properties, limit, pattern = SERVICES[kind]
    story = StackStory(real.account, LONG)
    resource = {"Type": kind, "Properties": properties}
    created = story.create({"R": resource}, Capabilities=["CAPABILITY_IAM"])
    assert created == "CREATE_COMPLETE"
    name = story.physical("R")
    assert len(name.rpartition("/")[2]) <= limit
    assert re.fullmatch(pattern, name)


def test_a_name_stays_while_its_resource_is_changed_in_place(stack: StackStory) -> None:
    stack.create({"A": thing(Size=1)})
    name = stack.physical("A")
    assert name.startswith("app-A-")
    stack.update({"A": thing(Size=2)})
    assert stack.physical("A") == name


def test_a_replaced_resource_has_another_name(stack: StackStory) -> None:
    stack.create({"A": thing(Kind="x")})
    name = stack.physical("A")
    stack.update({"A": thing(Kind="y")})
    assert stack.physical("A") != name
    assert stack.physical("A").startswith("app-A-")
