"""Model archives that a template names by a local path: found, packed and uploaded.

On AWS the archive lies in S3. For a rehearsal a template (or a parameter) may name a folder or a
``.tar.gz`` beside it; it is uploaded, and the URL takes its place.
"""

import gzip
import hashlib
import shutil
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from understudy.app.templates import CheckedTemplate
from understudy.base.arn import ACCOUNT
from understudy.base.diagnostic import Diagnostic
from understudy.cloudformation.value import is_list, is_map
from understudy.runtimes.images import NotRunnable, runnable

REMOTE = ("s3://", "http://", "https://")
MODEL = "AWS::SageMaker::Model"
ARCHIVE = "model.tar.gz"

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A local path that stands for a model archive. ``parameter`` is the one that brings it."""

    path: Path
    parameter: str

    def write(self, archive: Path) -> None:
        """Write model.tar.gz: the file itself, or the folder packed, always alike."""
        if self.path.is_file():
            shutil.copyfile(self.path, archive)
            return
        with (
            archive.open("wb") as file,
            gzip.GzipFile(fileobj=file, filename="", mode="wb", compresslevel=6, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as tar,
        ):
            for path in sorted(self.path.rglob("*")):
                if "__pycache__" not in path.parts:
                    tar.add(path, path.relative_to(self.path), recursive=False, filter=_alike)


def _alike(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def local_models(checked: CheckedTemplate) -> tuple[list[LocalModel], list[Diagnostic]]:
    """The local model archives of a template, and what is wrong with them."""
    found: list[LocalModel] = []
    problems: list[Diagnostic] = []
    for where, container in _containers(checked):
        written = container.get("ModelDataUrl")
        url = checked.evaluated(written)
        if not isinstance(url, str) or not url or url.startswith(REMOTE):
            continue
        model = LocalModel(checked.path.parent / url, _parameter(written))
        problem = _problem(model, url)
        if problem is None:
            found.append(model)
        else:
            problems.append(replace(problem, path=(*where, "ModelDataUrl")))
    return found, problems


def image_problems(checked: CheckedTemplate) -> list[Diagnostic]:
    """The images that cannot run here, as far as they are known."""
    problems: list[Diagnostic] = []
    for where, container in _containers(checked):
        image = checked.evaluated(container.get("Image"))
        environment = checked.evaluated(container.get("Environment", {}))
        if not isinstance(image, str) or not is_map(environment):
            continue
        answer = runnable(image, environment)
        if isinstance(answer, NotRunnable):
            problems.append(Diagnostic(answer.reason, (*where, "Image")))
    return problems


def _containers(checked: CheckedTemplate) -> list[tuple[Where, Mapping[str, Any]]]:
    """The containers of all models that will be made, and where each stands."""
    found: list[tuple[Where, Any]] = []
    for logical_id, resource in checked.resources.items():
        if resource.type != MODEL:
            continue
        start: Where = ("Resources", logical_id, "Properties")
        found.append(((*start, "PrimaryContainer"), resource.properties.get("PrimaryContainer")))
        listed = resource.properties.get("Containers")
        if is_list(listed):
            found += [((*start, "Containers", i), each) for i, each in enumerate(listed)]
    return [(where, each) for where, each in found if is_map(each)]


def _parameter(written: Any) -> str:
    """The parameter that a value is a Ref of, or an empty text."""
    return str(written.get("Ref", "")) if is_map(written) else ""


def _problem(model: LocalModel, url: str) -> Diagnostic | None:
    if not model.path.exists():
        return Diagnostic(
            f"The model archive {url} does not exist.",
            detail=f"It was looked for at {model.path}.",
            action="name an S3 URL, or a folder or .tar.gz relative to the template"
            + (f"; it comes from parameter {model.parameter}" if model.parameter else ""),
        )
    if model.path.is_file() and not _is_archive(model.path):
        return Diagnostic(
            f"{model.path} is no .tar.gz archive.",
            action="name a folder, which is packed for you, or make one: tar -czf model.tar.gz .",
        )
    if not model.parameter:
        return Diagnostic(
            f"The local model archive {url} must come through a parameter.",
            action="write ModelDataUrl: !Ref ModelDataUrl and give the parameter this default",
        )
    return None


def _is_archive(path: Path) -> bool:
    try:
        tarfile.open(path, "r:gz").close()
    except (tarfile.TarError, OSError):
        return False
    return True


@dataclass(slots=True)
class Uploads:
    """Archives in S3: their URLs by parameter, and what had to be made, to be removed again."""

    s3: Any
    region: str
    urls: dict[str, str] = field(default_factory=dict[str, str])
    _keys: list[str] = field(default_factory=list[str])
    _made_bucket: bool = False

    @property
    def bucket(self) -> str:
        """The bucket of all archives of a region."""
        return f"understudy-artifacts-{ACCOUNT}-{self.region}"

    def add(self, model: LocalModel, folder: Path) -> str:
        """Upload a model, packed in a folder if need be; its URL."""
        self._ensure_bucket()
        archive = folder / ARCHIVE
        model.write(archive)
        with archive.open("rb") as body:
            key = f"{hashlib.file_digest(body, 'sha256').hexdigest()[:32]}/{ARCHIVE}"
            if not self._is_there("head_object", Key=key):
                self._keys.append(key)
                body.seek(0)
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        archive.unlink()
        self.urls[model.parameter] = f"s3://{self.bucket}/{key}"
        return self.urls[model.parameter]

    def _ensure_bucket(self) -> None:
        if self._made_bucket or self._is_there("head_bucket"):
            return
        where = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.s3.create_bucket(Bucket=self.bucket, **({} if self.region == "us-east-1" else where))
        self._made_bucket = True

    def _is_there(self, operation: str, **params: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            getattr(self.s3, operation)(Bucket=self.bucket, **params)
        except ClientError:
            return False
        return True

    def remove(self) -> None:
        """Remove what was made, but a bucket that others have used meanwhile."""
        from botocore.exceptions import ClientError

        for key in self._keys:
            self.s3.delete_object(Bucket=self.bucket, Key=key)
        if self._made_bucket:
            with suppress(ClientError):  # BucketNotEmpty
                self.s3.delete_bucket(Bucket=self.bucket)
