"""Making, finding and removing buckets, and their versioning.

AWS: CreateBucket, DeleteBucket, HeadBucket, ListBuckets, GetBucketLocation, PutBucketVersioning;
General purpose bucket naming rules.
"""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from understudy.base.arn import DEFAULT_REGION, PARTITION
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets, uploads, versions
from understudy.storage.objects.store import Store, Transaction
from understudy.storage.objects.values import Bucket
from understudy.storage.s3 import acl, faults, tokens
from understudy.storage.s3.context import OWNER, Context, Operation, bucket_of, moment

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

PUBLIC_ACCESS_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")


def is_name(name: str) -> bool:
    """Whether a new bucket may have this name.

    >>> is_name("models.example"), is_name("Models"), is_name("192.168.5.4"), is_name("a..b")
    (True, False, False, False)
    """
    return (
        _NAME.fullmatch(name) is not None
        and ".." not in name
        and _ADDRESS.fullmatch(name) is None
        and not name.startswith(_RESERVED_STARTS)
        and not name.endswith(_RESERVED_ENDS)
    )


def bucket_arn(name: str) -> str:
    """The ARN of a bucket.

    >>> bucket_arn("models")
    'arn:aws:s3:::models'
    """
    return f"arn:{PARTITION}:s3:::{name}"


def region_for(constraint: str | None, endpoint: str) -> str:
    """The region of a new bucket from its LocationConstraint and the endpoint's region.

    >>> region_for(None, "us-east-1"), region_for("EU", "us-east-1")
    ('us-east-1', 'eu-west-1')
    """
    if not constraint and endpoint == DEFAULT_REGION:
        return DEFAULT_REGION
    wanted = "eu-west-1" if constraint == "EU" else constraint
    if wanted == DEFAULT_REGION or (wanted and not _REGION.fullmatch(wanted)):
        message = "The specified location-constraint is not valid"
        raise Fault("InvalidLocationConstraint", message, 400, {"LocationConstraint": wanted})
    if endpoint not in (DEFAULT_REGION, wanted):
        message = (
            f"The {wanted or 'unspecified'} location constraint is incompatible for the region "
            "specific endpoint this request was sent to."
        )
        raise Fault("IllegalLocationConstraintException", message, 400)
    assert wanted is not None
    return wanted


def create_bucket(store: Store, params: Params, context: Context) -> Params:
    """CreateBucket. A bucket of one's own in us-east-1 may be created again from there."""
    name = params["Bucket"]
    if not is_name(name):
        message = "The specified bucket is not valid."
        raise Fault("InvalidBucketName", message, 400, {"BucketName": name})
    configuration: Params = params.get("CreateBucketConfiguration") or {}
    if "Location" in configuration or params.get("BucketNamespace", "global") != "global":
        message = "Directory buckets and buckets in regional namespaces are not offered here"
        raise Fault("NotImplemented", message, 501)
    region = region_for(configuration.get("LocationConstraint"), context.region)
    bucket = Bucket(name, region, moment(context.at))
    if params.get("ObjectLockEnabledForBucket"):
        bucket = replace(bucket, object_lock=True, versioning="Enabled")
    grants = acl.for_new_bucket(params, _ownership(params))
    with store.write() as change:
        earlier = buckets.find(change.rows, name)
        if earlier is None:
            buckets.add(change.rows, bucket)
            _set_defaults(change, params, grants, configuration.get("Tags"))
        elif not earlier.region == context.region == DEFAULT_REGION:
            message = (
                "Your previous request to create the named bucket succeeded and you already own it."
            )
            raise Fault("BucketAlreadyOwnedByYou", message, 409, {"BucketName": name})
    here = region == DEFAULT_REGION
    location = f"/{name}" if here else f"http://{name}.s3.amazonaws.com/"
    return {"Location": location, "BucketArn": bucket_arn(name)}


def _ownership(params: Params) -> str:
    ownership = params.get("ObjectOwnership", OWNERSHIPS[0])
    if ownership not in OWNERSHIPS:
        message = f"Invalid x-amz-object-ownership header: {ownership}"
        raise faults.invalid_argument(message, "x-amz-object-ownership")
    return ownership


def _set_defaults(
    change: Transaction, params: Params, grants: list[Params] | None, tags: list[Params] | None
) -> None:
    name, rows = params["Bucket"], change.rows
    rules = [{"ObjectOwnership": _ownership(params)}]
    buckets.put_setting(rows, name, "OwnershipControls", {"Rules": rules})
    buckets.put_setting(rows, name, "PublicAccessBlock", PUBLIC_ACCESS_BLOCKED)
    if grants is not None:
        buckets.put_setting(rows, name, "Acl", grants)
    if tags:
        buckets.put_setting(rows, name, "Tagging", {"TagSet": tags})
    if params.get("ObjectLockEnabledForBucket"):
        buckets.put_setting(rows, name, "ObjectLock", {"ObjectLockEnabled": "Enabled"})


def delete_bucket(store: Store, params: Params, context: Context) -> Params:
    """DeleteBucket. Uploads in progress go with the bucket, objects and delete markers do not."""
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        if versions.any_in(change.rows, bucket.name):
            hint = ". You must delete all versions in the bucket." if bucket.versioning else ""
            message = f"The bucket you tried to delete is not empty{hint}"
            raise Fault("BucketNotEmpty", message, 409, {"BucketName": bucket.name})
        uploads.end_all(change, bucket.name)
        buckets.remove(change.rows, bucket.name)
    return {}


def head_bucket(store: Store, params: Params, context: Context) -> Params:
    """HeadBucket: the bucket's region."""
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
    return {
        "BucketRegion": bucket.region,
        "BucketArn": bucket_arn(bucket.name),
        "AccessPointAlias": False,
    }


def get_bucket_location(store: Store, params: Params, context: Context) -> Params:
    """GetBucketLocation: the region, and nothing for us-east-1."""
    with store.read() as snapshot:
        region = bucket_of(snapshot.rows, params).region
    return {} if region == DEFAULT_REGION else {"LocationConstraint": region}


def list_buckets(store: Store, params: Params, context: Context) -> Params:
    """ListBuckets: by name, in pages where MaxBuckets is given."""
    with store.read() as snapshot:
        found = buckets.every(snapshot.rows)
    prefix, after = params.get("Prefix") or "", tokens.after(params)
    region, limit = params.get("BucketRegion"), params.get("MaxBuckets", 10_000)
    if not 1 <= limit <= 10_000:
        message = "Argument max-buckets must be an integer between 1 and 10000"
        raise faults.invalid_argument(message, "max-buckets", limit)
    wanted = [
        bucket
        for bucket in found
        if bucket.name > after
        and bucket.name.startswith(prefix)
        and region in (None, bucket.region)
    ]
    output: Params = {"Owner": OWNER, "Buckets": [_entry(bucket) for bucket in wanted[:limit]]}
    if prefix:
        output["Prefix"] = prefix
    if len(wanted) > limit:
        output["ContinuationToken"] = tokens.token(output["Buckets"][-1]["Name"])
    return output


def _entry(bucket: Bucket) -> Params:
    return {
        "Name": bucket.name,
        "CreationDate": bucket.created,
        "BucketRegion": bucket.region,
        "BucketArn": bucket_arn(bucket.name),
    }


def put_bucket_versioning(store: Store, params: Params, context: Context) -> Params:
    """PutBucketVersioning: Enabled or Suspended; a bucket with object lock stays Enabled."""
    configuration: Params = params["VersioningConfiguration"]
    status = configuration.get("Status")
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        if configuration.get("MFADelete") == "Enabled":
            raise faults.header_not_implemented("x-amz-mfa", "MFA delete is not offered here")
        if not status:
            message = "The Versioning element must be specified"
            raise Fault("IllegalVersioningConfigurationException", message, 400)
        if status not in ("Enabled", "Suspended"):
            raise faults.malformed_xml()
        if bucket.object_lock and status != "Enabled":
            message = (
                "An Object Lock configuration is present on this bucket, so the versioning state "
                "cannot be changed."
            )
            raise Fault("InvalidBucketState", message, 409)
        buckets.amend(change.rows, replace(bucket, versioning=status))
    return {}


def get_bucket_versioning(store: Store, params: Params, context: Context) -> Params:
    """GetBucketVersioning: nothing before versioning was first set."""
    with store.read() as snapshot:
        versioning = bucket_of(snapshot.rows, params).versioning
    return {"Status": versioning} if versioning else {}


operations: Mapping[str, Operation] = {
    "CreateBucket": create_bucket,
    "DeleteBucket": delete_bucket,
    "HeadBucket": head_bucket,
    "ListBuckets": list_buckets,
    "GetBucketLocation": get_bucket_location,
    "PutBucketVersioning": put_bucket_versioning,
    "GetBucketVersioning": get_bucket_versioning,
}
