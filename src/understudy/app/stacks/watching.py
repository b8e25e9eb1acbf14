"""Waiting for files to be saved."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from understudy.app.stacks.environments import FILE
from understudy.app.stacks.project import Asked
from understudy.app.stacks.source import template_in
from understudy.app.stacks.synthesis import is_cdk

IGNORED = frozenset(("cdk.out", "__pycache__", "node_modules", ".git", ".venv"))
LOOK_MILLISECONDS = 500


def watched(asked: Asked) -> Iterator[Path]:
    """What is watched first, and then what was saved, each time that something was.

    The template and understudy.toml are watched, of a CDK app its whole folder. What is saved while
    the caller is busy is told when it comes back.
    """
    from watchfiles import watch

    path = asked.target or template_in(Path(), asked.environment)
    folder = path.resolve().parent
    single = None if is_cdk(path) else path.resolve()
    seen = _contents(folder, single, {})
    yield path
    for _ in watch(folder, yield_on_timeout=True, rust_timeout=LOOK_MILLISECONDS):
        now = _contents(folder, single, seen)
        changed = [
            name for name in now.keys() | seen.keys() if _differ(now.get(name), seen.get(name))
        ]
        seen = now
        if changed:
            yield min(changed)


Content = tuple[int, str]
"""When a file was saved last, and a digest of what is in it."""


def _differ(one: Content | None, other: Content | None) -> bool:
    """Whether a file came, went or has another content: one written again as it was does not."""
    return one is None or other is None or one[1] != other[1]


def _contents(folder: Path, single: Path | None, known: dict[Path, Content]) -> dict[Path, Content]:
    """What is in each file that counts, as far as they are there; only what is newer is read."""
    files = _all(folder) if single is None else iter((single, folder / FILE))
    found: dict[Path, Content] = {}
    for each in files:
        if each.is_file():
            stamp = each.stat().st_mtime_ns
            before = known.get(each)
            same = before is not None and before[0] == stamp
            digest = before[1] if before and same else hashlib.sha256(each.read_bytes()).hexdigest()
            found[each] = (stamp, digest)
    return found


def _all(folder: Path) -> Iterator[Path]:
    for each in folder.iterdir():
        if each.name in IGNORED:
            continue
        if each.is_dir():
            yield from _all(each)
        else:
            yield each
