"""Access control lists of buckets and objects: kept, or refused where ownership disables them.

They are not enforced on requests. AWS: Access control list (ACL) overview; Controlling ownership
of objects and disabling ACLs for your bucket; PutBucketAcl; PutObjectAcl.
"""

from collections.abc import Mapping
from sqlite3 import Connection

from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets, versions
from understudy.storage.objects.store import Store
from understudy.storage.s3 import faults
from understudy.storage.s3.context import (
    OWNER,
    Context,
    Operation,
    bucket_of,
    shown_id,
    version_of,
)

_GROUPS = "http://acs.amazonaws.com/groups/"
ALL_USERS = f"{_GROUPS}global/AllUsers"
AUTHENTICATED_USERS = f"{_GROUPS}global/AuthenticatedUsers"
LOG_DELIVERY = f"{_GROUPS}s3/LogDelivery"

_CANNED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
_GRANT_MEMBERS = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWrite": "WRITE",
    "GrantWriteACP": "WRITE_ACP",
}
_PERMISSIONS = frozenset(_GRANT_MEMBERS.values())

OWNER_GRANT: Params = {
    "Grantee": {"Type": "CanonicalUser", **OWNER},
    "Permission": "FULL_CONTROL",
}


def requested(params: Params) -> list[Params] | None:
    """The grants that a request asks for by ACL, Grant* or AccessControlPolicy; None without one.

    Raises InvalidArgument, InvalidRequest and MalformedACLError.
    """
    canned, policy = params.get("ACL"), params.get("AccessControlPolicy")
    headers = {member: params[member] for member in _GRANT_MEMBERS if params.get(member)}
    if canned and headers:
        message = "Specifying both Canned ACLs and Header Grants is not allowed"
        raise faults.invalid_request(message)
    if canned:
        if canned not in _CANNED:
            raise faults.invalid_argument("", "x-amz-acl", canned)
        return [OWNER_GRANT, *(_group_grant(*grant) for grant in _CANNED[canned])]
    if headers:
        return [
            {"Grantee": _grantee(text.strip(), member), "Permission": _GRANT_MEMBERS[member]}
            for member, value in headers.items()
            for text in value.split(",")
        ]
    return _checked(policy) if policy is not None else None


def _group_grant(uri: str, permission: str) -> Params:
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def _grantee(text: str, member: str) -> Params:
    kind, _, value = text.partition("=")
    value = value.strip('"')
    if kind == "id":
        return {"Type": "CanonicalUser", "ID": value}
    if kind == "uri":
        if not value.startswith(_GROUPS):
            raise faults.invalid_argument("Invalid group uri", "uri", value)
        return {"Type": "Group", "URI": value}
    if kind == "emailAddress":
        return {"Type": "AmazonCustomerByEmail", "EmailAddress": value}
    raise faults.invalid_argument("Argument format not recognized", member, text)


def _checked(policy: Params) -> list[Params]:
    grants: list[Params] = policy.get("Grants") or []
    if "Owner" not in policy or any(
        grant.get("Permission") not in _PERMISSIONS or not grant.get("Grantee", {}).get("Type")
        for grant in grants
    ):
        raise Fault("MalformedACLError", faults.MALFORMED_XML, 400)
    return grants


def is_public(grants: list[Params]) -> bool:
    """Whether grants give anything to everyone, or to everyone with an AWS account."""
    return any(grant["Grantee"].get("URI") in (ALL_USERS, AUTHENTICATED_USERS) for grant in grants)


def for_new_bucket(params: Params, ownership: str) -> list[Params] | None:
    """The grants of a bucket in the making, whose public access is blocked at first."""
    grants = requested(params)
    if grants is None or params.get("ACL") == "private":
        return None
    if ownership == "BucketOwnerEnforced":
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise Fault("InvalidBucketAclWithObjectOwnership", message, 400)
    if is_public(grants):
        message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
        raise Fault("InvalidBucketAclWithBlockPublicAccessError", message, 400)
    return grants


def for_object(rows: Connection, params: Params) -> list[Params] | None:
    """The grants of an object being written, or None.

    Raises AccessControlListNotSupported where the bucket's owner owns every object, and
    AccessDenied where public grants are blocked.
    """
    grants = requested(params)
    if grants is not None and params.get("ACL") != "bucket-owner-full-control":
        _allow(rows, params["Bucket"], grants)
    return grants


def _allow(rows: Connection, bucket: str, grants: list[Params]) -> None:
    controls = buckets.setting(rows, bucket, "OwnershipControls")
    if controls and controls["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced":
        message = "The bucket does not allow ACLs"
        raise Fault("AccessControlListNotSupported", message, 400)
    block: Params | None = buckets.setting(rows, bucket, "PublicAccessBlock")
    if block and block["BlockPublicAcls"] and is_public(grants):
        raise faults.access_denied()


def _required(params: Params) -> list[Params]:
    grants = requested(params)
    if grants is None:
        raise Fault("MissingSecurityHeader", "Your request was missing a required header", 400)
    return grants


def put_bucket_acl(store: Store, params: Params, context: Context) -> Params:
    """PutBucketAcl."""
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        grants = _required(params)
        _allow(change.rows, bucket.name, grants)
        buckets.put_setting(change.rows, bucket.name, "Acl", grants)
    return {}


def get_bucket_acl(store: Store, params: Params, context: Context) -> Params:
    """GetBucketAcl: full control for the owner where nothing else was set."""
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        grants = buckets.setting(snapshot.rows, bucket.name, "Acl")
    return {"Owner": OWNER, "Grants": grants or [OWNER_GRANT]}


def put_object_acl(store: Store, params: Params, context: Context) -> Params:
    """PutObjectAcl."""
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        version = version_of(change.rows, params, "PUT")
        _required(params)
        grants = for_object(change.rows, params)
        attributes = {**version.attributes, "Grants": grants}
        versions.amend(change.rows, replace(version, attributes=attributes))
    return shown_id(bucket, version)


def get_object_acl(store: Store, params: Params, context: Context) -> Params:
    """GetObjectAcl: full control for the owner where nothing else was set."""
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        version = version_of(snapshot.rows, params, "GET")
    grants = version.attributes.get("Grants") or [OWNER_GRANT]
    return {"Owner": OWNER, "Grants": grants, **shown_id(bucket, version)}


operations: Mapping[str, Operation] = {
    "PutBucketAcl": put_bucket_acl,
    "GetBucketAcl": get_bucket_acl,
    "PutObjectAcl": put_object_acl,
    "GetObjectAcl": get_object_acl,
}
