"""Deployment packages: kept by their SHA-256, and unpacked once."""

import base64
import io
import os
import shutil
import tempfile
import zipfile
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from understudy.base.fault import Fault

LARGEST = 250 * 1024 * 1024
"""AWS: Lambda quotas, unzipped size of a deployment package."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Packages:
    """The packages in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> tuple[str, int]:
        """Unpack a zip file; its SHA-256 in base64, as Lambda shows it, and its size in bytes.

        Raises Fault where it is not a zip file, is too large or reaches out of its folder.
        """
        digest = sha256(content)
        folder = self._folder / digest.hexdigest()
        if not folder.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(dir=self._folder))
            try:
                _unpack(content, aside)
                aside.chmod(0o755)
                aside.rename(folder)
            except OSError:
                if not folder.exists():  # else another call has just kept the same
                    raise
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return base64.b64encode(digest.digest()).decode(), len(content)

    def folder(self, code: str) -> Path:
        """Where the package with this SHA-256 (in base64) is unpacked."""
        return self._folder / base64.b64decode(code).hex()


def _unpack(content: bytes, folder: Path) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise _refused(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None
    with archive:
        if sum(each.file_size for each in archive.infolist()) > LARGEST:
            raise _refused(f"Unzipped size must be smaller than {LARGEST} bytes")
        for each in archive.infolist():
            if each.filename.startswith("/") or ".." in Path(each.filename).parts:
                raise _refused(f"The package has a file outside of itself: {each.filename}")
            path = archive.extract(each, folder)
            mode = each.external_attr >> 16
            if mode and not each.is_dir():
                os.chmod(path, (mode & 0o755) | 0o444)  # noqa: PTH101 - as the archive has it


def _refused(message: str) -> Fault:
    return Fault("InvalidParameterValueException", message)


def inline(source: str, runtime: str) -> bytes:
    """The package of a template's inline code: an index file, and the module that answers.

    AWS: AWS::Lambda::Function Code, ZipFile; cfn-response module.
    """
    bundled = files(__package__ or "")
    if runtime.startswith("nodejs"):
        content = {
            "index.js": source,
            "cfn-response.js": bundled.joinpath("cfn-response.js").read_text(),
        }
    else:
        content = {
            "index.py": source,
            "cfnresponse.py": bundled.joinpath("cfnresponse.py").read_text(),
        }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, text)
    return buffer.getvalue()
