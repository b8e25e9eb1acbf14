"""Copies of objects: CopyObject, and the source that UploadPartCopy shares with it.

AWS: CopyObject; Copying, moving, and renaming objects.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from sqlite3 import Connection
from urllib.parse import unquote

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets, versions
from understudy.storage.objects.blobs import Reading
from understudy.storage.objects.digests import DEFAULT
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import NULL, Bucket, Checksum, Segment, Version
from understudy.storage.s3 import attributes, body, faults
from understudy.storage.s3.conditions import check_source, check_write, quoted
from understudy.storage.s3.context import Context, Operation, bucket_of, moment, version_of
from understudy.storage.s3.ranges import copy_span
from understudy.storage.s3.reading import checksum_members
from understudy.storage.s3.writing import written_id


@dataclass(frozen=True, slots=True)
class Source:
    """What is copied: a version, and the reading of those of its bytes that are wanted."""

    params: Params
    version: Version
    reading: Reading


def source_params(copy_source: str | Params) -> Params:
    """Bucket, Key and VersionId of a copy's source, written ``bucket/key?versionId=id``.

    >>> source_params("/models/digits%2Fv1.tar.gz?versionId=null")
    {'Bucket': 'models', 'Key': 'digits/v1.tar.gz', 'VersionId': 'null'}
    """
    if not isinstance(copy_source, str):
        return dict(copy_source)
    path, _, version_id = copy_source.removeprefix("/").partition("?versionId=")
    bucket, _, key = unquote(path).partition("/")
    if not bucket or not key:
        message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise faults.invalid_argument(message, "x-amz-copy-source", "null")
    return {"Bucket": bucket, "Key": key, **({"VersionId": version_id} if version_id else {})}


def open_source(store: Store, params: Params, context: Context) -> Source:
    """The source of a copy, whose reading the caller closes.

    Raises what S3 answers where there is no such object, it is archived, or a condition on it
    (CopySourceIf...) does not hold.
    """
    named = source_params(params["CopySource"])
    named |= {"ExpectedBucketOwner": params.get("ExpectedSourceBucketOwner", ACCOUNT)}
    with store.read() as snapshot:
        bucket_of(snapshot.rows, named)
        version = _source_version(snapshot.rows, named)
        if version.attributes["StorageClass"] in attributes.ARCHIVED:
            message = "Operation is not valid for the source object's storage class"
            fields = {"StorageClass": version.attributes["StorageClass"]}
            raise Fault("InvalidObjectState", message, 403, fields)
        check_source(params, version, context.at)
        wanted = copy_span(params.get("CopySourceRange"), version.size)
        if wanted.stop - wanted.start > body.SIZE_LIMIT:
            message = (
                "The specified copy source is larger than the maximum allowable size for a copy "
                f"source: {body.SIZE_LIMIT}"
            )
            raise faults.invalid_request(message)
        reading = snapshot.open(version.segments, wanted.start, wanted.stop)
    return Source(named, version, reading)


def _source_version(rows: Connection, named: Params) -> Version:
    try:
        return version_of(rows, named, "GET")
    except Fault as fault:
        if fault.code != "MethodNotAllowed":
            raise
        message = (
            "The source of a copy request may not specifically refer to a delete marker by version "
            "id."
        )
        raise faults.invalid_request(message) from None


def copied(store: Store, source: Source, algorithm: str) -> Segment:
    """The source's bytes as a segment of its own, with a checksum in this algorithm.

    A file that is wanted whole is linked, not read.
    """
    segments = source.version.segments
    if len(segments) == 1 and source.reading.size == segments[0].size:
        only = segments[0]
        if algorithm in only.checksums:
            blob = store.blobs.copy(only.blob) if only.blob else ""
            return Segment(blob, only.size, only.md5, only.checksums)
    return body.take_in(store, body.Announced(computed=algorithm), source.reading).segment


def copy_object(store: Store, params: Params, context: Context) -> Params:
    """CopyObject, of up to 5 GiB."""
    source = open_source(store, params, context)
    with closing(source.reading):
        with store.read() as snapshot:
            bucket = bucket_of(snapshot.rows, params)
            _check_change(snapshot.rows, bucket, params, source)
        kept = source.version.checksum
        algorithm = params.get("ChecksumAlgorithm") or (kept.algorithm if kept else DEFAULT)
        segment = copied(store, source, algorithm)
    checksum = Checksum(algorithm, segment.checksums[algorithm])
    with store.write(segment) as change:
        bucket = bucket_of(change.rows, params)
        check_write(change.rows, params)
        version = versions.put(
            change,
            bucket,
            Version(
                key=params["Key"],
                id="",
                modified=moment(context.at),
                size=segment.size,
                etag=segment.md5,
                checksum=checksum,
                attributes={
                    **_description(params, source.version),
                    **attributes.settled(change.rows, bucket, params, context),
                },
                tags=_tags(params, source.version),
                segments=(segment,),
            ),
        )
    result = {
        "ETag": quoted(version.etag),
        "LastModified": version.modified,
        **checksum_members(checksum),
    }
    return {
        "CopyObjectResult": result,
        **source_id(source),
        **attributes.encryption_of(version),
        **written_id(version),
    }


def source_id(source: Source) -> Params:
    """The CopySourceVersionId member of an answer: none for a null version."""
    version_id = source.version.id
    return {} if version_id == NULL else {"CopySourceVersionId": version_id}


def _directive(params: Params, member: str, what: str) -> str:
    directive = params.get(member) or "COPY"
    if directive not in ("COPY", "REPLACE"):
        message = f"Unknown {what} directive."
        raise faults.invalid_argument(message, f"x-amz-{what}-directive", directive)
    return directive


def _description(params: Params, source: Version) -> Params:
    if _directive(params, "MetadataDirective", "metadata") == "REPLACE":
        return attributes.described(params)
    names = (*attributes.CONTENT, "Metadata")
    return {name: source.attributes[name] for name in names if name in source.attributes}


def _tags(params: Params, source: Version) -> dict[str, str]:
    if _directive(params, "TaggingDirective", "tagging") == "REPLACE":
        return attributes.header_tags(params)
    return source.tags


def _check_change(rows: Connection, bucket: Bucket, params: Params, source: Source) -> None:
    """Refuse a copy of a latest version onto itself that would change nothing."""
    attributes.check_key(params["Key"])
    onto_itself = (
        source.params["Bucket"] == bucket.name
        and source.version.key == params["Key"]
        and source.version.latest
    )
    changes = (
        params.get("StorageClass"),
        params.get("ServerSideEncryption"),
        params.get("WebsiteRedirectLocation"),
        _directive(params, "MetadataDirective", "metadata") == "REPLACE",
        buckets.setting(rows, bucket.name, "Encryption"),
    )
    if onto_itself and not any(changes):
        raise faults.invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without "
            "changing the object's metadata, storage class, website redirect location or "
            "encryption attributes."
        )


operations: Mapping[str, Operation] = {"CopyObject": copy_object}
