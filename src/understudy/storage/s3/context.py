"""What every operation needs besides its parameters, and what many look up first."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from sqlite3 import Connection

from understudy.base.arn import ACCOUNT, DEFAULT_REGION
from understudy.control.events import Params
from understudy.storage.objects import buckets, versions
from understudy.storage.objects.store import Store
from understudy.storage.objects.values import NULL, Bucket, Version
from understudy.storage.s3 import faults

OWNER = {"ID": sha256(ACCOUNT.encode()).hexdigest()}
"""The one account's canonical user id."""


@dataclass(frozen=True, slots=True)
class Context:
    """When an operation is called, in world time, and the region of the endpoint it came to.

    ``by_service`` says that another AWS service calls it, which may set system tags (``aws:``).
    """

    at: float
    region: str = DEFAULT_REGION
    by_service: bool = False


Operation = Callable[[Store, Params, Context], Params]
"""An operation of S3: parameters in, output out, both under AWS's member names. Raises Fault."""


def bucket_of(rows: Connection, params: Params) -> Bucket:
    """The bucket that parameters name. Raises NoSuchBucket, or AccessDenied for another owner's."""
    bucket = buckets.find(rows, params["Bucket"])
    if bucket is None:
        raise faults.no_such_bucket(params["Bucket"])
    if params.get("ExpectedBucketOwner", ACCOUNT) != ACCOUNT:
        raise faults.access_denied()
    return bucket


def version_of(rows: Connection, params: Params, method: str) -> Version:
    """The object version that parameters name by Key and, where given, VersionId.

    Raises NoSuchKey, NoSuchVersion, InvalidArgument for an id that S3 cannot have given, and
    MethodNotAllowed for a delete marker asked for by its id.
    """
    bucket, key, version_id = params["Bucket"], params["Key"], params.get("VersionId")
    if version_id is None:
        version = versions.latest(rows, bucket, key)
        if version is None:
            raise faults.no_such_key(key)
        if version.marker:
            raise faults.Refusal(faults.no_such_key(key), _marker(version))
        return version
    check_version_id(version_id)
    version = versions.find(rows, bucket, key, version_id)
    if version is None:
        raise faults.no_such_version(key, version_id)
    if version.marker:
        output = {**_marker(version), "LastModified": version.modified}
        raise faults.Refusal(faults.method_not_allowed(method), output)
    return version


def _marker(version: Version) -> Params:
    return {"DeleteMarker": True, "VersionId": version.id}


def check_version_id(version_id: str) -> None:
    """Raise InvalidArgument for a version id that S3 cannot have given."""
    if not versions.is_id(version_id):
        raise faults.invalid_argument("Invalid version id specified", "versionId", version_id)


def shown_id(bucket: Bucket, version: Version) -> Params:
    """The VersionId member of an answer about a version: none before versioning was first set."""
    return {"VersionId": version.id} if bucket.versioning or version.id != NULL else {}


def structure(params: Params, name: str) -> Params:
    """The structure under a member's name, empty where it is not given."""
    value: Params | None = params.get(name)
    return {} if value is None else value


def entries(params: Params, name: str) -> list[Params]:
    """The list of structures under a member's name, empty where it is not given."""
    value: list[Params] | None = params.get(name)
    return [] if value is None else value


def moment(at: float) -> float:
    """A time as S3 keeps it: in whole seconds."""
    return float(int(at))
