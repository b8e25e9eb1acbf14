"""Operations on objects, called as other layers call them."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest

from understudy.base.fault import Fault
from understudy.storage.s3.ranges import copy_span

Call = Callable[..., Any]
DAY = 86_400.0
AT = 1_700_000_000.0


def checksum(body: bytes) -> str:
    return b64encode(crc32(body).to_bytes(4, "big")).decode()


def test_an_object_is_read_as_the_bytes_that_were_written(call: Call, bucket: str) -> None:
    call("PutObject", at=AT + 0.9, Bucket=bucket, Key="k", Body=b"bytes")
    found = call("GetObject", Bucket=bucket, Key="k", Range="bytes=1-2")
    assert found["Body"] == b"yt"
    # S3 keeps times in whole seconds.
    assert found["LastModified"] == AT


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("a,b", "1")], "The TagKey you have provided is invalid"),
        ([("a", "1,2")], "The TagValue you have provided is invalid"),
        ([("aws:a", "1")], "Your TagKey cannot be prefixed with aws:"),
        ([("", "1")], "The TagKey you have provided is invalid"),
        ([(str(number), "") for number in range(11)], "Object tags cannot be greater than 10"),
    ],
)
def test_tags_that_s3_does_not_take_are_refused(
    call: Call, bucket: str, tags: list[tuple[str, str]], text: str
) -> None:
    call("PutObject", Bucket=bucket, Key="k", Body=b"", Tagging="é_./=%2B-@ x=1&n=9")
    tag_set = [{"Key": key, "Value": value} for key, value in tags]
    with pytest.raises(Fault, match=text):
        call("PutObjectTagging", Bucket=bucket, Key="k", Tagging={"TagSet": tag_set})
    kept = call("GetObjectTagging", Bucket=bucket, Key="k")["TagSet"]
    assert [tag["Key"] for tag in kept] == ["n", "é_./"]


@pytest.mark.parametrize("header", ["a=1&a=2", "a=1,b=2"])
def test_a_tagging_header_that_cannot_be_read_is_refused(
    call: Call, bucket: str, header: str
) -> None:
    with pytest.raises(Fault, match="shall be encoded as UTF-8 then URLEncoded") as caught:
        call("PutObject", Bucket=bucket, Key="k", Body=b"", Tagging=header)
    assert caught.value.fields["ArgumentValue"] == header


def test_metadata_of_more_than_2_kb_is_refused(call: Call, bucket: str) -> None:
    with pytest.raises(Fault, match="MetadataTooLarge"):
        call("PutObject", Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})
    call("PutObject", Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2047})


def test_tags_of_delete_markers_are_not_allowed(call: Call, bucket: str) -> None:
    call("PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    call("DeleteObject", Bucket=bucket, Key="k")
    with pytest.raises(Fault, match="MethodNotAllowed"):
        call("GetObjectTagging", Bucket=bucket, Key="k")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("0-8", "must be of the form bytes=first-last"),
        ("bytes=1-0", "must be of the form bytes=first-last"),
        ("bytes=1-", "must be of the form bytes=first-last"),
        ("bytes=-2", "must be of the form bytes=first-last"),
        ("bytes=0-1,3-4", "must be of the form bytes=first-last"),
        ("bytes=0-100", "Range specified is not valid for source object of size: 10"),
        ("bytes=100-200", "The specified copy range is invalid for the source object size"),
    ],
)
def test_a_range_to_copy_is_taken_at_its_word(header: str, text: str) -> None:
    with pytest.raises(Fault, match=text):
        copy_span(header, 10)


def versioned(call: Call, bucket: str) -> None:
    call("PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def test_an_older_version_is_restored_by_copying_it_onto_its_key(call: Call, bucket: str) -> None:
    versioned(call, bucket)
    old = call("PutObject", Bucket=bucket, Key="k", Body=b"old")["VersionId"]
    call("PutObject", Bucket=bucket, Key="k", Body=b"new")
    source = f"{bucket}/k?versionId={old}"
    copied = call("CopyObject", Bucket=bucket, Key="k", CopySource=source)
    assert copied["CopySourceVersionId"] == old
    assert call("GetObject", Bucket=bucket, Key="k")["Body"] == b"old"
    marker = call("DeleteObject", Bucket=bucket, Key="k")["VersionId"]
    source = f"{bucket}/k?versionId={marker}"
    with pytest.raises(Fault, match="may not specifically refer to a delete marker by version id"):
        call("CopyObject", Bucket=bucket, Key="other", CopySource=source)
    with pytest.raises(Fault, match="NoSuchKey"):
        call("CopyObject", Bucket=bucket, Key="other", CopySource=f"{bucket}/k")
    with pytest.raises(Fault, match="Copy Source must mention the source bucket and key"):
        call("CopyObject", Bucket=bucket, Key="other", CopySource=bucket)


def test_a_copy_has_the_checksum_that_was_asked_for(call: Call, bucket: str) -> None:
    call("PutObject", Bucket=bucket, Key="k", Body=b"bytes")
    copied = call(
        "CopyObject", Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ChecksumAlgorithm="CRC32"
    )
    assert copied["CopyObjectResult"]["ChecksumCRC32"] == checksum(b"bytes")
    copied = call("CopyObject", Bucket=bucket, Key="d", CopySource=f"{bucket}/c")
    assert copied["CopyObjectResult"]["ChecksumCRC32"] == checksum(b"bytes")


class TestMultipart:
    """Uploads whose course is told step by step."""

    def begin(self, call: Call, bucket: str, **params: Any) -> dict[str, Any]:
        upload = call("CreateMultipartUpload", Bucket=bucket, Key="k", **params)["UploadId"]
        return {"Bucket": bucket, "Key": "k", "UploadId": upload}

    def complete(self, call: Call, named: dict[str, Any], etag: str, **params: Any) -> Any:
        extra = {name: params.pop(name) for name in list(params) if name == "part"}
        part = {"PartNumber": 1, "ETag": etag, **extra.get("part", {})}
        return call("CompleteMultipartUpload", **named, MultipartUpload={"Parts": [part]}, **params)

    @pytest.mark.parametrize(
        ("params", "text"),
        [
            ({"ChecksumType": "FULL_OBJECT"}, "can only be used with the x-amz-checksum-algorithm"),
            (
                {"ChecksumAlgorithm": "SHA1", "ChecksumType": "FULL_OBJECT"},
                "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm.",
            ),
            (
                {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
                "The COMPOSITE checksum type cannot be used with the crc64nvme checksum",
            ),
            ({"ChecksumAlgorithm": "CRC16"}, "Checksum algorithm provided is unsupported"),
        ],
    )
    def test_algorithms_and_types_that_do_not_go_together_are_refused(
        self, call: Call, bucket: str, params: dict[str, str], text: str
    ) -> None:
        with pytest.raises(Fault, match=text):
            self.begin(call, bucket, **params)

    def test_parts_must_have_the_checksum_of_their_upload(self, call: Call, bucket: str) -> None:
        named = self.begin(call, bucket, ChecksumAlgorithm="CRC32")
        with pytest.raises(Fault, match="expected checksum Type: crc32, actual checksum Type: sha"):
            call("UploadPart", **named, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256")
        with pytest.raises(Fault, match="expected checksum Type: crc32, actual checksum Type: nul"):
            call("UploadPart", **named, PartNumber=1, Body=b"x")
        sent = {"ChecksumCRC32": checksum(b"x")}
        etag = call("UploadPart", **named, PartNumber=1, Body=b"x", **sent)["ETag"]
        with pytest.raises(Fault, match="It was missing for part 1 in the request"):
            self.complete(call, named, etag)
        with pytest.raises(Fault, match="InvalidPart"):
            self.complete(call, named, etag, part={"ChecksumCRC32": checksum(b"y")})
        with pytest.raises(Fault, match="created using the COMPOSITE checksum mode"):
            self.complete(call, named, etag, part=sent, ChecksumType="FULL_OBJECT")
        with pytest.raises(Fault, match="does not match what was computed: 1"):
            self.complete(call, named, etag, part=sent, MpuObjectSize=2)
        with pytest.raises(Fault, match="The CRC32 you specified did not match"):
            self.complete(call, named, etag, part=sent, ChecksumCRC32="AAAAAA==-1")
        done = self.complete(call, named, etag, part=sent, MpuObjectSize=1)
        assert done["ChecksumCRC32"].endswith("-1")

    def test_a_full_object_checksum_needs_none_of_the_parts(self, call: Call, bucket: str) -> None:
        kind = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
        named = self.begin(call, bucket, **kind)
        etag = call("UploadPart", **named, PartNumber=1, Body=b"x")["ETag"]
        done = self.complete(call, named, etag, ChecksumCRC32=checksum(b"x"))
        assert done["ChecksumCRC32"] == checksum(b"x")

    def test_conditions_see_what_was_written_meanwhile(self, call: Call, bucket: str) -> None:
        # Recorded answers of S3: 412 where the condition fails, 409 where it holds but the key was
        # touched since the upload began.
        etag = call("PutObject", Bucket=bucket, Key="k", Body=b"same")["ETag"]
        named = self.begin(call, bucket)
        part = call("UploadPart", **named, PartNumber=1, Body=b"x")["ETag"]
        with pytest.raises(Fault) as caught:
            self.complete(call, named, part, IfNoneMatch="*")
        assert (caught.value.status, caught.value.code) == (412, "PreconditionFailed")
        call("PutObject", Bucket=bucket, Key="k", Body=b"same")
        with pytest.raises(Fault) as caught:
            self.complete(call, named, part, IfMatch=etag)
        assert (caught.value.status, caught.value.code) == (409, "ConditionalRequestConflict")
        call("DeleteObject", Bucket=bucket, Key="k")
        with pytest.raises(Fault, match="NoSuchKey"):
            self.complete(call, named, part, IfMatch=etag)
        with pytest.raises(Fault, match="ConditionalRequestConflict"):
            self.complete(call, named, part, IfNoneMatch="*")
        named = self.begin(call, bucket)
        part = call("UploadPart", **named, PartNumber=1, Body=b"x")["ETag"]
        self.complete(call, named, part, IfNoneMatch="*")

    @pytest.mark.parametrize("number", [0, 10_001])
    def test_part_numbers_go_from_1_to_10000(self, call: Call, bucket: str, number: int) -> None:
        named = self.begin(call, bucket)
        with pytest.raises(Fault, match="Part number must be an integer between 1 and 10000"):
            call("UploadPart", **named, PartNumber=number, Body=b"")

    def test_an_upload_belongs_to_its_key(self, call: Call, bucket: str) -> None:
        named = {**self.begin(call, bucket), "Key": "other"}
        with pytest.raises(Fault, match="NoSuchUpload"):
            call("UploadPart", **named, PartNumber=1, Body=b"")

    def test_a_part_of_a_composite_object_has_its_own_checksum(
        self, call: Call, bucket: str
    ) -> None:
        named = self.begin(call, bucket, ChecksumAlgorithm="CRC32")
        bodies = (b"a" * (5 << 20), b"b")
        parts = [
            {
                "PartNumber": number,
                "ETag": call(
                    "UploadPart", **named, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32"
                )["ETag"],
                "ChecksumCRC32": checksum(body),
            }
            for number, body in enumerate(bodies, start=1)
        ]
        call("CompleteMultipartUpload", **named, MultipartUpload={"Parts": parts})
        asked = {"Bucket": bucket, "Key": "k", "ChecksumMode": "ENABLED"}
        found = call("GetObject", **asked, PartNumber=2)
        assert (found["Body"], found["ChecksumCRC32"]) == (b"b", checksum(b"b"))
        assert "ChecksumCRC32" not in call("GetObject", **asked, Range="bytes=0-1")
        attributes = call(
            "GetObjectAttributes", Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"]
        )["ObjectParts"]
        assert [part["ChecksumCRC32"] for part in attributes["Parts"]] == [
            checksum(body) for body in bodies
        ]
        with pytest.raises(Fault, match="InvalidPartNumber") as caught:
            call("HeadObject", Bucket=bucket, Key="k", PartNumber=3)
        assert caught.value.fields == {"PartNumberRequested": 3, "ActualPartCount": 2}


def test_uploads_are_listed_by_key_and_then_by_age(call: Call, bucket: str) -> None:
    made = [
        (key, call("CreateMultipartUpload", Bucket=bucket, Key=key)["UploadId"])
        for key in ("b", "a/1", "a/1", "c")
    ]
    expected = [made[1], made[2], made[0], made[3]]
    found: list[tuple[str, str]] = []
    page: dict[str, Any] = {"IsTruncated": True}
    while page["IsTruncated"]:
        page = call(
            "ListMultipartUploads",
            Bucket=bucket,
            MaxUploads=1,
            KeyMarker=page.get("NextKeyMarker"),
            UploadIdMarker=page.get("NextUploadIdMarker"),
        )
        found += [(upload["Key"], upload["UploadId"]) for upload in page["Uploads"]]
    assert found == expected
    rolled = call("ListMultipartUploads", Bucket=bucket, Delimiter="/")
    assert rolled["CommonPrefixes"] == [{"Prefix": "a/"}]


@pytest.mark.parametrize(
    ("params", "keys", "prefixes"),
    [
        ({"StartAfter": "a/1", "Delimiter": "/"}, ["b"], []),
        ({"StartAfter": "a", "Delimiter": "/"}, ["b"], ["a/"]),
        ({"StartAfter": "zzz"}, [], []),
        ({"Prefix": "a/", "StartAfter": "a/1"}, ["a/2/x"], []),
        ({"Delimiter": "/2/"}, ["a/1", "b"], ["a/2/"]),
        ({"MaxKeys": 0}, [], []),
    ],
)
def test_a_listing_begins_where_it_is_told_to(
    call: Call, bucket: str, params: dict[str, Any], keys: list[str], prefixes: list[str]
) -> None:
    for key in ("a/1", "a/2/x", "b"):
        call("PutObject", Bucket=bucket, Key=key, Body=b"")
    found = call("ListObjectsV2", Bucket=bucket, **params)
    assert [entry["Key"] for entry in found.get("Contents", [])] == keys
    assert [entry["Prefix"] for entry in found.get("CommonPrefixes", [])] == prefixes
    assert found["KeyCount"] == len(keys) + len(prefixes)


def test_names_are_encoded_where_that_is_asked_for(call: Call, bucket: str) -> None:
    call("PutObject", Bucket=bucket, Key="a b/é+\n", Body=b"")
    found = call("ListObjectsV2", Bucket=bucket, EncodingType="url", Prefix="a b")
    assert found["Contents"][0]["Key"] == "a%20b/%C3%A9%2B%0A"
    assert found["Prefix"] == "a%20b"
    with pytest.raises(Fault, match="Invalid Encoding Method specified in Request"):
        call("ListObjects", Bucket=bucket, EncodingType="base64")


def test_versions_go_on_after_a_marker_that_was_deleted(call: Call, bucket: str) -> None:
    versioned(call, bucket)
    for _ in range(4):
        call("PutObject", Bucket=bucket, Key="k", Body=b"")
    first = call("ListObjectVersions", Bucket=bucket, MaxKeys=2)
    for version in first["Versions"]:
        call("DeleteObject", Bucket=bucket, Key="k", VersionId=version["VersionId"])
    rest = call(
        "ListObjectVersions",
        Bucket=bucket,
        KeyMarker=first["NextKeyMarker"],
        VersionIdMarker=first["NextVersionIdMarker"],
    )
    assert len(rest["Versions"]) == 2
    with pytest.raises(Fault, match="A version-id marker cannot be specified without a key marker"):
        call("ListObjectVersions", Bucket=bucket, VersionIdMarker="null")


class TestObjectLock:
    """What a retention lets happen, and when."""

    @pytest.fixture
    def named(self, call: Call) -> dict[str, str]:
        call("CreateBucket", Bucket="locked", ObjectLockEnabledForBucket=True)
        version = call("PutObject", Bucket="locked", Key="k", Body=b"")["VersionId"]
        return {"Bucket": "locked", "Key": "k", "VersionId": version}

    @pytest.mark.parametrize(
        ("mode", "days", "bypass", "allowed"),
        [
            ("GOVERNANCE", 20.0, False, True),
            ("COMPLIANCE", 20.0, False, True),
            ("GOVERNANCE", 5.0, False, False),
            ("GOVERNANCE", 5.0, True, True),
            (None, None, False, False),
            (None, None, True, True),
        ],
    )
    def test_governance_may_be_extended_and_only_a_bypass_shortens_it(
        self,
        call: Call,
        named: dict[str, str],
        mode: str | None,
        days: float | None,
        *,
        bypass: bool,
        allowed: bool,
    ) -> None:
        kept = {"Mode": "GOVERNANCE", "RetainUntilDate": AT + 10 * DAY}
        call("PutObjectRetention", **named, Retention=kept)
        wanted = {"Mode": mode, "RetainUntilDate": AT + days * DAY} if mode and days else {}
        extra = {"BypassGovernanceRetention": True} if bypass else {}
        if allowed:
            call("PutObjectRetention", **named, Retention=wanted, **extra)
        else:
            with pytest.raises(Fault, match="AccessDenied"):
                call("PutObjectRetention", **named, Retention=wanted, **extra)

    def test_compliance_holds_against_everyone_until_it_ends(
        self, call: Call, named: dict[str, str]
    ) -> None:
        kept = {"Mode": "COMPLIANCE", "RetainUntilDate": AT + DAY}
        call("PutObjectRetention", **named, Retention=kept)
        for wanted in ({}, {"Mode": "GOVERNANCE", "RetainUntilDate": AT + 2 * DAY}):
            with pytest.raises(Fault, match="AccessDenied"):
                call("PutObjectRetention", **named, Retention=wanted)
        with pytest.raises(Fault, match="protected by object lock"):
            call("DeleteObject", **named, BypassGovernanceRetention=True)
        call("DeleteObject", at=AT + DAY, **named)

    def test_a_date_in_the_past_is_refused(self, call: Call, named: dict[str, str]) -> None:
        kept = {"Mode": "COMPLIANCE", "RetainUntilDate": AT - 1}
        with pytest.raises(Fault, match="The retain until date must be in the future!"):
            call("PutObjectRetention", **named, Retention=kept)

    def test_there_is_no_lock_in_a_bucket_without_it(self, call: Call, bucket: str) -> None:
        call("PutObject", Bucket=bucket, Key="k", Body=b"")
        with pytest.raises(Fault, match="Bucket is missing Object Lock Configuration"):
            call("GetObjectRetention", Bucket=bucket, Key="k")
        with pytest.raises(Fault, match="is only applicable to Object Lock enabled buckets"):
            call("DeleteObject", Bucket=bucket, Key="k", BypassGovernanceRetention=False)
