"""The rows of multipart uploads and of their parts."""

import secrets
from collections.abc import Iterator
from sqlite3 import Connection, Row

from msgspec import json
from msgspec.structs import replace

from understudy.storage.objects.values import Attributes, Part, Segment, Upload
from understudy.storage.objects.versions import Change

_segment = json.Decoder(Segment)
_attributes = json.Decoder(Attributes)
_tags = json.Decoder(dict[str, str])


def _upload(row: Row) -> Upload:
    return Upload(
        id=row["id"],
        bucket=row["bucket"],
        key=row["key"].decode(),
        initiated=row["initiated"],
        attributes=_attributes.decode(row["attributes"]),
        tags=_tags.decode(row["tags"]),
        algorithm=row["algorithm"],
        checksum_type=row["checksum_type"],
        disturbed=bool(row["disturbed"]),
        sequence=row["sequence"],
    )


def _part(row: Row) -> Part:
    return Part(
        number=row["number"],
        modified=row["modified"],
        segment=_segment.decode(row["segment"]),
        algorithm=row["algorithm"],
    )


def begin(rows: Connection, upload: Upload) -> Upload:
    """Begin an upload; it comes back with its id."""
    upload = replace(upload, id=secrets.token_urlsafe(48))
    rows.execute(
        "INSERT INTO upload (id, bucket, key, initiated, attributes, tags, algorithm,"
        " checksum_type, disturbed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (
            upload.id,
            upload.bucket,
            upload.key.encode(),
            upload.initiated,
            json.encode(upload.attributes),
            json.encode(upload.tags),
            upload.algorithm,
            upload.checksum_type,
        ),
    )
    return upload


def find(rows: Connection, upload_id: str) -> Upload | None:
    """The upload of an id, or None."""
    row = rows.execute("SELECT * FROM upload WHERE id = ?", (upload_id,)).fetchone()
    return _upload(row) if row else None


def uploads_from(rows: Connection, bucket: str, start: bytes) -> Iterator[Upload]:
    """Uploads for keys from ``start`` on, by key, the oldest first."""
    found = rows.execute(
        "SELECT * FROM upload WHERE bucket = ? AND key >= ? ORDER BY key, sequence",
        (bucket, start),
    )
    return map(_upload, found)


def uploads_after(rows: Connection, bucket: str, key: str, sequence: int) -> Iterator[Upload]:
    """What ``uploads_from`` gives after the upload for a key with this sequence number."""
    found = rows.execute(
        "SELECT * FROM upload WHERE bucket = ? AND (key, sequence) > (?, ?) ORDER BY key, sequence",
        (bucket, key.encode(), sequence),
    )
    return map(_upload, found)


def put_part(change: Change, upload_id: str, part: Part) -> None:
    """Keep a part, in the place of an earlier one with the same number."""
    earlier = find_part(change.rows, upload_id, part.number)
    if earlier is not None:
        change.free((earlier.segment,))
    change.rows.execute(
        "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?)",
        (upload_id, part.number, part.modified, part.algorithm, json.encode(part.segment)),
    )


def find_part(rows: Connection, upload_id: str, number: int) -> Part | None:
    """A part by its number, or None."""
    row = rows.execute(
        "SELECT * FROM part WHERE upload = ? AND number = ?", (upload_id, number)
    ).fetchone()
    return _part(row) if row else None


def parts(rows: Connection, upload_id: str, after: int = 0, limit: int = -1) -> list[Part]:
    """Up to ``limit`` parts with numbers above ``after``, by number; all where it is negative."""
    found = rows.execute(
        "SELECT * FROM part WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
        (upload_id, after, limit),
    )
    return [_part(row) for row in found]


def end(change: Change, upload_id: str, kept: frozenset[int] = frozenset()) -> None:
    """End an upload. All parts go, but the files of those whose numbers are ``kept``."""
    for part in parts(change.rows, upload_id):
        if part.number not in kept:
            change.free((part.segment,))
    change.rows.execute("DELETE FROM upload WHERE id = ?", (upload_id,))


def end_all(change: Change, bucket: str) -> None:
    """End every upload into a bucket that is about to go."""
    for upload in list(uploads_from(change.rows, bucket, b"")):
        end(change, upload.id)


def blobs(rows: Connection) -> set[str]:
    """Every file that a part names."""
    found = rows.execute("SELECT segment FROM part")
    return {_segment.decode(row["segment"]).blob for row in found}
