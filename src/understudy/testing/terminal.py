"""What a terminal, or a log, would show."""

import io

from rich.console import Console, RenderableType

from understudy.report.terminal import show


def text_of(shown: RenderableType, width: int = 80) -> str:
    """A view as it is written where the output is no terminal."""
    file = io.StringIO()
    show(Console(file=file, width=width, highlight=False), shown)
    return file.getvalue()
