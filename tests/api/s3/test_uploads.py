"""Uploads in parts, and checksums of all kinds, by boto3 from a real server."""

import hashlib
import io
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Client = Any
Refused = Callable[..., dict[str, Any]]


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


def test_a_multipart_upload_is_checked_part_by_part(
    client: Client, bucket: str, refused: Refused
) -> None:
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


ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_is_verified_kept_and_returned(
    client: Client,
    bucket: str,
    algorithm: str,
    refused: Refused,
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
    connect: Callable[..., Any], client: Client, bucket: str
) -> None:
    plain = connect(request_checksum_calculation="when_required")
    put = plain.put_object(Bucket=bucket, Key="k", Body=b"123456789")
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


def test_a_wrong_content_md5_is_refused(client: Client, bucket: str, refused: Refused) -> None:
    right, wrong = "XUFAKrxLKna5cZ2REBfFkg==", "AAAAAAAAAAAAAAAAAAAAAA=="
    client.put_object(Bucket=bucket, Key="k", Body=b"hello", ContentMD5=right)
    error = refused(client.put_object, Bucket=bucket, Key="k", Body=b"hello", ContentMD5=wrong)
    assert error["Code"] == "BadDigest"
    assert error["Message"] == "The Content-MD5 you specified did not match what we received."
    error = refused(client.put_object, Bucket=bucket, Key="k", Body=b"hello", ContentMD5="x")
    assert error["Code"] == "InvalidDigest"
