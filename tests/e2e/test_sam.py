"""The unmodified SAM CLI: a serverless function deployed, called, deployed again and deleted."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.testing.engines import RunningEngine

PROGRAM = os.environ.get("UNDERSTUDY_SAM") or shutil.which("sam")
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(PROGRAM is None, reason="the SAM CLI is not installed"),
]

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello/
      Handler: app.handler
      Runtime: python3.12
      Timeout: 60
      Events:
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
"""
CODE = """
def handler(event, context):
    return {"hello": event["name"]}
"""


@pytest.fixture
def sam(tmp_path: Path, engine: RunningEngine) -> Callable[..., str]:
    """Runs the SAM CLI on the app, which has to succeed; what it printed."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "app.py").write_text(CODE)
    return lambda *arguments: engine.sam(str(PROGRAM), *arguments, cwd=tmp_path)


def test_the_sam_cli_deploys_calls_and_deletes_a_serverless_function(
    sam: Callable[..., str], engine: RunningEngine
) -> None:
    deploy = ("deploy", "--stack-name", "hello", "--resolve-s3", "--capabilities", "CAPABILITY_IAM")
    made = sam(*deploy, "--no-progressbar")
    assert "Successfully created/updated stack - hello in us-east-1" in made
    called = sam("remote", "invoke", "Hello", "--stack-name", "hello", "--event", '{"name": "Ada"}')
    assert json.loads(called.strip().splitlines()[-1]) == {"hello": "Ada"}
    same = sam(*deploy, "--no-fail-on-empty-changeset")
    assert "No changes to deploy. Stack hello is up to date" in same
    sam("delete", "--stack-name", "hello", "--no-prompts")
    stacks = engine.client("cloudformation").describe_stacks()["Stacks"]
    assert [each["StackName"] for each in stacks] == ["aws-sam-cli-managed-default"]
