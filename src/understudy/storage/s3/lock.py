"""Object Lock: the default retention of buckets, the retention and legal holds of versions.

AWS: Locking objects with Object Lock; PutObjectLockConfiguration; PutObjectRetention.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from sqlite3 import Connection

from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets, versions
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import Bucket, Version
from understudy.storage.s3 import faults
from understudy.storage.s3.context import Context, Operation, bucket_of, structure, version_of

MODE, UNTIL, HOLD = "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"
MEMBERS = (MODE, UNTIL, HOLD)
_MODES = ("GOVERNANCE", "COMPLIANCE")
_DAY = 86_400.0


def for_object(rows: Connection, bucket: Bucket, params: Params, at: float) -> Params:
    """The lock of an object written at a time: the request's own, or the bucket's default."""
    own = {name: params[name] for name in MEMBERS if params.get(name) is not None}
    if own and not bucket.object_lock:
        raise faults.invalid_request("Bucket is missing Object Lock Configuration")
    if (MODE in own) != (UNTIL in own):
        message = (
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
        )
        raise faults.invalid_argument(message, "x-amz-object-lock-mode")
    if MODE in own:
        _check(own[MODE], own[UNTIL], at)
        return own
    configured: Params | None = buckets.setting(rows, bucket.name, "ObjectLock")
    if not configured or "Rule" not in configured:
        return own
    default: Params = configured["Rule"]["DefaultRetention"]
    return {**own, MODE: default["Mode"], UNTIL: _after(default, at)}


def _after(default: Params, at: float) -> float:
    if "Days" in default:
        return at + default["Days"] * _DAY
    then = datetime.fromtimestamp(at, UTC)
    try:
        return then.replace(year=then.year + default["Years"]).timestamp()
    except ValueError:  # 29 February
        return then.replace(year=then.year + default["Years"], month=3, day=1).timestamp()


def _check(mode: str, until: float, at: float) -> None:
    if mode not in _MODES:
        raise faults.invalid_argument("Unknown wormMode directive.", "x-amz-object-lock-mode", mode)
    if until <= at:
        message = "The retain until date must be in the future!"
        raise faults.invalid_argument(message, "x-amz-object-lock-retain-until-date")


def check_removal(bucket: Bucket, version: Version, params: Params, at: float) -> None:
    """Raise AccessDenied where a lock keeps a version from being removed now."""
    held = version.attributes.get(HOLD) == "ON"
    retained = version.attributes.get(UNTIL, 0.0) > at and not (
        version.attributes.get(MODE) == "GOVERNANCE" and params.get("BypassGovernanceRetention")
    )
    if held or retained:
        raise faults.access_denied("Access Denied because object protected by object lock.")


def check_bypass(bucket: Bucket, params: Params) -> None:
    """Raise InvalidArgument for a bypass of retention where there is no Object Lock."""
    if "BypassGovernanceRetention" in params and not bucket.object_lock:
        header = "x-amz-bypass-governance-retention"
        message = f"{header} is only applicable to Object Lock enabled buckets."
        raise faults.invalid_argument(message, header)


def put_object_lock_configuration(store: Store, params: Params, context: Context) -> Params:
    """PutObjectLockConfiguration: on a bucket with versioning, for good."""
    configuration: Params = params.get("ObjectLockConfiguration") or {}
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        if configuration.get("ObjectLockEnabled") != "Enabled":
            raise faults.malformed_xml()
        if "Rule" in configuration:
            _check_default(structure(structure(configuration, "Rule"), "DefaultRetention"))
        if bucket.versioning != "Enabled":
            message = (
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
            )
            raise Fault("InvalidBucketState", message, 409)
        buckets.amend(change.rows, replace(bucket, object_lock=True))
        buckets.put_setting(change.rows, bucket.name, "ObjectLock", configuration)
    return {}


def _check_default(retention: Params) -> None:
    lengths = [retention[unit] for unit in ("Days", "Years") if unit in retention]
    if retention.get("Mode") not in _MODES or len(lengths) != 1:
        raise faults.malformed_xml()
    if lengths[0] <= 0:
        message = "Default retention period must be a positive integer value."
        raise Fault("InvalidArgument", message, 400)


def get_object_lock_configuration(store: Store, params: Params, context: Context) -> Params:
    """GetObjectLockConfiguration."""
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        configuration = buckets.setting(snapshot.rows, bucket.name, "ObjectLock")
    if configuration is None:
        message = "Object Lock configuration does not exist for this bucket"
        code = "ObjectLockConfigurationNotFoundError"
        raise Fault(code, message, 404, {"BucketName": bucket.name})
    return {"ObjectLockConfiguration": configuration}


def _lockable(rows: Connection, params: Params, method: str) -> Version:
    bucket = bucket_of(rows, params)
    version = version_of(rows, params, method)
    if not bucket.object_lock:
        raise faults.invalid_request("Bucket is missing Object Lock Configuration")
    return version


def _change(rows: Connection, version: Version, changed: Params) -> None:
    attributes = {**version.attributes, **changed}
    kept = {name: value for name, value in attributes.items() if value is not None}
    versions.amend(rows, replace(version, attributes=kept))


def put_object_retention(store: Store, params: Params, context: Context) -> Params:
    """PutObjectRetention: longer at will; shorter only past GOVERNANCE and with a bypass."""
    retention: Params = params.get("Retention") or {}
    mode, until = retention.get("Mode"), retention.get("RetainUntilDate")
    with store.write() as change:
        version = _lockable(change.rows, params, "PUT")
        if (mode is None) != (until is None):
            raise faults.malformed_xml()
        if mode is not None and until is not None:
            _check(mode, until, context.at)
        kept_mode, kept_until = version.attributes.get(MODE), version.attributes.get(UNTIL, 0.0)
        weaker = (until or 0.0) < kept_until or (mode, kept_mode) == _MODES
        bypass = kept_mode == "GOVERNANCE" and params.get("BypassGovernanceRetention")
        if kept_until > context.at and weaker and not bypass:
            raise faults.access_denied("Access Denied because object protected by object lock.")
        _change(change.rows, version, {MODE: mode, UNTIL: until})
    return {}


def get_object_retention(store: Store, params: Params, context: Context) -> Params:
    """GetObjectRetention."""
    with store.read() as snapshot:
        version = _lockable(snapshot.rows, params, "GET")
    if MODE not in version.attributes:
        raise _no_lock()
    mode, until = version.attributes[MODE], version.attributes[UNTIL]
    return {"Retention": {"Mode": mode, "RetainUntilDate": until}}


def put_object_legal_hold(store: Store, params: Params, context: Context) -> Params:
    """PutObjectLegalHold: ON or OFF."""
    status = structure(params, "LegalHold").get("Status")
    with store.write() as change:
        version = _lockable(change.rows, params, "PUT")
        if status not in ("ON", "OFF"):
            raise faults.malformed_xml()
        _change(change.rows, version, {HOLD: status})
    return {}


def get_object_legal_hold(store: Store, params: Params, context: Context) -> Params:
    """GetObjectLegalHold."""
    with store.read() as snapshot:
        version = _lockable(snapshot.rows, params, "GET")
    if HOLD not in version.attributes:
        raise _no_lock()
    return {"LegalHold": {"Status": version.attributes[HOLD]}}


def _no_lock() -> Fault:
    message = "The specified object does not have a ObjectLock configuration"
    return Fault("NoSuchObjectLockConfiguration", message, 404)


operations: Mapping[str, Operation] = {
    "PutObjectLockConfiguration": put_object_lock_configuration,
    "GetObjectLockConfiguration": get_object_lock_configuration,
    "PutObjectRetention": put_object_retention,
    "GetObjectRetention": get_object_retention,
    "PutObjectLegalHold": put_object_legal_hold,
    "GetObjectLegalHold": get_object_legal_hold,
}
