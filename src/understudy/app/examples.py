"""The examples that come with the package."""

from pathlib import Path

import understudy


def example(name: str) -> Path:
    """The path of a bundled example's file: in an installed package, or in a checkout."""
    package = Path(understudy.__file__).parent
    installed = package / "examples" / name
    return installed if installed.exists() else package.parents[1] / "examples" / name
