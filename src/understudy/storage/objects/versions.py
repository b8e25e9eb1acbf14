"""The rows of object versions: which is the latest, what versioning makes of a write or a delete.

AWS: How S3 Versioning works; Working with objects in a versioning-suspended bucket.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import blake2b
from sqlite3 import Connection, Row
from typing import Protocol

from msgspec import json
from msgspec.structs import replace

from understudy.storage.objects.values import (
    NULL,
    Attributes,
    Bucket,
    Checksum,
    Segment,
    Version,
)

_segments = json.Decoder(tuple[Segment, ...])
_checksum = json.Decoder(Checksum | None)
_attributes = json.Decoder(Attributes)
_tags = json.Decoder(dict[str, str])


_LISTED = (
    "sequence, key, id, latest, marker, modified, size, etag, checksum, attributes, tags, parts,"
    " '[]' AS segments"
)


class Change(Protocol):
    """The part of a transaction that rows are changed through."""

    @property
    def rows(self) -> Connection:
        """The connection that writes."""
        ...

    def free(self, segments: tuple[Segment, ...]) -> None:
        """These segments lost their row."""
        ...


def _check(body: str) -> str:
    return urlsafe_b64encode(blake2b(body.encode(), digest_size=3).digest()).decode()


def fresh_id() -> str:
    """A version id of 32 characters, whose last four check the others."""
    body = secrets.token_urlsafe(21)
    return body + _check(body)


def is_id(text: str) -> bool:
    """Whether a text can be a version id, ``null`` included.

    >>> is_id(fresh_id()), is_id("null"), is_id("HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD")
    (True, True, False)
    """
    return text == NULL or (len(text) == 32 and text[28:] == _check(text[:28]))


def _version(row: Row) -> Version:
    return Version(
        key=row["key"].decode(),
        id=row["id"],
        modified=row["modified"],
        marker=bool(row["marker"]),
        size=row["size"],
        etag=row["etag"],
        checksum=_checksum.decode(row["checksum"]),
        attributes=_attributes.decode(row["attributes"]),
        tags=_tags.decode(row["tags"]),
        segments=_segments.decode(row["segments"]),
        parts=bool(row["parts"]),
        latest=bool(row["latest"]),
        sequence=row["sequence"],
    )


def _first(rows: Connection, where: str, *values: object) -> Version | None:
    row = rows.execute(f"SELECT * FROM version WHERE {where}", values).fetchone()  # noqa: S608
    return _version(row) if row else None


def latest(rows: Connection, bucket: str, key: str) -> Version | None:
    """The latest version of a key, be it a delete marker; None where the key has no versions."""
    return _first(rows, "bucket = ? AND key = ? AND latest", bucket, key.encode())


def find(rows: Connection, bucket: str, key: str, version_id: str) -> Version | None:
    """A version of a key by its id, or None."""
    return _first(rows, "bucket = ? AND key = ? AND id = ?", bucket, key.encode(), version_id)


def any_in(rows: Connection, bucket: str) -> bool:
    """Whether a bucket has a version or a delete marker."""
    found = rows.execute("SELECT 1 FROM version WHERE bucket = ? LIMIT 1", (bucket,))
    return found.fetchone() is not None


def objects_from(rows: Connection, bucket: str, start: bytes) -> Iterator[Version]:
    """The latest versions with keys from ``start`` on, without delete markers, by key.

    Versions that are listed come without their segments.
    """
    where = "bucket = ? AND key >= ? AND latest AND NOT marker ORDER BY key"
    return _listed(rows, where, bucket, start)


def versions_from(rows: Connection, bucket: str, start: bytes) -> Iterator[Version]:
    """All versions and delete markers with keys from ``start`` on, by key, the newest first."""
    where = "bucket = ? AND key >= ? ORDER BY key, sequence DESC"
    return _listed(rows, where, bucket, start)


def versions_after(rows: Connection, bucket: str, key: str, sequence: int) -> Iterator[Version]:
    """What ``versions_from`` gives after the version of a key with this sequence number."""
    where = "bucket = ?1 AND key >= ?2 AND (key > ?2 OR sequence < ?3) ORDER BY key, sequence DESC"
    return _listed(rows, where, bucket, key.encode(), sequence)


def _listed(rows: Connection, where: str, *values: object) -> Iterator[Version]:
    found = rows.execute(f"SELECT {_LISTED} FROM version WHERE {where}", values)  # noqa: S608
    return map(_version, found)


def put(change: Change, bucket: Bucket, version: Version) -> Version:
    """Make a version the latest of its key; it comes back with its id.

    With versioning it is a further version; without, or while versioning is suspended, it takes the
    place of the null version.
    """
    version = replace(version, id=fresh_id() if bucket.versioning == "Enabled" else NULL)
    if version.id == NULL:
        _drop(change, find(change.rows, bucket.name, version.key, NULL), bucket.name)
    key = version.key.encode()
    change.rows.execute(
        "UPDATE version SET latest = 0 WHERE bucket = ? AND key = ? AND latest", (bucket.name, key)
    )
    change.rows.execute(
        "INSERT INTO version (bucket, key, id, latest, marker, modified, size, etag, checksum,"
        " attributes, tags, parts, segments) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            bucket.name,
            key,
            version.id,
            version.marker,
            version.modified,
            version.size,
            version.etag,
            json.encode(version.checksum),
            json.encode(version.attributes),
            json.encode(version.tags),
            version.parts,
            json.encode(version.segments),
        ),
    )
    _disturb(change.rows, bucket.name, key)
    return version


def delete(change: Change, bucket: Bucket, key: str, at: float) -> Version | None:
    """Delete a key as a request without a version id does: the delete marker that now stands.

    None in a bucket that never had versioning, where the object is gone.
    """
    if bucket.versioning:
        return put(change, bucket, Version(key=key, id="", modified=at, marker=True))
    _drop(change, find(change.rows, bucket.name, key, NULL), bucket.name)
    _disturb(change.rows, bucket.name, key.encode())
    return None


def remove(change: Change, bucket: str, version: Version) -> None:
    """Remove one version for good; the newest of those left becomes the latest."""
    _drop(change, version, bucket)
    key = version.key.encode()
    change.rows.execute(
        "UPDATE version SET latest = 1 WHERE sequence = (SELECT max(sequence) FROM version"
        " WHERE bucket = ? AND key = ?)",
        (bucket, key),
    )
    _disturb(change.rows, bucket, key)


def amend(rows: Connection, version: Version) -> None:
    """Keep the tags and attributes of a version, which alone may change after it was written."""
    rows.execute(
        "UPDATE version SET tags = ?, attributes = ? WHERE sequence = ?",
        (json.encode(version.tags), json.encode(version.attributes), version.sequence),
    )


def blobs(rows: Connection) -> set[str]:
    """Every file that a version names."""
    found = rows.execute("SELECT segments FROM version")
    return {segment.blob for row in found for segment in _segments.decode(row["segments"])}


def _drop(change: Change, version: Version | None, bucket: str) -> None:
    if version is not None:
        change.rows.execute(
            "DELETE FROM version WHERE bucket = ? AND sequence = ?", (bucket, version.sequence)
        )
        change.free(version.segments)


def _disturb(rows: Connection, bucket: str, key: bytes) -> None:
    rows.execute("UPDATE upload SET disturbed = 1 WHERE bucket = ? AND key = ?", (bucket, key))
