"""Lambda on a running engine, with AWS's own clients: invocations, custom resources, alarms."""

import base64
import io
import json
import shutil
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

ROLE = "arn:aws:iam::000000000000:role/function"
ECHO = """
import os
calls = 0
def handler(event, context):
    global calls
    calls += 1
    print("called with", event)
    return {
        "event": event,
        "calls": calls,
        "region": os.environ["AWS_REGION"],
        "left": context.get_remaining_time_in_millis() > 1000,
        "secret": os.environ.get("HOST_SECRET"),
        "own": os.environ["OWN"],
    }
def fail(event, context):
    raise ValueError("no " + event["what"])
def sleep(event, context):
    import time
    time.sleep(60)
def leave(event, context):
    os._exit(3)
"""


def package(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningEngine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOST_SECRET", "nobody's business")
        running = RunningEngine(tmp_path_factory.mktemp("functions") / "state")
        running.up()
        yield running
        running.down()


def created(engine: RunningEngine, name: str, handler: str, **more: Any) -> str:
    made = engine.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=ROLE,
        Handler=handler,
        Code={"ZipFile": package(index__py=ECHO)},
        Environment={"Variables": {"OWN": "mine"}},
        Timeout=more.pop("Timeout", 20),
        **more,
    )
    return made["FunctionArn"]


def invoked(engine: RunningEngine, name: str, event: Any, **more: Any) -> tuple[Any, Any]:
    answer = engine.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(event).encode(), **more
    )
    return json.loads(answer["Payload"].read()), answer


def test_a_function_runs_stays_warm_and_sees_nothing_of_the_host(engine: RunningEngine) -> None:
    created(engine, "echo", "index.handler")
    first, answer = invoked(engine, "echo", {"a": [1]}, LogType="Tail")
    assert first == {
        "event": {"a": [1]}, "calls": 1, "region": "us-east-1", "left": True, "secret": None,
        "own": "mine",
    }  # fmt: skip
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert b"called with" in base64.b64decode(answer["LogResult"])
    assert invoked(engine, "echo", {})[0]["calls"] == 2


def test_an_error_of_the_handler_is_told_as_lambda_tells_it(engine: RunningEngine) -> None:
    created(engine, "fails", "index.fail")
    said, answer = invoked(engine, "fails", {"what": "luck"})
    assert answer["FunctionError"] == "Unhandled"
    assert (said["errorType"], said["errorMessage"]) == ("ValueError", "no luck")


def test_a_function_is_killed_at_its_timeout(engine: RunningEngine) -> None:
    created(engine, "sleeps", "index.sleep", Timeout=1)
    said, _ = invoked(engine, "sleeps", {})
    assert said["errorMessage"].endswith("Task timed out after 1.00 seconds")


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("index.leave", "Runtime.ExitError"),
        ("index.missing", "Runtime.HandlerNotFound"),
        ("absent.handler", "Runtime.ImportModuleError"),
    ],
)
def test_a_function_that_cannot_answer_says_why(
    engine: RunningEngine, handler: str, kind: str
) -> None:
    name = handler.replace(".", "-")
    created(engine, name, handler)
    assert invoked(engine, name, {})[0]["errorType"] == kind


def test_versions_and_aliases_are_called_by_qualifier(engine: RunningEngine) -> None:
    api = engine.client("lambda")
    created(engine, "versions", "index.handler")
    assert api.publish_version(FunctionName="versions")["Version"] == "1"
    api.create_alias(FunctionName="versions", Name="live", FunctionVersion="1")
    _, answer = invoked(engine, "versions", {}, Qualifier="live")
    assert answer["ExecutedVersion"] == "1"
    code = package(index__py="def handler(event, context):\n    return 'new'")
    api.update_function_code(FunctionName="versions", ZipFile=code)
    assert invoked(engine, "versions", {})[0] == "new"
    assert invoked(engine, "versions:live", {})[0]["own"] == "mine"


def test_a_package_that_is_none_and_a_function_that_is_not_there_are_refused(
    engine: RunningEngine,
) -> None:
    api = engine.client("lambda")
    with pytest.raises(ClientError, match="Could not unzip uploaded file"):
        api.create_function(
            FunctionName="none", Runtime="python3.12", Role=ROLE, Handler="index.handler",
            Code={"ZipFile": b"not a zip"},
        )  # fmt: skip
    with pytest.raises(ClientError, match="Function not found: arn:aws:lambda"):
        api.invoke(FunctionName="nobody")


CUSTOM = """
Parameters:
  Size: {Type: Number, Default: 2}
  Fail: {Type: String, Default: ""}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: 30
      Code:
        ZipFile: |
          import cfnresponse
          def handler(event, context):
              given = event["ResourceProperties"]
              if given.get("Fail") == event["RequestType"]:
                  cfnresponse.send(event, context, cfnresponse.FAILED, {}, reason="as asked")
                  return
              data = {"Doubled": str(int(given["Size"]) * 2), "Kind": event["RequestType"]}
              cfnresponse.send(event, context, cfnresponse.SUCCESS, data, "thing-" + given["Size"])
  Thing:
    Type: Custom::Thing
    Properties: {ServiceToken: !GetAtt Function.Arn, Size: !Ref Size, Fail: !Ref Fail}
Outputs:
  Doubled: {Value: !GetAtt Thing.Doubled}
  Kind: {Value: !GetAtt Thing.Kind}
  Thing: {Value: !Ref Thing}
"""


def deployed(engine: RunningEngine, name: str, operation: str, **values: str) -> dict[str, str]:
    api = engine.client("cloudformation")
    getattr(api, f"{operation}_stack")(
        StackName=name,
        TemplateBody=CUSTOM,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
    )
    api.get_waiter(f"stack_{operation}_complete").wait(StackName=name, WaiterConfig=WAIT)
    (stack,) = api.describe_stacks(StackName=name)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def test_a_custom_resource_is_made_changed_and_removed_by_its_function(
    engine: RunningEngine,
) -> None:
    api = engine.client("cloudformation")
    made = deployed(engine, "custom", "create")
    assert made == {"Doubled": "4", "Kind": "Create", "Thing": "thing-2"}
    changed = deployed(engine, "custom", "update", Size="5")
    assert changed == {"Doubled": "10", "Kind": "Update", "Thing": "thing-5"}
    events = api.describe_stack_events(StackName="custom")["StackEvents"]
    gone = [e for e in events if e["ResourceStatus"] == "DELETE_COMPLETE"]
    assert [e["PhysicalResourceId"] for e in gone] == ["thing-2"]
    api.delete_stack(StackName="custom")
    api.get_waiter("stack_delete_complete").wait(StackName="custom", WaiterConfig=WAIT)


def test_a_custom_resource_that_is_refused_rolls_the_stack_back_with_its_reason(
    engine: RunningEngine,
) -> None:
    api = engine.client("cloudformation")
    api.create_stack(
        StackName="refused",
        TemplateBody=CUSTOM,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": "Fail", "ParameterValue": "Create"}],
    )

    def status() -> str:
        return api.describe_stacks(StackName="refused")["Stacks"][0]["StackStatus"]

    wait_for(lambda: status() == "ROLLBACK_COMPLETE", seconds=60, what="no rollback")
    events = api.describe_stack_events(StackName="refused")["StackEvents"]
    reasons = [each.get("ResourceStatusReason", "") for each in events]
    wanted = "Received response status [FAILED] from custom resource. Message returned: as asked"
    assert any(wanted in reason for reason in reasons)


NODE = """
const response = require("cfn-response");
exports.handler = async (event, context) => {
  await response.send(event, context, response.SUCCESS, { Said: event.ResourceProperties.Word });
};
"""
NODE_TEMPLATE = """
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs20.x
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/function
      Timeout: 30
      Code: {ZipFile: %s}
  Thing:
    Type: AWS::CloudFormation::CustomResource
    Properties: {ServiceToken: !GetAtt Function.Arn, Word: hello}
Outputs:
  Said: {Value: !GetAtt Thing.Said}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
def test_a_custom_resource_in_node_answers_with_the_module_of_aws(engine: RunningEngine) -> None:
    api = engine.client("cloudformation")
    api.create_stack(StackName="node", TemplateBody=NODE_TEMPLATE % json.dumps(NODE))
    api.get_waiter("stack_create_complete").wait(StackName="node", WaiterConfig=WAIT)
    (stack,) = api.describe_stacks(StackName="node")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == "hello"


SDK = """
const { S3Client, PutObjectCommand, NoSuchKey } = require("@aws-sdk/client-s3");
exports.handler = async () => {
  const { S3 } = await import("@aws-sdk/client-s3");
  const client = new S3Client({});
  const put = new PutObjectCommand({ Bucket: "node-sdk", Key: "a", Body: Buffer.from("hello") });
  await client.send(put);
  const s3 = new S3({ region: "us-east-1" });
  if ((await s3.config.region()) !== (await client.config.region())) throw new Error("region");
  const { Body, LastModified, $metadata } = await s3.getObject({ Bucket: "node-sdk", Key: "a" });
  const missing = await s3.getObject({ Bucket: "node-sdk", Key: "b" }).catch((error) => error);
  return {
    body: await Body.transformToString(),
    dated: LastModified instanceof Date,
    status: $metadata.httpStatusCode,
    missing: [missing.name, missing instanceof NoSuchKey, missing.$metadata.httpStatusCode],
  };
};
"""
SDK_MODULE = """
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
export const handler = async () =>
  (await new CloudWatchLogsClient().send(new DescribeLogGroupsCommand())).logGroups;
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
@pytest.mark.parametrize(
    ("file", "code", "answer"),
    [
        pytest.param(
            "index__js",
            SDK,
            {"body": "hello", "dated": True, "status": 200, "missing": ["NoSuchKey", True, 404]},
            id="required",
        ),
        pytest.param("index__mjs", SDK_MODULE, [], id="imported by an ES module"),
    ],
)
def test_functions_in_node_find_the_aws_sdk(
    engine: RunningEngine, file: str, code: str, answer: Any
) -> None:
    engine.client("s3").create_bucket(Bucket="node-sdk")
    name = file.replace("__", "-")
    engine.client("lambda").create_function(
        FunctionName=name, Runtime="nodejs22.x", Role=ROLE, Handler="index.handler",
        Code={"ZipFile": package(**{file: code})}, Timeout=60,
    )  # fmt: skip
    assert invoked(engine, name, {})[0] == answer


WRITES = """
import boto3, json
def handler(event, context):
    name = event["alarmData"]["alarmName"]
    boto3.client("s3").put_object(Bucket="seen", Key=name, Body=json.dumps(event))
"""


def permitted(engine: RunningEngine, function: str, principal: str, source: str) -> None:
    engine.client("lambda").add_permission(
        FunctionName=function, StatementId=principal.partition(".")[0], Principal=principal,
        Action="lambda:InvokeFunction", SourceArn=source,
    )  # fmt: skip


def test_an_alarm_calls_a_function_which_reaches_the_engine_by_boto3(engine: RunningEngine) -> None:
    s3 = engine.client("s3")
    s3.create_bucket(Bucket="seen")
    arn = engine.client("lambda").create_function(
        FunctionName="writes", Runtime="python3.12", Role=ROLE, Handler="index.handler",
        Code={"ZipFile": package(index__py=WRITES)}, Timeout=60,
    )["FunctionArn"]  # fmt: skip
    watch = engine.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="busy", AlarmActions=[arn], Namespace="app", MetricName="load", Period=60,
        EvaluationPeriods=1, Statistic="Sum", Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip

    def told() -> list[str]:
        history = watch.describe_alarm_history(AlarmName="busy", HistoryItemType="Action")
        return [each["HistorySummary"] for each in history["AlarmHistoryItems"]]

    watch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="a test")
    wait_for(told, seconds=20, what="nothing came of the action")
    assert f"Failed to execute action {arn}" in told()[0]
    assert "no resource-based policy allows the lambda:InvokeFunction action" in told()[0]

    alarm = watch.describe_alarms(AlarmNames=["busy"])["MetricAlarms"][0]["AlarmArn"]
    permitted(engine, "writes", "lambda.alarms.cloudwatch.amazonaws.com", alarm)
    watch.set_alarm_state(AlarmName="busy", StateValue="OK", StateReason="a test")
    watch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="a test")

    def seen() -> bool:
        return any(
            e["Key"] == "busy" for e in s3.list_objects_v2(Bucket="seen").get("Contents", [])
        )

    wait_for(seen, seconds=60, what="the function was not called")
    event = json.loads(s3.get_object(Bucket="seen", Key="busy")["Body"].read())
    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert told()[0] == f"Successfully executed action {arn}"


NOTES = """
import boto3, json, uuid
def handler(event, context):
    boto3.client("s3").put_object(
        Bucket="called", Key=f"{context.function_name}/{uuid.uuid4()}", Body=json.dumps(event)
    )
"""
CALLED = """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: called}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: notes
      Runtime: python3.12
      Handler: index.handler
      Timeout: 60
      Role: arn:aws:iam::000000000000:role/function
      Code: {ZipFile: %s}
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      Subscription: [{Protocol: lambda, Endpoint: !GetAtt Function.Arn}]
  Clock:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 minute)
      Targets: [{Id: notes, Arn: !GetAtt Function.Arn}]
  Stacks:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.cloudformation]
        detail-type: [CloudFormation Stack Status Change]
        detail: {status-details: {status: [CREATE_COMPLETE]}}
      Targets:
        - Id: notes
          Arn: !GetAtt Function.Arn
          InputTransformer:
            InputPathsMap: {stack: $.detail.stack-id}
            InputTemplate: '{"made": <stack>}'
  Uncalled:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop]}
      Targets: [{Id: notes, Arn: !GetAtt Function.Arn}]
  ByTopic:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: sns.amazonaws.com
      SourceArn: !Ref Topic
  ByClock:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Clock.Arn
  ByStacks:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Stacks.Arn
Outputs:
  Topic: {Value: !Ref Topic}
"""


def test_schedules_topics_and_events_of_services_call_functions_that_permit_it(
    tmp_path: Path,
) -> None:
    engine = RunningEngine(tmp_path / "state", "--speed", "20")
    engine.up()
    try:
        api, s3 = engine.client("cloudformation"), engine.client("s3")
        body = CALLED % json.dumps(NOTES)
        made = api.create_stack(StackName="calls", TemplateBody=body)["StackId"]
        api.get_waiter("stack_create_complete").wait(StackName="calls", WaiterConfig=WAIT)
        (stack,) = api.describe_stacks(StackName="calls")["Stacks"]
        topic = stack["Outputs"][0]["OutputValue"]
        engine.client("sns").publish(TopicArn=topic, Message="hello")
        entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
        assert engine.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

        def events() -> list[Any]:
            found = s3.list_objects_v2(Bucket="called").get("Contents", [])
            bodies = [s3.get_object(Bucket="called", Key=each["Key"])["Body"] for each in found]
            return [json.loads(each.read()) for each in bodies]

        def kinds() -> list[str]:
            return sorted(
                next(iter(k for k in ("Records", "made", "source") if k in each))
                for each in events()
            )

        wait_for(
            lambda: kinds().count("source") >= 2 and {"Records", "made"} <= set(kinds()),
            seconds=60,
            what="the function was not called by all",
        )
        assert {each.get("source", "aws.events") for each in events()} == {"aws.events"}
        assert {"made": made} in events()
        (record,) = next(each["Records"] for each in events() if "Records" in each)
        assert record["Sns"]["Message"] == "hello"
        engine.kill()
        engine.up()
        before = kinds().count("source")
        wait_for(lambda: kinds().count("source") > before, seconds=60, what="the clock stood still")
        api = engine.client("cloudformation")
        api.delete_stack(StackName="calls")
    finally:
        engine.down()


def test_functions_and_kept_services_survive_a_kill(engine: RunningEngine) -> None:
    queue = engine.client("sqs").create_queue(QueueName="lasting")["QueueUrl"]
    vpc = engine.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    created(engine, "lasting", "index.handler")
    engine.kill()
    engine.up()
    assert invoked(engine, "lasting", {})[0]["own"] == "mine"
    assert engine.client("sqs").get_queue_url(QueueName="lasting")["QueueUrl"] == queue
    found = engine.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert found[0]["CidrBlock"] == "10.9.0.0/16"


def test_what_is_kept_elsewhere_is_tagged_elsewhere(engine: RunningEngine) -> None:
    """CreateTags and DescribeTags are for resources of every kind, of which instances are ours."""
    ec2 = engine.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "ml"}])
    asked = [{"Name": "resource-id", "Values": [vpc]}]
    (tag,) = ec2.describe_tags(Filters=asked)["Tags"]
    assert (tag["ResourceId"], tag["Key"], tag["Value"]) == (vpc, "team", "ml")
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "team"}])
    assert ec2.describe_tags(Filters=asked)["Tags"] == []
