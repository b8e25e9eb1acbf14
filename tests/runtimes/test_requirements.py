from pathlib import Path

import pytest

from understudy.runtimes.requirements import MissingRequirements, check_requirements


def check(tmp_path: Path, text: str) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    check_requirements(tmp_path / "requirements.txt")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("# a comment\n\n", id="a comment"),
        pytest.param("numpy", id="a name"),
        pytest.param("Scikit_Learn==0.1", id="a name spelt otherwise, of another version"),
        pytest.param("numpy >= 1.0  # fast", id="a comment behind a requirement"),
        pytest.param("uvicorn[standard]>=0.1", id="extras"),
        pytest.param("numpy; python_version > '3'", id="a marker"),
        pytest.param("--index-url https://example.com\nnumpy", id="where to install from"),
    ],
)
def test_what_is_installed_is_fine(tmp_path: Path, text: str) -> None:
    check(tmp_path, text)


def test_no_file_is_fine(tmp_path: Path) -> None:
    check_requirements(tmp_path / "requirements.txt")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("no-such-library", id="a library that is not installed"),
        pytest.param("no-such-library==1.0", id="a version of it"),
        pytest.param("git+https://example.com/a.git", id="a repository"),
        pytest.param("-r more.txt", id="another file"),
    ],
)
def test_what_is_not_installed_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(MissingRequirements) as raised:
        check(tmp_path, f"numpy\n{line}\n")
    assert f"names {line}: not installed here" in str(raised.value)


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(MissingRequirements, match="names no-such-one, no-such-two: not installed"):
        check(tmp_path, "no-such-one\nno-such-two\n")
