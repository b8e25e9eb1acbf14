"""StackSets with real clients: boto3, the aws CLI, and an engine that is killed meanwhile."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from understudy.base.arn import ACCOUNT
from understudy.deploy.stack_sets.state import ADMINISTRATION_ROLE, EXECUTION_ROLE
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import wait_for
from understudy.testing.set_story import ADMINISTRATION_ARN, trust

pytestmark = pytest.mark.processes

TARGETS: dict[str, Any] = {"Accounts": [ACCOUNT], "Regions": ["eu-west-1", "us-west-2"]}


def body(value: str) -> str:
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}
    topic = {"Type": "AWS::SNS::Topic"}
    return json.dumps({"Resources": {"P": parameter, "T": topic}})


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    running = make_engine("--speed", "60")
    iam = running.client("iam")
    for name, policy in (
        (ADMINISTRATION_ROLE, trust("Service", "cloudformation.amazonaws.com")),
        (EXECUTION_ROLE, trust("AWS", ADMINISTRATION_ARN)),
    ):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
    return running


def ended(engine: RunningEngine, operation: str, name: str = "fleet") -> str:
    """The status of an operation, once it has ended."""
    api = engine.client("cloudformation")
    status = ""

    def is_over() -> bool:
        nonlocal status
        found = api.describe_stack_set_operation(StackSetName=name, OperationId=operation)
        status = found["StackSetOperation"]["Status"]
        return status not in ("RUNNING", "QUEUED", "STOPPING")

    wait_for(is_over, what=f"{operation} does not end")
    return status


def test_a_stack_set_lives_its_life_and_outlives_the_engine(engine: RunningEngine) -> None:
    api = engine.client("cloudformation")
    with pytest.raises(api.exceptions.StackSetNotFoundException, match="StackSet fleet not found"):
        api.create_stack_instances(StackSetName="fleet", **TARGETS)
    api.create_stack_set(StackSetName="fleet", TemplateBody=body("one"))
    with pytest.raises(api.exceptions.NameAlreadyExistsException):
        api.create_stack_set(StackSetName="fleet", TemplateBody=body("one"))
    begun = api.create_stack_instances(
        StackSetName="fleet",
        OperationPreferences={"RegionConcurrencyType": "SEQUENTIAL"},
        **TARGETS,
    )
    engine.kill()
    engine.up()
    assert ended(engine, begun["OperationId"]) == "SUCCEEDED"
    pages = api.get_paginator("list_stack_instances").paginate(StackSetName="fleet")
    found = {each["Region"]: each for page in pages for each in page["Summaries"]}
    assert {name: each["Status"] for name, each in found.items()} == {
        "eu-west-1": "CURRENT",
        "us-west-2": "CURRENT",
    }
    west = engine.client("cloudformation", "us-west-2")
    stacks = west.describe_stacks()["Stacks"]
    assert [each["StackId"] for each in stacks] == [found["us-west-2"]["StackId"]]
    assert stacks[0]["StackName"].startswith("StackSet-fleet-")
    assert len(engine.client("sns", "us-west-2").list_topics()["Topics"]) == 1
    updated = api.update_stack_set(StackSetName="fleet", TemplateBody=body("two"))
    assert ended(engine, updated["OperationId"]) == "SUCCEEDED"
    parameters = engine.client("ssm", "eu-west-1").describe_parameters()["Parameters"]
    value = engine.client("ssm", "eu-west-1").get_parameter(Name=parameters[0]["Name"])
    assert value["Parameter"]["Value"] == "two"
    drift = api.detect_stack_set_drift(StackSetName="fleet")
    assert ended(engine, drift["OperationId"]) == "SUCCEEDED"
    details = api.describe_stack_set(StackSetName="fleet")["StackSet"]
    assert details["StackSetDriftDetectionDetails"]["InSyncStackInstancesCount"] == 2
    results = api.list_stack_set_operation_results(
        StackSetName="fleet", OperationId=updated["OperationId"]
    )["Summaries"]
    assert [each["AccountGateResult"]["Status"] for each in results] == ["SKIPPED", "SKIPPED"]
    with pytest.raises(api.exceptions.StackSetNotEmptyException):
        api.delete_stack_set(StackSetName="fleet")
    deleted = api.delete_stack_instances(StackSetName="fleet", RetainStacks=False, **TARGETS)
    assert ended(engine, deleted["OperationId"]) == "SUCCEEDED"
    assert engine.client("sns", "us-west-2").list_topics()["Topics"] == []
    operations = api.list_stack_set_operations(StackSetName="fleet")["Summaries"]
    assert [each["Action"] for each in operations] == [
        "DELETE",
        "DETECT_DRIFT",
        "UPDATE",
        "CREATE",
    ]
    api.delete_stack_set(StackSetName="fleet")
    with pytest.raises(ClientError, match="StackSet fleet not found"):
        api.describe_stack_set(StackSetName="fleet")


def test_the_aws_cli_works_with_stack_sets(engine: RunningEngine) -> None:
    def aws(*arguments: str) -> Any:
        done = engine.aws("cloudformation", *arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    name = ("--stack-set-name", "tools")
    where = ("--accounts", ACCOUNT, "--regions", "eu-west-1")
    aws("create-stack-set", *name, "--template-body", body("one"), "--tags", "Key=team,Value=ml")
    begun = aws("create-stack-instances", *name, *where)["OperationId"]
    assert ended(engine, begun, "tools") == "SUCCEEDED"
    (found,) = aws("list-stack-instances", *name)["Summaries"]
    assert found["StackInstanceStatus"] == {"DetailedStatus": "SUCCEEDED"}
    gone = aws("delete-stack-instances", *name, *where, "--no-retain-stacks")["OperationId"]
    assert ended(engine, gone, "tools") == "SUCCEEDED"
    aws("delete-stack-set", *name)
    listed = engine.client("cloudformation").list_stack_sets(Status="ACTIVE")["Summaries"]
    assert "tools" not in [each["StackSetName"] for each in listed]
