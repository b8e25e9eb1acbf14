"""Stories told by boto3 to a real server."""

import hashlib
import io
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

Client = Any


def refused(call: Callable[..., Any], **params: Any) -> dict[str, Any]:
    """The error that a call is answered with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return {**error, "Status": caught.value.response["ResponseMetadata"]["HTTPStatusCode"]}


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


def test_a_key_of_more_than_1024_bytes_is_refused(client: Client, bucket: str) -> None:
    error = refused(client.put_object, Bucket=bucket, Key="é" * 513, Body=b"")
    assert error["Code"] == "KeyTooLongError"
    assert (error["Size"], error["MaxSizeAllowed"]) == ("1026", "1024")


def test_a_file_of_22_mb_goes_up_in_parts_and_comes_down_the_same(
    client: Client, bucket: str, tmp_path: Path
) -> None:
    content = random.Random(1).randbytes(22 << 20)
    (tmp_path / "model").write_bytes(content)
    client.upload_file(str(tmp_path / "model"), bucket, "model.tar.gz")
    head = client.head_object(Bucket=bucket, Key="model.tar.gz", ChecksumMode="ENABLED")
    parts = [content[start : start + (8 << 20)] for start in range(0, len(content), 8 << 20)]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    assert head["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert head["ContentLength"] == len(content)
    client.download_file(bucket, "model.tar.gz", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content
    second = client.get_object(Bucket=bucket, Key="model.tar.gz", PartNumber=2)
    assert second["PartsCount"] == 3
    assert second["ContentRange"] == f"bytes {8 << 20}-{(16 << 20) - 1}/{len(content)}"
    assert second["Body"].read() == parts[1]
    across = f"bytes={(8 << 20) - 5}-{(8 << 20) + 4}"
    got = client.get_object(Bucket=bucket, Key="model.tar.gz", Range=across)
    assert got["Body"].read() == content[(8 << 20) - 5 : (8 << 20) + 5]


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
def test_a_range_outside_of_the_object_is_refused(client: Client, bucket: str, asked: str) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    error = refused(client.get_object, Bucket=bucket, Key="k", Range=asked)
    assert (error["Status"], error["Code"]) == (416, "InvalidRange")
    assert error["Message"] == "The requested range is not satisfiable"
    assert (error["RangeRequested"], error["ActualObjectSize"]) == (asked, "10")


def test_a_versioned_key_keeps_every_version_until_it_is_deleted_by_its_id(
    client: Client, bucket: str
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
    boto3.resource("s3", endpoint_url=client.meta.endpoint_url, **CREDENTIALS).Bucket(
        bucket
    ).object_versions.delete()
    client.delete_bucket(Bucket=bucket)
    assert refused(client.head_bucket, Bucket=bucket)["Status"] == 404


CREDENTIALS = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "us-east-1",
}


def test_version_ids_that_s3_cannot_have_given_are_told_from_unknown_ones(
    client: Client, bucket: str
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


def test_reads_hold_only_under_their_conditions(client: Client, bucket: str) -> None:
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


def test_writes_hold_only_under_their_conditions(client: Client, bucket: str) -> None:
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


def test_a_multipart_upload_is_checked_part_by_part(client: Client, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    upload = client.create_multipart_upload(**named, Metadata={"a": "b"})["UploadId"]
    named["UploadId"] = upload
    big, last = os.urandom(5 << 20), b"the last may be small"
    bodies = {1: b"too small", 2: big, 3: last}
    tags = {
        number: client.upload_part(**named, PartNumber=number, Body=body)["ETag"]
        for number, body in bodies.items()
    }
    assert tags[3] == f'"{hashlib.md5(last).hexdigest()}"'

    def complete(*parts: tuple[int, str]) -> dict[str, Any]:
        listed = {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in parts]}
        return {**named, "MultipartUpload": listed}

    def error(*parts: tuple[int, str]) -> dict[str, Any]:
        return refused(client.complete_multipart_upload, **complete(*parts))

    found = error((2, tags[2]), (1, tags[1]))
    assert (found["Code"], found["UploadId"]) == ("InvalidPartOrder", upload)
    found = error((2, tags[2]), (4, tags[3]))
    assert (found["Code"], found["PartNumber"]) == ("InvalidPart", "4")
    found = error((2, tags[3]))
    assert (found["Code"], found["PartNumber"], found["ETag"]) == ("InvalidPart", "2", tags[3])
    found = error((1, tags[1]), (2, tags[2]))
    assert (found["Code"], found["PartNumber"]) == ("EntityTooSmall", "1")
    assert (found["MinSizeAllowed"], found["ProposedSize"]) == ("5242880", "9")
    listed = client.list_parts(**named, MaxParts=2)
    assert [part["PartNumber"] for part in listed["Parts"]] == [1, 2]
    assert (listed["IsTruncated"], listed["NextPartNumberMarker"]) == (True, 2)
    assert client.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["UploadId"] == upload
    done = client.complete_multipart_upload(**complete((2, tags[2]), (3, tags[3])))
    both = hashlib.md5(hashlib.md5(big).digest() + hashlib.md5(last).digest()).hexdigest()
    assert done["ETag"] == f'"{both}-2"'
    got = client.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == big + last
    assert got["Metadata"] == {"a": "b"}
    found = refused(client.list_parts, **named)
    assert (found["Code"], found["Status"], found["UploadId"]) == ("NoSuchUpload", 404, upload)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)


def test_an_aborted_upload_leaves_nothing_and_does_not_keep_a_bucket(
    client: Client, bucket: str, served: Any
) -> None:
    before = served.files()
    for abort in (True, False):
        upload = client.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        named = {"Bucket": bucket, "Key": "k", "UploadId": upload}
        client.upload_part(**named, PartNumber=1, Body=b"part")
        if abort:
            client.abort_multipart_upload(**named)
            assert served.files() == before
    client.delete_bucket(Bucket=bucket)
    assert served.files() == before


def test_parts_are_copied_from_objects_and_from_ranges_of_them(client: Client, bucket: str) -> None:
    source = random.Random(2).randbytes(6 << 20)
    client.put_object(Bucket=bucket, Key="source", Body=source)
    named = {"Bucket": bucket, "Key": "k"}
    named["UploadId"] = client.create_multipart_upload(**named)["UploadId"]
    copy_source = {"Bucket": bucket, "Key": "source"}
    ranges: dict[int, dict[str, str]] = {1: {}, 2: {"CopySourceRange": "bytes=10-19"}}
    parts = []
    for number, wanted in ranges.items():
        copied = client.upload_part_copy(
            **named, PartNumber=number, CopySource=copy_source, **wanted
        )["CopyPartResult"]
        parts.append({"PartNumber": number, "ETag": copied["ETag"]})
    client.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    got = client.get_object(Bucket=bucket, Key="k")["Body"].read()
    assert got == source + source[10:20]


def test_a_copy_takes_or_replaces_metadata_and_tags(client: Client, bucket: str) -> None:
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


def test_a_copy_of_an_upload_in_parts_is_one_part_with_a_plain_etag(
    client: Client, bucket: str
) -> None:
    named = {"Bucket": bucket, "Key": "parts"}
    named["UploadId"] = client.create_multipart_upload(**named)["UploadId"]
    bodies = (b"a" * (5 << 20), b"b")
    parts = [
        {
            "PartNumber": number,
            "ETag": client.upload_part(**named, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in enumerate(bodies, start=1)
    ]
    client.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    source = {"Bucket": bucket, "Key": "parts"}
    copied = client.copy_object(Bucket=bucket, Key="one", CopySource=source)["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(b"".join(bodies)).hexdigest()}"'


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_a_listing_rolls_up_keys_and_goes_on_page_by_page(
    client: Client, bucket: str, operation: str
) -> None:
    keys = ["a/1", "a/2", "b", "c/x/1", "c/y", "d e+f", "é"]
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    pages = client.get_paginator(operation)

    def names(**params: Any) -> tuple[list[str], list[str]]:
        found = list(pages.paginate(Bucket=bucket, **params))
        return (
            [entry["Key"] for page in found for entry in page.get("Contents", [])],
            [entry["Prefix"] for page in found for entry in page.get("CommonPrefixes", [])],
        )

    for size in (1, 2, 1000):
        sized = {"PaginationConfig": {"PageSize": size}}
        assert names(**sized) == (keys, [])
        assert names(Delimiter="/", **sized) == (["b", "d e+f", "é"], ["a/", "c/"])
        assert names(Prefix="c/", Delimiter="/", **sized) == (["c/y"], ["c/x/"])
    assert names(Prefix="nothing") == ([], [])
    first = getattr(client, operation)(Bucket=bucket, MaxKeys=2, Delimiter="/")
    assert first["IsTruncated"] is True
    assert first["MaxKeys"] == 2
    assert getattr(client, operation)(Bucket=bucket, MaxKeys=0)["IsTruncated"] is False
    error = refused(getattr(client, operation), Bucket=bucket, MaxKeys=-1)
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "maxKeys")


def test_list_objects_v2_starts_after_a_key_and_knows_its_own_tokens(
    client: Client, bucket: str
) -> None:
    for key in "abc":
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    listed = client.list_objects_v2(Bucket=bucket, StartAfter="a", FetchOwner=True)
    assert [entry["Key"] for entry in listed["Contents"]] == ["b", "c"]
    assert listed["StartAfter"] == "a"
    assert listed["KeyCount"] == 2
    assert len(listed["Contents"][0]["Owner"]["ID"]) == 64
    error = refused(client.list_objects_v2, Bucket=bucket, ContinuationToken="made up")
    assert error["Message"] == "The continuation token provided is incorrect"


def test_many_objects_are_deleted_at_once(client: Client, bucket: str) -> None:
    for number in range(3):
        client.put_object(Bucket=bucket, Key=f"k{number}", Body=b"")
    wanted = {"Objects": [{"Key": "k0"}, {"Key": "nothing"}]}
    deleted = client.delete_objects(Bucket=bucket, Delete=wanted)
    assert [entry["Key"] for entry in deleted["Deleted"]] == ["k0", "nothing"]
    wanted = {"Objects": [{"Key": "k1"}, {"Key": "k2", "VersionId": "x" * 32}], "Quiet": True}
    quiet = client.delete_objects(Bucket=bucket, Delete=wanted)
    assert "Deleted" not in quiet
    assert [(e["Key"], e["Code"]) for e in quiet["Errors"]] == [("k2", "NoSuchVersion")]


ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_is_verified_kept_and_returned(
    client: Client, bucket: str, algorithm: str
) -> None:
    member, body = f"Checksum{algorithm}", os.urandom(70_000)
    put = client.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    assert put["ChecksumType"] == "FULL_OBJECT"
    # The client verifies what it reads by the checksum in the answer.
    got = client.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == body
    assert got[member] == put[member]
    listed = client.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([algorithm], "FULL_OBJECT")
    wrong = {member: put[member]}
    error = refused(client.put_object, Bucket=bucket, Key="k", Body=b"other", **wrong)
    assert (error["Status"], error["Code"]) == (400, "BadDigest")
    assert error["Message"] == (
        f"The {algorithm} you specified did not match the calculated checksum."
    )
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == body


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        ("CRC32", "COMPOSITE"),
        ("CRC32", "FULL_OBJECT"),
        ("CRC64NVME", "FULL_OBJECT"),
        ("SHA256", "COMPOSITE"),
    ],
)
def test_the_checksum_of_an_upload_is_of_its_parts_or_of_the_whole(
    client: Client, bucket: str, algorithm: str, kind: str
) -> None:
    named = {"Bucket": bucket, "Key": "k"}
    begun = client.create_multipart_upload(**named, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    assert (begun["ChecksumAlgorithm"], begun["ChecksumType"]) == (algorithm, kind)
    named["UploadId"] = begun["UploadId"]
    bodies = (b"a" * (5 << 20), b"b")
    parts = []
    for number, body in enumerate(bodies, start=1):
        put = client.upload_part(**named, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm)
        checksum = {f"Checksum{algorithm}": put[f"Checksum{algorithm}"]}
        parts.append({"PartNumber": number, "ETag": put["ETag"], **checksum})
    done = client.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    assert done["ChecksumType"] == kind
    found = done[f"Checksum{algorithm}"]
    assert found.endswith("-2") == (kind == "COMPOSITE")
    whole = client.put_object(
        Bucket=bucket, Key="whole", Body=b"".join(bodies), ChecksumAlgorithm=algorithm
    )
    assert (found == whole[f"Checksum{algorithm}"]) == (kind == "FULL_OBJECT")
    asked = ["Checksum", "ObjectParts", "ObjectSize", "ETag", "StorageClass"]
    said = client.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=asked)
    assert said["Checksum"][f"Checksum{algorithm}"] == found
    assert said["ObjectParts"]["TotalPartsCount"] == 2
    assert said["ObjectSize"] == (5 << 20) + 1
    assert said["ETag"] == done["ETag"].strip('"')
    got = client.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == b"".join(bodies)


def test_an_object_sent_without_a_checksum_gets_one_of_crc64nvme(
    served: Any, client: Client, bucket: str
) -> None:
    plain = boto3.client(
        "s3",
        endpoint_url=served.url,
        config=Config(request_checksum_calculation="when_required"),
        **CREDENTIALS,
    )
    put = plain.put_object(Bucket=bucket, Key="k", Body=b"123456789")
    plain.close()
    # The "check" value of CRC-64/NVME is ae8b14860a799888.
    assert put["ChecksumCRC64NVME"] == "rosUhgp5mIg="
    got = client.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["ChecksumCRC64NVME"] == "rosUhgp5mIg="


def test_a_stream_of_unknown_content_goes_up_with_a_trailing_checksum(
    client: Client, bucket: str
) -> None:
    body = random.Random(3).randbytes(3_000_000)
    client.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body))
    got = client.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    assert "ContentEncoding" not in got


def test_a_wrong_content_md5_is_refused(client: Client, bucket: str) -> None:
    right, wrong = "XUFAKrxLKna5cZ2REBfFkg==", "AAAAAAAAAAAAAAAAAAAAAA=="
    client.put_object(Bucket=bucket, Key="k", Body=b"hello", ContentMD5=right)
    error = refused(client.put_object, Bucket=bucket, Key="k", Body=b"hello", ContentMD5=wrong)
    assert error["Code"] == "BadDigest"
    assert error["Message"] == "The Content-MD5 you specified did not match what we received."
    error = refused(client.put_object, Bucket=bucket, Key="k", Body=b"hello", ContentMD5="x")
    assert error["Code"] == "InvalidDigest"


def test_the_last_answer_headers_may_be_overridden_by_the_reader(
    client: Client, bucket: str
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"", ContentType="text/plain")
    got = client.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/csv", ResponseCacheControl="no-cache"
    )
    assert (got["ContentType"], got["CacheControl"]) == ("text/csv", "no-cache")
