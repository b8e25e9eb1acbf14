"""What only shows on the wire: addresses, chunks, early answers, broken connections, CORS."""

import hashlib
import http.client
import socket
import zlib
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import pytest

from understudy.testing.processes import wait_for

Client = Any
DEADLINE = 10.0


def exchange(
    served: Any,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    **headers: str,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """One request and its answer; names of headers have underscores for hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=DEADLINE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


@pytest.mark.parametrize(
    "host",
    [
        "{}.s3.localhost:4566",
        "{}.localhost:4566",
        "{}.s3.amazonaws.com",
        "{}.s3.us-east-1.amazonaws.com",
        "{}.s3.eu-west-1.amazonaws.com",
    ],
)
def test_the_bucket_may_stand_in_the_host(
    served: Any, client: Client, bucket: str, host: str
) -> None:
    name = host.format(bucket)
    status, _, _ = exchange(served, "PUT", "/a%20b/c", b"x", Host=name)
    assert status == 200
    assert client.get_object(Bucket=bucket, Key="a b/c")["Body"].read() == b"x"
    status, _, content = exchange(served, "GET", "/?list-type=2", Host=name)
    assert (status, b"<Key>a b/c</Key>" in content) == (200, True)


@pytest.mark.parametrize("host", ["s3.amazonaws.com", "s3.us-east-1.amazonaws.com", "localhost:1"])
def test_the_bucket_may_stand_in_the_path(served: Any, bucket: str, host: str) -> None:
    assert exchange(served, "PUT", f"/{bucket}/k", b"x", Host=host)[0] == 200
    status, _, content = exchange(served, "GET", f"/{bucket}/k", Host=host)
    assert (status, content) == (200, b"x")


def test_an_error_is_xml_with_the_id_of_the_request(served: Any, bucket: str) -> None:
    status, headers, content = exchange(served, "GET", f"/{bucket}/a%20b%26c")
    assert status == 404
    assert headers["content-type"] in {"application/xml", "text/xml"}
    request_id = headers["x-amz-request-id"]
    text = content.decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert (
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>" in text
    )
    assert "<Key>a b&amp;c</Key>" in text
    assert f"<RequestId>{request_id}</RequestId>" in text


def test_an_error_to_head_has_no_body(served: Any, bucket: str) -> None:
    status, _, content = exchange(served, "HEAD", f"/{bucket}/k")
    assert (status, content) == (404, b"")
    assert exchange(served, "HEAD", "/nowhere-at-all")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/{}/k", 405, "MethodNotAllowed"),
        ("PATCH", "/{}", 405, "MethodNotAllowed"),
        ("GET", "/{}/%FF", 400, "InvalidURI"),
        ("GET", "/{}/k?partNumber=x", 400, "InvalidArgument"),
    ],
)
def test_what_is_no_operation_is_refused(
    served: Any, bucket: str, method: str, path: str, status: int, code: str
) -> None:
    found, _, content = exchange(served, method, path.format(bucket))
    assert (found, f"<Code>{code}</Code>" in content.decode()) == (status, True)


def chunks(body: bytes, size: int, signature: str = "", trailer: str = "") -> bytes:
    """A body in the aws-chunked encoding."""
    sign = f";chunk-signature={signature}" if signature else ""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    encoded = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), sign.encode(), piece) for piece in pieces)
    return encoded + f"0{sign}\r\n{trailer}\r\n".encode()


def crc32(body: bytes) -> str:
    return b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


BODY = bytes(range(256)) * 1000
TRAILED = f"x-amz-checksum-crc32:{crc32(BODY)}\r\n"
SIGNED_TRAILED = f"{TRAILED}x-amz-trailer-signature:{'0b' * 32}\r\n"


@pytest.mark.parametrize(
    ("content", "encoded", "announced"),
    [
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", chunks(BODY, 65_536, "0a" * 32), ""),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunks(BODY, 8192, "", TRAILED), "crc32"),
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            chunks(BODY, 100_000, "0a" * 32, SIGNED_TRAILED),
            "crc32",
        ),
    ],
    ids=["signed chunks", "a trailer", "signed chunks and a signed trailer"],
)
def test_chunked_bodies_are_decoded(
    served: Any, client: Client, bucket: str, content: str, encoded: bytes, announced: str
) -> None:
    trailer = {"x_amz_trailer": f"x-amz-checksum-{announced}"} if announced else {}
    status, _, text = exchange(
        served,
        "PUT",
        f"/{bucket}/k",
        encoded,
        content_encoding="aws-chunked,gzip",
        x_amz_content_sha256=content,
        x_amz_decoded_content_length=str(len(BODY)),
        **trailer,
    )
    assert status == 200, text
    got = client.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == BODY
    assert got["ContentEncoding"] == "gzip"
    assert ("ChecksumCRC32" in got) == bool(announced)


@pytest.mark.parametrize(
    ("encoded", "length", "trailer", "code"),
    [
        (chunks(BODY, 8192, "", TRAILED), len(BODY) + 1, "x-amz-checksum-crc32", "IncompleteBody"),
        (chunks(BODY, 8192)[:-9], len(BODY), "", "IncompleteBody"),
        (b"zz\r\n" + BODY, len(BODY), "", "IncompleteBody"),
        (chunks(BODY, 8192), len(BODY), "x-amz-checksum-crc32", "MalformedTrailerError"),
        (chunks(BODY, 8192, "", TRAILED), len(BODY), "x-amz-checksum-crc16", "InvalidRequest"),
        (
            chunks(BODY, 8192, "", "x-amz-checksum-crc32:AAAAAA==\r\n"),
            len(BODY),
            "x-amz-checksum-crc32",
            "BadDigest",
        ),
        (
            chunks(BODY, 8192, "", "x-amz-checksum-crc32:AAA\r\n"),
            len(BODY),
            "x-amz-checksum-crc32",
            "InvalidRequest",
        ),
    ],
)
def test_a_chunked_body_that_is_not_as_announced_leaves_nothing(
    served: Any, bucket: str, encoded: bytes, length: int, trailer: str, code: str
) -> None:
    before = served.files()
    status, _, content = exchange(
        served,
        "PUT",
        f"/{bucket}/k",
        encoded,
        content_encoding="aws-chunked",
        x_amz_decoded_content_length=str(length),
        **({"x_amz_trailer": trailer} if trailer else {}),
    )
    assert (status, f"<Code>{code}</Code>" in content.decode()) == (400, True), content
    assert served.files() == before
    assert exchange(served, "HEAD", f"/{bucket}/k")[0] == 404


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x_amz_content_sha256": "0" * 64}, "XAmzContentSHA256Mismatch"),
        ({"x_amz_content_sha256": "sha"}, "InvalidArgument"),
        ({"x_amz_checksum_crc32": "x"}, "InvalidRequest"),
        (
            {"x_amz_checksum_crc32": "AAAAAA==", "x_amz_checksum_crc32c": "AAAAAA=="},
            "InvalidRequest",
        ),
        ({"x_amz_sdk_checksum_algorithm": "CRC32"}, "InvalidRequest"),
    ],
    ids=str,
)
def test_a_body_that_does_not_fit_its_headers_is_refused(
    served: Any, bucket: str, headers: dict[str, str], code: str
) -> None:
    status, _, content = exchange(served, "PUT", f"/{bucket}/k", b"x", **headers)
    assert (status, f"<Code>{code}</Code>" in content.decode()) == (400, True), content


def test_the_hash_that_was_signed_is_verified(served: Any, bucket: str) -> None:
    right = hashlib.sha256(b"x").hexdigest()
    assert exchange(served, "PUT", f"/{bucket}/k", b"x", x_amz_content_sha256=right)[0] == 200


def test_the_body_of_a_setting_is_verified_too(served: Any, bucket: str) -> None:
    path = f"/{bucket}?versioning"
    content = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    status, _, text = exchange(served, "PUT", path, content, content_md5="A" * 22 + "==")
    assert (status, b"BadDigest" in text) == (400, True)
    assert exchange(served, "PUT", path, content, x_amz_checksum_crc32=crc32(content))[0] == 200
    status, _, text = exchange(served, "PUT", path, b"")
    assert (status, b"MissingRequestBodyError" in text) == (400, True)


def test_a_body_of_unknown_length_is_refused(served: Any, bucket: str) -> None:
    status, _, content = exchange(served, "PUT", f"/{bucket}/k", iter([b"a", b"b"]))
    assert (status, b"<Header>Transfer-Encoding</Header>" in content) == (501, True)


def received(connection: socket.socket, end: bytes = b"\r\n\r\n") -> bytes:
    found = b""
    while end not in found:
        data = connection.recv(65_536)
        if not data:
            break
        found += data
    return found


def test_a_client_that_waits_is_told_to_go_on_or_refused_before_it_sends(
    served: Any, client: Client, bucket: str
) -> None:
    head = (
        "PUT /{}/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port), DEADLINE) as connection:
        connection.sendall(head.format(bucket).encode())
        assert received(connection).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"hello")
        assert received(connection).startswith(b"HTTP/1.1 200")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"hello"
    with socket.create_connection(("127.0.0.1", served.port), DEADLINE) as connection:
        connection.sendall(head.format("nowhere-at-all").encode())
        answer = received(connection, b"</Error>")
        assert answer.startswith(b"HTTP/1.1 404")
        assert b"connection: close" in answer
        assert connection.recv(1) == b""


def test_an_upload_that_breaks_off_leaves_nothing(served: Any, bucket: str) -> None:
    before = served.files()
    with socket.create_connection(("127.0.0.1", served.port), DEADLINE) as connection:
        head = f"PUT /{bucket}/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 3_000_000)
        wait_for(lambda: served.files() != before)
    wait_for(lambda: served.files() == before)
    assert exchange(served, "HEAD", f"/{bucket}/k")[0] == 404


def test_a_download_that_breaks_off_lets_go_of_its_file(
    served: Any, client: Client, bucket: str
) -> None:
    before = served.files()
    client.put_object(Bucket=bucket, Key="k", Body=b"x" * (32 << 20))
    with socket.create_connection(("127.0.0.1", served.port), DEADLINE) as connection:
        connection.sendall(f"GET /{bucket}/k HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        received(connection)
        client.delete_object(Bucket=bucket, Key="k")
        assert len(served.files() - before) == 1
    wait_for(lambda: served.files() == before)


def test_a_page_of_another_origin_is_answered_by_the_cors_rules(
    served: Any, client: Client, bucket: str
) -> None:
    path = f"/{bucket}/k"
    asked = {"Origin": "https://app.example", "Access_Control_Request_Method": "PUT"}
    status, _, content = exchange(served, "OPTIONS", path, **asked)
    assert (status, b"CORS is not enabled for this bucket" in content) == (403, True)
    rule = {
        "AllowedOrigins": ["https://*.example"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["x-amz-*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 60,
    }
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    wanted = {"Access_Control_Request_Headers": "X-Amz-Acl, x-amz-meta-a"}
    status, headers, _ = exchange(served, "OPTIONS", path, **asked, **wanted)
    assert status == 200
    assert headers["access-control-allow-origin"] == "https://app.example"
    assert headers["access-control-allow-methods"] == "GET, PUT"
    assert headers["access-control-allow-headers"] == "x-amz-acl, x-amz-meta-a"
    assert headers["access-control-expose-headers"] == "ETag"
    assert headers["access-control-max-age"] == "60"
    wanted = {"Access_Control_Request_Headers": "authorization"}
    assert exchange(served, "OPTIONS", path, **asked, **wanted)[0] == 403
    asked["Origin"] = "https://app.test"
    assert exchange(served, "OPTIONS", path, **asked)[0] == 403
    assert exchange(served, "OPTIONS", path)[0] == 400
    status, headers, _ = exchange(served, "GET", path, Origin="https://app.example")
    assert (status, headers["access-control-allow-origin"]) == (404, "https://app.example")
    assert exchange(served, "GET", path, Origin="https://app.test")[1].get("vary") is None
