"""A store against a plain model of it: a list of versions for each key."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from understudy.base.fault import Fault
from understudy.storage import s3
from understudy.storage.objects.store import Store

BUCKET = "models"
KEYS = st.sampled_from(
    ["a", "a/", "a/b", "a/b/c", "a/é", "ab", "b/a", "b/a/a", "é/a", "a\x00", "\U0010ffff/a", "../a"]
)
BODIES = st.binary(max_size=8)
PREFIXES = st.sampled_from(["", "a", "a/", "é", "b/a", "\U0010ffff"])
DELIMITERS = st.sampled_from(["", "/", "a", "/a"])
LIMITS = st.integers(1, 4)

Entry = tuple[str, bytes | None]
"""A version's id and its bytes, None for a delete marker."""


def rolled_up(keys: list[str], prefix: str, delimiter: str) -> list[tuple[str, bool]]:
    """Keys (False) and common prefixes (True) as the documentation of S3 describes a listing."""
    found: list[tuple[str, bool]] = []
    for key in sorted(keys, key=str.encode):
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            cut = rest.find(delimiter) if delimiter else -1
            entry = (key, False) if cut < 0 else (prefix + rest[: cut + len(delimiter)], True)
            if entry not in found:
                found.append(entry)
    return found


class Comparison(RuleBasedStateMachine):
    @initialize()
    def open_store(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder)
        self.at = 0
        self.versioning = ""
        self.history: dict[str, list[Entry]] = {}
        self.call("CreateBucket")

    def call(self, operation: str, **params: object) -> dict:
        self.at += 1
        return s3.operations[operation](
            self.store, {"Bucket": BUCKET, **params}, s3.Context(float(self.at))
        )

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def push(self, key: str, version_id: str, body: bytes | None) -> None:
        entries = self.history.setdefault(key, [])
        entries[:] = [entry for entry in entries if entry[0] != version_id]
        entries.insert(0, (version_id, body))

    def forget(self, key: str, version_id: str) -> None:
        left = [entry for entry in self.history.get(key, []) if entry[0] != version_id]
        self.history[key] = left
        if not left:
            del self.history[key]

    @rule(status=st.sampled_from(["Enabled", "Suspended"]))
    def set_versioning(self, status: str) -> None:
        self.call("PutBucketVersioning", VersioningConfiguration={"Status": status})
        self.versioning = status

    @rule(key=KEYS, body=BODIES)
    def put(self, key: str, body: bytes) -> None:
        version_id = self.call("PutObject", Key=key, Body=body).get("VersionId", "null")
        assert (version_id != "null") == (self.versioning == "Enabled")
        self.push(key, version_id, body)

    @rule(key=KEYS, parts=st.lists(BODIES, min_size=1, max_size=1))
    def upload(self, key: str, parts: list[bytes]) -> None:
        upload_id = self.call("CreateMultipartUpload", Key=key)["UploadId"]
        listed = []
        for number, body in enumerate(parts, start=1):
            named = {"Key": key, "UploadId": upload_id, "PartNumber": number}
            self.call("UploadPart", **named, Body=b"an earlier try")
            listed.append(
                {"PartNumber": number, "ETag": self.call("UploadPart", **named, Body=body)["ETag"]}
            )
        output = self.call(
            "CompleteMultipartUpload",
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": listed},
        )
        self.push(key, output.get("VersionId", "null"), b"".join(parts))

    @rule(source=KEYS, key=KEYS)
    def copy(self, source: str, key: str) -> None:
        entries = self.history.get(source)
        if source != key and entries and entries[0][1] is not None:
            copy_source = {"Bucket": BUCKET, "Key": source}
            output = self.call("CopyObject", Key=key, CopySource=copy_source)
            self.push(key, output.get("VersionId", "null"), entries[0][1])

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        output = self.call("DeleteObject", Key=key)
        if self.versioning:
            self.push(key, output["VersionId"], None)
        else:
            assert output == {}
            self.forget(key, "null") if key in self.history else None

    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        known = [(key, entry[0]) for key, entries in self.history.items() for entry in entries]
        if known:
            key, version_id = data.draw(st.sampled_from(known))
            self.call("DeleteObject", Key=key, VersionId=version_id)
            self.forget(key, version_id)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.folder)

    @rule(prefix=PREFIXES, delimiter=DELIMITERS, limit=LIMITS)
    def list_objects(self, prefix: str, delimiter: str, limit: int) -> None:
        alive = [key for key, entries in self.history.items() if entries[0][1] is not None]
        found: list[tuple[str, bool]] = []
        page: dict = {}
        for _ in range(len(self.history) + 1):
            token = page.get("NextContinuationToken")
            page = self.call(
                "ListObjectsV2",
                Prefix=prefix,
                Delimiter=delimiter,
                MaxKeys=limit,
                ContinuationToken=token,
            )
            entries = [(item["Key"], False) for item in page.get("Contents", [])]
            entries += [(item["Prefix"], True) for item in page.get("CommonPrefixes", [])]
            assert page["KeyCount"] == len(entries) <= limit
            found += sorted(entries, key=lambda entry: entry[0].encode())
            if not page["IsTruncated"]:
                break
        assert found == rolled_up(alive, prefix, delimiter)

    @rule(prefix=PREFIXES, limit=LIMITS)
    def list_versions(self, prefix: str, limit: int) -> None:
        found: dict[str, list[Entry]] = {}
        page: dict = {"NextKeyMarker": None}
        for _ in range(sum(map(len, self.history.values())) + 1):
            page = self.call(
                "ListObjectVersions",
                Prefix=prefix,
                MaxKeys=limit,
                KeyMarker=page["NextKeyMarker"],
                VersionIdMarker=page.get("NextVersionIdMarker"),
            )
            for kind in ("Versions", "DeleteMarkers"):
                for item in page.get(kind, []):
                    found.setdefault(item["Key"], []).append((item["VersionId"], item["IsLatest"]))
            if not page["IsTruncated"]:
                break
        expected = {
            key: [(entry[0], index == 0) for index, entry in enumerate(entries)]
            for key, entries in self.history.items()
            if key.startswith(prefix)
        }
        assert {key: set(entries) for key, entries in found.items()} == {
            key: set(entries) for key, entries in expected.items()
        }
        assert sum(map(len, found.values())) == sum(map(len, expected.values()))

    @rule()
    def every_version_reads_back(self) -> None:
        for key, entries in self.history.items():
            for version_id, body in entries:
                if body is not None:
                    found = self.call("GetObject", Key=key, VersionId=version_id)["Body"]
                    assert found == body

    @rule()
    def the_latest_version_is_what_a_read_without_id_gets(self) -> None:
        for key, entries in self.history.items():
            if entries[0][1] is None:
                with pytest.raises(Fault, match="NoSuchKey"):
                    self.call("GetObject", Key=key)
            else:
                assert self.call("GetObject", Key=key)["Body"] == entries[0][1]

    @invariant()
    def there_is_a_file_for_each_version_with_bytes(self) -> None:
        bodies = [entry[1] for entries in self.history.values() for entry in entries]
        files = [path for path in (self.folder / "contents").rglob("*") if path.is_file()]
        assert len(files) == sum(bool(body) for body in bodies)


TestComparison = Comparison.TestCase
TestComparison.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
