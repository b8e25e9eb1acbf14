"""Reading objects: GetObject, HeadObject and GetObjectAttributes."""

from collections.abc import Mapping

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects.blobs import Reading
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import Bucket, Checksum, Segment, Version
from understudy.storage.s3 import attributes, faults
from understudy.storage.s3.conditions import check_read, quoted
from understudy.storage.s3.context import Context, Operation, bucket_of, shown_id, version_of
from understudy.storage.s3.ranges import Span, span

_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


def checksum_members(checksum: Checksum | None) -> Params:
    """A checksum as members of an answer: ``ChecksumCRC32`` and ``ChecksumType``."""
    if checksum is None:
        return {}
    return {f"Checksum{checksum.algorithm}": checksum.value, "ChecksumType": checksum.type}


def _described(bucket: Bucket, version: Version, params: Params, wanted: Span | None) -> Params:
    """What GetObject and HeadObject both say of a version."""
    kept = version.attributes
    output: Params = {
        "AcceptRanges": "bytes",
        "LastModified": version.modified,
        "ContentLength": version.size,
        "ETag": quoted(version.etag),
        **{name: kept[name] for name in attributes.RETURNED if name in kept},
        **shown_id(bucket, version),
    }
    if kept["StorageClass"] != "STANDARD":
        output["StorageClass"] = kept["StorageClass"]
    if version.tags:
        output["TagCount"] = len(version.tags)
    if wanted is not None:
        output["ContentLength"] = wanted.stop - wanted.start
        output["ContentRange"] = f"bytes {wanted.start}-{wanted.stop - 1}/{version.size}"
        if wanted.part and version.parts:
            output["PartsCount"] = len(version.segments)
    if str(params.get("ChecksumMode")).upper() == "ENABLED":
        output |= checksum_members(_checksum_of(version, wanted))
    overrides = {_OVERRIDES[name]: params[name] for name in _OVERRIDES if params.get(name)}
    return {**output, **overrides}


def _checksum_of(version: Version, wanted: Span | None) -> Checksum | None:
    """The checksum of the bytes that are answered, where one is known."""
    whole = version.checksum
    if wanted is None or (wanted.start == 0 and wanted.stop == version.size):
        return whole
    if whole is None or not wanted.part or whole.type != "COMPOSITE":
        return None
    value = version.segments[wanted.part - 1].checksums[whole.algorithm]
    return Checksum(whole.algorithm, value, whole.type)


def open_object(store: Store, params: Params, context: Context) -> tuple[Params, Reading]:
    """GetObject with its body as a reading that the caller closes.

    ``ContentRange`` is in the output where the answer is a part of the object (HTTP 206).
    """
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        version = version_of(snapshot.rows, params, "GET")
        if version.attributes["StorageClass"] in attributes.ARCHIVED:
            message = "The operation is not valid for the object's storage class"
            fields = {"StorageClass": version.attributes["StorageClass"]}
            raise Fault("InvalidObjectState", message, 403, fields)
        check_read(params, version, context.at)
        wanted = span(params, version)
        output = _described(bucket, version, params, wanted)
        start, stop = (wanted.start, wanted.stop) if wanted else (0, version.size)
        return output, snapshot.open(version.segments, start, stop)


def get_object(store: Store, params: Params, context: Context) -> Params:
    """GetObject with its body as bytes, for objects that are known to be small."""
    output, reading = open_object(store, params, context)
    with reading:
        return {**output, "Body": reading.read()}


def head_object(store: Store, params: Params, context: Context) -> Params:
    """HeadObject."""
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        version = version_of(snapshot.rows, params, "HEAD")
        check_read(params, version, context.at)
        return _described(bucket, version, params, span(params, version))


def get_object_attributes(store: Store, params: Params, context: Context) -> Params:
    """GetObjectAttributes: ETag, Checksum, ObjectParts, StorageClass, ObjectSize, as asked for."""
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        version = version_of(snapshot.rows, params, "GET")
    asked: list[str] = params.get("ObjectAttributes") or []
    if not asked:
        message = (
            "The x-amz-object-attributes header specifying the attributes to be retrieved is "
            "either missing or empty"
        )
        raise faults.invalid_request(message)
    known: Params = {
        "ETag": version.etag,
        "Checksum": checksum_members(version.checksum) or None,
        "ObjectParts": _parts(version, params) if version.parts else None,
        "StorageClass": version.attributes["StorageClass"],
        "ObjectSize": version.size,
    }
    found = {name: known[name] for name in asked if known.get(name) is not None}
    return {"LastModified": version.modified, **shown_id(bucket, version), **found}


def _parts(version: Version, params: Params) -> Params:
    """The parts that an object was uploaded in; each is listed where checksums are part by part."""
    after, limit = params.get("PartNumberMarker") or 0, params.get("MaxParts") or 1000
    output: Params = {"TotalPartsCount": len(version.segments)}
    if version.checksum is None or version.checksum.type != "COMPOSITE":
        return output
    shown = version.segments[after : after + limit]
    return {
        **output,
        "PartNumberMarker": after,
        "NextPartNumberMarker": after + len(shown),
        "MaxParts": limit,
        "IsTruncated": after + len(shown) < len(version.segments),
        "Parts": [
            _part_entry(after + index, segment, version.checksum.algorithm)
            for index, segment in enumerate(shown, start=1)
        ],
    }


def _part_entry(number: int, segment: Segment, algorithm: str) -> Params:
    checksum = segment.checksums[algorithm]
    return {"PartNumber": number, "Size": segment.size, f"Checksum{algorithm}": checksum}


operations: Mapping[str, Operation] = {
    "GetObject": get_object,
    "HeadObject": head_object,
    "GetObjectAttributes": get_object_attributes,
}
