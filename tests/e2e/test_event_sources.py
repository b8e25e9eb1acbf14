"""Queues are worked off by functions; what nobody takes goes to dead-letter queues."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

CODE = """
import boto3, json
def handler(event, context):
    s3, failed = boto3.client("s3"), []
    if any(each["body"] == "all" for each in event["Records"]):
        raise ValueError("all of it")
    for record in event["Records"]:
        if record["body"] == "bad":
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            s3.put_object(Bucket="worked", Key=record["messageId"], Body=json.dumps(event))
    return {"batchItemFailures": failed}
"""
TEMPLATE = """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: worked}}
  Dead: {Type: AWS::SQS::Queue}
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 6
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Timeout: 6
      Role: arn:aws:iam::000000000000:role/function
      Code: {ZipFile: %s}
  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Function}}
  Alias:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Function, FunctionVersion: !GetAtt Version.Version, Name: live}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Alias
      EventSourceArn: !GetAtt Jobs.Arn
      BatchSize: 5
      FunctionResponseTypes: [ReportBatchItemFailures]
      FilterCriteria: {Filters: [{Pattern: '{"body": [{"anything-but": ["unwanted"]}]}'}]}
Outputs:
  Jobs: {Value: !Ref Jobs}
  Dead: {Value: !Ref Dead}
  Alias: {Value: !Ref Alias}
  Mapping: {Value: !Ref Mapping}
"""


@pytest.fixture(scope="module")
def outputs(engine: RunningEngine) -> dict[str, str]:
    """The stack's outputs."""
    api = engine.client("cloudformation")
    api.create_stack(StackName="works", TemplateBody=TEMPLATE % json.dumps(CODE))
    api.get_waiter("stack_create_complete").wait(StackName="works", WaiterConfig=WAIT)
    (stack,) = api.describe_stacks(StackName="works")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.fixture
def worked(engine: RunningEngine) -> Callable[[], list[Any]]:
    """The events that the function has seen, by message."""
    s3 = engine.client("s3")

    def events() -> list[Any]:
        found = s3.list_objects_v2(Bucket="worked").get("Contents", [])
        bodies = [s3.get_object(Bucket="worked", Key=each["Key"])["Body"] for each in found]
        return [json.loads(each.read()) for each in bodies]

    return events


def left(engine: RunningEngine, url: str) -> int:
    """How many messages a queue has, seen and unseen."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(each) for each in told["Attributes"].values())


def test_messages_are_worked_off_and_what_fails_goes_to_the_dead_letter_queue(
    engine: RunningEngine, outputs: dict[str, str], worked: Callable[[], list[Any]]
) -> None:
    sqs, jobs, dead = engine.client("sqs"), outputs["Jobs"], outputs["Dead"]
    value = {"DataType": "String", "StringValue": "high"}
    for body in ("one", "bad", "two", "unwanted"):
        sqs.send_message(QueueUrl=jobs, MessageBody=body, MessageAttributes={"priority": value})
    wait_for(lambda: left(engine, jobs) == 0, seconds=60, what="the queue is not worked off")
    records = [record for event in worked() for record in event["Records"]]
    assert {"one", "two"} <= {each["body"] for each in records} <= {"one", "two", "bad"}
    (one,) = {each["messageId"]: each for each in records if each["body"] == "one"}.values()
    assert one["eventSource"] == "aws:sqs"
    assert one["eventSourceARN"].endswith(jobs.rpartition("/")[2])
    assert one["attributes"]["ApproximateReceiveCount"] == "1"
    told = one["messageAttributes"]["priority"]
    assert told == {
        "stringValue": "high", "dataType": "String", "stringListValues": [], "binaryListValues": [],
    }  # fmt: skip
    (buried,) = sqs.receive_message(QueueUrl=dead)["Messages"]
    assert buried["Body"] == "bad"

    sqs.send_message(QueueUrl=jobs, MessageBody="all")
    wait_for(lambda: left(engine, dead) == 2, seconds=60, what="a failed batch is not given up")


def test_a_queue_hides_its_messages_while_the_function_may_work_on_them(
    engine: RunningEngine, outputs: dict[str, str]
) -> None:
    api = engine.client("cloudformation")
    body = TEMPLATE.replace("VisibilityTimeout: 6", "VisibilityTimeout: 5").replace(
        "BucketName: worked", "BucketName: other"
    )
    api.create_stack(StackName="short", TemplateBody=body % json.dumps(CODE))
    wait_for(
        lambda: (
            api.describe_stacks(StackName="short")["Stacks"][0]["StackStatus"]
            == "ROLLBACK_COMPLETE"
        ),
        seconds=60,
        what="the stack is not rolled back",
    )
    events = api.describe_stack_events(StackName="short")["StackEvents"]
    (reason,) = [
        each["ResourceStatusReason"]
        for each in events
        if each["LogicalResourceId"] == "Mapping" and each["ResourceStatus"] == "CREATE_FAILED"
    ]
    assert reason.startswith(
        'Resource handler returned message: "Invalid request provided: Queue visibility timeout: '
        "5 seconds is less than Function timeout: 6 seconds (Service: Lambda, Status Code: 400, "
    )


def test_a_disabled_mapping_leaves_messages_until_it_is_enabled(
    engine: RunningEngine, outputs: dict[str, str], worked: Callable[[], list[Any]]
) -> None:
    sqs, api, jobs = engine.client("sqs"), engine.client("lambda"), outputs["Jobs"]
    mapping = outputs["Mapping"]
    assert api.get_event_source_mapping(UUID=mapping)["FunctionArn"] == outputs["Alias"]
    source = api.get_event_source_mapping(UUID=mapping)["EventSourceArn"]
    with pytest.raises(api.exceptions.ResourceConflictException, match=mapping):
        api.create_event_source_mapping(EventSourceArn=source, FunctionName=outputs["Alias"])
    before = len(worked())
    api.update_event_source_mapping(UUID=mapping, Enabled=False)
    sent = sqs.send_message(QueueUrl=jobs, MessageBody="later")["MessageId"]
    assert left(engine, jobs) == 1
    assert len(worked()) == before
    api.update_event_source_mapping(UUID=mapping, Enabled=True)
    wait_for(lambda: left(engine, jobs) == 0, seconds=60, what="nothing is polled again")
    assert engine.client("s3").head_object(Bucket="worked", Key=sent)


FAILING = """
Resources:
  Dead: {Type: AWS::SQS::Queue}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: failing
      Runtime: python3.12
      Handler: index.handler
      Timeout: 60
      Role: arn:aws:iam::000000000000:role/function
      DeadLetterConfig: {TargetArn: !GetAtt Dead.Arn}
      Code: {ZipFile: "def handler(event, context): raise ValueError('never')"}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop]}
      Targets:
        - {Id: refused, Arn: !GetAtt Function.Arn, DeadLetterConfig: {Arn: !GetAtt Dead.Arn}}
        - Id: missing
          Arn: !Sub arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:nobody
          DeadLetterConfig: {Arn: !GetAtt Dead.Arn}
Outputs:
  Dead: {Value: !Ref Dead}
  Rule: {Value: !GetAtt Rule.Arn}
"""


def test_what_nobody_takes_is_put_into_dead_letter_queues(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine("--speed", "200")  # The retries of a call are minutes apart.
    api, sqs = engine.client("cloudformation"), engine.client("sqs")
    api.create_stack(StackName="failing", TemplateBody=FAILING)
    api.get_waiter("stack_create_complete").wait(StackName="failing", WaiterConfig=WAIT)
    (stack,) = api.describe_stacks(StackName="failing")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    engine.client("lambda").invoke(
        FunctionName="failing", InvocationType="Event", Payload=b'{"by": "hand"}'
    )
    entry = {"Source": "shop", "DetailType": "Order", "Detail": '{"id": 1}'}
    engine.client("events").put_events(Entries=[entry])
    buried: list[Any] = []

    def all_buried() -> bool:
        asked = {"QueueUrl": outputs["Dead"], "MessageAttributeNames": ["All"]}
        for each in sqs.receive_message(**asked).get("Messages", ()):
            told = {k: v["StringValue"] for k, v in each["MessageAttributes"].items()}
            buried.append((json.loads(each["Body"]), told))
        return len(buried) == 3

    wait_for(all_buried, seconds=60, what="not everything was buried")
    (by_hand,) = (told for body, told in buried if body == {"by": "hand"})
    assert by_hand["ErrorCode"] == "200"
    assert "never" in by_hand["ErrorMessage"]
    undelivered = {
        told["TARGET_ARN"].rpartition(":")[2]: told for _, told in buried if "RULE_ARN" in told
    }
    assert set(undelivered) == {"failing", "nobody"}
    assert {told["RULE_ARN"] for told in undelivered.values()} == {outputs["Rule"]}
    assert "no resource-based policy allows" in undelivered["failing"]["ERROR_MESSAGE"]
    bodies = [body for body, told in buried if "RULE_ARN" in told]
    assert [body["detail"] for body in bodies] == [{"id": 1}] * 2
