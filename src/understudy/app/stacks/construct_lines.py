"""Runs a Python CDK app and notes where in it each construct is made.

It is run as a script by the app's own interpreter, so it needs nothing but the standard library and
jsii. ``UNDERSTUDY_LINES`` names the file for the notes: ``{"Stack/Endpoint": "app.py:12"}``.
"""

import atexit
import json
import os
import runpy
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


def main() -> None:
    """Run the script that the arguments name, as if it had been run by itself."""
    sys.argv = sys.argv[1:]
    script = Path(sys.argv[0]).resolve()
    sys.path[0] = str(script.parent)
    with suppress(ImportError):
        _watch(os.environ["UNDERSTUDY_LINES"])
    runpy.run_path(str(script), run_name="__main__")


def _watch(notes: str) -> None:
    from jsii._runtime import JSIIMeta  # pyright: ignore[reportMissingImports]

    lines: dict[str, str] = {}
    meta: Any = JSIIMeta
    make: Any = meta.__call__

    def noted(cls: Any, *args: Any, **kwargs: Any) -> Any:
        line = _line()
        made = make(cls, *args, **kwargs)
        path = getattr(getattr(made, "node", None), "path", "")
        if path and line:
            lines.setdefault(path, line)
        return made

    meta.__call__ = noted
    atexit.register(lambda: Path(notes).write_text(json.dumps(lines)))


def _line() -> str:
    """The file and line of the nearest caller that is the user's, relative to where it runs."""
    frame = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        name = frame.f_code.co_filename
        if name != __file__ and "site-packages" not in name and not name.startswith("<"):
            return f"{os.path.relpath(name)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


if __name__ == "__main__":
    main()
