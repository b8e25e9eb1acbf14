"""The stock aws command against a real server, byte for byte."""

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Aws = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.processes


def said(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_bucket_is_made_filled_synced_emptied_and_removed(
    aws: Aws, client: Any, tmp_path: Path
) -> None:
    chance = random.Random(5)
    here, back = tmp_path / "here", tmp_path / "back"
    files = {
        "model.bin": chance.randbytes(12 << 20),
        "code/inference.py": b"def handler(): ...\n",
        "code/a b+c.txt": "é".encode(),
        "empty": b"",
    }
    for name, content in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content)
    assert said(aws("s3", "mb", "s3://cli-models")) == "make_bucket: cli-models\n"
    said(aws("s3", "sync", str(here), "s3://cli-models/v1"))
    listed = client.list_objects_v2(Bucket="cli-models")["Contents"]
    assert {entry["Key"]: entry["Size"] for entry in listed} == {
        f"v1/{name}": len(content) for name, content in files.items()
    }
    # Nothing has changed, so there is nothing to send.
    assert said(aws("s3", "sync", str(here), "s3://cli-models/v1", "--size-only")) == ""
    said(aws("s3", "cp", "s3://cli-models/v1/model.bin", "s3://cli-models/v1/copy"))
    files["copy"] = files["model.bin"]
    said(aws("s3", "cp", "--recursive", "s3://cli-models/v1", str(back)))
    assert {
        str(path.relative_to(back)): path.read_bytes() for path in back.rglob("*") if path.is_file()
    } == files
    said(aws("s3", "rm", "--recursive", "s3://cli-models"))
    assert said(aws("s3", "rb", "s3://cli-models")) == "remove_bucket: cli-models\n"
    assert "cli-models" not in {entry["Name"] for entry in client.list_buckets()["Buckets"]}
