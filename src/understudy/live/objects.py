"""S3 for the engine: the store's operations, called in this process."""

from pathlib import Path

from understudy.base.fault import Fault, validation_error
from understudy.base.hosts import object_at
from understudy.control.events import Params
from understudy.live.clock import WorldClock
from understudy.storage.objects.store import Store
from understudy.storage.s3 import Context, operations
from understudy.storage.s3.reading import open_object

LARGEST_TEXT = 4_000_000
"""Bytes of an object that is read whole, for another service: more than any of them accepts."""


class StoredObjects:
    """The object store, seen as AWS operations. Every call blocks: use a thread."""

    def __init__(self, store: Store, clock: WorldClock) -> None:
        self.store = store
        self._clock = clock

    def call(self, operation: str, params: Params, region: str) -> Params:
        """Perform an operation on behalf of another AWS service. Raises Fault.

        The body of an object comes back as text.
        """
        context = Context(self._clock.now(), region, by_service=True)
        if operation == "GetObject":
            found, reading = open_object(self.store, params, context)
            with reading:
                if found["ContentLength"] > LARGEST_TEXT:
                    raise Fault("EntityTooLarge", f"The object exceeds {LARGEST_TEXT} bytes")
                return {"Body": reading.read().decode(errors="replace")}
        return operations[operation](self.store, params, context)

    def bytes(self, where: Params, region: str) -> bytes:
        """The whole content of an object, which AWS lets be 50 MB in a package. Raises Fault."""
        _, reading = open_object(self.store, where, Context(self._clock.now(), region))
        with reading:
            return b"".join(reading)

    def download(self, url: str, path: Path) -> None:
        """Copy the object at an ``s3://`` or S3 ``https://`` URL to a file. Raises Fault."""
        _, reading = open_object(self.store, _required(url), Context(self._clock.now()))
        path.parent.mkdir(parents=True, exist_ok=True)
        with reading, path.open("wb") as file:
            for chunk in reading:
                file.write(chunk)


def _required(url: str) -> Params:
    where = object_at(url)
    if where is None:
        raise validation_error(f"{url} is not the URL of an S3 object.")
    return where
