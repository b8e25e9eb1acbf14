"""The role of a stack: trusted, and allowed what its resources need. AWS: Service role."""

import json
from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, template

ROLE = "arn:aws:iam::000000000000:role/deployer"
QUEUE = {"Q": {"Type": "AWS::SQS::Queue"}}
DENIED = (
    "User: arn:aws:sts::000000000000:assumed-role/deployer/AWSCloudFormation is not authorized to "
    "perform: sqs:CreateQueue because no identity-based policy allows the sqs:CreateQueue action"
)


@pytest.fixture(autouse=True)
def role(services: Services) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    services.ask("iam", "CreateRole", RoleName="deployer", AssumeRolePolicyDocument=trust)


def allow(services: Services, *statements: Params) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
    services.ask("iam", "PutRolePolicy", RoleName="deployer", PolicyName="p", PolicyDocument=policy)


def statement(effect: str, **more: Any) -> Params:
    return {"Effect": effect, "Resource": "*", **more}


def test_a_role_without_a_policy_makes_nothing(real: StackStory) -> None:
    assert real.create(QUEUE, RoleARN=ROLE) == "ROLLBACK_COMPLETE"
    failed = next(line for line in real.events() if "CREATE_FAILED" in line)
    assert DENIED in failed
    assert "HandlerErrorCode: AccessDenied" in failed


POLICIES: dict[str, tuple[list[Params], str]] = {
    "the action": ([statement("Allow", Action="sqs:CreateQueue")], "CREATE_COMPLETE"),
    "all of the service": ([statement("Allow", Action=["sqs:*"])], "CREATE_COMPLETE"),
    "in other letters": ([statement("Allow", Action="SQS:createqueue")], "CREATE_COMPLETE"),
    "all but others": ([statement("Allow", NotAction="sns:*")], "CREATE_COMPLETE"),
    "all but this": ([statement("Allow", NotAction="sqs:*")], "ROLLBACK_COMPLETE"),
    "others": ([statement("Allow", Action="sqs:DeleteQueue")], "ROLLBACK_COMPLETE"),
    "everything, but this is denied": (
        [statement("Allow", Action="*"), statement("Deny", Action="sqs:Create*")],
        "ROLLBACK_COMPLETE",
    ),
    "everything, denied for some queues": (
        [
            statement("Allow", Action="*"),
            {**statement("Deny", Action="sqs:*"), "Resource": "arn:aws:sqs:*:*:other"},
        ],
        "CREATE_COMPLETE",
    ),
}


@pytest.mark.parametrize(("policy", "ends"), POLICIES.values(), ids=POLICIES)
def test_a_role_may_do_what_its_policy_allows(
    real: StackStory, services: Services, policy: list[Params], ends: str
) -> None:
    allow(services, *policy)
    assert real.create(QUEUE, RoleARN=ROLE) == ends


def test_attached_policies_count_those_of_aws_too(real: StackStory, services: Services) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    services.ask("iam", "AttachRolePolicy", RoleName="deployer", PolicyArn=arn)
    assert real.create(QUEUE, RoleARN=ROLE) == "CREATE_COMPLETE"


def test_a_role_stays_with_its_stack_and_its_policies_are_looked_at_anew(
    real: StackStory, services: Services
) -> None:
    allow(services, statement("Allow", Action="sqs:*"))
    assert real.create(QUEUE, RoleARN=ROLE) == "CREATE_COMPLETE"
    topic = {**QUEUE, "T": {"Type": "AWS::SNS::Topic"}}
    assert real.update(topic) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("not authorized to perform: sns:CreateTopic" in line for line in real.events())
    allow(services, statement("Allow", Action=["sqs:*", "sns:*"]))
    assert real.update(topic) == "UPDATE_COMPLETE"
    assert real.described["RoleARN"] == ROLE


def test_a_nested_stack_is_made_by_the_role_of_its_parent(
    real: StackStory, services: Services
) -> None:
    allow(services, statement("Allow", Action="sns:*"))
    services.ask("s3", "CreateBucket", Bucket="templates")
    body = template(QUEUE).encode()
    services.ask("s3", "PutObject", Bucket="templates", Key="child.json", Body=body)
    url = "https://templates.s3.us-east-1.amazonaws.com/child.json"
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    assert real.create({"Child": child}, RoleARN=ROLE) == "ROLLBACK_COMPLETE"
    real.delete()
    allow(services, statement("Allow", Action="sqs:*"))
    assert real.create({"Child": child}, RoleARN=ROLE) == "CREATE_COMPLETE"
    inner = StackStory(real.account, real.physical("Child"))
    assert inner.described["RoleARN"] == ROLE
