"""What is set on buckets and returned as it was set: a table, with three operations for a line.

Kept means kept: lifecycle rules, replication and logging have no effect here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import Bucket
from understudy.storage.s3 import configuration, faults, tagging
from understudy.storage.s3.context import Context, Operation, bucket_of, entries, structure


@dataclass(frozen=True, slots=True)
class Setting:
    """A sub-resource of buckets.

    ``given`` is the member of the Put input that is kept, ``answered`` the member of the Get output
    that holds it, empty where its members are the output's own. Where nothing is set the answer is
    ``default``, or else the fault ``missing``: code and text.
    """

    kind: str
    given: str
    answered: str = ""
    missing: tuple[str, str] | None = None
    default: Any = None
    check: Callable[[Connection, Bucket, Params, Context], Any] | None = None

    def put(self, store: Store, params: Params, context: Context) -> Params:
        """The Put operation."""
        with store.write() as change:
            bucket = bucket_of(change.rows, params)
            value: Any = structure(params, self.given)
            if self.check is not None:
                value = self.check(change.rows, bucket, params, context)
            buckets.put_setting(change.rows, bucket.name, self.kind, value)
        return {}

    def get(self, store: Store, params: Params, context: Context) -> Params:
        """The Get operation."""
        with store.read() as snapshot:
            bucket = bucket_of(snapshot.rows, params)
            value = buckets.setting(snapshot.rows, bucket.name, self.kind)
        if value is None and self.missing is not None:
            code, text = self.missing
            raise Fault(code, text, 404, {"BucketName": bucket.name})
        found = self.default if value is None else value
        return {self.answered: found} if self.answered else found

    def delete(self, store: Store, params: Params, context: Context) -> Params:
        """The Delete operation, which is content with nothing to delete."""
        with store.write() as change:
            bucket = bucket_of(change.rows, params)
            buckets.delete_setting(change.rows, bucket.name, self.kind)
        return {}


def _checked(check: Callable[[Params], Params], member: str) -> Callable[..., Params]:
    def checked(rows: Connection, bucket: Bucket, params: Params, context: Context) -> Params:
        return check(structure(params, member))

    return checked


def _tags(rows: Connection, bucket: Bucket, params: Params, context: Context) -> Params:
    kept: Params | None = buckets.setting(rows, bucket.name, "Tagging")
    earlier = entries(kept, "TagSet") if kept else []
    return {"TagSet": tagging.bucket_tags(entries(params["Tagging"], "TagSet"), earlier, context)}


def _lifecycle(rows: Connection, bucket: Bucket, params: Params, context: Context) -> Params:
    rules = configuration.lifecycle(structure(params, "LifecycleConfiguration"))
    size = params.get("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K")
    return {**rules, "TransitionDefaultMinimumObjectSize": size}


def _acceleration(rows: Connection, bucket: Bucket, params: Params, context: Context) -> Params:
    return configuration.acceleration(params["AccelerateConfiguration"], bucket.name)


def _logging(rows: Connection, bucket: Bucket, params: Params, context: Context) -> Params:
    status: Params = params["BucketLoggingStatus"]
    target: str | None = structure(status, "LoggingEnabled").get("TargetBucket")
    if target is not None and buckets.find(rows, target) is None:
        message = "The target bucket for logging does not exist"
        fields = {"TargetBucket": target}
        raise Fault("InvalidTargetBucketForLogging", message, 400, fields)
    return status


def _replication(rows: Connection, bucket: Bucket, params: Params, context: Context) -> Params:
    value: Params = params["ReplicationConfiguration"]
    if bucket.versioning != "Enabled":
        message = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        raise faults.invalid_request(message)
    for rule in value["Rules"]:
        if buckets.find(rows, rule["Destination"]["Bucket"].rsplit(":", 1)[-1]) is None:
            raise faults.invalid_request("Destination bucket must exist.")
    return value


ENCRYPTION = Setting(
    "Encryption",
    "ServerSideEncryptionConfiguration",
    "ServerSideEncryptionConfiguration",
    default=configuration.DEFAULT_ENCRYPTION,
    check=_checked(configuration.encryption, "ServerSideEncryptionConfiguration"),
)
TAGGING = Setting(
    "Tagging", "Tagging", missing=("NoSuchTagSet", "The TagSet does not exist"), check=_tags
)
PUBLIC_ACCESS_BLOCK = Setting(
    "PublicAccessBlock",
    "PublicAccessBlockConfiguration",
    "PublicAccessBlockConfiguration",
    missing=(
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
    ),
    check=_checked(configuration.public_access_block, "PublicAccessBlockConfiguration"),
)
OWNERSHIP_CONTROLS = Setting(
    "OwnershipControls",
    "OwnershipControls",
    "OwnershipControls",
    missing=("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
    check=_checked(configuration.ownership_controls, "OwnershipControls"),
)
CORS = Setting(
    "Cors",
    "CORSConfiguration",
    missing=("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    check=_checked(configuration.cors, "CORSConfiguration"),
)
LIFECYCLE = Setting(
    "Lifecycle",
    "LifecycleConfiguration",
    missing=("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
    check=_lifecycle,
)
NOTIFICATION = Setting(
    "Notification",
    "NotificationConfiguration",
    default={},
    check=_checked(configuration.notification, "NotificationConfiguration"),
)
WEBSITE = Setting(
    "Website",
    "WebsiteConfiguration",
    missing=(
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
    ),
    check=_checked(configuration.website, "WebsiteConfiguration"),
)
LOGGING = Setting("Logging", "BucketLoggingStatus", default={}, check=_logging)
ACCELERATION = Setting("Acceleration", "AccelerateConfiguration", default={}, check=_acceleration)
REQUEST_PAYMENT = Setting(
    "RequestPayment",
    "RequestPaymentConfiguration",
    default={"Payer": "BucketOwner"},
    check=_checked(configuration.request_payment, "RequestPaymentConfiguration"),
)
REPLICATION = Setting(
    "Replication",
    "ReplicationConfiguration",
    "ReplicationConfiguration",
    missing=(
        "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found",
    ),
    check=_replication,
)
ABAC = Setting(
    "Abac",
    "AbacStatus",
    "AbacStatus",
    default={"Status": "Disabled"},
    check=_checked(configuration.abac, "AbacStatus"),
)

operations: Mapping[str, Operation] = {
    "PutBucketEncryption": ENCRYPTION.put,
    "GetBucketEncryption": ENCRYPTION.get,
    "DeleteBucketEncryption": ENCRYPTION.delete,
    "PutBucketTagging": TAGGING.put,
    "GetBucketTagging": TAGGING.get,
    "DeleteBucketTagging": TAGGING.delete,
    "PutPublicAccessBlock": PUBLIC_ACCESS_BLOCK.put,
    "GetPublicAccessBlock": PUBLIC_ACCESS_BLOCK.get,
    "DeletePublicAccessBlock": PUBLIC_ACCESS_BLOCK.delete,
    "PutBucketOwnershipControls": OWNERSHIP_CONTROLS.put,
    "GetBucketOwnershipControls": OWNERSHIP_CONTROLS.get,
    "DeleteBucketOwnershipControls": OWNERSHIP_CONTROLS.delete,
    "PutBucketCors": CORS.put,
    "GetBucketCors": CORS.get,
    "DeleteBucketCors": CORS.delete,
    "PutBucketLifecycleConfiguration": LIFECYCLE.put,
    "GetBucketLifecycleConfiguration": LIFECYCLE.get,
    "DeleteBucketLifecycle": LIFECYCLE.delete,
    "PutBucketNotificationConfiguration": NOTIFICATION.put,
    "GetBucketNotificationConfiguration": NOTIFICATION.get,
    "PutBucketWebsite": WEBSITE.put,
    "GetBucketWebsite": WEBSITE.get,
    "DeleteBucketWebsite": WEBSITE.delete,
    "PutBucketLogging": LOGGING.put,
    "GetBucketLogging": LOGGING.get,
    "PutBucketAccelerateConfiguration": ACCELERATION.put,
    "GetBucketAccelerateConfiguration": ACCELERATION.get,
    "PutBucketRequestPayment": REQUEST_PAYMENT.put,
    "GetBucketRequestPayment": REQUEST_PAYMENT.get,
    "PutBucketReplication": REPLICATION.put,
    "GetBucketReplication": REPLICATION.get,
    "DeleteBucketReplication": REPLICATION.delete,
    "PutBucketAbac": ABAC.put,
    "GetBucketAbac": ABAC.get,
}
