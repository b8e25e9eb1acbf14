"""Bringing to S3 what a stack needs there: assets of a CDK app, templates that are too large."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from understudy.app.stacks.place import Place
from understudy.app.stacks.source import Asset, StackSource
from understudy.base.diagnostic import Diagnostic, InvalidInput

MAX_INLINE_BYTES = 51_200
"""AWS: CloudFormation quotas, template body size in a request."""

BOOTSTRAP_VERSION = "32"
"""The version of the CDK's bootstrap stack whose bucket and roles are stood in for."""

DEFAULT_QUALIFIER = "hnb659fds"
"""The CDK's own qualifier of the names in a bootstrapped environment."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def upload_assets(place: Place, sources: Iterable[StackSource], say: Callable[[str], None]) -> None:
    """Bring the assets of stacks to their buckets; what is there already is left alone.

    A local engine that has not been bootstrapped for the CDK gets the bucket and the version.
    Raises InvalidInput where another place has not been.
    """
    for source in sources:
        if source.bootstrap:
            _bootstrap(place, source.bootstrap)
        for asset in source.assets:
            if _brought(place, asset):
                say(f"Uploaded {asset.path.name[:24]} to s3://{asset.bucket}/{asset.key[:24]}")


def _bootstrap(place: Place, name: str) -> None:
    """See to it that a place is bootstrapped for the CDK; a local engine is, where it is not."""
    from botocore.exceptions import ClientError

    try:
        place.client.service("ssm").get_parameter(Name=name)
    except ClientError as error:
        if place.kind != "engine":
            raise InvalidInput(
                (
                    Diagnostic(
                        f"{place} has not been bootstrapped for the CDK: {name} is missing.",
                        action="run `cdk bootstrap` there",
                    ),
                )
            ) from error
        _toolkit(place, name)


def _toolkit(place: Place, version: str) -> None:
    """A toolkit stack with the bucket and the version alone; `cdk bootstrap` may update it.

    Its logical ids are those of the CDK's own template.
    """
    qualifier = version.split("/")[2]
    bucket = f"cdk-{qualifier}-assets-{place.account}-{place.region}"
    resources = {
        "StagingBucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}},
        "CdkBootstrapVersion": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Name": version, "Value": BOOTSTRAP_VERSION},
        },
    }
    outputs = {
        "BucketName": {"Value": {"Ref": "StagingBucket"}},
        "BootstrapVersion": {"Value": {"Fn::GetAtt": ["CdkBootstrapVersion", "Value"]}},
    }
    name = "CDKToolkit" if qualifier == DEFAULT_QUALIFIER else f"CDKToolkit-{qualifier}"
    api = place.client.cloudformation
    body = json.dumps({"Resources": resources, "Outputs": outputs})
    api.create_stack(StackName=name, TemplateBody=body, OnFailure="DELETE")
    wait = {"Delay": place.seconds, "MaxAttempts": 600}
    api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=wait)


def _brought(place: Place, asset: Asset) -> bool:
    from botocore.exceptions import ClientError

    _bucket(place, asset.bucket)
    try:
        place.client.s3.head_object(Bucket=asset.bucket, Key=asset.key)
    except ClientError:
        body = zipped(asset.path) if asset.zipped else asset.path.read_bytes()
        place.client.s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)
        return True
    return False


def _bucket(place: Place, name: str) -> None:
    """See to it that a bucket is there. Only on a local engine is it made without being asked."""
    from botocore.exceptions import ClientError

    try:
        place.client.s3.head_bucket(Bucket=name)
    except ClientError as error:
        if place.kind != "engine":
            raise InvalidInput(
                (
                    Diagnostic(
                        f"There is no bucket {name} in {place}.",
                        action="make it, or for the CDK run `cdk bootstrap` there",
                    ),
                )
            ) from error
        region = {"LocationConstraint": place.region}
        extra = {} if place.region == "us-east-1" else {"CreateBucketConfiguration": region}
        place.client.s3.create_bucket(Bucket=name, **extra)


def zipped(folder: Path) -> bytes:
    """A folder as a zip file; the same files give the same bytes."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.external_attr = (path.stat().st_mode & 0o777) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return body.getvalue()


def template_argument(place: Place, source: StackSource) -> dict[str, str]:
    """How an API call is given a template: as it is, or by its URL where it is too large."""
    content = source.text.encode()
    if len(content) <= MAX_INLINE_BYTES:
        return {"TemplateBody": source.text}
    bucket = f"understudy-templates-{place.account}-{place.region}"
    key = f"{source.stack_name}/{hashlib.sha256(content).hexdigest()}"
    _bucket(place, bucket)
    place.client.s3.put_object(Bucket=bucket, Key=key, Body=content)
    return {"TemplateURL": f"https://s3.{place.region}.amazonaws.com/{bucket}/{key}"}
