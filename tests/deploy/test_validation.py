"""Pre-deployment validation. AWS: Validate stack deployments; the order of events is recorded."""

import dataclasses
import json
from typing import Any

import pytest

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.schema import Schemas
from understudy.control.events import Params
from understudy.engine.engine import World
from understudy.resources.registry import ResourceTypes
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, template, thing
from understudy.testing.things import Things

INVALID = {"Bad": thing(Size="many"), "Good": thing(Size=1)}
REASON = (
    "Validation failed with 1 error(s). Call DescribeEvents to retrieve the full list of issues "
    "with resource and property details, resolve each error, then retry the operation."
)
DETECTED = "Validation failure detected. See the operation's FAILED event for details."
TAKEN = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To "
    "troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure "
    "information."
)

FULL = (
    "The bucket 'mine-all' is not empty. You must either delete all objects and versions or use "
    "the deletion policy to retain it, otherwise the delete operation will fail."
)


def told(stack: StackStory, **more: Any) -> list[Params]:
    """All operation events, oldest first, without members that are absent."""
    found = stack.ask("DescribeEvents", **more)["OperationEvents"]
    return [{k: v for k, v in each.items() if v is not None} for each in found[::-1]]


def wrong(stack: StackStory, **more: Any) -> list[tuple[str, str, str, str]]:
    members = (
        "LogicalResourceId",
        "ValidationName",
        "ValidationFailureMode",
        "ValidationStatusReason",
    )
    return [
        tuple(each[name] for name in members)
        for each in told(stack, **more)
        if each["EventType"] == "VALIDATION_ERROR"
    ]


def test_a_stack_whose_properties_break_the_schema_fails_before_anything_is_made(
    stack: StackStory, things: Things
) -> None:
    assert stack.create(INVALID, run=5) == "ROLLBACK_COMPLETE"
    assert stack.events() == [
        "stack CREATE_IN_PROGRESS User Initiated",
        f"stack CREATE_FAILED {REASON}",
        f"stack ROLLBACK_IN_PROGRESS {DETECTED}",
        "stack ROLLBACK_COMPLETE",
    ]
    detailed = [each["DetailedStatus"] for each in stack.all_events()]
    assert detailed == [None, "VALIDATION_FAILED", None, None]
    assert things.calls == []


def test_describe_events_tells_of_operations_and_of_what_was_found(stack: StackStory) -> None:
    stack.create(INVALID, run=5)
    shown = [
        (each["EventType"], each.get("OperationStatus") or each.get("ResourceStatus", ""))
        for each in told(stack)
    ]
    assert shown == [
        ("STACK_EVENT", "IN_PROGRESS"),
        ("PROGRESS", "CREATE_IN_PROGRESS"),
        ("VALIDATION_ERROR", ""),
        ("PROVISIONING_ERROR", "CREATE_FAILED"),
        ("STACK_EVENT", "FAILED"),
        ("STACK_EVENT", "IN_PROGRESS"),
        ("PROGRESS", "ROLLBACK_IN_PROGRESS"),
        ("PROGRESS", "ROLLBACK_COMPLETE"),
        ("STACK_EVENT", "SUCCEEDED"),
    ]
    operations = [each.get("OperationType") for each in told(stack)]
    assert operations[0] == operations[2] == operations[4] == "CREATE_STACK"
    assert operations[5] == operations[8] == "ROLLBACK"
    (found,) = [each for each in told(stack) if each["EventType"] == "VALIDATION_ERROR"]
    assert found["LogicalResourceId"] == "Bad"
    assert found["ValidationPath"] == "/Resources/Bad/Properties/Size"
    assert found["ValidationStatusReason"] == "#/Size: expected type: Integer, found: String"
    failed = {each["EventType"] for each in told(stack, Filters={"FailedEvents": True})}
    assert failed == {"VALIDATION_ERROR", "PROVISIONING_ERROR", "STACK_EVENT"}


def test_an_update_that_is_not_valid_changes_nothing(stack: StackStory, things: Things) -> None:
    stack.create({"A": thing(Size=1), "B": thing()})
    stack.events()
    calls = len(things.calls)
    update = {"A": thing(Size="many"), "B": thing(Size=1)}
    assert stack.update(update, run=5) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.events() == [
        "stack UPDATE_IN_PROGRESS User Initiated",
        f"stack UPDATE_FAILED {REASON}",
        f"stack UPDATE_ROLLBACK_IN_PROGRESS {DETECTED}",
        "stack UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "stack UPDATE_ROLLBACK_COMPLETE",
    ]
    assert len(things.calls) == calls
    assert stack.update({"A": thing(Size=2), "B": thing()}) == "UPDATE_COMPLETE"


def test_a_stack_that_is_not_rolled_back_says_that_it_is_not_valid(stack: StackStory) -> None:
    assert stack.create(INVALID, run=5, DisableRollback=True) == "CREATE_FAILED"
    assert stack.described["DetailedStatus"] == "VALIDATION_FAILED"
    assert stack.described["StackStatusReason"].startswith(REASON)
    assert stack.update({"Bad": thing(Size=1)}, DisableRollback=True) == "UPDATE_COMPLETE"
    assert "DetailedStatus" not in stack.described


def test_a_stack_that_goes_with_its_failure_goes_at_once(stack: StackStory) -> None:
    assert stack.create(INVALID, run=5, OnFailure="DELETE") == "DELETE_COMPLETE"


def test_a_dynamic_reference_is_not_checked_before_it_is_resolved(stack: StackStory) -> None:
    resources = {"A": thing(Size="{{resolve:ssm:size}}")}
    stack.call(
        "CreateChangeSet",
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=template(resources),
    )
    assert stack.ask("DescribeChangeSet", ChangeSetName="c")["Status"] == "CREATE_COMPLETE"


def test_what_is_not_known_yet_is_checked_when_it_is(stack: StackStory) -> None:
    resources = {"Bad": thing(Size={"Fn::GetAtt": ["Good", "Arn"]}), "Good": thing()}
    assert stack.create(resources) == "ROLLBACK_COMPLETE"
    assert "Bad CREATE_FAILED" in " ".join(stack.events())


ALARM = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": "busy",
        "Namespace": "n",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    },
}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "mine-all"}}


@pytest.mark.parametrize(
    ("service", "operation", "given", "resource", "name"),
    [
        ("cloudwatch", "PutMetricAlarm", ALARM["Properties"], ALARM, "busy"),
        ("s3", "CreateBucket", {"Bucket": "mine-all"}, BUCKET, "mine-all"),
    ],
    ids=["an alarm", "a bucket"],
)
def test_a_name_that_is_taken_fails_the_stack_and_the_change_set(
    real: StackStory,
    services: Services,
    service: str,
    operation: str,
    given: Params,
    resource: Params,
    name: str,
) -> None:
    if service == "s3":
        services.ask(service, operation, **given)
    else:
        real.account.call(service, operation, **given)
    assert real.create({"R": resource}, run=5) == "ROLLBACK_COMPLETE"
    sentence = f"Resource of type '{resource['Type']}' with identifier '{name}' already exists."
    conflict = ("R", "NAME_CONFLICT_VALIDATION", "FAIL", sentence)
    assert wrong(real) == [conflict]
    real.delete()
    real.id = ""
    change = {"ChangeSetName": "c", "ChangeSetType": "CREATE"}
    real.call("CreateChangeSet", TemplateBody=template({"R": resource}), **change)
    found = real.ask("DescribeChangeSet", ChangeSetName="c")
    assert (found["Status"], found["StatusReason"]) == ("FAILED", TAKEN)
    assert wrong(real, ChangeSetName="c") == [conflict]


def test_the_stacks_own_names_are_not_taken(real: StackStory) -> None:
    assert real.create({"B": BUCKET, "A": ALARM}) == "CREATE_COMPLETE"
    changed = {**ALARM, "Properties": {**ALARM["Properties"], "Threshold": 2}}
    assert real.update({"B": BUCKET, "A": changed}) == "UPDATE_COMPLETE"


def test_a_bucket_that_is_not_empty_is_a_warning_about_a_change_set(
    real: StackStory, services: Services
) -> None:
    real.create({"B": BUCKET, "A": thing()})
    planned = {"ChangeSetName": "c", "TemplateBody": template({"A": thing()})}
    real.call("CreateChangeSet", **planned)
    assert wrong(real, ChangeSetName="c") == []
    services.ask("s3", "PutObject", Bucket="mine-all", Key="k", Body=b"x")
    real.call("CreateChangeSet", **planned | {"ChangeSetName": "d"})
    assert real.ask("DescribeChangeSet", ChangeSetName="d")["Status"] == "CREATE_COMPLETE"
    assert wrong(real, ChangeSetName="d") == [
        (
            "B",
            "BUCKET_EMPTINESS_VALIDATION",
            "WARN",
            FULL,
        )
    ]


def test_a_repository_that_is_not_empty_is_a_warning_about_a_change_set(
    real: StackStory, services: Services
) -> None:
    def repository(**more: Any) -> Params:
        return {"Type": "AWS::ECR::Repository", "Properties": more}

    resources = {"R": repository(), "E": repository(EmptyOnDelete=True), "A": thing()}
    assert real.create(resources) == "CREATE_COMPLETE"
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": []})
    for name in ("R", "E"):
        image = {"repositoryName": real.physical(name), "imageManifest": manifest}
        services.ask("ecr", "PutImage", **image, imageTag="latest")
    real.call("CreateChangeSet", ChangeSetName="c", TemplateBody=template({"A": thing()}))
    (found,) = wrong(real, ChangeSetName="c")
    assert found[:3] == ("R", "ECR_REPOSITORY_DELETE_READINESS_VALIDATION", "WARN")
    assert f"The repository '{real.physical('R')}' is not empty." in found[3]
    assert real.ask("DescribeChangeSet", ChangeSetName="c")["Status"] == "CREATE_COMPLETE"


def test_a_second_configuration_recorder_is_a_warning_about_a_change_set(
    world: World, things: Things
) -> None:
    types = ResourceTypes(Schemas(CfnLintSchemas()))
    account = Account(dataclasses.replace(world, types=types), things)
    role = "arn:aws:iam::000000000000:role/recorder"
    recorder = {"Type": "AWS::Config::ConfigurationRecorder", "Properties": {"RoleARN": role}}
    stack, other = StackStory(account), StackStory(account, "other")
    assert stack.create({"R": recorder}) == "CREATE_COMPLETE"
    change = {"ChangeSetName": "c", "ChangeSetType": "CREATE"}
    other.call("CreateChangeSet", TemplateBody=template({"S": recorder}), **change)
    (found,) = wrong(other, ChangeSetName="c")
    assert found[:3] == ("S", "CONFIG_RECORDER_CONFLICT_VALIDATION", "WARN")
    assert f"'{stack.physical('R')}' exists already" in found[3]
