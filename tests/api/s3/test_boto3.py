"""Stories told by boto3 to a real server."""

from typing import Any

import pytest


def test_an_object_goes_in_and_comes_out(client: Any, bucket: str) -> None:
    put = client.put_object(Bucket=bucket, Key="a/b c+d", Body=b"hello", Metadata={"x": "y"})
    got = client.get_object(Bucket=bucket, Key="a/b c+d")
    assert got["Body"].read() == b"hello"
    assert got["ETag"] == put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert got["Metadata"] == {"x": "y"}
    assert got["ChecksumCRC32"] == put["ChecksumCRC32"]
