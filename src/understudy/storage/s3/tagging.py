"""Tags of buckets and objects.

AWS: Categorizing your objects using tags; PutBucketTagging; PutObjectTagging.
"""

import unicodedata
from collections.abc import Mapping
from sqlite3 import Connection
from urllib.parse import parse_qsl

from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import versions
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import Version
from understudy.storage.s3 import faults
from understudy.storage.s3.context import Context, Operation, bucket_of, shown_id, version_of

_SIGNS = frozenset("_.:/=+-@")
_KEY_LIMIT, _VALUE_LIMIT = 128, 256
OBJECT_LIMIT, BUCKET_LIMIT = 10, 50


def _fits(text: str, limit: int) -> bool:
    """Whether a text has only letters, numbers, spaces and ``_ . : / = + - @``."""
    return len(text) <= limit and all(
        sign in _SIGNS or unicodedata.category(sign)[0] in "LNZ" for sign in text
    )


def _invalid(message: str, **fields: str) -> Fault:
    return Fault("InvalidTag", message, 400, fields)


def _tags(tag_set: list[Params]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for tag in tag_set:
        key, value = tag["Key"], tag.get("Value", "")
        if key in tags:
            raise _invalid("Cannot provide multiple Tags with the same key", TagKey=key)
        if not key or not _fits(key, _KEY_LIMIT):
            raise _invalid("The TagKey you have provided is invalid", TagKey=key)
        if not _fits(value, _VALUE_LIMIT):
            message = "The TagValue you have provided is invalid"
            raise _invalid(message, TagKey=key, TagValue=value)
        tags[key] = value
    return tags


def bucket_tags(
    tag_set: list[Params], earlier: list[Params], context: Context
) -> list[dict[str, str]]:
    """The tags of a bucket as they are kept, in order of their keys.

    System tags (``aws:``) come from services; others may only send along those that are there.
    """
    tags = _tags(tag_set)
    known = {tag["Key"]: tag["Value"] for tag in earlier}
    for key, value in tags.items():
        if key.startswith("aws:") and not context.by_service and known.get(key) != value:
            message = "System tags cannot be added/updated by requester"
            raise _invalid(message, TagKey=key)
    if len(tags) > BUCKET_LIMIT:
        raise Fault("BadRequest", f"Bucket tag count cannot be greater than {BUCKET_LIMIT}", 400)
    return as_set(tags)


def object_tags(tag_set: list[Params]) -> dict[str, str]:
    """The tags of an object. Raises InvalidTag, and BadRequest for more than ten."""
    tags = _tags(tag_set)
    for key in tags:
        if key.startswith("aws:"):
            raise _invalid("Your TagKey cannot be prefixed with aws:", TagKey=key)
    if len(tags) > OBJECT_LIMIT:
        raise Fault("BadRequest", f"Object tags cannot be greater than {OBJECT_LIMIT}", 400)
    return tags


def header_tags(header: str) -> dict[str, str]:
    """The tags in a header such as ``project=digits&stage=test``.

    >>> header_tags("project=digits&stage=")
    {'project': 'digits', 'stage': ''}
    """
    pairs = parse_qsl(header, keep_blank_values=True)
    if len({key for key, _ in pairs}) != len(pairs) or any("," in key for key, _ in pairs):
        raise _bad_header(header)
    if any(not _fits(value, _VALUE_LIMIT) for _, value in pairs):
        raise _bad_header(header)
    return object_tags([{"Key": key, "Value": value} for key, value in pairs])


def _bad_header(header: str) -> Fault:
    message = (
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
        "without tag name duplicates."
    )
    return faults.invalid_argument(message, "x-amz-tagging", header)


def as_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a TagSet, in order of their keys."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _taggable(rows: Connection, params: Params, method: str) -> Version:
    """The version to tag; a delete marker is refused as one even where it is only the latest."""
    try:
        return version_of(rows, params, method)
    except faults.Refusal as refusal:
        raise faults.Refusal(faults.method_not_allowed(method), refusal.output) from None


def put_object_tagging(store: Store, params: Params, context: Context) -> Params:
    """PutObjectTagging."""
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        tags = object_tags(params["Tagging"].get("TagSet") or [])
        version = _taggable(change.rows, params, "PUT")
        versions.amend(change.rows, replace(version, tags=tags))
    return shown_id(bucket, version)


def get_object_tagging(store: Store, params: Params, context: Context) -> Params:
    """GetObjectTagging."""
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        version = _taggable(snapshot.rows, params, "GET")
    return {"TagSet": as_set(version.tags), **shown_id(bucket, version)}


def delete_object_tagging(store: Store, params: Params, context: Context) -> Params:
    """DeleteObjectTagging."""
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        version = _taggable(change.rows, params, "DELETE")
        versions.amend(change.rows, replace(version, tags={}))
    return shown_id(bucket, version)


operations: Mapping[str, Operation] = {
    "PutObjectTagging": put_object_tagging,
    "GetObjectTagging": get_object_tagging,
    "DeleteObjectTagging": delete_object_tagging,
}
