"""What Lambda keeps: functions, versions, aliases, policies, mappings."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.lambda_.functions import CODE
from understudy.control.lambda_.operations import OPERATIONS
from understudy.control.lambda_.service import DRAW, Lambda
from understudy.testing.stage import Stage, instant

ARN = "arn:aws:lambda:us-east-1:000000000000:function:resize"


@pytest.fixture
def stage() -> Stage:
    stage = Stage(at=instant("2026-01-01T00:00:00Z"))
    stage.add("lambda", Lambda(), OPERATIONS)
    call(stage, "CreateFunction", **GIVEN)
    return stage


GIVEN: dict[str, Any] = {
    "FunctionName": "resize",
    "Runtime": "python3.12",
    "Handler": "index.handler",
    "Role": "arn:aws:iam::000000000000:role/r",
    CODE: {"Sha256": "one", "Size": 10},
}


def call(stage: Stage, operation: str, /, **params: Any) -> Any:
    return stage.call("lambda", operation, **params)


def test_a_function_has_the_defaults_of_lambda(stage: Stage) -> None:
    found = call(stage, "GetFunctionConfiguration", FunctionName="resize")
    assert (found["Timeout"], found["MemorySize"], found["PackageType"]) == (3, 128, "Zip")
    assert (found["FunctionArn"], found["Version"], found["CodeSha256"]) == (ARN, "$LATEST", "one")
    assert found["LastModified"] == "2026-01-01T00:00:00.000+0000"


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("CreateFunction", GIVEN, "ResourceConflictException"),
        ("CreateFunction", {**GIVEN, "FunctionName": "b", "Runtime": ""}, "InvalidParameterValue"),
        ("GetFunction", {"FunctionName": "nobody"}, "ResourceNotFoundException"),
        ("GetFunction", {"FunctionName": "resize", "Qualifier": "7"}, "ResourceNotFoundException"),
        ("GetFunction", {"FunctionName": "not a name"}, "ValidationException"),
        ("GetPolicy", {"FunctionName": "resize"}, "ResourceNotFoundException"),
        (
            "CreateAlias",
            {"FunctionName": "resize", "Name": "live", "FunctionVersion": "9"},
            "ResourceNotFoundException",
        ),
    ],
)
def test_what_lambda_refuses(
    stage: Stage, operation: str, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(Fault) as refused:
        call(stage, operation, **params)
    assert refused.value.code.startswith(code)


def test_a_version_is_published_again_only_when_something_has_changed(stage: Stage) -> None:
    assert call(stage, "PublishVersion", FunctionName="resize")["Version"] == "1"
    assert call(stage, "PublishVersion", FunctionName="resize")["Version"] == "1"
    call(stage, "UpdateFunctionCode", FunctionName="resize", **{CODE: {"Sha256": "two", "Size": 2}})
    assert call(stage, "PublishVersion", FunctionName="resize")["Version"] == "2"
    old = call(stage, "GetFunctionConfiguration", FunctionName=f"{ARN}:1")
    assert (old["CodeSha256"], old["FunctionArn"]) == ("one", f"{ARN}:1")


def test_a_version_that_an_alias_names_is_not_deleted(stage: Stage) -> None:
    call(stage, "PublishVersion", FunctionName="resize")
    call(stage, "CreateAlias", FunctionName="resize", Name="live", FunctionVersion="1")
    with pytest.raises(Fault, match="following aliases reference it"):
        call(stage, "DeleteFunction", FunctionName="resize", Qualifier="1")
    call(stage, "DeleteAlias", FunctionName="resize", Name="live")
    call(stage, "DeleteFunction", FunctionName="resize", Qualifier="1")
    assert len(call(stage, "ListVersionsByFunction", FunctionName="resize")["Versions"]) == 1


def test_a_permission_is_a_statement_of_the_policy(stage: Stage) -> None:
    call(
        stage, "AddPermission", FunctionName="resize", StatementId="s", Action="lambda:Invoke",
        Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::b",
    )  # fmt: skip
    policy = call(stage, "GetPolicy", FunctionName="resize")["Policy"]
    assert '"Principal":{"Service":"s3.amazonaws.com"}' in policy
    assert '"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}' in policy
    call(stage, "RemovePermission", FunctionName="resize", StatementId="s")
    with pytest.raises(Fault):
        call(stage, "GetPolicy", FunctionName="resize")


def test_a_mapping_is_found_by_its_source_and_function(stage: Stage) -> None:
    source = "arn:aws:sqs:us-east-1:000000000000:q"
    made = call(
        stage, "CreateEventSourceMapping", FunctionName="resize", EventSourceArn=source, BatchSize=2
    )
    found = call(stage, "ListEventSourceMappings", FunctionName="resize", EventSourceArn=source)
    assert found["EventSourceMappings"] == [made]
    changed = call(stage, "UpdateEventSourceMapping", UUID=made["UUID"], Enabled=False)
    assert (changed["State"], changed["BatchSize"]) == ("Disabled", 2)
    call(stage, "DeleteEventSourceMapping", UUID=made["UUID"])
    assert call(stage, "ListEventSourceMappings")["EventSourceMappings"] == []


def test_a_runtime_that_does_not_run_here_says_so_when_it_is_called(stage: Stage) -> None:
    call(stage, "UpdateFunctionConfiguration", FunctionName="resize", Runtime="java21")
    with pytest.raises(Fault, match=r"Python and Node\.js; resize is java21"):
        call(stage, "understudy:Runnable", FunctionName="resize")


@pytest.mark.parametrize(("draw", "version"), [(0.0, "2"), (0.24, "2"), (0.25, "1"), (0.99, "1")])
def test_calls_of_an_alias_go_to_its_versions_by_their_weights(
    stage: Stage, draw: float, version: str
) -> None:
    named = {"FunctionName": "resize"}
    call(stage, "PublishVersion", **named)
    call(stage, "UpdateFunctionConfiguration", **named, MemorySize=512)
    call(stage, "PublishVersion", **named)
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    call(stage, "CreateAlias", **named, Name="live", FunctionVersion="1", RoutingConfig=routing)
    found = call(stage, "understudy:Runnable", **named, Qualifier="live", **{DRAW: draw})
    assert found["Version"] == version
    assert call(stage, "GetFunction", **named, Qualifier="live")["Configuration"]["Version"] == "1"
