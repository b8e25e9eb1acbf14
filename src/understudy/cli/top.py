"""``understudy top``: the live fleets of an engine in the terminal."""

import time
from datetime import UTC, datetime

from understudy.app.client import Client
from understudy.app.config import DEFAULT_PORT
from understudy.base.arn import DEFAULT_REGION
from understudy.cli.exits import DONE, guarded
from understudy.report.terminal import console, show
from understudy.report.top import top as table


def top(
    *,
    endpoint_url: str = f"http://127.0.0.1:{DEFAULT_PORT}",
    region: str = DEFAULT_REGION,
    every: float = 1.0,
    once: bool = False,
) -> int:
    """Show the live fleets: each endpoint, service and group with its load, capacity and cost.

    Ctrl-C ends it. Where the output is no terminal it is shown once.

    Args:
        endpoint_url: Where the engine answers.
        region: Region whose fleets are shown.
        every: Seconds from one look to the next.
        once: Show it once.

    """
    return guarded(lambda: _shown(Client(endpoint_url, region), every, once=once))


def _shown(client: Client, every: float, *, once: bool) -> int:
    from rich.console import RenderableType
    from rich.live import Live

    screen = console()

    def look() -> RenderableType:
        now = datetime.fromtimestamp(client.clock.now(), UTC)
        return table(client.fleets(), f"{now:%Y-%m-%d %H:%M:%S} UTC", client.clock.speed)

    if once or not screen.is_terminal:
        show(screen, look())
        return DONE
    with Live(look(), console=screen, screen=True, auto_refresh=False) as live:
        try:
            while True:
                time.sleep(every)
                live.update(look(), refresh=True)
        except KeyboardInterrupt:
            return DONE
