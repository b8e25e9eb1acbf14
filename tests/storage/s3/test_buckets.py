"""Operations on buckets, called as other layers call them."""

from collections.abc import Callable
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.storage import s3
from understudy.storage.objects.store import Store
from understudy.storage.s3.buckets import is_name, region_for
from understudy.storage.s3.policy import is_public

Call = Callable[..., Any]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("abc", True),
        ("a.b-c.9", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("ab", False),
        ("a_b", False),
        ("-abc", False),
        ("abc.", False),
        ("a..b", False),
        ("10.0.0.1", False),
        ("sthree-x", False),
        ("x--ol-s3", False),
    ],
)
def test_names_follow_the_naming_rules(name: str, *, allowed: bool) -> None:
    assert is_name(name) is allowed


@pytest.mark.parametrize(
    ("constraint", "endpoint", "region"),
    [
        (None, "us-east-1", "us-east-1"),
        ("eu-west-1", "us-east-1", "eu-west-1"),
        ("EU", "eu-west-1", "eu-west-1"),
        ("ap-south-2", "ap-south-2", "ap-south-2"),
    ],
)
def test_a_bucket_is_made_where_its_constraint_and_endpoint_say(
    constraint: str | None, endpoint: str, region: str
) -> None:
    assert region_for(constraint, endpoint) == region


@pytest.mark.parametrize(
    ("constraint", "endpoint", "text"),
    [
        (None, "eu-west-1", "The unspecified location constraint is incompatible for the region"),
        ("us-west-2", "eu-west-1", "The us-west-2 location constraint is incompatible"),
        ("us-east-1", "us-east-1", "The specified location-constraint is not valid"),
        ("moon", "us-east-1", "The specified location-constraint is not valid"),
    ],
)
def test_a_constraint_that_does_not_fit_its_endpoint_is_refused(
    constraint: str | None, endpoint: str, text: str
) -> None:
    with pytest.raises(Fault, match=text):
        region_for(constraint, endpoint)


def statement(**changed: Any) -> dict[str, Any]:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    return {"Statement": [{**allow, **changed}]}


@pytest.mark.parametrize(
    ("changed", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, False),
        ({"Principal": {"Service": "logging.s3.amazonaws.com"}}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}}, False),
        ({"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-91237329"}}}, True),
        ({"Condition": {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-9"}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}, True),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:1:*"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}}, True),
    ],
    ids=lambda value: str(value)[:70],
)
def test_a_policy_is_public_as_the_documentation_has_it(
    changed: dict[str, Any], *, public: bool
) -> None:
    # AWS: Blocking public access to your Amazon S3 storage, "The meaning of public".
    assert is_public(statement(**changed)) is public


def test_services_may_set_system_tags_and_others_may_only_keep_them(
    store: Store, call: Call, bucket: str
) -> None:
    system = {"Key": "aws:cloudformation:stack-name", "Value": "digits"}
    named = {"Bucket": bucket, "Tagging": {"TagSet": [system]}}
    with pytest.raises(Fault, match="System tags cannot be added/updated by requester"):
        call("PutBucketTagging", **named)
    s3.operations["PutBucketTagging"](store, named, s3.Context(1.0, by_service=True))
    own = {"Key": "a", "Value": "b"}
    call("PutBucketTagging", Bucket=bucket, Tagging={"TagSet": [own, system]})
    assert call("GetBucketTagging", Bucket=bucket)["TagSet"] == [own, system]


def test_acls_count_where_ownership_allows_them(call: Call) -> None:
    with pytest.raises(Fault, match="InvalidBucketAclWithObjectOwnership"):
        call("CreateBucket", Bucket="shared", ACL="public-read")
    owned = {"Bucket": "shared", "ObjectOwnership": "ObjectWriter"}
    with pytest.raises(Fault, match="InvalidBucketAclWithBlockPublicAccessError"):
        call("CreateBucket", **owned, ACL="public-read")
    call("CreateBucket", **owned, ACL="log-delivery-write")
    grants = call("GetBucketAcl", Bucket="shared")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "WRITE", "READ_ACP"]
    named = {"Bucket": "shared", "Key": "k"}
    with pytest.raises(Fault, match="AccessDenied"):
        call("PutObject", **named, Body=b"", ACL="public-read")
    call("DeletePublicAccessBlock", Bucket="shared")
    call("PutObject", **named, Body=b"", ACL="public-read")
    assert call("GetObjectAcl", **named)["Grants"][1]["Permission"] == "READ"
    call("PutObjectAcl", **named, GrantRead='id="abc", id="def"')
    found = call("GetObjectAcl", **named)["Grants"]
    assert [grant["Grantee"]["ID"] for grant in found] == ["abc", "def"]
    with pytest.raises(Fault, match="Specifying both Canned ACLs and Header Grants"):
        call("PutObjectAcl", **named, ACL="private", GrantRead='id="abc"')
    with pytest.raises(Fault, match="MissingSecurityHeader"):
        call("PutObjectAcl", **named)


def test_replication_wants_versioning_and_a_destination(call: Call, bucket: str) -> None:
    def put(destination: str) -> None:
        rule = {"Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{destination}"}}
        value = {"Role": "arn:aws:iam::000000000000:role/r", "Rules": [rule]}
        call("PutBucketReplication", Bucket=bucket, ReplicationConfiguration=value)

    with pytest.raises(Fault, match="Versioning must be 'Enabled'"):
        put(bucket)
    call("PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(Fault, match="Destination bucket must exist"):
        put("nowhere")
    put(bucket)
    found = call("GetBucketReplication", Bucket=bucket)["ReplicationConfiguration"]
    assert found["Rules"][0]["Destination"]["Bucket"] == f"arn:aws:s3:::{bucket}"


RULE = {"ID": "r", "Status": "Enabled", "Filter": {}}


@pytest.mark.parametrize(
    ("operation", "member", "value", "code"),
    [
        ("PutBucketEncryption", "ServerSideEncryptionConfiguration", {"Rules": []}, "MalformedXML"),
        (
            "PutBucketEncryption",
            "ServerSideEncryptionConfiguration",
            {
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {
                            "SSEAlgorithm": "AES256",
                            "KMSMasterKeyID": "k",
                        }
                    }
                ]
            },
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
        ),
        (
            "PutBucketCors",
            "CORSConfiguration",
            {"CORSRules": [{"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}]},
            "Found unsupported HTTP method in CORS config. Unsupported method is PATCH",
        ),
        (
            "PutBucketCors",
            "CORSConfiguration",
            {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*.*"]}]},
            "can not have more than one wildcard",
        ),
        (
            "PutBucketLifecycleConfiguration",
            "LifecycleConfiguration",
            {"Rules": [{**RULE, "Expiration": {"Date": 1.0}}]},
            "'Date' must be at midnight GMT",
        ),
        (
            "PutBucketLifecycleConfiguration",
            "LifecycleConfiguration",
            {"Rules": [{**RULE, "Expiration": {"Days": 1}}] * 2},
            "Rule ID must be unique",
        ),
        (
            "PutBucketLifecycleConfiguration",
            "LifecycleConfiguration",
            {"Rules": [{**RULE, "Prefix": "", "Expiration": {"Days": 1}}]},
            "MalformedXML",
        ),
        (
            "PutBucketWebsite",
            "WebsiteConfiguration",
            {"IndexDocument": {"Suffix": "a/b"}},
            "The IndexDocument Suffix is not well formed",
        ),
        (
            "PutBucketWebsite",
            "WebsiteConfiguration",
            {"RedirectAllRequestsTo": {"HostName": "h"}, "ErrorDocument": {"Key": "k"}},
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules",
        ),
        (
            "PutBucketLogging",
            "BucketLoggingStatus",
            {"LoggingEnabled": {"TargetBucket": "nowhere", "TargetPrefix": ""}},
            "InvalidTargetBucketForLogging",
        ),
        (
            "PutBucketRequestPayment",
            "RequestPaymentConfiguration",
            {"Payer": "Nobody"},
            "MalformedXML",
        ),
        (
            "PutObjectLockConfiguration",
            "ObjectLockConfiguration",
            {"ObjectLockEnabled": "Enabled"},
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        ),
        (
            "PutBucketTagging",
            "Tagging",
            {"TagSet": [{"Key": str(number), "Value": ""} for number in range(51)]},
            "Bucket tag count cannot be greater than 50",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_may_not_be_set_is_refused_in_s3s_words(
    call: Call, bucket: str, operation: str, member: str, value: Any, code: str
) -> None:
    with pytest.raises(Fault) as caught:
        call(operation, Bucket=bucket, **{member: value})
    assert code in str(caught.value)
    assert caught.value.status in {400, 409}


def test_every_operation_names_a_bucket_that_is_not_there(call: Call) -> None:
    made = {"CreateBucket", "ListBuckets"}
    params = {
        "Bucket": "nowhere",
        "Key": "k",
        "UploadId": "u",
        "PartNumber": 1,
        "CopySource": "nowhere/k",
        "ObjectAttributes": ["ETag"],
        "Tagging": {"TagSet": []},
        "Delete": {"Objects": [{"Key": "k"}]},
        "VersioningConfiguration": {"Status": "Enabled"},
        "AccelerateConfiguration": {"Status": "Enabled"},
        "ACL": "private",
    }
    for operation in sorted(set(s3.operations) - made):
        named = params if operation not in {"PutObject", "UploadPart"} else {**params, "Body": b""}
        if operation == "PutObject":
            named = {name: value for name, value in named.items() if name != "Tagging"}
        with pytest.raises(Fault) as caught:
            call(operation, **named)
        assert (operation, caught.value.code) == (operation, "NoSuchBucket")


def test_a_bucket_of_another_owner_is_denied(call: Call, bucket: str) -> None:
    call("HeadBucket", Bucket=bucket, ExpectedBucketOwner="000000000000")
    with pytest.raises(Fault, match="AccessDenied"):
        call("HeadBucket", Bucket=bucket, ExpectedBucketOwner="111122223333")
