"""What a model's code/requirements.txt asks for, held against what is installed here."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*\])?\s*(?:$|[@=<>!~;(])")


class MissingRequirements(Exception):  # noqa: N818 - it reports the user's requirements
    """Requirements that AWS's container would install and that are not here."""


def check_requirements(file: Path) -> None:
    """Raise MissingRequirements if the file names what is not installed; no file is fine.

    AWS's containers pip-install the file. Nothing is installed here, and versions are not compared.
    """
    if not file.is_file():
        return
    lines = (line.split(" #")[0].strip() for line in file.read_text().splitlines())
    missing = [line for line in lines if line and not line.startswith("#") and not _is_here(line)]
    if missing:
        raise MissingRequirements(
            f"code/requirements.txt names {', '.join(missing)}: not installed here, where nothing "
            "is pip-installed; install it beside Understudy, or take it out if it is not needed"
        )


def _is_here(requirement: str) -> bool:
    match = _NAME.match(requirement)
    if match is None:
        return requirement.startswith(("--index-url", "--extra-index-url", "-i ", "--no-"))
    try:
        version(match[1])
    except PackageNotFoundError:
        return False
    return True
