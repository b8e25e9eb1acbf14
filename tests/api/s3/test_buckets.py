"""Buckets and what is set on them, by boto3 from a real server."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.handlers import validate_bucket_name

Client = Any
Refused = Callable[..., dict[str, Any]]


def test_a_bucket_of_ones_own_may_be_created_again_in_us_east_1_only(
    client: Client, bucket: str, refused: Refused
) -> None:
    again = client.create_bucket(Bucket=bucket)
    assert again["Location"] == f"/{bucket}"
    elsewhere = {"LocationConstraint": "eu-west-1"}
    name = f"{bucket}-eu"
    made = client.create_bucket(Bucket=name, CreateBucketConfiguration=elsewhere)
    assert made["Location"] == f"http://{name}.s3.amazonaws.com/"
    error = refused(client.create_bucket, Bucket=name, CreateBucketConfiguration=elsewhere)
    assert (error["Status"], error["Code"]) == (409, "BucketAlreadyOwnedByYou")
    assert error["BucketName"] == name
    assert client.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
    assert client.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert client.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


@pytest.mark.parametrize(
    "name", ["ab", "Upper", "under_score", "a..b", "192.168.5.4", "xn--a-b", "a-s3alias", "-ab"]
)
def test_a_bad_bucket_name_is_refused(
    connect: Callable[..., Any], name: str, refused: Refused
) -> None:
    unchecking = connect()
    unchecking.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    error = refused(unchecking.create_bucket, Bucket=name)
    assert (error["Status"], error["Code"]) == (400, "InvalidBucketName")
    assert error["Message"] == "The specified bucket is not valid."


def test_location_constraints_and_endpoints_must_agree(client: Client, refused: Refused) -> None:
    for constraint in ("us-east-1", "moon"):
        error = refused(
            client.create_bucket,
            Bucket="constrained",
            CreateBucketConfiguration={"LocationConstraint": constraint},
        )
        assert (error["Status"], error["Code"]) == (400, "InvalidLocationConstraint")
        assert error["LocationConstraint"] == constraint


def test_buckets_are_listed_in_pages(client: Client, bucket: str) -> None:
    for number in range(3):
        client.create_bucket(Bucket=f"{bucket}-{number}")
    page = client.list_buckets(Prefix=bucket, MaxBuckets=2)
    assert [entry["Name"] for entry in page["Buckets"]] == [bucket, f"{bucket}-0"]
    assert page["Buckets"][0]["CreationDate"] == datetime.fromtimestamp(1_700_000_000, UTC)
    token = page["ContinuationToken"]
    page = client.list_buckets(Prefix=bucket, MaxBuckets=2, ContinuationToken=token)
    assert [entry["Name"] for entry in page["Buckets"]] == [f"{bucket}-1", f"{bucket}-2"]
    assert "ContinuationToken" not in page
    assert len(page["Owner"]["ID"]) == 64


@pytest.mark.parametrize(
    "operation",
    [
        "head_bucket",
        "list_objects_v2",
        "list_object_versions",
        "get_bucket_tagging",
        "get_bucket_versioning",
        "list_multipart_uploads",
        "delete_bucket",
    ],
)
def test_a_bucket_that_is_not_there_is_named(
    client: Client, operation: str, refused: Refused
) -> None:
    error = refused(getattr(client, operation), Bucket="nowhere-at-all")
    assert error["Status"] == 404
    if operation != "head_bucket":
        assert error["Code"] == "NoSuchBucket"
        assert error["Message"] == "The specified bucket does not exist"
        assert error["BucketName"] == "nowhere-at-all"


SETTINGS: list[tuple[str, str, dict[str, Any], str | None]] = [
    (
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
                    "BucketKeyEnabled": True,
                    "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
                }
            ]
        },
        None,
    ),
    (
        "public_access_block",
        "PublicAccessBlockConfiguration",
        {
            "BlockPublicAcls": False,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": True,
        },
        "NoSuchPublicAccessBlockConfiguration",
    ),
    (
        "bucket_ownership_controls",
        "OwnershipControls",
        {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        "OwnershipControlsNotFoundError",
    ),
]


@pytest.mark.parametrize(
    ("name", "member", "value", "missing"), SETTINGS, ids=lambda v: str(v)[:26]
)
def test_what_is_set_comes_back_until_it_is_deleted(
    client: Client,
    bucket: str,
    name: str,
    member: str,
    value: Any,
    missing: str | None,
    refused: Refused,
) -> None:
    default = getattr(client, f"get_{name}")(Bucket=bucket)[member]
    assert default != value
    getattr(client, f"put_{name}")(Bucket=bucket, **{member: value})
    assert getattr(client, f"get_{name}")(Bucket=bucket)[member] == value
    getattr(client, f"delete_{name}")(Bucket=bucket)
    if missing is None:
        assert getattr(client, f"get_{name}")(Bucket=bucket)[member] == default
    else:
        error = refused(getattr(client, f"get_{name}"), Bucket=bucket)
        assert (error["Status"], error["Code"], error["BucketName"]) == (404, missing, bucket)
    getattr(client, f"delete_{name}")(Bucket=bucket)


def test_a_new_bucket_is_private_and_encrypted(
    client: Client, bucket: str, refused: Refused
) -> None:
    rule = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    applied = rule["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert applied == {"SSEAlgorithm": "AES256"}
    block = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    controls = client.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    acl = client.get_bucket_acl(Bucket=bucket)
    grantee = {"Type": "CanonicalUser", "ID": acl["Owner"]["ID"]}
    assert acl["Grants"] == [{"Grantee": grantee, "Permission": "FULL_CONTROL"}]
    error = refused(client.put_bucket_acl, Bucket=bucket, ACL="public-read")
    assert (error["Status"], error["Code"]) == (400, "AccessControlListNotSupported")


FLAT: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "bucket_cors",
        "CORSConfiguration",
        {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 5}]},
        "NoSuchCORSConfiguration",
    ),
    (
        "bucket_website",
        "WebsiteConfiguration",
        {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}},
        "NoSuchWebsiteConfiguration",
    ),
    (
        "bucket_tagging",
        "Tagging",
        {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]},
        "NoSuchTagSet",
    ),
]


@pytest.mark.parametrize(("name", "member", "value", "missing"), FLAT, ids=lambda v: str(v)[:26])
def test_what_was_never_set_has_a_code_of_its_own(
    client: Client,
    bucket: str,
    name: str,
    member: str,
    value: Any,
    missing: str,
    refused: Refused,
) -> None:
    error = refused(getattr(client, f"get_{name}"), Bucket=bucket)
    assert (error["Status"], error["Code"], error["BucketName"]) == (404, missing, bucket)
    getattr(client, f"put_{name}")(Bucket=bucket, **{member: value})
    found = getattr(client, f"get_{name}")(Bucket=bucket)
    assert {key: found[key] for key in value} == value
    getattr(client, f"delete_{name}")(Bucket=bucket)
    assert refused(getattr(client, f"get_{name}"), Bucket=bucket)["Code"] == missing


def test_lifecycle_rules_get_ids_and_a_default_minimum_size(
    client: Client, bucket: str, refused: Refused
) -> None:
    error = refused(client.get_bucket_lifecycle_configuration, Bucket=bucket)
    assert error["Code"] == "NoSuchLifecycleConfiguration"
    rule = {"Filter": {"Prefix": "tmp/"}, "Status": "Enabled", "Expiration": {"Days": 3}}
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}
    )
    found = client.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert found["Rules"][0].pop("ID")
    assert found["Rules"] == [rule]
    idle = {"Filter": {}, "Status": "Enabled", "ID": "x"}
    error = refused(
        client.put_bucket_lifecycle_configuration,
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [idle]},
    )
    assert error["Message"] == "At least one action needs to be specified in a rule"


def test_settings_without_a_fault_of_their_own_answer_with_defaults(
    client: Client, bucket: str
) -> None:
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=bucket)
    logging = {"TargetBucket": bucket, "TargetPrefix": "logs/"}
    client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": logging})
    assert client.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == logging
    assert "Status" not in client.get_bucket_accelerate_configuration(Bucket=bucket)
    assert client.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    client.put_bucket_request_payment(
        Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"}
    )
    assert client.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:000000000000:q", "Events": ["s3:ObjectCreated:*"]}
    client.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [queue], "EventBridgeConfiguration": {}},
    )
    found = client.get_bucket_notification_configuration(Bucket=bucket)
    assert found["QueueConfigurations"][0].pop("Id")
    assert found["QueueConfigurations"] == [queue]
    assert found["EventBridgeConfiguration"] == {}


def policy(bucket: str, **changed: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changed}]})


def test_a_policy_is_kept_as_it_was_written(client: Client, bucket: str, refused: Refused) -> None:
    assert refused(client.get_bucket_policy, Bucket=bucket)["Code"] == "NoSuchBucketPolicy"
    answer = client.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert client.get_bucket_policy(Bucket=bucket)["Policy"] == policy(bucket)
    assert client.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    client.delete_bucket_policy(Bucket=bucket)
    assert refused(client.get_bucket_policy, Bucket=bucket)["Code"] == "NoSuchBucketPolicy"


def test_a_public_policy_is_denied_while_public_access_is_blocked(
    client: Client,
    bucket: str,
    refused: Refused,
) -> None:
    public = policy(bucket, Principal="*")
    error = refused(client.put_bucket_policy, Bucket=bucket, Policy=public)
    assert (error["Status"], error["Code"]) == (403, "AccessDenied")
    client.delete_public_access_block(Bucket=bucket)
    client.put_bucket_policy(Bucket=bucket, Policy=public)
    assert client.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
        ('{"Statement": [{"Effect": "Perhaps"}]}', "Invalid effect: Perhaps"),
        ('{"Statement": {"Effect": "Deny"}}', "Missing required field Principal"),
    ],
)
def test_a_policy_that_is_none_is_malformed(
    client: Client,
    bucket: str,
    text: str,
    message: str,
    refused: Refused,
) -> None:
    error = refused(client.put_bucket_policy, Bucket=bucket, Policy=text)
    assert (error["Status"], error["Code"], error["Message"]) == (400, "MalformedPolicy", message)


def test_a_policy_for_another_bucket_is_malformed(
    client: Client, bucket: str, refused: Refused
) -> None:
    error = refused(client.put_bucket_policy, Bucket=bucket, Policy=policy("elsewhere"))
    assert error["Message"] == "Policy has invalid resource"


def test_object_lock_keeps_versions_from_being_deleted(
    served: Any, client: Client, refused: Refused
) -> None:
    client.create_bucket(Bucket="locked-bucket", ObjectLockEnabledForBucket=True)
    kept = client.get_object_lock_configuration(Bucket="locked-bucket")
    assert kept["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    assert client.get_bucket_versioning(Bucket="locked-bucket")["Status"] == "Enabled"
    error = refused(
        client.put_bucket_versioning,
        Bucket="locked-bucket",
        VersioningConfiguration={"Status": "Suspended"},
    )
    assert (error["Status"], error["Code"]) == (409, "InvalidBucketState")
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    client.put_object_lock_configuration(
        Bucket="locked-bucket",
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
    )
    named = {"Bucket": "locked-bucket", "Key": "k"}
    named["VersionId"] = client.put_object(**named, Body=b"x")["VersionId"]
    retention = client.get_object_retention(**named)["Retention"]
    assert retention["Mode"] == "GOVERNANCE"
    assert retention["RetainUntilDate"].timestamp() == served.at + 86_400
    error = refused(client.delete_object, **named)
    assert error["Message"] == "Access Denied because object protected by object lock."
    client.put_object_legal_hold(**named, LegalHold={"Status": "ON"})
    error = refused(client.delete_object, **named, BypassGovernanceRetention=True)
    assert error["Code"] == "AccessDenied"
    client.put_object_legal_hold(**named, LegalHold={"Status": "OFF"})
    client.delete_object(**named, BypassGovernanceRetention=True)


@pytest.mark.parametrize(
    ("call", "params", "code"),
    [
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "on"}}, "MalformedXML"),
        (
            "put_bucket_versioning",
            {"VersioningConfiguration": {}},
            "IllegalVersioningConfigurationException",
        ),
        (
            "put_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "Nobody"}]}},
            "MalformedXML",
        ),
        ("put_bucket_cors", {"CORSConfiguration": {"CORSRules": []}}, "MalformedXML"),
        (
            "put_bucket_tagging",
            {"Tagging": {"TagSet": [{"Key": "aws:x", "Value": ""}]}},
            "InvalidTag",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_does_not_follow_the_schema_is_refused(
    client: Client,
    bucket: str,
    call: str,
    params: dict[str, Any],
    code: str,
    refused: Refused,
) -> None:
    assert refused(getattr(client, call), Bucket=bucket, **params)["Code"] == code


def test_an_operation_that_is_not_offered_is_named(
    client: Client, bucket: str, refused: Refused
) -> None:
    error = refused(client.list_bucket_inventory_configurations, Bucket=bucket)
    assert error["Message"] == "Understudy does not offer s3:ListBucketInventoryConfigurations."
    error = refused(client.restore_object, Bucket=bucket, Key="k")
    assert error["Message"] == "Understudy does not offer s3:RestoreObject."


def test_keys_of_the_customers_own_are_refused(
    client: Client, bucket: str, refused: Refused
) -> None:
    error = refused(
        client.put_object,
        Bucket=bucket,
        Key="k",
        Body=b"",
        SSECustomerAlgorithm="AES256",
        SSECustomerKey="k" * 32,
    )
    assert (error["Status"], error["Code"]) == (403, "AccessDenied")


def test_the_key_that_an_object_is_said_to_be_encrypted_with_is_kept(
    client: Client, bucket: str
) -> None:
    put = client.put_object(
        Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId="key-1"
    )
    assert put["SSEKMSKeyId"] == "arn:aws:kms:us-east-1:000000000000:key/key-1"
    assert client.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "aws:kms"


def test_an_archived_object_cannot_be_read(client: Client, bucket: str, refused: Refused) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER")
    assert client.head_object(Bucket=bucket, Key="k")["StorageClass"] == "GLACIER"
    error = refused(client.get_object, Bucket=bucket, Key="k")
    assert (error["Status"], error["Code"]) == (403, "InvalidObjectState")
    assert error["StorageClass"] == "GLACIER"
