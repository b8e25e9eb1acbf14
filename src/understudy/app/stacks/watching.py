"""Waiting for files to be saved."""

from collections.abc import Iterator
from pathlib import Path

from understudy.app.stacks.environments import FILE
from understudy.app.stacks.project import Asked
from understudy.app.stacks.source import template_in
from understudy.app.stacks.synthesis import is_cdk

IGNORED = ("cdk.out", "__pycache__", "node_modules", ".git", ".venv")


def watched(asked: Asked) -> Iterator[Path]:
    """What was saved, each time something was: the template, the app's folder, understudy.toml."""
    from watchfiles import watch

    path = asked.target or template_in(Path(), asked.environment)
    folder = path.resolve().parent
    whole = is_cdk(path)
    only = {path.resolve(), (asked.environment.folder / FILE).resolve()}

    def counts(_: object, name: str) -> bool:
        changed = Path(name)
        if not whole:
            return changed in only
        return not any(part in IGNORED for part in changed.parts)

    folders = {folder, *(each.parent for each in only if each.exists())}
    for changes in watch(*folders, watch_filter=counts, raise_interrupt=True):
        yield Path(min(name for _, name in changes))
