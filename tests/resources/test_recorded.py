"""Types that are only recorded: validated, stored, with attributes in AWS's shapes."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from understudy.app.schemas import arn_formats, resource_types, schemas_of
from understudy.base.identity import Ids
from understudy.cloudformation.specimen import specimen
from understudy.cloudformation.validate import validate
from understudy.deploy.handler import Done, Request
from understudy.resources.registry import BY_NAME, TYPES
from understudy.testing.region import Region

SCHEMAS = schemas_of("us-east-1")


def request(name: str, properties: Mapping[str, Any], **more: Any) -> Request:
    told: dict[str, Any] = {
        "stack_name": "app",
        "stack_id": "arn:aws:cloudformation:us-east-1:000000000000:stack/app/1",
        "region": "us-east-1",
        "logical_id": "Thing",
        "physical_id": "",
        "properties": dict(properties),
        "previous": {},
        "attributes": {},
        "tags": {},
        "old_tags": {},
        "generated": "A1B2C3D4E5F6",
        "started_at": 1_780_000_000.0,
    }
    return Request(**told | more)


def ended(handler: Any) -> Done:
    try:
        while True:
            next(handler)
    except StopIteration as stop:
        return stop.value


def created(name: str, **properties: Any) -> Done:
    return ended(resource_types()[name].create(request(name, properties)))


@pytest.mark.parametrize(
    ("name", "properties", "shape"),
    [
        pytest.param("AWS::Glue::Job", {}, r"app-Thing-A1B2C3D4E5F6", id="a generated name"),
        pytest.param("AWS::Glue::Job", {"Name": "nightly"}, r"nightly", id="the template's name"),
        pytest.param("AWS::EC2::Host", {}, r"h-0[0-9a-f]{16}", id="an id of EC2"),
        pytest.param(
            "AWS::AppConfig::Environment",
            {"ApplicationId": "a", "Name": "e"},
            r"a\|\S+",
            id="several parts, in the order of the schema",
        ),
        pytest.param(
            "AWS::CloudFront::Distribution", {}, r"[0-9A-Za-z-]+", id="an id that nothing describes"
        ),
        pytest.param(
            "AWS::Batch::JobQueue",
            {"JobQueueName": "q"},
            r"arn:aws:batch:us-east-1:000000000000:job-queue/q",
            id="an ARN in the format of the service",
        ),
    ],
)
def test_the_physical_id_is_the_primary_identifier(
    name: str, properties: dict[str, Any], shape: str
) -> None:
    assert re.fullmatch(shape, created(name, **properties).physical_id)


@pytest.mark.parametrize(
    ("name", "attribute", "shape"),
    [
        ("AWS::MSK::Cluster", "Arn", r"arn:aws:kafka:us-east-1:000000000000:cluster/\S+"),
        ("AWS::EKS::Cluster", "Arn", r"arn:aws:eks:us-east-1:000000000000:cluster/\S+"),
        ("AWS::EFS::FileSystem", "FileSystemId", r"fs-[0-9a-f]{17}"),
        ("AWS::RDS::DBCluster", "Endpoint.Address", r"[a-z0-9]+\.rds\.us-east-1\.amazonaws\.com"),
        ("AWS::EKS::Cluster", "CertificateAuthorityData", r"\S+"),
        (
            "AWS::Cognito::UserPool",
            "Arn",
            r"arn:aws:cognito-idp:us-east-1:000000000000:userpool/\S+",
        ),
    ],
)
def test_attributes_have_the_shapes_of_aws(name: str, attribute: str, shape: str) -> None:
    assert re.fullmatch(shape, created(name).attributes[attribute])


def test_an_update_keeps_the_attributes_and_a_read_gives_what_was_recorded() -> None:
    kind = resource_types()["AWS::Glue::Job"]
    now = request("AWS::Glue::Job", {"Timeout": 2}, physical_id="j", attributes={"Arn": "a"})
    assert kind.update is not None
    assert kind.read is not None
    assert ended(kind.update(now)) == Done("j", {"Arn": "a", "Timeout": 2})
    assert ended(kind.read(now)).properties == {"Timeout": 2}
    assert ended(kind.delete(now)).physical_id == "j"


SHARDS = 4


def specimens(shard: int) -> list[tuple[str, dict[str, Any]]]:
    """A least resource of every type that is only recorded, in equal parts."""
    chosen = sorted(name for name in resource_types() if name not in BY_NAME)[shard::SHARDS]
    made: list[tuple[str, dict[str, Any]]] = []
    for number, name in enumerate(chosen):
        schema = SCHEMAS.get(name)
        assert schema is not None
        made.append((name, specimen(schema.raw, schema, Ids(number))))
    return made


UNMAKEABLE = {
    "AWS::BillingConductor::BillingGroup",  # alternatives within alternatives
    "AWS::CloudFormation::GuardHook",  # patterns that only Java reads
    "AWS::CloudFormation::LambdaHook",
    "AWS::QuickSight::OAuthClientApplication",
    "AWS::DataZone::Owner",
    "AWS::EventsV2::ResourcePolicy",  # a document of which nothing is said
    "AWS::Lambda::ResourcePolicy",  # the same text in two places, of different patterns
    "AWS::MSK::Replicator",  # two different clusters
}
"""Types of which no least resource is made from the schema alone."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_recorded_type_of_aws_is_created_with_all_its_attributes(shard: int) -> None:
    wrong: list[str] = []
    for name, properties in specimens(shard):
        schema = SCHEMAS.get(name)
        assert schema is not None
        problems = validate(properties, schema)
        if problems and name not in UNMAKEABLE:
            wrong.append(f"{name}: {problems}")
        done = created(name, **properties)
        reachable = [p for p in schema.read_only if "*" not in p]
        missing = [
            p for p in reachable if ".".join(p) not in done.attributes and p[0] not in properties
        ]
        if not done.physical_id or missing:
            wrong.append(f"{name}: {done.physical_id!r} {missing}")
    assert wrong == []


def test_the_formats_of_arns_are_those_of_the_service_authorization_reference() -> None:
    (written,) = arn_formats("ecs")["cluster"]
    assert written.startswith("arn:${Partition}:ecs:${Region}:${Account}:cluster/")
    assert arn_formats("no-such-service") == {}


TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "Priority": 1,
                "JobQueueName": "first",
                "ComputeEnvironmentOrder": [{"ComputeEnvironment": "e", "Order": 1}],
            },
        },
        "Rule": {
            "Type": "AWS::Config::ConfigRule",
            "Properties": {
                "Source": {"Owner": "AWS"},
                "Description": {"Fn::GetAtt": ["Queue", "JobQueueArn"]},
            },
        },
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "JobQueueArn"]}}},
}


def deployed(region: Region, operation: str, template: Mapping[str, Any]) -> str:
    region.call("cloudformation", operation, StackName="app", TemplateBody=json.dumps(template))
    region.advance(60)
    (stack,) = region.call("cloudformation", "DescribeStacks", StackName="app")["Stacks"]
    return stack["StackStatus"]


def test_a_stack_of_recorded_types_is_created_updated_replaced_and_deleted() -> None:
    region = Region()
    assert deployed(region, "CreateStack", TEMPLATE) == "CREATE_COMPLETE"
    (stack,) = region.call("cloudformation", "DescribeStacks", StackName="app")["Stacks"]
    arn = "arn:aws:batch:us-east-1:000000000000:job-queue/first"
    assert stack["Outputs"][0]["OutputValue"] == arn
    before = ids(region)

    changed = json.loads(json.dumps(TEMPLATE))
    changed["Resources"]["Queue"]["Properties"]["Priority"] = 2
    assert deployed(region, "UpdateStack", changed) == "UPDATE_COMPLETE"
    assert ids(region) == before

    changed["Resources"]["Queue"]["Properties"]["JobQueueName"] = "second"
    assert deployed(region, "UpdateStack", changed) == "UPDATE_COMPLETE"
    assert ids(region)["Queue"] == arn.replace("first", "second")

    region.call("cloudformation", "DetectStackDrift", StackName="app")
    region.advance(10)
    drifts = region.call("cloudformation", "DescribeStackResourceDrifts", StackName="app")
    statuses = {each["StackResourceDriftStatus"] for each in drifts["StackResourceDrifts"]}
    assert statuses == {"IN_SYNC"}
    region.call("cloudformation", "DeleteStack", StackName="app")
    region.advance(60)
    assert region.call("cloudformation", "DescribeStacks")["Stacks"] == []


def ids(region: Region) -> dict[str, str]:
    found = region.call("cloudformation", "DescribeStackResources", StackName="app")
    return {e["LogicalResourceId"]: e["PhysicalResourceId"] for e in found["StackResources"]}


def test_a_property_that_the_type_does_not_have_fails_in_cloudformations_words() -> None:
    region = Region()
    wrong = {"Resources": {"Queue": {"Type": "AWS::Batch::JobQueue", "Properties": {"Priorty": 1}}}}
    assert deployed(region, "CreateStack", wrong) == "ROLLBACK_COMPLETE"
    events = region.call("cloudformation", "DescribeEvents", StackName="app")["OperationEvents"]
    reasons = [each.get("ValidationStatusReason", "") for each in events]
    assert "#: extraneous key [Priorty] is not permitted" in reasons


def test_a_database_goes_with_its_stack_though_its_snapshot_cannot_be_taken() -> None:
    # AWS: DeletionPolicy attribute; Snapshot is what a database has by default.
    region = Region()
    properties = {"DBInstanceClass": "db.t3.micro", "Engine": "mysql"}
    database = {"Type": "AWS::RDS::DBInstance", "Properties": properties}
    assert deployed(region, "CreateStack", {"Resources": {"D": database}}) == "CREATE_COMPLETE"
    region.call("cloudformation", "DeleteStack", StackName="app")
    region.advance(60.0)
    (gone,) = region.call("cloudformation", "ListStacks")["StackSummaries"]
    events = region.call("cloudformation", "DescribeStackEvents", StackName=gone["StackId"])
    statuses = {(e["LogicalResourceId"], e["ResourceStatus"]) for e in events["StackEvents"]}
    assert ("D", "DELETE_COMPLETE") in statuses


def test_strict_knows_nothing_that_is_only_recorded() -> None:
    strict = resource_types(strict=True)
    assert "AWS::Batch::JobQueue" not in strict
    assert set(strict) == set(BY_NAME)


def test_no_type_is_registered_twice_or_unknown_to_aws() -> None:
    assert len(TYPES) == len(BY_NAME)
    assert [name for name in BY_NAME if SCHEMAS.get(name) is None] == []
