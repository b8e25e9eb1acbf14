"""``python -m understudy.app.engine CONFIG``: the engine's process."""

import asyncio
import json
import logging
import os
import sys

import msgspec

from understudy.app.config import decoded
from understudy.app.engine_process import Ready, serve
from understudy.base.diagnostic import InvalidInput


def main() -> None:
    """Run the engine that the argument describes; say on standard output how it went."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    config = decoded(sys.argv[1])
    try:
        asyncio.run(serve(config, announce))
    except InvalidInput as invalid:
        _say({"failure": [_plain(each) for each in invalid.diagnostics]})
        sys.exit(2)


def announce(ready: Ready) -> None:
    """Tell whoever started us that we answer."""
    _say(msgspec.to_builtins(ready))


def _say(message: object) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def _plain(diagnostic: object) -> dict[str, str]:
    return {name: str(getattr(diagnostic, name)) for name in ("summary", "detail", "action")}


if __name__ == "__main__":
    main()
