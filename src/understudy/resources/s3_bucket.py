"""AWS::S3::Bucket."""

from typing import Any

from understudy.base.fault import Fault
from understudy.cloudformation.value import is_map
from understudy.control.events import Params
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Steps,
)
from understudy.resources.s3_configuration import PARTS
from understudy.resources.tags import tag_list

NAME_LIMIT = 63


def create(request: Request) -> Handler:
    """Create a bucket and give it its configuration."""
    name = request.properties.get("BucketName") or request.name(NAME_LIMIT, lower=True)
    params: Params = {"Bucket": name}
    if request.region != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": request.region}
    if request.properties.get("ObjectLockEnabled"):
        params["ObjectLockEnabledForBucket"] = True
    if "AccessControl" in request.properties:
        params["ACL"] = canned(request.properties["AccessControl"])
    try:
        yield Invoke("s3", "HeadBucket", {"Bucket": name})
    except Fault as fault:
        if fault.status != 404:
            raise HandlerFailure(f"{name} already exists", "AlreadyExists") from fault
    else:
        raise HandlerFailure(f"{name} already exists", "AlreadyExists")
    try:
        yield Invoke("s3", "CreateBucket", params)
    except Fault as fault:  # we made it ourselves, and did not live to hear of it
        if fault.code != "BucketAlreadyOwnedByYou":
            raise
    yield Identify(name)
    yield from _configure(request, name, {})
    return Done(name, attributes(name, request.region))


def update(request: Request) -> Handler:
    """Change the configuration of a bucket."""
    yield from _configure(request, request.physical_id, request.previous)
    return Done(request.physical_id, attributes(request.physical_id, request.region))


def delete(request: Request) -> Handler:
    """Delete a bucket; it must be empty."""
    try:
        yield Invoke("s3", "DeleteBucket", {"Bucket": request.physical_id})
    except Fault as fault:
        if fault.code != "NoSuchBucket":
            raise
    return Done(request.physical_id)


def read(request: Request) -> Handler:
    """The live properties of a bucket: what S3 has, where it can be told, else as they were put."""
    name = request.physical_id
    bucket = {"Bucket": name}
    yield Invoke("s3", "HeadBucket", bucket)
    live: Params = {**request.properties, "BucketName": name}
    versioning = yield Invoke("s3", "GetBucketVersioning", bucket)
    live["VersioningConfiguration"] = {"Status": versioning.get("Status", "Suspended")}
    encryption = yield Invoke("s3", "GetBucketEncryption", bucket)
    live["BucketEncryption"] = _encryption_from(encryption["ServerSideEncryptionConfiguration"])
    for part, (operation, code, member) in _READABLE.items():
        try:
            found = yield Invoke("s3", operation, bucket)
            live[part] = _told(found[member], request.properties.get(part))
        except Fault as fault:
            if fault.code != code:
                raise
            live.pop(part, None)
    return Done(name, attributes(name, request.region), live)


def _told(found: Any, given: Any) -> Any:
    """What S3 says, without switches that are off and that the template says nothing of."""
    if not is_map(found):
        return found
    known: Params = given or {}
    return {key: value for key, value in found.items() if value or key in known}


_READABLE = {
    "PublicAccessBlockConfiguration": (
        "GetPublicAccessBlock",
        "NoSuchPublicAccessBlockConfiguration",
        "PublicAccessBlockConfiguration",
    ),
    "OwnershipControls": (
        "GetBucketOwnershipControls",
        "OwnershipControlsNotFoundError",
        "OwnershipControls",
    ),
    "Tags": ("GetBucketTagging", "NoSuchTagSet", "TagSet"),
}


def _encryption_from(value: Params) -> Params:
    names = {"ApplyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault"}
    rules = [{names.get(key, key): part for key, part in rule.items()} for rule in value["Rules"]]
    return {"ServerSideEncryptionConfiguration": rules}


def canned(name: str) -> str:
    """A canned ACL as the API calls it.

    >>> canned("PublicReadWrite"), canned("LogDeliveryWrite")
    ('public-read-write', 'log-delivery-write')
    """
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).removeprefix("-")


def attributes(name: str, region: str) -> Params:
    """What Fn::GetAtt gives of a bucket."""
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-{region}.amazonaws.com",
    }


def _configure(request: Request, name: str, previous: Params) -> Steps[None]:
    """Put each part of the configuration that differs from before."""
    bucket = {"Bucket": name}
    wanted = request.properties
    for key, part in PARTS.items():
        if wanted.get(key) == previous.get(key):
            continue
        if key in wanted:
            yield Invoke("s3", part.put, {**bucket, **part.params(wanted[key])})
        elif part.without is not None:
            yield Invoke("s3", part.put, {**bucket, **part.without})
        else:
            yield Invoke("s3", part.delete, bucket)
    tags = {"Tagging": {"TagSet": tag_list(request)}}
    yield Invoke("s3", "PutBucketTagging", {**bucket, **tags})


BUCKET = ResourceType("AWS::S3::Bucket", "runs", create, delete, update, read)
