import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.runtimes.archive import BadArchive, unpack

Fill = Callable[[tarfile.TarFile], None]


def member(name: str, content: bytes = b"x", **fields: object) -> Fill:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return lambda tar: tar.addfile(info, io.BytesIO(content))


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    def make(*fills: Fill) -> Path:
        path = tmp_path / "model.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for fill in fills:
                fill(tar)
        return path

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / "model"
    folder.mkdir(parents=True)
    return folder


def test_files_and_folders_come_out_as_they_were(
    archive: Callable[..., Path], folder: Path
) -> None:
    path = archive(
        member("./", b"", type=tarfile.DIRTYPE),
        member("./model.joblib", b"weights"),
        member("code/inference.py", b"code"),
        member("bin/run", b"run", mode=0o755),
        member("empty/", b"", type=tarfile.DIRTYPE),
    )
    unpack(path, folder)
    assert (folder / "model.joblib").read_bytes() == b"weights"
    assert (folder / "code/inference.py").read_bytes() == b"code"
    assert (folder / "bin/run").stat().st_mode & 0o777 == 0o755
    assert (folder / "model.joblib").stat().st_mode & 0o777 == 0o644
    assert (folder / "empty").is_dir()


def test_later_members_replace_earlier_ones(archive: Callable[..., Path], folder: Path) -> None:
    unpack(archive(member("a", b"first, and longer"), member("a", b"second")), folder)
    assert (folder / "a").read_bytes() == b"second"


@pytest.mark.parametrize(
    ("fill", "why"),
    [
        pytest.param(member("../outside"), "leads out", id="a path that leads up"),
        pytest.param(member("a/../../outside"), "leads out", id="a path that leads up later"),
        pytest.param(member("/outside"), "leads out", id="a path from the root"),
        pytest.param(
            member("link", b"", type=tarfile.SYMTYPE, linkname="/etc"),
            "neither a plain file nor a folder",
            id="a symbolic link",
        ),
        pytest.param(
            member("link", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
            "neither a plain file nor a folder",
            id="a hard link",
        ),
        pytest.param(
            member("device", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
            "neither a plain file nor a folder",
            id="a device",
        ),
        pytest.param(
            member("pipe", b"", type=tarfile.FIFOTYPE),
            "neither a plain file nor a folder",
            id="a named pipe",
        ),
    ],
)
def test_what_a_model_has_no_need_of_is_refused(
    fill: Fill, why: str, archive: Callable[..., Path], folder: Path
) -> None:
    with pytest.raises(BadArchive, match=why):
        unpack(archive(fill), folder)
    assert list(folder.iterdir()) == []
    assert not (folder.parent / "outside").exists()


def test_what_unpacks_to_more_than_the_limit_is_refused_before_it_is_written(
    archive: Callable[..., Path], folder: Path
) -> None:
    path = archive(member("small", b"0" * 600), member("large", b"0" * 600))
    with pytest.raises(BadArchive, match="more than 1000 bytes"):
        unpack(path, folder, maximum_bytes=1000)
    assert [found.name for found in folder.iterdir()] == ["small"]


def test_an_archive_that_is_not_there_is_said_to_be_missing(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(BadArchive, match="there is no such file"):
        unpack(tmp_path / "none.tar.gz", folder)


def test_an_archive_that_is_cut_off_is_refused(archive: Callable[..., Path], folder: Path) -> None:
    path = archive(member("a", bytes(range(256)) * 400))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadArchive, match=r"not a readable .tar.gz"):
        unpack(path, folder)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08 broken"])
def test_what_is_not_an_archive_is_refused(tmp_path: Path, folder: Path, content: bytes) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)
    with pytest.raises(BadArchive, match=r"not a readable .tar.gz"):
        unpack(path, folder)
