"""Objects and their versions, by boto3 from a real server."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

Client = Any
Refused = Callable[..., dict[str, Any]]


def test_an_object_goes_in_and_comes_out_with_all_that_was_said_of_it(
    client: Client, bucket: str
) -> None:
    said = {
        "ContentType": "text/plain",
        "CacheControl": "no-store",
        "ContentDisposition": 'attachment; filename="x"',
        "ContentLanguage": "de",
        "ContentEncoding": "identity",
        "StorageClass": "STANDARD_IA",
        "Metadata": {"owner": "Ada", "two-words": "a b"},
    }
    expires = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
    put = client.put_object(Bucket=bucket, Key="k", Body=b"hello", Expires=expires, **said)
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert put["ServerSideEncryption"] == "AES256"
    got = client.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"hello"
    assert {name: got[name] for name in said} == said
    assert got["ExpiresString"] == "Sun, 04 May 2031 03:02:01 GMT"
    assert got["LastModified"] == datetime.fromtimestamp(1_700_000_000, UTC)
    assert got["AcceptRanges"] == "bytes"
    assert "VersionId" not in got
    head = client.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == 5
    assert {name: head[name] for name in said} == said


KEYS = ["../../x", "/", "//a", "a b+c%2F&=?#;:@,'\"<>", "é😀", "x" * 1024, " ", "a\tb", "~-_.!*()"]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: repr(key)[:20])
def test_any_text_may_be_a_key(client: Client, bucket: str, key: str) -> None:
    client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [o["Key"] for o in client.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    client.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert client.get_object(Bucket=bucket, Key="copy")["Body"].read() == key.encode()
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": "copy"}]})
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)


def test_a_key_of_more_than_1024_bytes_is_refused(
    client: Client, bucket: str, refused: Refused
) -> None:
    error = refused(client.put_object, Bucket=bucket, Key="é" * 513, Body=b"")
    assert error["Code"] == "KeyTooLongError"
    assert (error["Size"], error["MaxSizeAllowed"]) == ("1026", "1024")


@pytest.mark.parametrize(
    ("asked", "found", "answered"),
    [
        ("bytes=0-8", b"012345678", "bytes 0-8/10"),
        ("bytes=1-1", b"1", "bytes 1-1/10"),
        ("bytes=1-", b"123456789", "bytes 1-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=-15", b"0123456789", "bytes 0-9/10"),
        ("bytes=0-100", b"0123456789", "bytes 0-9/10"),
        ("bytes=1-0", b"0123456789", None),
        ("bytes=-1-", b"0123456789", None),
        ("bytes=0-1,3-4", b"0123456789", None),
        ("bytes=-", b"0123456789", None),
        ("items=0-1", b"0123456789", None),
    ],
)
def test_a_range_gives_those_bytes_and_one_not_understood_gives_all(
    client: Client, bucket: str, asked: str, found: bytes, answered: str | None
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = client.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["Body"].read() == found
    assert got.get("ContentRange") == answered
    assert got["ResponseMetadata"]["HTTPStatusCode"] == (206 if answered else 200)


@pytest.mark.parametrize("asked", ["bytes=-0", "bytes=10-", "bytes=100-200"])
def test_a_range_outside_of_the_object_is_refused(
    client: Client, bucket: str, asked: str, refused: Refused
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    error = refused(client.get_object, Bucket=bucket, Key="k", Range=asked)
    assert (error["Status"], error["Code"]) == (416, "InvalidRange")
    assert error["Message"] == "The requested range is not satisfiable"
    assert (error["RangeRequested"], error["ActualObjectSize"]) == (asked, "10")


def test_a_versioned_key_keeps_every_version_until_it_is_deleted_by_its_id(
    client: Client,
    bucket: str,
    refused: Refused,
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"before")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=bucket, Key="k", Body=b"first")["VersionId"]
    second = client.put_object(Bucket=bucket, Key="k", Body=b"second")["VersionId"]
    marker = client.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"] is True
    error = refused(client.get_object, Bucket=bucket, Key="k")
    assert (error["Code"], error["Status"], error["Key"]) == ("NoSuchKey", 404, "k")
    error = refused(client.get_object, Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert (error["Code"], error["Status"]) == ("MethodNotAllowed", 405)
    assert (error["Method"], error["ResourceType"]) == ("GET", "DeleteMarker")
    assert refused(client.head_object, Bucket=bucket, Key="k")["Status"] == 404
    for version_id, body in (("null", b"before"), (first, b"first"), (second, b"second")):
        got = client.get_object(Bucket=bucket, Key="k", VersionId=version_id)
        assert (got["Body"].read(), got["VersionId"]) == (body, version_id)
    listed = client.list_object_versions(Bucket=bucket)
    assert [v["VersionId"] for v in listed["Versions"]] == [second, first, "null"]
    assert [v["IsLatest"] for v in listed["Versions"]] == [False, False, False]
    assert listed["DeleteMarkers"][0]["IsLatest"] is True
    error = refused(client.delete_bucket, Bucket=bucket)
    assert (error["Code"], error["Status"]) == ("BucketNotEmpty", 409)
    client.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in client.put_object(Bucket=bucket, Key="k", Body=b"after")
    assert client.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"after"
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    resource = session.resource("s3", endpoint_url=client.meta.endpoint_url)
    resource.Bucket(bucket).object_versions.delete()
    resource.meta.client.close()
    client.delete_bucket(Bucket=bucket)
    assert refused(client.head_bucket, Bucket=bucket)["Status"] == 404


def test_version_ids_that_s3_cannot_have_given_are_told_from_unknown_ones(
    client: Client,
    bucket: str,
    refused: Refused,
) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    other = client.put_object(Bucket=bucket, Key="other", Body=b"")["VersionId"]
    client.put_object(Bucket=bucket, Key="k", Body=b"")
    error = refused(client.get_object, Bucket=bucket, Key="k", VersionId=other)
    assert (error["Code"], error["VersionId"]) == ("NoSuchVersion", other)
    error = refused(client.get_object, Bucket=bucket, Key="k", VersionId="x" * 32)
    assert error["Code"] == "InvalidArgument"
    assert error["Message"] == "Invalid version id specified"
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("versionId", "x" * 32)


def test_a_marker_and_a_refusal_of_it_say_so_in_their_headers(client: Client, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = client.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with pytest.raises(ClientError) as caught:
        client.head_object(Bucket=bucket, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker)


def test_reads_hold_only_under_their_conditions(
    client: Client, bucket: str, refused: Refused
) -> None:
    etag = client.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    modified = client.head_object(Bucket=bucket, Key="k")["LastModified"]
    before, after = (datetime.fromtimestamp(modified.timestamp() + s, UTC) for s in (-1, 1))
    named = {"Bucket": bucket, "Key": "k"}
    for holds in (
        {"IfMatch": etag},
        {"IfMatch": etag.strip('"')},
        {"IfMatch": etag, "IfUnmodifiedSince": before},
        {"IfNoneMatch": '"other"'},
        {"IfNoneMatch": '"other"', "IfModifiedSince": modified},
        {"IfModifiedSince": before},
        {"IfModifiedSince": after},
        {"IfUnmodifiedSince": modified},
    ):
        assert client.get_object(**named, **holds)["Body"].read() == b"x"
    for fails, status, code in (
        ({"IfMatch": '"other"'}, 412, "PreconditionFailed"),
        ({"IfUnmodifiedSince": before}, 412, "PreconditionFailed"),
        ({"IfNoneMatch": etag}, 304, "304"),
        ({"IfNoneMatch": "*"}, 304, "304"),
        ({"IfModifiedSince": modified}, 304, "304"),
    ):
        error = refused(client.get_object, **named, **fails)
        assert (error["Status"], error["Code"]) == (status, code)
        assert refused(client.head_object, **named, **fails)["Status"] == status
    with pytest.raises(ClientError) as caught:
        client.get_object(**named, IfNoneMatch=etag)
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["etag"] == etag
    assert "content-type" not in headers


def test_writes_hold_only_under_their_conditions(
    client: Client, bucket: str, refused: Refused
) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    error = refused(client.put_object, **named, Body=b"", IfMatch='"x"')
    assert (error["Status"], error["Code"]) == (404, "NoSuchKey")
    etag = client.put_object(**named, Body=b"1", IfNoneMatch="*")["ETag"]
    error = refused(client.put_object, **named, Body=b"2", IfNoneMatch="*")
    assert (error["Status"], error["Code"]) == (412, "PreconditionFailed")
    assert error["Condition"] == "If-None-Match"
    client.put_object(**named, Body=b"3", IfMatch=etag)
    error = refused(client.put_object, **named, Body=b"4", IfMatch=etag)
    assert (error["Status"], error["Condition"]) == (412, "If-Match")
    error = refused(client.put_object, **named, Body=b"5", IfNoneMatch='"x"')
    assert (error["Status"], error["Code"], error["Header"]) == (
        501,
        "NotImplemented",
        "If-None-Match",
    )
    assert client.get_object(**named)["Body"].read() == b"3"
    error = refused(client.delete_object, **named, IfMatch=etag)
    assert error["Code"] == "PreconditionFailed"
    client.delete_object(**named, IfMatch="*")


def test_a_copy_takes_or_replaces_metadata_and_tags(
    client: Client, bucket: str, refused: Refused
) -> None:
    client.put_object(
        Bucket=bucket,
        Key="a",
        Body=b"bytes",
        ContentType="text/plain",
        Metadata={"old": "1"},
        Tagging="kind=old",
        StorageClass="STANDARD_IA",
    )
    source = {"Bucket": bucket, "Key": "a"}
    copied = client.copy_object(Bucket=bucket, Key="b", CopySource=source)["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(b"bytes").hexdigest()}"'
    head = client.head_object(Bucket=bucket, Key="b")
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"old": "1"})
    assert "StorageClass" not in head
    tags = client.get_object_tagging(Bucket=bucket, Key="b")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "old"}]
    client.copy_object(
        Bucket=bucket,
        Key="c",
        CopySource=source,
        MetadataDirective="REPLACE",
        TaggingDirective="REPLACE",
        Metadata={"new": "2"},
        Tagging="kind=new",
    )
    head = client.head_object(Bucket=bucket, Key="c")
    assert (head["ContentType"], head["Metadata"]) == ("binary/octet-stream", {"new": "2"})
    tags = client.get_object_tagging(Bucket=bucket, Key="c")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "new"}]
    error = refused(client.copy_object, Bucket=bucket, Key="a", CopySource=source)
    assert error["Code"] == "InvalidRequest"
    assert error["Message"].startswith("This copy request is illegal because it is trying to copy")
    client.copy_object(Bucket=bucket, Key="a", CopySource=source, StorageClass="STANDARD")
    error = refused(
        client.copy_object, Bucket=bucket, Key="d", CopySource=source, CopySourceIfMatch="x"
    )
    assert (error["Status"], error["Condition"]) == (412, "x-amz-copy-source-If-Match")
    error = refused(client.copy_object, Bucket=bucket, Key="d", CopySource=f"{bucket}/nothing")
    assert (error["Code"], error["Key"]) == ("NoSuchKey", "nothing")


def test_the_last_answer_headers_may_be_overridden_by_the_reader(
    client: Client, bucket: str
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"", ContentType="text/plain")
    got = client.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/csv", ResponseCacheControl="no-cache"
    )
    assert (got["ContentType"], got["CacheControl"]) == ("text/csv", "no-cache")
