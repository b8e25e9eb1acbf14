"""S3 for the engine: the store's operations, called in this process."""

from pathlib import Path
from urllib.parse import urlsplit

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.live.clock import WorldClock
from understudy.storage.objects.store import Store
from understudy.storage.s3 import Context, operations
from understudy.storage.s3.reading import open_object


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
        bucket, key = locate(url)
        context = Context(self._clock.now())
        _, reading = open_object(self.store, {"Bucket": bucket, "Key": key}, context)
        path.parent.mkdir(parents=True, exist_ok=True)
        with reading, path.open("wb") as file:
            for chunk in reading:
                file.write(chunk)

    def text(self, url: str) -> str:
        """The object at a URL as text. Raises Fault."""
        bucket, key = locate(url)
        context = Context(self._clock.now())
        _, reading = open_object(self.store, {"Bucket": bucket, "Key": key}, context)
        with reading:
            return reading.read().decode()


def locate(url: str) -> tuple[str, str]:
    """Bucket and key of an object's URL: ``s3://``, path style or virtual-host style.

    Raises Fault for anything else.

    >>> locate("s3://models/digits/model.tar.gz")
    ('models', 'digits/model.tar.gz')
    >>> locate("https://s3.eu-west-1.amazonaws.com/models/model.tar.gz")
    ('models', 'model.tar.gz')
    >>> locate("https://models.s3.amazonaws.com/a/model.tar.gz")
    ('models', 'a/model.tar.gz')
    """
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts.path.lstrip("/")
    if parts.scheme == "s3":
        return parts.netloc, path
    bucket, _, rest = host.partition(".s3")
    if rest and not host.startswith("s3"):
        return bucket, path
    bucket, _, key = path.partition("/")
    if parts.scheme not in ("http", "https") or not key:
        raise Fault("ValidationError", "TemplateURL must be a supported URL.")
    return bucket, key
