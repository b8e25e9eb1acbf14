"""The light types over moto: made, changed in place, replaced, read, deleted, deleted twice."""

import json
from typing import Any
from urllib.parse import unquote

import pytest

from understudy.control.events import Params
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def allowed(action: str, **more: Any) -> Params:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


READ, WRITE = allowed("s3:GetObject"), allowed("s3:PutObject")
ACKNOWLEDGED = ["CAPABILITY_NAMED_IAM"]


def of(kind: str, **properties: Any) -> Params:
    return {"Type": kind, "Properties": properties}


def create(stack: StackStory, resources: Params, **more: Any) -> None:
    status = stack.create(resources, Capabilities=ACKNOWLEDGED, **more)
    assert status == "CREATE_COMPLETE", stack.events()


def update(stack: StackStory, resources: Params, **more: Any) -> None:
    status = stack.update(resources, Capabilities=ACKNOWLEDGED, **more)
    assert status == "UPDATE_COMPLETE", stack.events()


def outputs(stack: StackStory) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack.described["Outputs"]}


def with_outputs(**values: Any) -> Params:
    return {"Outputs": {name: {"Value": value} for name, value in values.items()}}


def in_sync(stack: StackStory) -> dict[str, str]:
    stack.call("DetectStackDrift")
    stack.run(60)
    found = stack.ask("DescribeStackResourceDrifts")["StackResourceDrifts"]
    return {each["LogicalResourceId"]: each["StackResourceDriftStatus"] for each in found}


def test_a_topic(real: StackStory, services: Services) -> None:
    topic = of("AWS::SNS::Topic", DisplayName="one", Tags=[{"Key": "team", "Value": "ml"}])
    sections = with_outputs(Arn={"Ref": "Topic"}, Name={"Fn::GetAtt": ["Topic", "TopicName"]})
    create(real, {"Topic": topic}, sections=sections, Tags=[{"Key": "cost", "Value": "7"}])
    arn = outputs(real)["Arn"]
    assert arn == f"arn:aws:sns:us-east-1:000000000000:{outputs(real)['Name']}"
    assert outputs(real)["Name"].startswith("app-Topic-")
    tags = services.ask("sns", "ListTagsForResource", ResourceArn=arn)["Tags"]
    assert {each["Key"] for each in tags} >= {"team", "cost", "aws:cloudformation:stack-name"}
    assert in_sync(real) == {"Topic": "IN_SYNC"}
    update(real, {"Topic": of("AWS::SNS::Topic", DisplayName="two")}, sections=sections)
    assert outputs(real)["Arn"] == arn
    found = services.ask("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"]
    assert found["DisplayName"] == "two"
    tags = services.ask("sns", "ListTagsForResource", ResourceArn=arn)["Tags"]
    assert "team" not in {each["Key"] for each in tags}
    services.ask(
        "sns", "SetTopicAttributes", TopicArn=arn, AttributeName="DisplayName", AttributeValue="x"
    )
    assert in_sync(real) == {"Topic": "MODIFIED"}
    services.ask("sns", "DeleteTopic", TopicArn=arn)
    assert in_sync(real) == {"Topic": "DELETED"}
    assert real.delete() == "DELETE_COMPLETE"


def test_subscriptions_of_a_topic(real: StackStory, services: Services) -> None:
    def topic(*queues: str) -> Params:
        arns = [{"Fn::GetAtt": [queue, "Arn"]} for queue in queues]
        return of(
            "AWS::SNS::Topic", Subscription=[{"Protocol": "sqs", "Endpoint": arn} for arn in arns]
        )

    queues = {"One": of("AWS::SQS::Queue"), "Two": of("AWS::SQS::Queue")}
    create(real, {**queues, "Topic": topic("One")})
    update(real, {**queues, "Topic": topic("Two")})
    arn = real.physical("Topic")
    found = services.ask("sns", "ListSubscriptionsByTopic", TopicArn=arn)["Subscriptions"]
    assert [each["Endpoint"].split("-")[-2] for each in found] == ["Two"]
    assert real.delete() == "DELETE_COMPLETE"
    assert services.ask("sns", "ListTopics")["Topics"] == []


def test_a_queue(real: StackStory, services: Services) -> None:
    def queue(**more: Any) -> Params:
        return of("AWS::SQS::Queue", Tags=[{"Key": "team", "Value": "ml"}], **more)

    sections = with_outputs(Url={"Ref": "Q"}, Arn={"Fn::GetAtt": ["Q", "Arn"]})
    create(real, {"Q": queue(VisibilityTimeout=45, DelaySeconds=5)}, sections=sections)
    url = outputs(real)["Url"]
    assert outputs(real)["Arn"].startswith("arn:aws:sqs:us-east-1:000000000000:app-Q-")
    assert in_sync(real) == {"Q": "IN_SYNC"}
    update(real, {"Q": queue(VisibilityTimeout=60)}, sections=sections)
    assert outputs(real)["Url"] == url
    wanted = ["VisibilityTimeout", "DelaySeconds"]
    found = services.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=wanted)
    assert found["Attributes"] == {"VisibilityTimeout": "60", "DelaySeconds": "0"}
    assert services.ask("sqs", "ListQueueTags", QueueUrl=url)["Tags"] == {"team": "ml"}
    update(real, {"Q": queue(QueueName="mine")}, sections=sections)
    assert outputs(real)["Url"].endswith("/mine")
    assert not services.has("sqs", "GetQueueAttributes", QueueUrl=url)
    assert real.delete() == "DELETE_COMPLETE"
    assert not services.has("sqs", "GetQueueUrl", QueueName="mine")


def test_a_fifo_queue_has_a_name_that_says_so(real: StackStory) -> None:
    create(real, {"Q": of("AWS::SQS::Queue", FifoQueue=True)})
    assert real.physical("Q").endswith(".fifo")


def test_a_parameter(real: StackStory, services: Services) -> None:
    def parameter(value: str, **more: Any) -> Params:
        return of("AWS::SSM::Parameter", Type="String", Value=value, Tags={"team": "ml"}, **more)

    sections = with_outputs(Name={"Ref": "P"}, Value={"Fn::GetAtt": ["P", "Value"]})
    create(real, {"P": parameter("one")}, sections=sections)
    name = outputs(real)["Name"]
    assert name.startswith("CFN-P-")
    assert len(name) == len("CFN-P-") + 12
    assert in_sync(real) == {"P": "IN_SYNC"}
    update(real, {"P": parameter("two")}, sections=sections)
    assert outputs(real) == {"Name": name, "Value": "two"}
    assert services.ask("ssm", "GetParameter", Name=name)["Parameter"]["Value"] == "two"
    update(real, {"P": parameter("two", Name="/mine")}, sections=sections)
    assert outputs(real)["Name"] == "/mine"
    assert not services.has("ssm", "GetParameter", Name=name)
    assert real.delete() == "DELETE_COMPLETE"
    assert not services.has("ssm", "GetParameter", Name="/mine")


def test_a_parameter_without_a_type_fails_with_the_recorded_reason(real: StackStory) -> None:
    resources = {"P": of("AWS::SSM::Parameter", Value="v")}
    assert real.create(resources, DisableValidation=True) == "ROLLBACK_COMPLETE"
    assert (
        "P CREATE_FAILED Property validation failure: [The property {/Type} is required]"
    ) in real.events()


def role(*policies: str, **more: Any) -> Params:
    return of(
        "AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, ManagedPolicyArns=[*policies], **more
    )


def test_a_role(real: StackStory, services: Services) -> None:
    inline = [{"PolicyName": "inline", "PolicyDocument": READ}]
    tags = [{"Key": "team", "Value": "ml"}]
    admin = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    create(real, {"R": role(admin, Policies=inline, Tags=tags, Description="one")})
    name = real.physical("R")
    assert in_sync(real) == {"R": "IN_SYNC"}
    update(real, {"R": role(Description="two", MaxSessionDuration=7200)})
    found = services.ask("iam", "GetRole", RoleName=name)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("two", 7200)
    assert "Tags" not in found or found["Tags"] == []
    assert services.ask("iam", "ListRolePolicies", RoleName=name)["PolicyNames"] == []
    assert services.ask("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"] == []
    assert real.delete() == "DELETE_COMPLETE"
    assert not services.has("iam", "GetRole", RoleName=name)


def test_an_inline_policy_moves_from_role_to_role(real: StackStory, services: Services) -> None:
    roles = {"A": role(RoleName="a"), "B": role(RoleName="b")}

    def policy(document: Params, *names: str) -> Params:
        held = [{"Ref": name} for name in names]
        return of("AWS::IAM::Policy", PolicyName="p", PolicyDocument=document, Roles=held)

    create(real, {**roles, "P": policy(READ, "A")})
    assert in_sync(real)["P"] == "IN_SYNC"
    update(real, {**roles, "P": policy(WRITE, "B")})
    assert not services.has("iam", "GetRolePolicy", RoleName="a", PolicyName="p")
    found = services.ask("iam", "GetRolePolicy", RoleName="b", PolicyName="p")
    assert json.loads(unquote(found["PolicyDocument"])) == WRITE
    update(real, roles)
    assert not services.has("iam", "GetRolePolicy", RoleName="b", PolicyName="p")


def test_a_managed_policy_keeps_at_most_five_versions(real: StackStory, services: Services) -> None:
    def policy(number: int) -> Params:
        document = allowed("s3:GetObject", Sid=f"S{number}")
        held = [{"Ref": "R"}]
        return of("AWS::IAM::ManagedPolicy", PolicyDocument=document, Roles=held)

    create(real, {"R": role(), "P": policy(0)})
    arn = real.physical("P")
    assert arn.startswith("arn:aws:iam::000000000000:policy/app-P-")
    for number in range(1, 7):
        update(real, {"R": role(), "P": policy(number)})
    versions = services.ask("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]
    assert len(versions) == 5
    assert in_sync(real)["P"] == "IN_SYNC"
    assert real.delete() == "DELETE_COMPLETE"
    assert not services.has("iam", "GetPolicy", PolicyArn=arn)


@pytest.mark.parametrize(
    ("service", "operation", "params", "resource"),
    [
        ("sns", "CreateTopic", {"Name": "mine"}, of("AWS::SNS::Topic", TopicName="mine")),
        ("sqs", "CreateQueue", {"QueueName": "mine"}, of("AWS::SQS::Queue", QueueName="mine")),
        (
            "ssm",
            "PutParameter",
            {"Name": "mine", "Type": "String", "Value": "v"},
            of("AWS::SSM::Parameter", Name="mine", Type="String", Value="w"),
        ),
        (
            "iam",
            "CreateRole",
            {"RoleName": "mine", "AssumeRolePolicyDocument": json.dumps(TRUST)},
            role(RoleName="mine"),
        ),
        (
            "s3",
            "CreateBucket",
            {"Bucket": "mine-all"},
            of("AWS::S3::Bucket", BucketName="mine-all"),
        ),
    ],
    ids=["a topic", "a queue", "a parameter", "a role", "a bucket"],
)
def test_a_name_that_somebody_else_has_fails_the_resource_and_leaves_theirs(
    real: StackStory,
    services: Services,
    service: str,
    operation: str,
    params: Params,
    resource: Params,
) -> None:
    services.ask(service, operation, **params)
    before = len(services.pages.written)
    named = {"Capabilities": ACKNOWLEDGED, "DisableValidation": True}
    assert real.create({"R": resource}, **named) == "ROLLBACK_COMPLETE"
    assert len(services.pages.written) == before
    assert any("HandlerErrorCode: AlreadyExists" in line for line in real.events())


def test_what_was_deleted_behind_its_back_counts_as_deleted(
    real: StackStory, services: Services
) -> None:
    everything = {
        "T": of("AWS::SNS::Topic", TopicName="t"),
        "Q": of("AWS::SQS::Queue", QueueName="q"),
        "P": of("AWS::SSM::Parameter", Name="p", Type="String", Value="v"),
        "R": role(RoleName="r"),
        "B": of("AWS::S3::Bucket", BucketName="gone-already"),
    }
    create(real, everything)
    services.ask("sns", "DeleteTopic", TopicArn=real.physical("T"))
    services.ask("sqs", "DeleteQueue", QueueUrl=real.physical("Q"))
    services.ask("ssm", "DeleteParameter", Name="p")
    services.ask("iam", "DeleteRole", RoleName="r")
    services.ask("s3", "DeleteBucket", Bucket="gone-already")
    assert real.delete() == "DELETE_COMPLETE"
