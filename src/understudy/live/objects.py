"""S3 for the engine: the store's operations, called in this process."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from understudy.base.fault import Fault, validation_error
from understudy.base.hosts import host_of
from understudy.control.events import Params
from understudy.live.clock import WorldClock
from understudy.storage.objects.store import Store
from understudy.storage.s3 import Context, operations
from understudy.storage.s3.reading import open_object

LARGEST_TEMPLATE = 1_000_000
"""Bytes. AWS: Understand CloudFormation quotas."""
SEE_ALSO = (
    "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)


class StoredObjects:
    """The object store, seen as AWS operations. Every call blocks: use a thread."""

    def __init__(self, store: Store, clock: WorldClock) -> None:
        self.store = store
        self._clock = clock

    def call(self, operation: str, params: Params, region: str) -> Params:
        """Perform an operation on behalf of another AWS service. Raises Fault."""
        context = Context(self._clock.now(), region, by_service=True)
        return operations[operation](self.store, params, context)

    def download(self, url: str, path: Path) -> None:
        """Copy the object at an ``s3://`` or S3 ``https://`` URL to a file. Raises Fault."""
        _, reading = open_object(self.store, _required(url), Context(self._clock.now()))
        path.parent.mkdir(parents=True, exist_ok=True)
        with reading, path.open("wb") as file:
            for chunk in reading:
                file.write(chunk)

    def text(self, url: str, member: str) -> str:
        """The object that ``TemplateURL`` or a member like it points at. Raises ValidationError."""
        where = locate(url)
        if where is None or url.startswith("s3:"):
            raise validation_error(f"{member} must be a supported URL.")
        try:
            found, reading = open_object(self.store, where, Context(self._clock.now()))
        except Fault as fault:
            raise validation_error(f"S3 error: {fault.message}\n{SEE_ALSO}") from fault
        with reading:
            if found["ContentLength"] > LARGEST_TEMPLATE:
                raise validation_error(f"Template may not exceed {LARGEST_TEMPLATE} bytes in size.")
            return reading.read().decode(errors="replace")


def _required(url: str) -> Params:
    where = locate(url)
    if where is None:
        raise validation_error(f"{url} is not the URL of an S3 object.")
    return where


def locate(url: str) -> Params | None:
    """Bucket, Key and VersionId of an object's URL: ``s3://``, path style or virtual-host style.

    None for anything else. Path style is understood at any host, for it is what our own is.

    >>> locate("s3://models/digits/model.tar.gz")
    {'Bucket': 'models', 'Key': 'digits/model.tar.gz'}
    >>> locate("https://s3.eu-west-1.amazonaws.com/models/a%20model.tar.gz")
    {'Bucket': 'models', 'Key': 'a model.tar.gz'}
    >>> locate("https://models.s3.amazonaws.com/a/model.tar.gz?versionId=3HL4kqt")
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
