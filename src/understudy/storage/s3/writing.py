"""Writing and deleting objects: PutObject, DeleteObject and DeleteObjects."""

from collections.abc import Mapping

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import versions
from understudy.storage.objects.digests import DEFAULT
from understudy.storage.objects.store import Store, Transaction
from understudy.storage.objects.values import NULL, Bucket, Checksum, Version
from understudy.storage.s3 import attributes, body, faults, lock
from understudy.storage.s3.conditions import check_delete, check_write, quoted
from understudy.storage.s3.context import (
    Context,
    Operation,
    bucket_of,
    check_version_id,
    moment,
)
from understudy.storage.s3.reading import checksum_members

DELETE_LIMIT = 1000


def admit(store: Store, params: Params) -> str:
    """Refuse a PutObject whose body need not be read, for want of a bucket or for too long a key.

    What comes back is the checksum algorithm to compute besides the sender's: none.
    """
    attributes.check_key(params["Key"])
    with store.read() as snapshot:
        bucket_of(snapshot.rows, params)
    return ""


def put_object(store: Store, params: Params, context: Context) -> Params:
    """PutObject. ``Body`` is bytes, or a ``Received`` body that is in the store already."""
    received = body.receive(store, params)
    segment = received.segment
    algorithm = received.algorithm or DEFAULT
    checksum = Checksum(algorithm, segment.checksums[algorithm])
    with store.write(segment) as change:
        bucket = bucket_of(change.rows, params)
        attributes.check_key(params["Key"])
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
                    **attributes.described(params),
                    **attributes.settled(change.rows, bucket, params, context),
                },
                tags=attributes.header_tags(params),
                segments=(segment,),
            ),
        )
    return {
        "ETag": quoted(version.etag),
        **checksum_members(checksum),
        **attributes.encryption_of(version),
        **written_id(version),
    }


def written_id(version: Version) -> Params:
    """The VersionId member of an answer to a write: none for a null version."""
    return {} if version.id == NULL else {"VersionId": version.id}


def delete_object(store: Store, params: Params, context: Context) -> Params:
    """DeleteObject: a delete marker where there is versioning, or the version of VersionId."""
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        lock.check_bypass(bucket, params)
        if params.get("VersionId") is not None:
            check_version_id(params["VersionId"])
            return _delete_version(change, bucket, params, context)
        check_delete(change.rows, params)
        marker = versions.delete(change, bucket, params["Key"], moment(context.at))
    return {"DeleteMarker": True, "VersionId": marker.id} if marker else {}


def _delete_version(
    change: Transaction, bucket: Bucket, params: Params, context: Context
) -> Params:
    """Delete the named version; where there is none the answer is that it is gone."""
    version = versions.find(change.rows, bucket.name, params["Key"], params["VersionId"])
    if version is None:
        return {"VersionId": params["VersionId"]} if bucket.versioning else {}
    lock.check_removal(bucket, version, params, context.at)
    versions.remove(change, bucket.name, version)
    if not bucket.versioning:
        return {}
    return {"VersionId": version.id, **({"DeleteMarker": True} if version.marker else {})}


def delete_objects(store: Store, params: Params, context: Context) -> Params:
    """DeleteObjects: up to 1000 at once, each of which may fail by itself."""
    asked: list[Params] = params["Delete"].get("Objects") or []
    if not 1 <= len(asked) <= DELETE_LIMIT:
        raise faults.malformed_xml()
    deleted: list[Params] = []
    errors: list[Params] = []
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        lock.check_bypass(bucket, params)
        for entry in asked:
            one = {**params, **entry, "IfMatch": entry.get("ETag")}
            try:
                deleted.append(_delete_entry(change, bucket, one, context))
            except Fault as fault:
                named = {name: entry[name] for name in ("Key", "VersionId") if entry.get(name)}
                errors.append({**named, "Code": fault.code, "Message": fault.message})
    output: Params = {"Errors": errors} if errors else {}
    return output if params["Delete"].get("Quiet") else {"Deleted": deleted, **output}


def _delete_entry(change: Transaction, bucket: Bucket, params: Params, context: Context) -> Params:
    key, version_id = params["Key"], params.get("VersionId")
    if version_id is not None:
        if versions.find(change.rows, bucket.name, key, version_id) is None:
            raise faults.no_such_version(key, version_id)
        output = _delete_version(change, bucket, params, context)
        marker = {"DeleteMarkerVersionId": version_id} if output.get("DeleteMarker") else {}
        return {"Key": key, **output, **marker}
    check_delete(change.rows, params)
    stands = versions.delete(change, bucket, key, moment(context.at))
    if stands is None:
        return {"Key": key}
    return {"Key": key, "DeleteMarker": True, "DeleteMarkerVersionId": stands.id}


operations: Mapping[str, Operation] = {
    "PutObject": put_object,
    "DeleteObject": delete_object,
    "DeleteObjects": delete_objects,
}
