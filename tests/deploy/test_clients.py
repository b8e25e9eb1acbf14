"""Real clients against a real engine: boto3 with its waiters and paginators, and the aws CLI."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

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


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    return make_engine("--speed", "60")


@pytest.fixture
def api(engine: RunningEngine) -> Any:
    return engine.client("cloudformation")


def body(*, value: str = "one", count: int = 1, **more: Any) -> str:
    parameters = {
        f"P{n}": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}
        for n in range(count)
    }
    resources = {**parameters, "T": {"Type": "AWS::SNS::Topic"}, **more}
    outputs = {"Topic": {"Value": {"Ref": "T"}, "Export": {"Name": {"Ref": "AWS::StackName"}}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


def waited(api: Any, waiter: str, **params: Any) -> None:
    api.get_waiter(waiter).wait(WaiterConfig=WAIT, **params)


def test_a_stack_lives_its_life_with_boto3(api: Any) -> None:
    arn = api.create_stack(StackName="life", TemplateBody=body())["StackId"]
    waited(api, "stack_exists", StackName="life")
    waited(api, "stack_create_complete", StackName="life")
    with pytest.raises(ClientError, match="No updates are to be performed"):
        api.update_stack(StackName="life", TemplateBody=body())
    api.update_stack(StackName="life", TemplateBody=body(value="two"))
    waited(api, "stack_update_complete", StackName=arn)
    assert api.get_template(StackName="life")["TemplateBody"] == json.loads(body(value="two"))
    assert "T" in {
        r["LogicalResourceId"]
        for r in api.list_stack_resources(StackName="life")["StackResourceSummaries"]
    }
    detail = api.describe_stack_resource(StackName="life", LogicalResourceId="T")
    assert detail["StackResourceDetail"]["ResourceStatus"] == "CREATE_COMPLETE"
    api.delete_stack(StackName="life")
    waited(api, "stack_delete_complete", StackName=arn)
    waited(api, "stack_delete_complete", StackName="life")
    with pytest.raises(ClientError, match="Stack with id life does not exist"):
        api.describe_stacks(StackName="life")
    assert api.describe_stacks(StackName=arn)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_change_sets_with_boto3(api: Any) -> None:
    made = api.create_change_set(
        StackName="sets", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=body()
    )
    waited(api, "change_set_create_complete", ChangeSetName=made["Id"])
    pages = api.get_paginator("describe_change_set").paginate(ChangeSetName=made["Id"])
    assert sum(len(page["Changes"]) for page in pages) == 2
    api.execute_change_set(StackName="sets", ChangeSetName="one")
    waited(api, "stack_create_complete", StackName="sets")
    empty = api.create_change_set(StackName="sets", ChangeSetName="two", TemplateBody=body())
    with pytest.raises(Exception, match="Waiter ChangeSetCreateComplete failed"):
        waited(api, "change_set_create_complete", ChangeSetName=empty["Id"])
    with pytest.raises(api.exceptions.InvalidChangeSetStatusException):
        api.execute_change_set(StackName="sets", ChangeSetName="two")
    pages = api.get_paginator("list_change_sets").paginate(StackName="sets")
    assert [each["ChangeSetName"] for page in pages for each in page["Summaries"]] == ["two"]
    api.delete_change_set(StackName="sets", ChangeSetName="two")
    api.delete_change_set(StackName="sets", ChangeSetName="two")
    with pytest.raises(api.exceptions.ChangeSetNotFoundException):
        api.describe_change_set(StackName="sets", ChangeSetName="two")


def test_paginators_of_boto3_see_everything_once(api: Any) -> None:
    api.create_stack(StackName="long", TemplateBody=body(count=120))
    waited(api, "stack_create_complete", StackName="long")
    events = [
        event["EventId"]
        for page in api.get_paginator("describe_stack_events").paginate(StackName="long")
        for event in page["StackEvents"]
    ]
    assert len(events) == len(set(events)) == 121 * 3 + 2
    resources = [
        each
        for page in api.get_paginator("list_stack_resources").paginate(StackName="long")
        for each in page["StackResourceSummaries"]
    ]
    assert len(resources) == 121
    for name, member in (
        ("describe_stacks", "Stacks"),
        ("list_stacks", "StackSummaries"),
        ("list_exports", "Exports"),
        ("list_types", "TypeSummaries"),
        ("describe_account_limits", "AccountLimits"),
    ):
        params = {"Visibility": "PUBLIC"} if name == "list_types" else {}
        assert paged(api, name, member, **params)


def paged(api: Any, name: str, member: str, **params: Any) -> list[Any]:
    """All that a paginator gives."""
    return [each for page in api.get_paginator(name).paginate(**params) for each in page[member]]


def test_paginators_of_change_sets_events_and_imports(api: Any) -> None:
    created = api.create_change_set(
        StackName="pages", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body(count=120)
    )
    named = {"StackName": "pages", "ChangeSetName": "c"}
    waited(api, "change_set_create_complete", **named)
    changes = paged(api, "describe_change_set", "Changes", **named)
    assert len({each["ResourceChange"]["LogicalResourceId"] for each in changes}) == 121
    (summary,) = paged(api, "list_change_sets", "Summaries", StackName="pages")
    assert summary["ChangeSetId"] == created["Id"]
    api.execute_change_set(**named)
    waited(api, "stack_create_complete", StackName="pages")
    imported = {"Type": "String", "Value": {"Fn::ImportValue": "pages"}}
    resource = {"Type": "AWS::SSM::Parameter", "Properties": imported}
    api.create_stack(StackName="user", TemplateBody=json.dumps({"Resources": {"P": resource}}))
    waited(api, "stack_create_complete", StackName="user")
    assert paged(api, "list_imports", "Imports", ExportName="pages") == ["user"]
    events = paged(api, "describe_events", "OperationEvents", StackName="pages")
    assert len({each["EventId"] for each in events}) == len(events) > 363


def test_a_failed_creation_waits_as_failed(api: Any) -> None:
    wrong = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "No", "Value": "v"}}
    api.create_stack(StackName="fails", TemplateBody=body(X=wrong))
    with pytest.raises(Exception, match="Waiter StackCreateComplete failed"):
        waited(api, "stack_create_complete", StackName="fails")
    api.create_stack(StackName="rolls", TemplateBody=body())
    waited(api, "stack_create_complete", StackName="rolls")
    api.update_stack(StackName="rolls", TemplateBody=body(X=wrong))
    waited(api, "stack_rollback_complete", StackName="rolls")


def test_stack_refactors_with_boto3(api: Any, engine: RunningEngine) -> None:
    topic, queue = {"Type": "AWS::SNS::Topic"}, {"Type": "AWS::SQS::Queue"}
    both = json.dumps({"Resources": {"Topic": topic, "Queue": queue}})
    api.create_stack(StackName="monolith", TemplateBody=both)
    waited(api, "stack_create_complete", StackName="monolith")
    arn = api.describe_stack_resource(StackName="monolith", LogicalResourceId="Topic")
    moved = arn["StackResourceDetail"]["PhysicalResourceId"]
    definitions = [
        {"StackName": "monolith", "TemplateBody": json.dumps({"Resources": {"Queue": queue}})},
        {"StackName": "topics", "TemplateBody": json.dumps({"Resources": {"News": topic}})},
    ]
    refactor = api.create_stack_refactor(StackDefinitions=definitions, EnableStackCreation=True)[
        "StackRefactorId"
    ]
    waited(api, "stack_refactor_create_complete", StackRefactorId=refactor)
    pages = api.get_paginator("list_stack_refactor_actions").paginate(StackRefactorId=refactor)
    actions = [each["Action"] for page in pages for each in page["StackRefactorActions"]]
    assert actions == ["CREATE", "MOVE"]
    api.execute_stack_refactor(StackRefactorId=refactor)
    waited(api, "stack_refactor_execute_complete", StackRefactorId=refactor)
    found = api.describe_stack_resource(StackName="topics", LogicalResourceId="News")
    assert found["StackResourceDetail"]["PhysicalResourceId"] == moved
    tags = engine.client("sns").list_tags_for_resource(ResourceArn=moved)["Tags"]
    assert {"Key": "aws:cloudformation:stack-name", "Value": "topics"} in tags


def test_drift_with_boto3(api: Any, engine: RunningEngine) -> None:
    api.create_stack(StackName="drift", TemplateBody=body())
    waited(api, "stack_create_complete", StackName="drift")
    name = api.describe_stack_resource(StackName="drift", LogicalResourceId="P0")
    parameter = name["StackResourceDetail"]["PhysicalResourceId"]
    engine.client("ssm").put_parameter(Name=parameter, Value="other", Overwrite=True)
    identity = api.detect_stack_drift(StackName="drift")["StackDriftDetectionId"]

    def detection() -> Any:
        return api.describe_stack_drift_detection_status(StackDriftDetectionId=identity)

    wait_for(
        lambda: detection()["DetectionStatus"] != "DETECTION_IN_PROGRESS", what="no end of drift"
    )
    assert detection()["StackDriftStatus"] == "DRIFTED"
    found = api.describe_stack_resource_drifts(
        StackName="drift", StackResourceDriftStatusFilters=["MODIFIED"]
    )["StackResourceDrifts"]
    assert [each["LogicalResourceId"] for each in found] == ["P0"]


def test_a_wait_condition_is_told_by_http(api: Any) -> None:
    wait = {
        "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "W": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "H"}, "Timeout": "3600"},
        },
    }
    api.create_stack(StackName="waits", TemplateBody=body(**wait))

    def handle() -> str:
        found = api.describe_stack_resources(StackName="waits")["StackResources"]
        known = {each["LogicalResourceId"]: each for each in found}
        return known["H"].get("PhysicalResourceId", "") if "W" in known else ""

    wait_for(lambda: bool(handle()), what="the condition is never waited for")
    said = {"Status": "SUCCESS", "UniqueId": "1", "Data": "x", "Reason": "y"}
    request = urllib.request.Request(
        handle(), json.dumps(said).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    waited(api, "stack_create_complete", StackName="waits")


def test_a_kill_in_the_middle_makes_nothing_twice_and_ends_well(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine("--speed", "1")
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
    bucket = {"Type": "AWS::S3::Bucket"}
    roles = {f"R{n}": role for n in range(25)} | {f"B{n}": bucket for n in range(25)}
    text = body(count=100, **roles)
    api = engine.client("cloudformation")
    api.create_stack(StackName="killed", TemplateBody=text, Capabilities=["CAPABILITY_IAM"])
    wait_for(
        lambda: len(api.describe_stack_events(StackName="killed")["StackEvents"]) > 60,
        what="no events",
    )
    engine.kill()
    engine.up()
    waited(api, "stack_create_complete", StackName="killed")
    assert len(engine.client("iam").list_roles()["Roles"]) == 25
    assert len(engine.client("s3").list_buckets()["Buckets"]) == 25
    api.delete_stack(StackName="killed")
    engine.kill()
    engine.up()
    waited(api, "stack_delete_complete", StackName="killed")
    assert engine.client("iam").list_roles()["Roles"] == []
    assert engine.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    "operation",
    [
        "ActivateOrganizationsAccess",
        "CreateGeneratedTemplate",
        "SetAlias",
    ],
)
def test_an_operation_that_is_not_offered_says_so(engine: RunningEngine, operation: str) -> None:
    import botocore.session

    session = botocore.session.get_session()
    api = session.create_client(
        "cloudformation",
        region_name="us-east-1",
        endpoint_url=engine.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    members = api.meta.service_model.operation_model(operation).input_shape
    if members is None:
        pytest.skip("this botocore does not know it")
    params = {name: _anything(members.members[name]) for name in members.required_members}
    with pytest.raises(ClientError, match=operation):
        api._make_api_call(operation, params)


def _anything(shape: Any) -> Any:
    if shape.type_name == "list":
        return [_anything(shape.member)]
    if shape.type_name == "structure":
        return {name: _anything(shape.members[name]) for name in shape.required_members}
    return shape.enum[0] if getattr(shape, "enum", None) else "anything"


# The aws CLI


def test_the_cli_deploys_again_and_again(engine: RunningEngine, api: Any, tmp_path: Path) -> None:
    """Where the CLI's first look finds the stack unfinished it waits for half a minute."""
    path = tmp_path / "template.json"
    command = ["cloudformation", "deploy", "--stack-name", "cli", "--template-file", str(path)]
    path.write_text(body())
    done = engine.aws(*command, "--no-execute-changeset")
    assert done.returncode == 0, done.stderr
    made = api.list_change_sets(StackName="cli")["Summaries"][0]
    api.execute_change_set(ChangeSetName=made["ChangeSetId"])
    waited(api, "stack_create_complete", StackName="cli")
    done = engine.aws(*command)
    assert "No changes to deploy. Stack cli is up to date" in done.stdout + done.stderr
    path.write_text(body(value="two"))
    done = engine.aws(*command, patience=100.0)
    assert "Successfully created/updated stack - cli" in done.stdout
