"""AWS::S3::Bucket."""

from understudy.base.fault import Fault
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
from understudy.resources.tags import tag_list

NAME_LIMIT = 63


def create(request: Request) -> Handler:
    """Create a bucket and give it its configuration."""
    name = request.properties.get("BucketName") or request.name(NAME_LIMIT, lower=True)
    params: Params = {"Bucket": name}
    if request.region != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": request.region}
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
    """The live properties of a bucket."""
    bucket = {"Bucket": request.physical_id}
    yield Invoke("s3", "HeadBucket", bucket)
    live: Params = {"BucketName": request.physical_id}
    versioning = yield Invoke("s3", "GetBucketVersioning", bucket)
    if versioning.get("Status"):
        live["VersioningConfiguration"] = {"Status": versioning["Status"]}
    encryption = yield Invoke("s3", "GetBucketEncryption", bucket)
    live["BucketEncryption"] = _encryption_from(encryption["ServerSideEncryptionConfiguration"])
    parts = {name: live[name] for name in live if name in request.properties}
    return Done(request.physical_id, attributes(request.physical_id, request.region), parts)


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
    wanted = request.properties
    for part, (operation, translate) in _PARTS.items():
        if wanted.get(part) == previous.get(part):
            continue
        if part in wanted:
            yield Invoke("s3", f"Put{operation}", {"Bucket": name, **translate(wanted[part])})
        elif part == "VersioningConfiguration":
            suspended = {"VersioningConfiguration": {"Status": "Suspended"}}
            yield Invoke("s3", f"Put{operation}", {"Bucket": name, **suspended})
        else:
            yield Invoke("s3", _DELETES.get(part, f"Delete{operation}"), {"Bucket": name})
    tags = {"Tagging": {"TagSet": tag_list(request)}}
    yield Invoke("s3", "PutBucketTagging", {"Bucket": name, **tags})


def _versioning(value: Params) -> Params:
    return {"VersioningConfiguration": {"Status": value["Status"]}}


def _encryption(value: Params) -> Params:
    rules = [
        {
            (
                "ApplyServerSideEncryptionByDefault"
                if key == "ServerSideEncryptionByDefault"
                else key
            ): (part)
            for key, part in rule.items()
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _encryption_from(value: Params) -> Params:
    rules = [
        {
            (
                "ServerSideEncryptionByDefault"
                if key == "ApplyServerSideEncryptionByDefault"
                else key
            ): (part)
            for key, part in rule.items()
        }
        for rule in value["Rules"]
    ]
    return {"ServerSideEncryptionConfiguration": rules}


def _public_access(value: Params) -> Params:
    return {"PublicAccessBlockConfiguration": value}


def _ownership(value: Params) -> Params:
    return {"OwnershipControls": value}


def _cors(value: Params) -> Params:
    renamed = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    rules = [
        {renamed.get(key, key): part for key, part in rule.items()} for rule in value["CorsRules"]
    ]
    return {"CORSConfiguration": {"CORSRules": rules}}


_PARTS = {
    "OwnershipControls": ("BucketOwnershipControls", _ownership),
    "PublicAccessBlockConfiguration": ("PublicAccessBlock", _public_access),
    "VersioningConfiguration": ("BucketVersioning", _versioning),
    "BucketEncryption": ("BucketEncryption", _encryption),
    "CorsConfiguration": ("BucketCors", _cors),
}
_DELETES = {"PublicAccessBlockConfiguration": "DeletePublicAccessBlock"}

BUCKET = ResourceType("AWS::S3::Bucket", "runs", create, delete, update, read)
