"""Multipart uploads.

AWS: Uploading and copying objects using multipart upload; Multipart upload limits.
"""

import hashlib
from collections.abc import Mapping
from contextlib import closing
from itertools import pairwise
from sqlite3 import Connection
from urllib.parse import quote

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import uploads, versions
from understudy.storage.objects.digests import (
    ALGORITHMS,
    DEFAULT,
    FULL_OBJECT_ALGORITHMS,
    combined,
    composite,
)
from understudy.storage.objects.store import Store, Transaction
from understudy.storage.objects.values import Bucket, Checksum, Part, Segment, Upload, Version
from understudy.storage.s3 import attributes, body, copying, faults
from understudy.storage.s3.conditions import check_write, quoted
from understudy.storage.s3.context import Context, Operation, bucket_of, entries, moment, structure
from understudy.storage.s3.ranges import check_part_number
from understudy.storage.s3.reading import checksum_members
from understudy.storage.s3.writing import written_id

PART_MINIMUM = 5 << 20
"""Bytes that every part but the last must have."""


def upload_of(rows: Connection, params: Params) -> tuple[Bucket, Upload]:
    """The bucket and the upload that parameters name. Raises NoSuchUpload."""
    bucket = bucket_of(rows, params)
    upload = uploads.find(rows, params["UploadId"])
    if upload is None or (upload.bucket, upload.key) != (bucket.name, params["Key"]):
        raise faults.no_such_upload(params["UploadId"])
    return bucket, upload


def _checksum_kind(params: Params) -> tuple[str, str]:
    """The algorithm and type of checksum that an upload is created with; both may be empty."""
    algorithm, kind = params.get("ChecksumAlgorithm") or "", params.get("ChecksumType") or ""
    if not algorithm:
        if kind:
            message = (
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
                "header."
            )
            raise faults.invalid_request(message)
        return "", ""
    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        message = (
            "Checksum algorithm provided is unsupported. Please try again with any of the valid "
            f"types: [{known}]"
        )
        raise faults.invalid_request(message)
    allowed = ["COMPOSITE"] if algorithm != DEFAULT else []
    allowed += ["FULL_OBJECT"] if algorithm in FULL_OBJECT_ALGORITHMS else []
    kind = kind or allowed[0]
    if kind not in allowed:
        message = (
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum "
            "algorithm."
        )
        raise faults.invalid_request(message)
    return algorithm, kind


def create_multipart_upload(store: Store, params: Params, context: Context) -> Params:
    """CreateMultipartUpload."""
    attributes.check_key(params["Key"])
    algorithm, kind = _checksum_kind(params)
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        upload = uploads.begin(
            change.rows,
            Upload(
                id="",
                bucket=bucket.name,
                key=params["Key"],
                initiated=moment(context.at),
                attributes={
                    **attributes.described(params),
                    **attributes.settled(change.rows, bucket, params, context),
                },
                tags=attributes.header_tags(params),
                algorithm=algorithm,
                checksum_type=kind,
            ),
        )
    output = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.id}
    return {**output, **_checksum_members(upload), **attributes.encryption_of(upload)}


def _checksum_members(upload: Upload) -> Params:
    if not upload.algorithm:
        return {}
    return {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": upload.checksum_type}


def admit(store: Store, params: Params) -> str:
    """Refuse an UploadPart whose body need not be read; else the upload's checksum algorithm."""
    with store.read() as snapshot:
        _, upload = upload_of(snapshot.rows, params)
    check_part_number(params["PartNumber"])
    return upload.algorithm


def upload_part(store: Store, params: Params, context: Context) -> Params:
    """UploadPart. ``Body`` is bytes, or a ``Received`` body that is in the store already."""
    received = body.receive(store, params, admit(store, params))
    with store.write(received.segment) as change:
        _, upload = upload_of(change.rows, params)
        _check_algorithm(upload, received.algorithm)
        part = _put_part(change, upload, params, context, received)
    shown = received.algorithm or (upload.algorithm or DEFAULT)
    checksum = {f"Checksum{shown}": part.segment.checksums[shown]}
    return {"ETag": quoted(part.segment.md5), **checksum, **attributes.encryption_of(upload)}


def _check_algorithm(upload: Upload, sent: str) -> None:
    if (
        upload.algorithm
        and sent != upload.algorithm
        and (sent or upload.checksum_type == "COMPOSITE")
    ):
        message = (
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm.lower()}, "
            f"actual checksum Type: {sent.lower() or 'null'}"
        )
        raise faults.invalid_request(message)


def _put_part(
    change: Transaction, upload: Upload, params: Params, context: Context, received: body.Received
) -> Part:
    at = moment(context.at)
    part = Part(params["PartNumber"], at, received.segment, received.algorithm)
    uploads.put_part(change, upload.id, part)
    return part


def upload_part_copy(store: Store, params: Params, context: Context) -> Params:
    """UploadPartCopy: a part from an object, or from a range of its bytes."""
    algorithm = admit(store, params)
    source = copying.open_source(store, params, context)
    with closing(source.reading):
        segment = copying.copied(store, source, algorithm or DEFAULT)
    with store.write(segment) as change:
        _, upload = upload_of(change.rows, params)
        received = body.Received(segment, algorithm)
        part = _put_part(change, upload, params, context, received)
    checksum = {f"Checksum{algorithm}": segment.checksums[algorithm]} if algorithm else {}
    result = {"ETag": quoted(segment.md5), "LastModified": part.modified, **checksum}
    source_id = copying.source_id(source)
    return {"CopyPartResult": result, **source_id, **attributes.encryption_of(upload)}


def complete_multipart_upload(store: Store, params: Params, context: Context) -> Params:
    """CompleteMultipartUpload: the object is the parts in the list, in its order."""
    with store.write() as change:
        bucket, upload = upload_of(change.rows, params)
        check_write(change.rows, params, disturbed=upload.disturbed)
        segments = _chosen(change.rows, upload, params)
        size = sum(segment.size for segment in segments)
        checksum = _object_checksum(upload, segments)
        _check_whole(upload, params, checksum, size)
        version = versions.put(
            change,
            bucket,
            Version(
                key=upload.key,
                id="",
                modified=moment(context.at),
                size=size,
                etag=multipart_etag(segments),
                checksum=checksum,
                attributes=upload.attributes,
                tags=upload.tags,
                segments=segments,
                parts=True,
            ),
        )
        chosen = frozenset(part["PartNumber"] for part in params["MultipartUpload"]["Parts"])
        uploads.end(change, upload.id, chosen)
    address = f"https://{bucket.name}.s3.{bucket.region}.amazonaws.com/{quote(upload.key)}"
    return {
        "Location": address,
        "Bucket": bucket.name,
        "Key": upload.key,
        "ETag": quoted(version.etag),
        **checksum_members(checksum),
        **attributes.encryption_of(version),
        **written_id(version),
    }


def multipart_etag(segments: tuple[Segment, ...]) -> str:
    """The MD5 of the parts' MD5s, with their count.

    >>> multipart_etag((Segment("", 0, "d41d8cd98f00b204e9800998ecf8427e"),))
    '59adb24ef3cdbe0297f05b395827453f-1'
    """
    digests = b"".join(bytes.fromhex(segment.md5) for segment in segments)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(segments)}"


def _chosen(rows: Connection, upload: Upload, params: Params) -> tuple[Segment, ...]:
    """The segments of the parts that a completion lists. Raises what S3 answers to a wrong list."""
    listed = entries(structure(params, "MultipartUpload"), "Parts")
    if not listed:
        raise faults.invalid_request("You must specify at least one part")
    numbers: list[int] = [entry["PartNumber"] for entry in listed]
    if any(first >= second for first, second in pairwise(numbers)):
        message = (
            "The list of parts was not in ascending order. Parts must be ordered by part number."
        )
        raise Fault("InvalidPartOrder", message, 400, {"UploadId": upload.id})
    known = {part.number: part for part in uploads.parts(rows, upload.id)}
    segments = [_listed_part(upload, known.get(entry["PartNumber"]), entry) for entry in listed]
    for number, segment in zip(numbers[:-1], segments[:-1], strict=True):
        if segment.size < PART_MINIMUM:
            fields: Params = {
                "ETag": segment.md5,
                "MinSizeAllowed": PART_MINIMUM,
                "PartNumber": number,
                "ProposedSize": segment.size,
            }
            message = "Your proposed upload is smaller than the minimum allowed size"
            raise Fault("EntityTooSmall", message, 400, fields)
    return tuple(segments)


def _listed_part(upload: Upload, part: Part | None, entry: Params) -> Segment:
    sent = body.sent_checksums(entry)
    if upload.checksum_type == "COMPOSITE" and upload.algorithm not in sent:
        message = (
            f"The upload was created using a {upload.algorithm.lower()} checksum. The complete "
            "request must include the checksum for each part. It was missing for part "
            f"{entry['PartNumber']} in the request."
        )
        raise faults.invalid_request(message)
    if (
        part is None
        or entry.get("ETag", "").strip('"') != part.segment.md5
        or any(part.segment.checksums.get(name, value) != value for name, value in sent.items())
    ):
        message = (
            "One or more of the specified parts could not be found.  The part may not have been "
            "uploaded, or the specified entity tag may not match the part's entity tag."
        )
        fields = {
            "ETag": entry.get("ETag", ""),
            "PartNumber": entry["PartNumber"],
            "UploadId": upload.id,
        }
        raise Fault("InvalidPart", message, 400, fields)
    return part.segment


def _object_checksum(upload: Upload, segments: tuple[Segment, ...]) -> Checksum:
    algorithm, kind = upload.algorithm or DEFAULT, upload.checksum_type or "FULL_OBJECT"
    if kind == "COMPOSITE":
        values = (segment.checksums[algorithm] for segment in segments)
        return Checksum(algorithm, composite(algorithm, values), kind)
    sized = ((segment.checksums[algorithm], segment.size) for segment in segments)
    return Checksum(algorithm, combined(algorithm, sized), kind)


def _check_whole(upload: Upload, params: Params, checksum: Checksum, size: int) -> None:
    """Compare the checksum, its type and the size that a completion states with what is so."""
    kind = params.get("ChecksumType")
    if kind and kind != checksum.type:
        message = (
            f"The upload was created using the {checksum.type} checksum mode. The complete request "
            "must use the same checksum mode."
        )
        raise faults.invalid_request(message)
    for name, value in body.sent_checksums(params).items():
        if name != checksum.algorithm or value.split("-")[0] != checksum.value.split("-")[0]:
            message = f"The {name} you specified did not match the calculated checksum."
            raise Fault("BadDigest", message, 400)
    stated = params.get("MpuObjectSize")
    if stated is not None and stated != size:
        message = (
            f"The provided 'x-amz-mp-object-size' header value {stated} does not match what was "
            f"computed: {size}"
        )
        raise faults.invalid_request(message)


def abort_multipart_upload(store: Store, params: Params, context: Context) -> Params:
    """AbortMultipartUpload."""
    with store.write() as change:
        _, upload = upload_of(change.rows, params)
        uploads.end(change, upload.id)
    return {}


operations: Mapping[str, Operation] = {
    "CreateMultipartUpload": create_multipart_upload,
    "UploadPart": upload_part,
    "UploadPartCopy": upload_part_copy,
    "CompleteMultipartUpload": complete_multipart_upload,
    "AbortMultipartUpload": abort_multipart_upload,
}
