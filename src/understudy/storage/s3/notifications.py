"""What a bucket tells of its objects: to functions, queues, topics and EventBridge.

AWS: Amazon S3 Event Notifications, Event message structure; Using EventBridge, Event message.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets
from understudy.storage.objects.store import Store
from understudy.storage.s3.context import OWNER, Context, Operation, entries, structure
from understudy.storage.s3.reading import head_object

EVENTS = {
    "PutObject": "ObjectCreated:Put",
    "CopyObject": "ObjectCreated:Copy",
    "CompleteMultipartUpload": "ObjectCreated:CompleteMultipartUpload",
    "DeleteObject": "ObjectRemoved:Delete",
    "DeleteObjects": "ObjectRemoved:Delete",
    "PutObjectTagging": "ObjectTagging:Put",
    "DeleteObjectTagging": "ObjectTagging:Delete",
}
MARKED = "ObjectRemoved:DeleteMarkerCreated"
TARGETS = {
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}
KINDS = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
}
"""EventBridge's detail-types, by the name of the event or the family that it is of."""


class Notice(Struct, frozen=True):
    """A message for a ``target``, by its ARN; for EventBridge, which has none, an event."""

    bucket: str
    region: str
    message: Params
    target: str = ""


def telling(operations: Mapping[str, Operation]) -> dict[str, Operation]:
    """The operations, those that change objects with a word to whoever hears of the store."""
    return {
        name: _told(name, each) if name in EVENTS else each for name, each in operations.items()
    }


def _told(name: str, operation: Operation) -> Operation:
    def perform(store: Store, params: Params, context: Context) -> Params:
        output = operation(store, params, context)
        if store.heard is not None:
            for notice in notices(store, name, params, output, context):
                store.heard(notice)
        return output

    return perform


def notices(
    store: Store, operation: str, params: Params, output: Params, context: Context
) -> Iterator[Notice]:
    """What is told of an operation that succeeded, to each who waits for it."""
    name: str = params["Bucket"]
    with store.read() as snapshot:
        told: Params | None = buckets.setting(snapshot.rows, name, "Notification")
        bucket = buckets.find(snapshot.rows, name) if told else None
    if not told or bucket is None:
        return
    for item in _objects(params, output):
        event = EVENTS[operation]
        if event == "ObjectRemoved:Delete" and bucket.versioning and "VersionId" not in item:
            event = MARKED
        about = _described(store, {"Bucket": name, **item}, output, context)
        for entry, target in _waiting(told, event, item["Key"]):
            record = _record(event, entry["Id"], name, about, context)
            yield Notice(name, context.region, {"Records": [record]}, target)
        if "EventBridgeConfiguration" in told:
            yield Notice(name, context.region, _event(event, operation, name, about, context))


def _objects(params: Params, output: Params) -> list[Params]:
    """The objects that an operation was about, by Key and, where it was given, VersionId."""
    refused = {each["Key"] for each in entries(output, "Errors")}
    many = entries(structure(params, "Delete"), "Objects") or [params]
    return [
        {name: each[name] for name in ("Key", "VersionId") if each.get(name)}
        for each in many
        if each["Key"] not in refused
    ]


def _waiting(told: Params, event: str, key: str) -> Iterator[tuple[Params, str]]:
    """The configurations that an event of a key meets, with their targets."""
    for kind, member in TARGETS.items():
        for entry in entries(told, kind):
            named = any(fnmatchcase(f"s3:{event}", each) for each in entry["Events"])
            if named and _passes(entry, key):
                yield entry, entry[member]


def _passes(entry: Params, key: str) -> bool:
    rules = entries(structure(structure(entry, "Filter"), "Key"), "FilterRules")
    tests: dict[str, Any] = {"prefix": key.startswith, "suffix": key.endswith}
    return all(tests[rule["Name"].lower()](rule.get("Value", "")) for rule in rules)


def _described(store: Store, item: Params, output: Params, context: Context) -> Params:
    """The object as events tell of it; of one that is gone there is no size."""
    about: Params = {"key": item["Key"]}
    try:
        found = head_object(store, item, context)
    except Fault:
        found: Params = {}
    if found:
        about |= {"size": found["ContentLength"], "eTag": found["ETag"].strip('"')}
    version = item.get("VersionId") or output.get("VersionId")
    if version:
        about["versionId"] = version
    return {**about, "sequencer": f"{int(context.at * 1e6):016X}"}


def _record(event: str, entry: str, bucket: str, about: Params, context: Context) -> Params:
    """An event as functions, queues and topics get it."""
    moment = datetime.fromtimestamp(context.at, UTC)
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": context.region,
        "eventTime": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventName": event,
        "userIdentity": {"principalId": f"AWS:{ACCOUNT}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": about["sequencer"], "x-amz-id-2": ""},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": entry,
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": OWNER["ID"]},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {**about, "key": quote_plus(about["key"], safe="/")},
        },
    }


def _event(event: str, operation: str, bucket: str, about: Params, context: Context) -> Params:
    """An event as EventBridge gets it."""
    names = {"eTag": "etag", "versionId": "version-id"}
    detail: Params = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {names.get(name, name): value for name, value in about.items()},
        "request-id": about["sequencer"],
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": operation,
    }
    if event.startswith("ObjectRemoved:"):
        marked = event == MARKED
        detail["deletion-type"] = "Delete Marker Created" if marked else "Permanently Deleted"
    return {
        "version": "0",
        "id": f"{bucket}-{about['sequencer']}",
        "detail-type": KINDS.get(event) or KINDS[event.partition(":")[0]],
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": datetime.fromtimestamp(context.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": context.region,
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": detail,
    }
