"""Unpacking a model archive into an instance's own folder."""

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

MAXIMUM_BYTES = 30 * 1024**3
"""What an archive may unpack to: the default storage volume of a hosting instance."""


class BadArchive(Exception):  # noqa: N818 - it reports the user's archive
    """A model archive that is not there or cannot be unpacked, and why."""


def unpack(archive: Path, folder: Path, maximum_bytes: int = MAXIMUM_BYTES) -> None:
    """Unpack a .tar.gz of plain files and folders into ``folder``. Raises BadArchive.

    Links are refused, as SageMaker refuses them, and so are devices and paths that lead out.
    """
    left = maximum_bytes
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                left -= member.size
                if left < 0:
                    raise BadArchive(f"it unpacks to more than {maximum_bytes} bytes")
                _unpack_member(tar, member, folder)
    except FileNotFoundError as error:
        raise BadArchive("there is no such file") from error
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise BadArchive(f"it is not a readable .tar.gz: {error}") from error


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise BadArchive(f"{member.name!r} in it leads out of the model folder")
    target = folder / path
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    source = tar.extractfile(member) if member.isreg() else None
    if source is None:
        raise BadArchive(f"{member.name!r} in it is neither a plain file nor a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1024 * 1024)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)
