"""The rows of buckets and of what is set on them."""

from sqlite3 import Connection, Row
from typing import Any

from msgspec import json

from understudy.storage.objects.values import Bucket


def _bucket(row: Row) -> Bucket:
    return Bucket(
        name=row["name"],
        region=row["region"],
        created=row["created"],
        versioning=row["versioning"],
        object_lock=bool(row["object_lock"]),
    )


def find(rows: Connection, name: str) -> Bucket | None:
    """The bucket of a name, or None."""
    row = rows.execute("SELECT * FROM bucket WHERE name = ?", (name,)).fetchone()
    return _bucket(row) if row else None


def every(rows: Connection) -> list[Bucket]:
    """All buckets, by name."""
    return [_bucket(row) for row in rows.execute("SELECT * FROM bucket ORDER BY name")]


def add(rows: Connection, bucket: Bucket) -> None:
    """Make a bucket. The name must be free."""
    rows.execute(
        "INSERT INTO bucket VALUES (?, ?, ?, ?, ?)",
        (bucket.name, bucket.region, bucket.created, bucket.versioning, bucket.object_lock),
    )


def amend(rows: Connection, bucket: Bucket) -> None:
    """Keep the versioning and object lock state of a bucket."""
    rows.execute(
        "UPDATE bucket SET versioning = ?, object_lock = ? WHERE name = ?",
        (bucket.versioning, bucket.object_lock, bucket.name),
    )


def remove(rows: Connection, name: str) -> None:
    """Remove a bucket that has no versions and no uploads, with its settings."""
    rows.execute("DELETE FROM bucket WHERE name = ?", (name,))


def setting(rows: Connection, bucket: str, kind: str) -> Any:
    """What was set, as plain values under AWS's member names, or None."""
    row = rows.execute(
        "SELECT value FROM setting WHERE bucket = ? AND kind = ?", (bucket, kind)
    ).fetchone()
    return json.decode(row["value"]) if row else None


def put_setting(rows: Connection, bucket: str, kind: str, value: object) -> None:
    """Set, or set anew."""
    rows.execute(
        "INSERT INTO setting VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (bucket, kind, json.encode(value)),
    )


def delete_setting(rows: Connection, bucket: str, kind: str) -> None:
    """Unset; nothing where it was not set."""
    rows.execute("DELETE FROM setting WHERE bucket = ? AND kind = ?", (bucket, kind))
