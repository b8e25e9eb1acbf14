"""Listings: ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads and ListParts.

AWS: ListObjectsV2; Listing object keys programmatically.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from sqlite3 import Connection
from typing import TypeVar
from urllib.parse import quote

from understudy.control.events import Params
from understudy.storage.objects import uploads, versions
from understudy.storage.objects.listing import Keyed, Page, Scope, page
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import Part, Upload, Version
from understudy.storage.s3 import faults, tokens
from understudy.storage.s3.conditions import quoted
from understudy.storage.s3.context import OWNER, Context, Operation, bucket_of
from understudy.storage.s3.multipart import upload_of

T = TypeVar("T", bound=Keyed)
PAGE_LIMIT = 1000


def _limit(params: Params, member: str, argument: str) -> int:
    limit = params.get(member)
    if limit is None:
        return PAGE_LIMIT
    if not 0 <= limit < 1 << 31:
        message = f"Argument {argument} must be an integer between 0 and 2147483647"
        raise faults.invalid_argument(message, argument, limit)
    return min(limit, PAGE_LIMIT)


def _encoder(params: Params) -> Callable[[str], str]:
    """How names are written in the answer: as they are, or URL-encoded where that was asked for."""
    encoding = params.get("EncodingType")
    if encoding is None:
        return str
    if encoding != "url":
        message = "Invalid Encoding Method specified in Request"
        raise faults.invalid_argument(message, "encoding-type", encoding)
    return partial(quote, safe="/")


def _common(params: Params, found: Page[T], encode: Callable[[str], str]) -> Params:
    """What the answers of all listings with prefixes have in common."""
    output: Params = {"IsTruncated": found.truncated, "Prefix": encode(params.get("Prefix") or "")}
    if params.get("Delimiter"):
        output["Delimiter"] = encode(params["Delimiter"])
    if params.get("EncodingType"):
        output["EncodingType"] = params["EncodingType"]
    if found.prefixes:
        output["CommonPrefixes"] = [{"Prefix": encode(prefix)} for prefix in found.prefixes]
    return output


def _name(entry: Keyed | str | None) -> str:
    if entry is None:
        return ""
    return entry if isinstance(entry, str) else entry.key


def _scope(params: Params, after: str) -> Scope:
    return Scope(params.get("Prefix") or "", params.get("Delimiter") or "", after)


def _objects(store: Store, params: Params, after: str) -> Page[Version]:
    limit = _limit(params, "MaxKeys", "maxKeys")
    scope = _scope(params, after)
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        seek = partial(versions.objects_from, snapshot.rows, bucket.name)
        return page(scope, limit, seek(scope.start()), seek)


def _object_entry(version: Version, encode: Callable[[str], str], *, owner: bool) -> Params:
    entry: Params = {
        "Key": encode(version.key),
        "LastModified": version.modified,
        "ETag": quoted(version.etag),
        "Size": version.size,
        "StorageClass": version.attributes["StorageClass"],
    }
    if version.checksum is not None:
        entry["ChecksumAlgorithm"] = [version.checksum.algorithm]
        entry["ChecksumType"] = version.checksum.type
    return {**entry, "Owner": OWNER} if owner else entry


def list_objects(store: Store, params: Params, context: Context) -> Params:
    """ListObjects, the first version of the API."""
    encode, after = _encoder(params), params.get("Marker") or ""
    found = _objects(store, params, after)
    output: Params = {
        "Name": params["Bucket"],
        "Marker": encode(after),
        "MaxKeys": _limit(params, "MaxKeys", "maxKeys"),
        **_common(params, found, encode),
    }
    if found.truncated and params.get("Delimiter"):
        output["NextMarker"] = encode(_name(found.last))
    contents = [_object_entry(version, encode, owner=True) for version in found.rows]
    return {**output, "Contents": contents} if contents else output


def list_objects_v2(store: Store, params: Params, context: Context) -> Params:
    """ListObjectsV2."""
    encode = _encoder(params)
    token, start_after = params.get("ContinuationToken"), params.get("StartAfter") or ""
    found = _objects(store, params, start_after if token is None else tokens.after(params))
    output: Params = {
        "Name": params["Bucket"],
        "MaxKeys": _limit(params, "MaxKeys", "maxKeys"),
        "KeyCount": len(found.entries),
        **_common(params, found, encode),
    }
    if token is not None:
        output["ContinuationToken"] = token
    if start_after:
        output["StartAfter"] = encode(start_after)
    if found.truncated:
        output["NextContinuationToken"] = tokens.token(_name(found.last))
    owner = bool(params.get("FetchOwner"))
    contents = [_object_entry(version, encode, owner=owner) for version in found.rows]
    return {**output, "Contents": contents} if contents else output


def list_object_versions(store: Store, params: Params, context: Context) -> Params:
    """ListObjectVersions: versions and delete markers, the newest of a key first.

    A VersionIdMarker that was deleted since the page before begins again with its key.
    """
    encode = _encoder(params)
    key, version_id = params.get("KeyMarker") or "", params.get("VersionIdMarker") or ""
    limit = _limit(params, "MaxKeys", "maxKeys")
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        _check_version_marker(key, version_id)
        scope = _scope(params, key)
        seek = partial(versions.versions_from, snapshot.rows, bucket.name)
        first = _versions_after(snapshot.rows, bucket.name, key, version_id, scope)
        found = page(scope, limit, first, seek)
    output: Params = {
        "Name": bucket.name,
        "KeyMarker": encode(key),
        "VersionIdMarker": version_id,
        "MaxKeys": limit,
        **_common(params, found, encode),
    }
    if found.truncated:
        output["NextKeyMarker"] = encode(_name(found.last))
        if isinstance(found.last, Version):
            output["NextVersionIdMarker"] = found.last.id
    kept = [_version_entry(row, encode) for row in found.rows if not row.marker]
    markers = [_marker_entry(row, encode) for row in found.rows if row.marker]
    return {
        **output,
        **({"Versions": kept} if kept else {}),
        **({"DeleteMarkers": markers} if markers else {}),
    }


def _check_version_marker(key: str, version_id: str) -> None:
    if version_id and not key:
        message = "A version-id marker cannot be specified without a key marker."
        raise faults.invalid_argument(message, "version-id-marker", version_id)
    if version_id and not versions.is_id(version_id):
        message = "Invalid version id specified"
        raise faults.invalid_argument(message, "version-id-marker", version_id)


def _versions_after(
    rows: Connection, bucket: str, key: str, version_id: str, scope: Scope
) -> Iterable[Version]:
    if not version_id or not key.startswith(scope.prefix):
        return versions.versions_from(rows, bucket, scope.start())
    marked = versions.find(rows, bucket, key, version_id)
    if marked is None:
        return versions.versions_from(rows, bucket, key.encode())
    return versions.versions_after(rows, bucket, key, marked.sequence)


def _version_entry(version: Version, encode: Callable[[str], str]) -> Params:
    entry = _object_entry(version, encode, owner=True)
    return {**entry, "VersionId": version.id, "IsLatest": version.latest}


def _marker_entry(version: Version, encode: Callable[[str], str]) -> Params:
    return {
        "Key": encode(version.key),
        "VersionId": version.id,
        "IsLatest": version.latest,
        "LastModified": version.modified,
        "Owner": OWNER,
    }


def list_multipart_uploads(store: Store, params: Params, context: Context) -> Params:
    """ListMultipartUploads: by key, the oldest of a key first."""
    encode = _encoder(params)
    key, upload_id = params.get("KeyMarker") or "", params.get("UploadIdMarker") or ""
    limit = _limit(params, "MaxUploads", "max-uploads")
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        scope = _scope(params, key)
        seek = partial(uploads.uploads_from, snapshot.rows, bucket.name)
        first = _uploads_after(snapshot.rows, bucket.name, key, upload_id, scope)
        found = page(scope, limit, first, seek)
    output: Params = {
        "Bucket": bucket.name,
        "KeyMarker": encode(key),
        "UploadIdMarker": upload_id if key else "",
        "MaxUploads": limit,
        **_common(params, found, encode),
    }
    last = found.last
    if last is not None:
        output["NextKeyMarker"] = encode(_name(last))
        output["NextUploadIdMarker"] = last.id if isinstance(last, Upload) else ""
    entries = [_upload_entry(upload, encode) for upload in found.rows]
    return {**output, "Uploads": entries} if entries else output


def _uploads_after(
    rows: Connection, bucket: str, key: str, upload_id: str, scope: Scope
) -> Iterable[Upload]:
    if not key or not upload_id or not key.startswith(scope.prefix):
        return uploads.uploads_from(rows, bucket, scope.start())
    marked = uploads.find(rows, upload_id)
    if marked is None or marked.key != key:
        return uploads.uploads_from(rows, bucket, key.encode())
    return uploads.uploads_after(rows, bucket, key, marked.sequence)


def _checksum_kind(upload: Upload) -> Params:
    if not upload.algorithm:
        return {}
    return {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": upload.checksum_type}


def _upload_entry(upload: Upload, encode: Callable[[str], str]) -> Params:
    return {
        "UploadId": upload.id,
        "Key": encode(upload.key),
        "Initiated": upload.initiated,
        "StorageClass": upload.attributes["StorageClass"],
        "Owner": OWNER,
        "Initiator": OWNER,
        **_checksum_kind(upload),
    }


def list_parts(store: Store, params: Params, context: Context) -> Params:
    """ListParts: by number."""
    after = params.get("PartNumberMarker") or 0
    limit = _limit(params, "MaxParts", "max-parts")
    with store.read() as snapshot:
        bucket, upload = upload_of(snapshot.rows, params)
        found = uploads.parts(snapshot.rows, upload.id, after, limit + 1)
    shown = found[:limit]
    output: Params = {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.id,
        "PartNumberMarker": after,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": limit,
        "IsTruncated": len(found) > limit,
        "Owner": OWNER,
        "Initiator": OWNER,
        "StorageClass": upload.attributes["StorageClass"],
        **_checksum_kind(upload),
    }
    return {**output, "Parts": [_part_entry(part) for part in shown]} if shown else output


def _part_entry(part: Part) -> Params:
    segment = part.segment
    shown = (
        {f"Checksum{part.algorithm}": segment.checksums[part.algorithm]} if part.algorithm else {}
    )
    return {
        "PartNumber": part.number,
        "LastModified": part.modified,
        "ETag": quoted(segment.md5),
        "Size": segment.size,
        **shown,
    }


operations: Mapping[str, Operation] = {
    "ListObjects": list_objects,
    "ListObjectsV2": list_objects_v2,
    "ListObjectVersions": list_object_versions,
    "ListMultipartUploads": list_multipart_uploads,
    "ListParts": list_parts,
}
