"""What the store promises of durability, of crashes, and to threads."""

import hashlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.storage import s3
from understudy.storage.objects.store import Store

Call = Callable[..., Any]
AT = s3.Context(1_700_000_000.0)


def contents(store_folder: Path) -> set[str]:
    return {path.name for path in (store_folder / "contents").iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "s3"


def test_a_file_that_no_row_names_is_removed_when_the_store_is_opened(tmp_path: Path) -> None:
    store = Store(tmp_path)
    staging = store.stage()
    staging.write(b"cut off before its row was written")
    staging.keep()
    assert len(contents(tmp_path)) == 1
    store.close()
    Store(tmp_path).close()
    assert contents(tmp_path) == set()


def test_a_transaction_that_raises_leaves_neither_rows_nor_files(
    store: Store, call: Call, bucket: str, folder: Path
) -> None:
    with pytest.raises(Fault, match="NoSuchBucket"):
        call("PutObject", Bucket="elsewhere", Key="k", Body=b"bytes")
    with pytest.raises(Fault, match="InvalidStorageClass"):
        call("PutObject", Bucket=bucket, Key="k", Body=b"bytes", StorageClass="LEDGER")
    assert contents(folder) == set()
    assert "Contents" not in call("ListObjectsV2", Bucket=bucket)


def test_a_body_with_a_wrong_checksum_leaves_no_file(call: Call, bucket: str, folder: Path) -> None:
    with pytest.raises(Fault, match="BadDigest"):
        call("PutObject", Bucket=bucket, Key="k", Body=b"bytes", ChecksumCRC32="AAAAAA==")
    assert contents(folder) == set()


def test_bytes_and_names_are_synced_before_the_row_is_written(
    store: Store, call: Call, bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        with store.read() as snapshot:
            written = snapshot.rows.execute("SELECT count(*) FROM version").fetchone()[0]
        assert written == 0

    monkeypatch.setattr(os, "fsync", recorded)
    call("PutObject", Bucket=bucket, Key="k", Body=b"bytes")
    assert synced == [*contents(folder), "contents"]


def test_commits_wait_for_the_disk(store: Store) -> None:
    with store.write() as change:
        assert change.rows.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert change.rows.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_folder_is_open_in_one_process_only(store: Store, folder: Path) -> None:
    with pytest.raises(BlockingIOError):
        Store(folder)


def test_a_reading_stays_whole_when_its_object_is_overwritten_and_deleted(
    store: Store, call: Call, bucket: str, folder: Path
) -> None:
    call("PutObject", Bucket=bucket, Key="k", Body=b"first" * 1000)
    _, reading = s3.reading.open_object(store, {"Bucket": bucket, "Key": "k"}, AT)
    call("PutObject", Bucket=bucket, Key="k", Body=b"second")
    call("DeleteObject", Bucket=bucket, Key="k")
    assert len(contents(folder)) == 1
    assert reading.read() == b"first" * 1000
    reading.close()
    assert contents(folder) == set()


def test_two_readings_of_a_deleted_object_keep_its_file_until_both_are_closed(
    store: Store, call: Call, bucket: str, folder: Path
) -> None:
    call("PutObject", Bucket=bucket, Key="k", Body=b"bytes")
    one, two = (
        s3.reading.open_object(store, {"Bucket": bucket, "Key": "k"}, AT)[1] for _ in range(2)
    )
    call("DeleteObject", Bucket=bucket, Key="k")
    one.close()
    one.close()
    assert two.read() == b"bytes"
    two.close()
    assert contents(folder) == set()


@pytest.mark.parametrize(
    "key",
    [
        "../../x",
        "/",
        "a//b",
        ".",
        "..",
        "é\U0010ffff",
        "x" * 1024,
        " ",
        "a\nb",
        "%2e%2e%2f",
        "\x7f",
    ],
    ids=repr,
)
def test_keys_are_names_and_never_paths(call: Call, bucket: str, folder: Path, key: str) -> None:
    call("PutObject", Bucket=bucket, Key=key, Body=key.encode())
    assert call("GetObject", Bucket=bucket, Key=key)["Body"] == key.encode()
    assert [entry["Key"] for entry in call("ListObjectsV2", Bucket=bucket)["Contents"]] == [key]
    assert len(contents(folder)) == 1
    assert {path.name for path in folder.parent.iterdir()} == {"s3"}


def test_the_last_finished_put_wins_and_readers_never_see_a_mix(
    call: Call, bucket: str, folder: Path
) -> None:
    size, done = 200_000, Event()
    call("PutObject", Bucket=bucket, Key="k", Body=b"0" * size)

    def write(letter: int) -> bytes:
        body = bytes([letter]) * size
        call("PutObject", Bucket=bucket, Key="k", Body=body)
        return body

    def read() -> int:
        count = 0
        while not done.is_set() or count == 0:
            body = call("GetObject", Bucket=bucket, Key="k")["Body"]
            assert len(body) == size
            assert len(set(body)) == 1
            count += 1
        return count

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        written = list(pool.map(write, range(65, 95)))
        done.set()
        assert all(reader.result() > 0 for reader in readers)
    assert call("GetObject", Bucket=bucket, Key="k")["Body"] in written
    assert len(contents(folder)) == 1


def test_of_many_writers_of_a_new_key_if_none_match_lets_one_through(
    call: Call, bucket: str, folder: Path
) -> None:
    def write(number: int) -> str:
        try:
            call("PutObject", Bucket=bucket, Key="k", Body=b"%d" % number, IfNoneMatch="*")
        except Fault as fault:
            return fault.code
        return "written"

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(write, range(40)))
    assert answers == {"written": 1, "PreconditionFailed": 39}
    assert len(contents(folder)) == 1


WRITER = """
import sys, random, hashlib
from pathlib import Path
from understudy.storage import s3
from understudy.storage.objects.store import Store

store, chance = Store(Path(sys.argv[1])), random.Random(int(sys.argv[2]))
def call(operation, **params):
    return s3.operations[operation](store, {"Bucket": "models", **params}, s3.Context(1.0))
if sys.argv[2] == "0":
    call("CreateBucket")
print("ready", flush=True)
while True:
    key, body = f"k{chance.randrange(8)}", chance.randbytes(chance.choice([0, 10, 50_000]))
    named = {"Key": key}
    if chance.random() < 0.2:
        print("start", key, "-", flush=True)
        call("DeleteObject", **named)
        print("done", key, "-", flush=True)
        continue
    print("start", key, hashlib.md5(body).hexdigest(), flush=True)
    if chance.random() < 0.3:
        named["UploadId"] = call("CreateMultipartUpload", **named)["UploadId"]
        part = call("UploadPart", **named, PartNumber=1, Body=body)
        listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        call("CompleteMultipartUpload", **named, MultipartUpload=listed)
    else:
        call("PutObject", **named, Body=body)
    print("done", key, hashlib.md5(body).hexdigest(), flush=True)
"""


def killed_writer(folder: Path, seed: int, writes: int) -> list[list[str]]:
    """The lines of a process that writes objects until it is killed in the middle of it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WRITER, str(folder), str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    lines: list[str] = []
    while len(lines) < writes:
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    lines.extend(process.stdout)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    return [line.split() for line in lines if line.endswith("\n") and line != "ready\n"]


def found_body(store: Store, key: str) -> bytes | None:
    named = {"Bucket": "models", "Key": key}
    listed = s3.operations["ListObjectsV2"](store, {"Bucket": "models", "Prefix": key}, AT)
    if key not in [entry["Key"] for entry in listed.get("Contents", [])]:
        return None
    return s3.operations["GetObject"](store, named, AT)["Body"]


@pytest.mark.processes
def test_what_was_acknowledged_survives_a_kill_and_what_was_not_leaves_nothing(
    tmp_path: Path,
) -> None:
    acknowledged: dict[str, str] = {}
    chance = random.Random(7)
    for seed in range(5):
        lines = killed_writer(tmp_path, seed, chance.randrange(40, 120))
        for word, key, digest in lines:
            if word == "done":
                acknowledged[key] = digest
        word, key, digest = lines[-1]
        in_doubt = {key: digest} if word == "start" else {}
        store = Store(tmp_path)
        files = 0
        for key in {*acknowledged, *in_doubt}:
            found = found_body(store, key)
            digest = "-" if found is None else hashlib.md5(found).hexdigest()
            assert digest in {acknowledged.get(key, "-"), in_doubt.get(key)}
            acknowledged[key] = digest
            files += bool(found)
        uploads = s3.operations["ListMultipartUploads"](store, {"Bucket": "models"}, AT)
        assert len(uploads.get("Uploads", [])) <= seed + 1
        for upload in uploads.get("Uploads", []):
            named = {"Bucket": "models", "Key": upload["Key"], "UploadId": upload["UploadId"]}
            s3.operations["AbortMultipartUpload"](store, named, AT)
        assert len(contents(tmp_path)) == files
        store.close()
