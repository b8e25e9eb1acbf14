"""Presigned URLs and forms, made by boto3 and used by a plain HTTP client."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

Client = Any


@pytest.fixture(params=["s3v4", "s3"])
def signer(request: pytest.FixtureRequest, connect: Callable[..., Any]) -> Client:
    """A client that signs by version 4 or by version 2."""
    return connect(signature_version=request.param)


def test_a_presigned_url_puts_and_gets_an_object(signer: Client, bucket: str) -> None:
    named = {"Bucket": bucket, "Key": "a b/c"}
    url = signer.generate_presigned_url("put_object", {**named, "ContentType": "text/plain"}, 60)
    put = requests.put(url, data=b"hello", headers={"Content-Type": "text/plain"}, timeout=10)
    assert put.status_code == 200
    url = signer.generate_presigned_url("get_object", {**named, "ResponseContentType": "a/b"}, 60)
    got = requests.get(url, timeout=10)
    assert (got.status_code, got.content) == (200, b"hello")
    assert got.headers["content-type"] == "a/b"
    assert got.headers["etag"] == put.headers["etag"]
    url = signer.generate_presigned_url("head_object", named, 60)
    head = requests.head(url, timeout=10)
    assert (head.status_code, head.headers["content-length"]) == (200, "5")


def test_an_expired_url_is_refused(signer: Client, bucket: str, client: Client) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}, 1)
    deadline = time.monotonic() + 10
    while (got := requests.get(url, timeout=10)).status_code == 200:
        assert time.monotonic() < deadline
    assert got.status_code == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in got.text
    assert "<ServerTime>" in got.text


SIGNED = "X-Amz-Algorithm=A&X-Amz-Signature=0a&X-Amz-Credential=a&X-Amz-SignedHeaders=host"


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0a",
            400,
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
        (
            f"{SIGNED}&X-Amz-Date=20260101T000000Z&X-Amz-Expires=604801",
            400,
            "must be less than 604800 seconds",
        ),
        (
            f"{SIGNED}&X-Amz-Date=yesterday&X-Amz-Expires=60",
            400,
            "X-Amz-Date must be in the ISO8601 Long Format",
        ),
        ("Signature=0a&Expires=99999999999", 403, "requires the Signature, Expires and"),
        ("Signature=0a&Expires=1&AWSAccessKeyId=a", 403, "Request has expired"),
    ],
)
def test_a_url_that_is_not_signed_as_it_must_be_is_refused(
    served: Any, bucket: str, query: str, status: int, text: str
) -> None:
    got = requests.get(f"{served.url}/{bucket}/k?{query}", timeout=10)
    assert got.status_code == status
    assert text in got.text


def test_headers_in_the_query_of_a_url_count(client: Client, bucket: str) -> None:
    url = client.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"}, 60)
    put = requests.put(
        f"{url}&x-amz-meta-owner=Ada&x-amz-storage-class=STANDARD_IA", data=b"x", timeout=10
    )
    assert put.status_code == 200
    head = client.head_object(Bucket=bucket, Key="k")
    assert (head["Metadata"], head["StorageClass"]) == ({"owner": "Ada"}, "STANDARD_IA")


def post(form: dict[str, Any], content: bytes, **extra: str) -> requests.Response:
    fields = {**form["fields"], **extra}
    files = {"file": ("weights.bin", content, "application/x-weights")}
    return requests.post(form["url"], data=fields, files=files, timeout=10, allow_redirects=False)


def test_a_form_uploads_a_file(client: Client, bucket: str) -> None:
    form = client.generate_presigned_post(
        bucket,
        "up/${filename}",
        Fields={"success_action_status": "201", "x-amz-meta-a": "b", "Content-Type": "a/b"},
        Conditions=[
            {"success_action_status": "201"},
            {"x-amz-meta-a": "b"},
            ["starts-with", "$Content-Type", "a/"],
            ["content-length-range", 1, 1 << 20],
        ],
    )
    content = bytes(range(256)) * 3000
    answer = post(form, content)
    assert answer.status_code == 201
    assert "<Key>up/weights.bin</Key>" in answer.text
    got = client.get_object(Bucket=bucket, Key="up/weights.bin")
    assert got["Body"].read() == content
    assert (got["Metadata"], got["ContentType"]) == ({"a": "b"}, "a/b")
    assert answer.headers["etag"] == got["ETag"]


def test_a_form_is_held_to_its_policy(client: Client, served: Any, bucket: str) -> None:
    form = client.generate_presigned_post(
        bucket, "k", Conditions=[["content-length-range", 2, 3]], ExpiresIn=3600
    )
    before = served.files()
    # World time is long before the policy's end, as real time is.
    assert "EntityTooLarge" in post(form, b"1234").text
    assert "EntityTooSmall" in post(form, b"1").text
    assert "Extra input fields: acl" in post(form, b"12", acl="private").text
    wrong = {**form, "fields": {**form["fields"], "key": "elsewhere"}}
    answer = post(wrong, b"12")
    assert answer.status_code == 403
    assert "Policy Condition failed: [" in answer.text
    expired = client.generate_presigned_post(bucket, "k", ExpiresIn=-10)
    assert "Policy expired" in post(expired, b"12").text
    assert served.files() == before
    assert post(form, b"12").status_code == 204


def test_a_form_without_a_file_or_a_key_is_refused(served: Any, bucket: str) -> None:
    answer = requests.post(
        f"{served.url}/{bucket}", files={"key": (None, "k"), "other": (None, "x")}, timeout=10
    )
    assert (answer.status_code, "IncorrectNumberOfFiles" in answer.text) == (400, True)
    answer = requests.post(f"{served.url}/{bucket}", files={"file": ("x", b"x")}, timeout=10)
    assert "Bucket POST must contain a field named" in answer.text
