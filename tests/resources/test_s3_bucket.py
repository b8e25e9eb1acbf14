"""Buckets: every part of the configuration that S3 has here, put, changed, taken back, read."""

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from understudy.app.schemas import CfnLintSchemas, schemas_of
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import World
from understudy.resources.registry import BY_NAME
from understudy.resources.s3_configuration import PARTS
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory

EVERYTHING: Params = {
    "BucketName": "mine",
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": False},
    "VersioningConfiguration": {"Status": "Enabled"},
    "CorsConfiguration": {
        "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": 60}]
    },
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "Prefix": "logs/",
                "TagFilters": [{"Key": "a", "Value": "b"}],
                "ExpirationInDays": 30,
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 10}],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            }
        ]
    },
    "WebsiteConfiguration": {"IndexDocument": "index.html", "ErrorDocument": "error.html"},
    "ReplicationConfiguration": {
        "Role": "arn:aws:iam::000000000000:role/copy",
        "Rules": [
            {
                "Id": "all",
                "Status": "Enabled",
                "Priority": 1,
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Filter": {"And": {"Prefix": "a/", "TagFilters": [{"Key": "k", "Value": "v"}]}},
                "Destination": {"Bucket": "arn:aws:s3:::other"},
            }
        ],
    },
    "AbacStatus": "Enabled",
    "Tags": [{"Key": "team", "Value": "ml"}],
}


@pytest.fixture
def services(tmp_path: Path) -> Any:
    outside = Services(tmp_path)
    outside.ask("s3", "CreateBucket", Bucket="other")
    yield outside
    outside.objects.store.close()


@pytest.fixture
def stack(services: Services) -> StackStory:
    return StackStory(Account(World(PlaneConfig(ZoneInfo), BY_NAME, schemas_of), services))


def bucket(properties: Params) -> Params:
    return {"B": {"Type": "AWS::S3::Bucket", "Properties": properties}}


def test_every_part_is_put(stack: StackStory, services: Services) -> None:
    assert stack.create(bucket(EVERYTHING)) == "CREATE_COMPLETE", stack.events()
    mine = {"Bucket": "mine"}
    (rule,) = services.ask("s3", "GetBucketLifecycleConfiguration", **mine)["Rules"]
    assert rule["Expiration"] == {"Days": 30}
    assert rule["Filter"]["And"] == {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}
    assert rule["Transitions"] == [{"StorageClass": "GLACIER", "Days": 10}]
    site = services.ask("s3", "GetBucketWebsite", **mine)
    assert site["IndexDocument"] == {"Suffix": "index.html"}
    (cors,) = services.ask("s3", "GetBucketCors", **mine)["CORSRules"]
    assert cors["MaxAgeSeconds"] == 60
    assert services.ask("s3", "GetBucketVersioning", **mine)["Status"] == "Enabled"
    copies = services.ask("s3", "GetBucketReplication", **mine)["ReplicationConfiguration"]
    assert copies["Rules"][0]["ID"] == "all"
    assert copies["Rules"][0]["Filter"]["And"]["Tags"] == [{"Key": "k", "Value": "v"}]
    assert services.ask("s3", "GetBucketAbac", **mine)["AbacStatus"] == {"Status": "Enabled"}


def test_every_part_is_taken_back(stack: StackStory, services: Services) -> None:
    stack.create(bucket(EVERYTHING))
    assert stack.update(bucket({"BucketName": "mine"})) == "UPDATE_COMPLETE", stack.events()
    mine = {"Bucket": "mine"}
    gone = ("BucketLifecycleConfiguration", "BucketWebsite", "BucketCors", "BucketReplication")
    for operation in (f"Get{each}" for each in gone):
        with pytest.raises(Fault):
            services.ask("s3", operation, **mine)
    assert services.ask("s3", "GetBucketVersioning", **mine)["Status"] == "Suspended"


def test_a_bucket_that_was_changed_has_drifted(stack: StackStory, services: Services) -> None:
    stack.create(bucket(EVERYTHING))
    stack.call("DetectStackDrift")
    stack.run(60)
    assert stack.described["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
    suspended = {"VersioningConfiguration": {"Status": "Suspended"}}
    services.ask("s3", "PutBucketVersioning", Bucket="mine", **suspended)
    stack.call("DetectStackDrift")
    stack.run(60)
    (found,) = stack.ask("DescribeStackResourceDrifts")["StackResourceDrifts"]
    assert [each["PropertyPath"] for each in found["PropertyDifferences"]] == [
        "/VersioningConfiguration/Status"
    ]


def test_a_bucket_that_is_not_empty_keeps_its_stack(stack: StackStory, services: Services) -> None:
    stack.create(bucket({"BucketName": "mine"}))
    services.ask("s3", "PutObject", Bucket="mine", Key="a", Body=b"x")
    assert stack.delete() == "DELETE_FAILED"
    assert stack.described["StackStatusReason"] == (
        "The following resource(s) failed to delete: [B]. "
    )
    services.ask("s3", "DeleteObject", Bucket="mine", Key="a")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_bucket_may_be_made_for_locked_objects(stack: StackStory, services: Services) -> None:
    lock = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
    }
    wish = {"BucketName": "mine", "ObjectLockEnabled": True, "ObjectLockConfiguration": lock}
    assert stack.create(bucket(wish)) == "CREATE_COMPLETE", stack.events()
    found = services.ask("s3", "GetObjectLockConfiguration", Bucket="mine")
    assert found["ObjectLockConfiguration"]["Rule"] == lock["Rule"]


def test_what_a_bucket_does_nothing_with_is_said() -> None:
    own = {"AccessControl", "BucketName", "ObjectLockEnabled", "Tags"}
    schema = CfnLintSchemas().schema("AWS::S3::Bucket")
    assert schema is not None
    read_only = [each.removeprefix("/properties/") for each in schema["readOnlyProperties"]]
    given = {name for name in schema["properties"] if name not in read_only}
    text = Path("docs/s3.md").read_text().partition("Of `AWS::S3::Bucket`")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", text)) == given - own - PARTS.keys()
