"""The aws CLI, unmodified: package, deploy, wait and describe, as a pipeline uses them."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from understudy.testing.engines import WAIT, RunningEngine

pytestmark = pytest.mark.processes

CODE = """
from greeting import GREETING
def handler(event, context):
    return GREETING + event["name"]
"""
TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
  Hello:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: 30
      Code: code
  Queues:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: queues.yaml}
Outputs:
  Hello: {Value: !Ref Hello}
  Queue: {Value: !GetAtt Queues.Outputs.Queue}
"""
NESTED = """
Resources: {Queue: {Type: AWS::SQS::Queue}}
Outputs: {Queue: {Value: !Ref Queue}}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningEngine]:
    running = RunningEngine(tmp_path_factory.mktemp("cli") / "state")
    running.up()
    yield running
    running.down()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with a template, the code of its function and a nested template."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text(CODE)
    (tmp_path / "code" / "greeting.py").write_text("GREETING = 'Hello, '\n")
    (tmp_path / "queues.yaml").write_text(NESTED)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


def said(engine: RunningEngine, *arguments: str | Path) -> Any:
    """What a command of ``aws cloudformation`` prints: JSON, text or nothing."""
    done = engine.aws("cloudformation", *arguments, patience=120.0)
    assert done.returncode == 0, done.stderr
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout


def test_package_uploads_code_and_nested_templates_and_deploy_makes_them_run(
    engine: RunningEngine, app: Path
) -> None:
    engine.client("s3").create_bucket(Bucket="artifacts")
    packaged = app / "packaged.yaml"
    told = said(
        engine, "package", "--template-file", app / "template.yaml", "--s3-bucket", "artifacts",
        "--s3-prefix", "app", "--output-template-file", packaged,
    )  # fmt: skip
    assert "Successfully packaged artifacts" in told
    listed = engine.client("s3").list_objects_v2(Bucket="artifacts", Prefix="app/")
    assert listed["KeyCount"] == 2
    again = said(
        engine, "package", "--template-file", app / "template.yaml", "--s3-bucket", "artifacts",
        "--s3-prefix", "app",
    )  # fmt: skip
    assert "S3Bucket: artifacts" in again
    told = said(
        engine, "deploy", "--stack-name", "packaged", "--template-file", packaged,
        "--capabilities", "CAPABILITY_IAM", "--tags", "team=models",
    )  # fmt: skip
    assert "Successfully created/updated stack - packaged" in told
    (stack,) = said(engine, "describe-stacks", "--stack-name", "packaged")["Stacks"]
    assert stack["Tags"] == [{"Key": "team", "Value": "models"}]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert "/Queue" not in outputs["Queue"]
    event = json.dumps({"name": "Ada"}).encode()
    answer = engine.client("lambda").invoke(FunctionName=outputs["Hello"], Payload=event)
    assert json.loads(answer["Payload"].read()) == "Hello, Ada"


def body(value: str) -> str:
    return json.dumps(
        {"Resources": {"P": {"Type": "AWS::SSM::Parameter",
                             "Properties": {"Type": "String", "Value": value}}}}
    )  # fmt: skip


def test_deploy_by_a_bucket_with_parameters_tells_of_failure_by_its_code(
    engine: RunningEngine, tmp_path: Path
) -> None:
    engine.client("s3").create_bucket(Bucket="templates")
    path = tmp_path / "template.yaml"
    path.write_text(
        "Parameters: {Name: {Type: String}}\n"
        "Resources: {P: {Type: AWS::SSM::Parameter, "
        "Properties: {Type: String, Value: a, Name: !Ref Name}}}\n"
    )
    command = ["deploy", "--stack-name", "params", "--template-file", path,
               "--s3-bucket", "templates", "--parameter-overrides"]  # fmt: skip
    done = engine.aws("cloudformation", *command, "Name=/aws/mine", patience=120.0)
    assert done.returncode == 255
    assert "Failed to create/update the stack" in done.stderr
    assert engine.client("s3").list_objects_v2(Bucket="templates")["KeyCount"] == 1
    (stack,) = said(engine, "describe-stacks", "--stack-name", "params")["Stacks"]
    assert stack["Parameters"] == [{"ParameterKey": "Name", "ParameterValue": "/aws/mine"}]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"


def test_every_waiter_of_the_life_of_a_stack_ends(engine: RunningEngine) -> None:
    """A waiter of the CLI that finds its stack unfinished looks again after half a minute."""
    api = engine.client("cloudformation")
    stack = ("--stack-name", "waits")
    said(engine, "create-stack", *stack, "--template-body", body("1"))
    api.get_waiter("stack_create_complete").wait(StackName="waits", WaiterConfig=WAIT)
    said(engine, "wait", "stack-exists", *stack)
    said(engine, "wait", "stack-create-complete", *stack)
    change = (*stack, "--change-set-name", "two")
    said(engine, "create-change-set", *change, "--template-body", body("2"))
    said(engine, "wait", "change-set-create-complete", *change)
    (found,) = said(engine, "describe-change-set", *change)["Changes"]
    assert found["ResourceChange"]["Action"] == "Modify"
    said(engine, "execute-change-set", *change)
    api.get_waiter("stack_update_complete").wait(StackName="waits", WaiterConfig=WAIT)
    said(engine, "wait", "stack-update-complete", *stack)
    detection = said(engine, "detect-stack-drift", *stack)["StackDriftDetectionId"]
    status = said(
        engine, "describe-stack-drift-detection-status", "--stack-drift-detection-id", detection
    )
    assert status["StackDriftDetectionId"] == detection
    said(engine, "delete-stack", *stack)
    api.get_waiter("stack_delete_complete").wait(StackName="waits", WaiterConfig=WAIT)
    said(engine, "wait", "stack-delete-complete", *stack)


def test_a_waiter_fails_on_what_will_never_be(engine: RunningEngine) -> None:
    done = engine.aws("cloudformation", "wait", "stack-update-complete", "--stack-name", "nobody")
    assert done.returncode == 255
    assert "Waiter StackUpdateComplete failed" in done.stderr
