"""A root file system of its own for a program: what it writes stays in its folder.

With bubblewrap the program has process ids of its own, too, and all of them end with it.
"""

import shutil
import sys
from functools import lru_cache
from pathlib import Path

import understudy

WRITABLE = ("etc", "home", "opt", "root", "srv", "tmp", "var")
"""What a program may write to: empty at first, but for what is in ``root`` of its folder already.
All else is read only."""
OWN_ROOT = "UNDERSTUDY_OWN_ROOT"
"""The variable that tells a program that its root is its own."""


@lru_cache(1)
def bubblewrap() -> str | None:
    """Where bubblewrap is; None where it is not installed."""
    return shutil.which("bwrap")


def own_root(root: Path, words: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs another in a root of its own; that one itself, without a way."""
    program = bubblewrap()
    if program is None:
        return words
    binds: list[str] = []
    for name in WRITABLE:
        own = root / "root" / name
        own.mkdir(parents=True, exist_ok=True)
        binds += ["--bind", str(own), f"/{name}"]
    return (
        program,
        "--die-with-parent",
        "--unshare-pid",
        "--ro-bind", "/", "/",
        *binds,
        *_python(),
        "--bind", str(root), str(root),
        "--dev", "/dev",
        "--proc", "/proc",
        "--chdir", "/root",
        "--setenv", OWN_ROOT, "1",
        "--",
        *words,
    )  # fmt: skip


def _python() -> list[str]:
    """What keeps our own Python in sight, where it lies in a folder that is hidden."""
    ours = {sys.prefix, sys.base_prefix, str(Path(understudy.__file__).parents[1])}
    hidden = sorted(each for each in ours if Path(each).parts[1] in WRITABLE)
    return [word for each in hidden for word in ("--ro-bind", each, each)]
