"""Whatever is sent, the answer is an answer: no request makes S3 fail."""

import asyncio
import json
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from understudy.api.http import Request, Response
from understudy.api.s3 import respond
from understudy.storage import s3
from understudy.storage.objects.store import Store

RESOURCES = [
    *("acl", "policy", "policyStatus", "tagging", "versioning", "cors", "lifecycle", "website"),
    *("logging", "notification", "encryption", "publicAccessBlock", "ownershipControls", "delete"),
    *("object-lock", "replication", "accelerate", "requestPayment", "location", "versions"),
    *("uploads", "uploadId", "partNumber", "attributes", "retention", "legal-hold", "list-type"),
    *("versionId", "max-keys", "continuation-token", "key-marker", "encoding-type", "prefix"),
    *("X-Amz-Signature", "Signature", "Expires", "response-expires", "abac", "restore", "select"),
]
VALUES = st.sampled_from(["", "0", "1", "-1", "2", "null", "x", "%FF", "%00", "url", "99999999999"])
QUERIES = st.lists(st.tuples(st.sampled_from(RESOURCES), VALUES), max_size=3).map(
    lambda pairs: "&".join(f"{name}={value}" if value else name for name, value in pairs)
)
NAMES = [
    *("range", "if-match", "if-none-match", "if-modified-since", "content-md5", "expires"),
    *("x-amz-copy-source", "x-amz-copy-source-range", "x-amz-tagging", "x-amz-acl", "origin"),
    *("x-amz-checksum-crc32", "x-amz-trailer", "x-amz-content-sha256", "x-amz-meta-a"),
    *("x-amz-storage-class", "x-amz-grant-read", "x-amz-object-attributes", "x-amz-mp-object-size"),
    *("x-amz-decoded-content-length", "content-encoding", "x-amz-metadata-directive", "host"),
    *("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "content-type"),
    *("x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-sdk-checksum-algorithm"),
]
TEXTS = [
    *("", "x", "é", "0", "-5", "bytes=0-", "bytes=5-1", "*", '"x"', "aws-chunked", "CRC32"),
    *("/bucket/k", "bucket/k?versionId=x", "a=b&a=c", "id=x", "public-read", "REPLACE"),
    *("Wed, 21 Oct 2015 07:28:00 GMT", "2031-01-01T00:00:00Z", "multipart/form-data; boundary=B"),
    *("AAAAAA==", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32", "bucket.s3.x:1"),
]
HEADERS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS), max_size=3)
DEEP = json.dumps({"Statement": {"Effect": "Allow", "Principal": [], "Condition": [1]}})
FORM_POLICY = b64encode(b'{"expiration": "2031-01-01T00:00:00Z", "conditions": [["eq", "$x"]]}')
BODIES = st.sampled_from(
    [
        *(b"", b"x", b"<", b"<a/>", b"<Delete/>", b"{}", b'{"Statement": [1]}', DEEP.encode()),
        *(b"3\r\nabc\r\n0\r\n\r\n", b"<Tagging><TagSet><Tag/></TagSet></Tagging>", b"\xff\xfe"),
        b"<LifecycleConfiguration><Rule><Status>Enabled</Status></Rule></LifecycleConfiguration>",
        b"<CORSConfiguration><CORSRule/></CORSConfiguration>",
        b"<AccessControlPolicy><AccessControlList><Grant/></AccessControlList></AccessControlPolicy>",
        b"<ObjectLockConfiguration><Rule/></ObjectLockConfiguration>",
        b"<CompleteMultipartUpload><Part/></CompleteMultipartUpload>",
        b"<ReplicationConfiguration><Role>r</Role><Rule/></ReplicationConfiguration>",
        b"<Delete><Object><Key>k</Key><VersionId>x</VersionId></Object></Delete>",
        b'--B\r\nContent-Disposition: form-data; name="policy"\r\n\r\n'
        + FORM_POLICY
        + b'\r\n--B\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--B\r\n'
        b'Content-Disposition: form-data; name="file"\r\n\r\nx\r\n--B--\r\n',
    ]
)
METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"])
PATHS = st.sampled_from(
    ["/", "/bucket", "/bucket/k", "/bucket/%FF", "/nowhere/k", "//", "/b%2Fx/k"]
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        opened = Store(Path(folder))
        s3.operations["CreateBucket"](opened, {"Bucket": "bucket"}, s3.Context(1.0))
        yield opened
        opened.close()


def answered(store: Store, request: dict[str, Any], body: bytes) -> Response:
    async def stream() -> AsyncIterator[bytes]:
        yield body

    async def answer() -> Response:
        made = Request(stream=stream(), **request)
        response = await respond(store, made, "us-east-1", "id", lambda: 1_700_000_000.0)
        if not isinstance(response.body, bytes):
            response.body.aclose()
        return response

    return asyncio.run(answer())


@settings(max_examples=300, deadline=None)
@given(method=METHODS, path=PATHS, query=QUERIES, headers=HEADERS, body=BODIES)
@example("PUT", "/bucket", "policy", {}, DEEP.encode())
def test_every_request_is_answered(
    store: Store, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    headers = {"content-length": str(len(body)), **headers}
    request = {"method": method, "path": path, "query": query, "headers": headers}
    response = answered(store, request, body)
    assert 200 <= response.status < 500 or response.status == 501
    if method == "HEAD" or response.status in {204, 304}:
        assert response.body == b""
