"""Buckets tell of their objects: which events, to whom, in which words."""

from collections.abc import Callable
from typing import Any

import pytest

from understudy.storage.objects.store import Store
from understudy.storage.s3.notifications import Notice

QUEUE = "arn:aws:sqs:us-east-1:000000000000:seen"
Call = Callable[..., Any]


@pytest.fixture
def heard(store: Store) -> list[Notice]:
    """What the store tells."""
    notices: list[Notice] = []
    store.heard = notices.append
    return notices


@pytest.fixture
def put(call: Call, bucket: str) -> Callable[[str], Any]:
    """Put five bytes under a key."""
    return lambda key: call("PutObject", Bucket=bucket, Key=key, Body=b"hello")


def watch(call: Call, bucket: str, *events: str, **rules: str) -> None:
    entry: dict[str, Any] = {"Id": "seen", "QueueArn": QUEUE, "Events": list(events)}
    if rules:
        named = [{"Name": name, "Value": value} for name, value in rules.items()]
        entry["Filter"] = {"Key": {"FilterRules": named}}
    configured = {"NotificationConfiguration": {"QueueConfigurations": [entry]}}
    call("PutBucketNotificationConfiguration", Bucket=bucket, **configured)


def named(heard: list[Notice]) -> list[str]:
    return [each.message["Records"][0]["eventName"] for each in heard]


def test_an_object_that_is_put_is_told_of_in_a_record_of_aws(
    call: Call, bucket: str, put: Callable[[str], Any], heard: list[Notice]
) -> None:
    watch(call, bucket, "s3:ObjectCreated:*")
    etag = put("in/a b.txt")["ETag"]
    (notice,) = heard
    assert (notice.target, notice.bucket) == (QUEUE, bucket)
    (record,) = notice.message["Records"]
    # AWS: Event message structure.
    assert record["eventTime"] == "2023-11-14T22:13:20.000Z"
    assert (record["eventSource"], record["awsRegion"]) == ("aws:s3", "us-east-1")
    assert record["s3"]["configurationId"] == "seen"
    assert record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"
    told = record["s3"]["object"]
    assert (told["key"], told["size"], told["eTag"]) == ("in/a+b.txt", 5, etag.strip('"'))


@pytest.mark.parametrize(
    ("event", "rules", "keys"),
    [
        pytest.param("s3:ObjectCreated:Put", {}, 2, id="the event by its name"),
        pytest.param("s3:ObjectCreated:Copy", {}, 0, id="another event"),
        pytest.param("s3:ObjectCreated:*", {"prefix": "in/"}, 1, id="a prefix"),
        pytest.param("s3:ObjectCreated:*", {"Suffix": ".csv"}, 1, id="a suffix"),
        pytest.param(
            "s3:ObjectCreated:*", {"prefix": "in/", "suffix": ".csv"}, 0, id="both at once"
        ),
    ],
)
def test_events_and_keys_are_chosen(
    call: Call,
    bucket: str,
    put: Callable[[str], Any],
    heard: list[Notice],
    event: str,
    rules: dict[str, str],
    keys: int,
) -> None:
    watch(call, bucket, event, **rules)
    put("in/a.txt")
    put("out/b.csv")
    assert len(heard) == keys


def test_copies_tags_and_deletions_have_their_own_events(
    call: Call, bucket: str, put: Callable[[str], Any], heard: list[Notice]
) -> None:
    put("a")
    watch(call, bucket, "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*")
    call("CopyObject", Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    call("PutObjectTagging", Bucket=bucket, Key="b", Tagging={"TagSet": []})
    call("DeleteObject", Bucket=bucket, Key="b")
    call("PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    quiet = {"Objects": [{"Key": "a"}], "Quiet": True}
    call("DeleteObjects", Bucket=bucket, Delete=quiet)
    assert named(heard) == [
        "ObjectCreated:Copy",
        "ObjectTagging:Put",
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
    ]


def test_eventbridge_gets_every_event_as_its_own(
    call: Call, bucket: str, put: Callable[[str], Any], heard: list[Notice]
) -> None:
    configured = {"EventBridgeConfiguration": {}}
    call("PutBucketNotificationConfiguration", Bucket=bucket, NotificationConfiguration=configured)
    put("a")
    call("DeleteObject", Bucket=bucket, Key="a")
    made, gone = (each.message for each in heard)
    assert {each.target for each in heard} == {""}
    assert (made["source"], made["detail-type"]) == ("aws.s3", "Object Created")
    assert made["detail"]["reason"] == "PutObject"
    assert made["detail"]["object"]["size"] == 5
    assert gone["detail-type"] == "Object Deleted"
    assert gone["detail"]["deletion-type"] == "Permanently Deleted"


def test_a_bucket_that_nobody_watches_tells_nothing(
    put: Callable[[str], Any], heard: list[Notice]
) -> None:
    put("a")
    assert heard == []
