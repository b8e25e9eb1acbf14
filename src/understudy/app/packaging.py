"""Model archives that a template names by a local path: found, packed and uploaded.

On AWS the archive lies in S3. For a rehearsal a template (or a parameter) may name a folder or a
``.tar.gz`` beside it; it is uploaded, and the URL takes its place.
"""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from understudy.app.templates import CheckedTemplate
from understudy.base.arn import ACCOUNT
from understudy.base.diagnostic import Diagnostic
from understudy.cloudformation.locate import locate
from understudy.cloudformation.value import is_list, is_map

REMOTE = ("s3://", "http://", "https://")
MODEL = "AWS::SageMaker::Model"


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A local path that stands for a model archive. ``parameter`` is the one that brings it."""

    path: Path
    parameter: str

    def archive(self) -> bytes:
        """The archive as model.tar.gz: the file itself, or the folder packed, always alike."""
        if self.path.is_file():
            return self.path.read_bytes()
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
            for path in sorted(self.path.rglob("*")):
                if "__pycache__" not in path.parts:
                    archive.add(path, path.relative_to(self.path), recursive=False)
        return buffer.getvalue()


def local_models(checked: CheckedTemplate) -> tuple[list[LocalModel], list[Diagnostic]]:
    """The local model archives of a template, and those that are not there."""
    found: list[LocalModel] = []
    problems: list[Diagnostic] = []
    for logical_id, resource in checked.template.resources.items():
        if resource.type != MODEL:
            continue
        for path, written in _urls(logical_id, resource.properties):
            url = checked.evaluated(written)
            if not isinstance(url, str) or url.startswith(REMOTE):
                continue
            model = LocalModel(checked.path.parent / url, _parameter(written))
            problem = _problem(checked, model, path, url)
            if problem is None:
                found.append(model)
            else:
                problems.append(problem)
    return found, problems


def _urls(
    logical_id: str, properties: Mapping[str, Any]
) -> list[tuple[tuple[str | int, ...], Any]]:
    """Where a model resource may name an archive, and what stands there."""
    start: tuple[str | int, ...] = ("Resources", logical_id, "Properties")
    containers: list[tuple[tuple[str | int, ...], Any]] = [
        ((*start, "PrimaryContainer"), properties.get("PrimaryContainer"))
    ]
    listed = properties.get("Containers")
    if is_list(listed):
        containers += [((*start, "Containers", i), each) for i, each in enumerate(listed)]
    return [
        ((*path, "ModelDataUrl"), container["ModelDataUrl"])
        for path, container in containers
        if is_map(container) and "ModelDataUrl" in container
    ]


def _parameter(written: Any) -> str:
    """The parameter that a value is a Ref of, or an empty text."""
    return str(written.get("Ref", "")) if is_map(written) else ""


def _problem(
    checked: CheckedTemplate, model: LocalModel, path: tuple[str | int, ...], url: str
) -> Diagnostic | None:
    mark = locate(checked.text, path, str(checked.path))
    if not model.path.exists():
        return Diagnostic(
            f"The model archive {url} does not exist.",
            path,
            mark,
            detail=f"It was looked for at {model.path}.",
            action="name an S3 URL, or a folder or .tar.gz relative to the template"
            + (f"; it comes from parameter {model.parameter}" if model.parameter else ""),
        )
    if not model.parameter:
        return Diagnostic(
            f"The local model archive {url} must come through a parameter.",
            path,
            mark,
            action="write ModelDataUrl: !Ref ModelDataUrl and give the parameter this default",
        )
    return None


def upload(models: list[LocalModel], s3: Any, region: str) -> dict[str, str]:
    """Upload archives; the S3 URL by the parameter that named each."""
    bucket = f"understudy-artifacts-{ACCOUNT}-{region}"
    _ensure_bucket(s3, bucket, region)
    urls: dict[str, str] = {}
    for model in models:
        archive = model.archive()
        key = f"{sha256(archive).hexdigest()[:32]}/model.tar.gz"
        s3.put_object(Bucket=bucket, Key=key, Body=archive)
        urls[model.parameter] = f"s3://{bucket}/{key}"
    return urls


def _ensure_bucket(s3: Any, bucket: str, region: str) -> None:
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **({} if region == "us-east-1" else where))
