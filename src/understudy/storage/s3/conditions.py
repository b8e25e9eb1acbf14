"""Conditional requests: on reads, on the sources of copies, and on writes.

AWS: Conditional requests; GetObject; CopyObject; Prevent object overwrites with conditional writes.
"""

from sqlite3 import Connection

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import versions
from understudy.storage.objects.values import Version
from understudy.storage.s3 import faults


def quoted(etag: str) -> str:
    """An ETag as it stands in answers.

    >>> quoted("9b2cf5")
    '"9b2cf5"'
    """
    return f'"{etag}"'


def matches(condition: str, etag: str) -> bool:
    """Whether an ETag is among those of a condition, with or without quotes; ``*`` is any.

    >>> matches('"9b2cf5", "77aa"', "77aa"), matches("*", "77aa"), matches("9b2cf5", "77aa")
    (True, True, False)
    """
    named = [part.strip().strip('"') for part in condition.split(",")]
    return "*" in named or etag in named


def check_read(params: Params, version: Version, at: float) -> None:
    """Raise PreconditionFailed (412) or NotModified (304) where a read's conditions do not hold.

    An ETag condition that holds outweighs its date condition.
    """
    wanted, unwanted = params.get("IfMatch"), params.get("IfNoneMatch")
    since, until = params.get("IfModifiedSince"), params.get("IfUnmodifiedSince")
    if wanted is not None:
        if not matches(wanted, version.etag):
            raise faults.precondition_failed("If-Match")
    elif until is not None and version.modified > until:
        raise faults.precondition_failed("If-Unmodified-Since")
    if unwanted is not None:
        unchanged = matches(unwanted, version.etag)
    else:
        unchanged = since is not None and version.modified <= since <= at
    if unchanged:
        output = {"ETag": quoted(version.etag), "LastModified": version.modified}
        raise faults.Refusal(Fault("NotModified", "Not Modified", 304), output)


def check_source(params: Params, source: Version, at: float) -> None:
    """Raise PreconditionFailed where the conditions on the source of a copy do not hold."""
    wanted, unwanted = params.get("CopySourceIfMatch"), params.get("CopySourceIfNoneMatch")
    since = params.get("CopySourceIfModifiedSince")
    until = params.get("CopySourceIfUnmodifiedSince")
    if wanted is not None and not matches(wanted, source.etag):
        raise faults.precondition_failed("x-amz-copy-source-If-Match")
    if wanted is None and until is not None and source.modified > until:
        raise faults.precondition_failed("x-amz-copy-source-If-Unmodified-Since")
    if unwanted is not None and matches(unwanted, source.etag):
        raise faults.precondition_failed("x-amz-copy-source-If-None-Match")
    if unwanted is None and since is not None and source.modified <= since <= at:
        raise faults.precondition_failed("x-amz-copy-source-If-Modified-Since")


def check_write(rows: Connection, params: Params, *, disturbed: bool = False) -> None:
    """Raise S3's answer where a write's conditions do not hold for the latest version of its key.

    ``disturbed`` says that the key was written or deleted since a multipart upload to it began.
    Raises PreconditionFailed, NoSuchKey, ConditionalRequestConflict and NotImplemented.
    """
    wanted, unwanted = params.get("IfMatch"), params.get("IfNoneMatch")
    if wanted is None and unwanted is None:
        return
    _check_write_headers(wanted, unwanted)
    latest = versions.latest(rows, params["Bucket"], params["Key"])
    exists = latest is not None and not latest.marker
    header = "If-Match" if wanted is not None else "If-None-Match"
    if wanted is not None and not exists:
        raise faults.no_such_key(params["Key"])
    if unwanted is not None and exists:
        raise faults.precondition_failed(header)
    if wanted is not None and latest is not None and not matches(wanted, latest.etag):
        raise faults.precondition_failed(header)
    if disturbed:
        message = (
            "The conditional request cannot succeed due to a conflicting operation against this "
            "resource."
        )
        fields = {"Condition": header, "Key": params["Key"]}
        raise Fault("ConditionalRequestConflict", message, 409, fields)


def check_delete(rows: Connection, params: Params) -> None:
    """Raise NoSuchKey or PreconditionFailed where the If-Match of a delete does not hold."""
    wanted = params.get("IfMatch")
    if wanted is None:
        return
    latest = versions.latest(rows, params["Bucket"], params["Key"])
    if latest is None or latest.marker:
        raise faults.no_such_key(params["Key"])
    if not matches(wanted, latest.etag):
        raise faults.precondition_failed("If-Match")


def _check_write_headers(wanted: str | None, unwanted: str | None) -> None:
    if wanted is not None and unwanted is not None:
        detail = "Multiple conditional request headers present in the request"
        raise faults.header_not_implemented("If-Match,If-None-Match", detail)
    refused = "If-Match" if wanted == "*" else "If-None-Match"
    if wanted == "*" or unwanted not in (None, "*"):
        detail = f"We don't accept the provided value of {refused} header for this API"
        raise faults.header_not_implemented(refused, detail)
