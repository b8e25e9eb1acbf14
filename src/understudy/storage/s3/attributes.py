"""What is written with an object besides its bytes, and what of it comes back with every read.

AWS: Working with object metadata; PutObject; CreateMultipartUpload.
"""

from sqlite3 import Connection

from understudy.base.arn import ACCOUNT, arn
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets
from understudy.storage.objects.values import Bucket, Upload, Version
from understudy.storage.s3 import acl, configuration, faults, lock, tagging
from understudy.storage.s3.context import Context

CONTENT = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)
ENCRYPTION = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")
RETURNED = (
    *CONTENT,
    *ENCRYPTION,
    *lock.MEMBERS,
    "WebsiteRedirectLocation",
    "Metadata",
)

STORAGE_CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    }
)
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
METADATA_LIMIT = 2048
KEY_LIMIT = 1024

_NOT_OFFERED = {
    "WriteOffsetBytes": "x-amz-write-offset-bytes",
    "ObjectLockEventHold": "x-amz-object-lock-event-hold",
}
"""Members that must not be passed over in silence, with the headers they come in."""


def check_key(key: str) -> None:
    """Raise KeyTooLongError for a key of more than 1024 bytes."""
    size = len(key.encode())
    if size > KEY_LIMIT:
        fields = {"Size": size, "MaxSizeAllowed": KEY_LIMIT}
        raise Fault("KeyTooLongError", "Your key is too long", 400, fields)


def described(params: Params) -> Params:
    """The content headers, user metadata and redirection in a request to write an object."""
    given = {name: params[name] for name in CONTENT if params.get(name) not in (None, "")}
    metadata: dict[str, str] = params.get("Metadata") or {}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > METADATA_LIMIT:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        fields = {"Size": size, "MaxSizeAllowed": METADATA_LIMIT}
        raise Fault("MetadataTooLarge", message, 400, fields)
    return {"ContentType": "binary/octet-stream", **given, "Metadata": metadata}


def settled(rows: Connection, bucket: Bucket, params: Params, context: Context) -> Params:
    """The storage class, encryption, lock, grants and redirection of an object being written."""
    for member, header in _NOT_OFFERED.items():
        if params.get(member) is not None:
            raise faults.header_not_implemented(header)
    storage_class = params.get("StorageClass") or "STANDARD"
    if storage_class not in STORAGE_CLASSES:
        message = "The storage class you specified is not valid"
        fields = {"StorageClassRequested": storage_class}
        raise Fault("InvalidStorageClass", message, 400, fields)
    found: Params = {
        "StorageClass": storage_class,
        **encryption(rows, bucket, params, context.region),
        **lock.for_object(rows, bucket, params, context.at),
    }
    if params.get("WebsiteRedirectLocation"):
        found["WebsiteRedirectLocation"] = params["WebsiteRedirectLocation"]
    grants = acl.for_object(rows, params)
    return {**found, "Grants": grants} if grants else found


def encryption(rows: Connection, bucket: Bucket, params: Params, region: str) -> Params:
    """How an object is encrypted: as its writer says, or else as the bucket does by default.

    Only the statement is kept; the bytes on this machine's disk are not encrypted. Keys of the
    customer's own are refused, as new buckets do since April 2026.
    """
    if params.get("SSECustomerAlgorithm") or params.get("SSECustomerKey"):
        raise faults.access_denied()
    kept = buckets.setting(rows, bucket.name, "Encryption") or configuration.DEFAULT_ENCRYPTION
    rule = kept["Rules"][0]
    default = rule["ApplyServerSideEncryptionByDefault"]
    algorithm = params.get("ServerSideEncryption") or default["SSEAlgorithm"]
    if not algorithm.startswith("aws:kms"):
        return {"ServerSideEncryption": algorithm}
    key = params.get("SSEKMSKeyId") or default.get("KMSMasterKeyID") or "alias/aws/s3"
    with_bucket_key = params.get("BucketKeyEnabled", rule.get("BucketKeyEnabled"))
    return {
        "ServerSideEncryption": algorithm,
        "SSEKMSKeyId": _key_arn(key, region),
        **({"BucketKeyEnabled": True} if with_bucket_key else {}),
    }


def _key_arn(key: str, region: str) -> str:
    if key.startswith("arn:"):
        return key
    return arn("kms", region, key if key.startswith("alias/") else f"key/{key}", ACCOUNT)


def header_tags(params: Params) -> dict[str, str]:
    """The tags in the Tagging member of a request to write an object."""
    return tagging.header_tags(params["Tagging"]) if params.get("Tagging") else {}


def encryption_of(written: Version | Upload) -> Params:
    """The members of an answer that say how something is encrypted."""
    return {name: written.attributes[name] for name in ENCRYPTION if name in written.attributes}
