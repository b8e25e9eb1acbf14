"""What a host name says: an AWS service and region, or the bucket of an S3 request.

AWS: Virtual hosting of general purpose buckets; AWS service endpoints.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

_AWS = re.compile(
    r"(?P<name>.+?)(?:\.dualstack)?(?:[.](?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?"
    r"\.(?:amazonaws\.com(?:\.cn)?|api\.aws)"
)
_BUCKETS = (re.compile(r"(.+)\.s3(?:-[^.]+)?\..+"), re.compile(r"(.+)\.localhost"))
_S3 = re.compile(r"s3(?:-accelerate|-(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?")
_NOT_A_BUCKET = frozenset({"s3", "www"})


@dataclass(frozen=True, slots=True)
class Host:
    """What a host name stands for; parts that it does not say are empty."""

    endpoint_prefix: str = ""
    region: str = ""
    bucket: str = ""

    def bucket_path(self, path: str) -> str:
        """The path-style path of an S3 request: ``/key`` at ``bucket.s3...`` is ``/bucket/key``."""
        return f"/{self.bucket}{path}" if self.bucket else path


@lru_cache(maxsize=1024)
def host_of(header: str) -> Host:
    """What a Host header says.

    >>> host_of("runtime.sagemaker.eu-west-1.amazonaws.com")
    Host(endpoint_prefix='runtime.sagemaker', region='eu-west-1', bucket='')
    >>> host_of("models.localhost:4566")
    Host(endpoint_prefix='s3', region='', bucket='models')
    >>> host_of("models.s3-eu-west-1.amazonaws.com")
    Host(endpoint_prefix='s3', region='eu-west-1', bucket='models')
    """
    name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
    aws = _AWS.fullmatch(name)
    if aws is None:
        found = next(filter(None, (pattern.fullmatch(name) for pattern in _BUCKETS)), None)
        if found is None or found[1] in _NOT_A_BUCKET:
            return Host()
        return Host(endpoint_prefix="s3", bucket=found[1])
    region = aws["region"] or ""
    bucket, dot, service = aws["name"].rpartition(".")
    if s3 := _S3.fullmatch(service):
        return Host("s3", region or s3["region"] or "", bucket if dot else "")
    return Host(aws["name"], region)


def object_at(url: str) -> dict[str, str] | None:
    """Bucket, Key and VersionId of an object's URL: ``s3://``, path style or virtual-host style.

    None for anything else. Path style is understood at any host, for it is what our own is.

    >>> object_at("s3://models/digits/model.tar.gz")
    {'Bucket': 'models', 'Key': 'digits/model.tar.gz'}
    >>> object_at("https://s3.eu-west-1.amazonaws.com/models/a%20model.tar.gz")
    {'Bucket': 'models', 'Key': 'a model.tar.gz'}
    >>> object_at("https://models.s3.amazonaws.com/a/model.tar.gz?versionId=3HL4kqt")
    {'Bucket': 'models', 'Key': 'a/model.tar.gz', 'VersionId': '3HL4kqt'}
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        bucket, key = parts.netloc, parts.path[1:]
    elif parts.scheme in ("http", "https"):
        path = host_of(parts.hostname or "").bucket_path(parts.path)
        bucket, _, key = path[1:].partition("/")
    else:
        return None
    if not bucket or not key:
        return None
    where = {"Bucket": bucket, "Key": unquote(key)}
    if version := parse_qs(parts.query).get("versionId"):
        where["VersionId"] = version[-1]
    return where
