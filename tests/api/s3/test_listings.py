"""Listings, by boto3 from a real server."""

from collections.abc import Callable
from typing import Any

import pytest

Client = Any
Refused = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_a_listing_rolls_up_keys_and_goes_on_page_by_page(
    client: Client,
    bucket: str,
    operation: str,
    refused: Refused,
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
    client: Client,
    bucket: str,
    refused: Refused,
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
