"""What the store keeps: buckets, versions of objects, uploads and their parts."""

from typing import Any

from msgspec import Struct

Attributes = dict[str, Any]
"""What a writer says of an object under AWS's member names: ContentType, Metadata, StorageClass."""

NULL = "null"
"""The version id of objects that were written while versioning was not enabled."""


class Checksum(Struct, frozen=True):
    """A checksum as S3 returns it: ``CRC32``, base64, ``FULL_OBJECT`` or ``COMPOSITE``."""

    algorithm: str
    value: str
    type: str = "FULL_OBJECT"


class Segment(Struct, frozen=True, array_like=True):
    """A run of bytes in a file of its own: an object put at once, or one part of an upload.

    ``blob`` names the file and is empty where there are no bytes; ``md5`` is hexadecimal;
    ``checksums`` are base64 by algorithm.
    """

    blob: str
    size: int
    md5: str
    checksums: dict[str, str] = {}


class Bucket(Struct, frozen=True):
    """A bucket. ``versioning`` is empty until first set, then ``Enabled`` or ``Suspended``."""

    name: str
    region: str
    created: float
    versioning: str = ""
    object_lock: bool = False


class Version(Struct, frozen=True):
    """One version of an object, or a delete marker.

    ``parts`` says that it came from a multipart upload, whose parts the segments are. ``sequence``
    orders the versions of a key; the store gives it.
    """

    key: str
    id: str
    modified: float
    marker: bool = False
    size: int = 0
    etag: str = ""
    checksum: Checksum | None = None
    attributes: Attributes = {}
    tags: dict[str, str] = {}
    segments: tuple[Segment, ...] = ()
    parts: bool = False
    latest: bool = True
    sequence: int = 0


class Upload(Struct, frozen=True):
    """A multipart upload that is neither completed nor aborted.

    ``algorithm`` and ``checksum_type`` are empty where the creator named none. ``disturbed`` says
    that the key was written or deleted since the upload began.
    """

    id: str
    bucket: str
    key: str
    initiated: float
    attributes: Attributes = {}
    tags: dict[str, str] = {}
    algorithm: str = ""
    checksum_type: str = ""
    disturbed: bool = False
    sequence: int = 0


class Part(Struct, frozen=True):
    """An uploaded part. ``algorithm`` is the checksum its sender gave, or empty."""

    number: int
    modified: float
    segment: Segment
    algorithm: str = ""
