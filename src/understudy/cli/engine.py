"""``understudy up``, ``down`` and ``status``: the engine as a process."""

import asyncio
import os
from pathlib import Path
from typing import Any

from rich.console import Console

from understudy.app.config import DEFAULT_HOST, DEFAULT_PORT, EngineConfig, is_local
from understudy.app.launch import EngineProcess, engine_at, stop_engine
from understudy.base.diagnostic import Diagnostic
from understudy.cli.exits import DONE, FAILED, complain, guarded

NEXT_LINES = """
export AWS_ENDPOINT_URL={endpoint}
export AWS_ACCESS_KEY_ID=understudy AWS_SECRET_ACCESS_KEY=understudy AWS_DEFAULT_REGION=us-east-1
aws cloudformation list-stacks
"""


def state_folder(state: Path | None) -> Path:
    """The state folder that was named, or the user's own."""
    if state is not None:
        return state
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "understudy"


def up(
    *,
    port: int = DEFAULT_PORT,
    host: str = DEFAULT_HOST,
    state: Path | None = None,
    speed: float = 1.0,
    startup_delay: float = 0.0,
    detach: bool = False,
) -> int:
    """Start the engine and keep it running until Ctrl-C.

    It answers as AWS does at one address; nothing leaves this machine.

    Args:
        port: Port to listen at; 0 picks a free one.
        host: Address to listen at. Anything but loopback lets others in.
        state: Folder that keeps everything across restarts
            (default: ~/.local/state/understudy).
        speed: World seconds per real second. 60 makes an AWS minute pass each second.
        startup_delay: Least time from an instance's launch to its service, in seconds of world
            time. On AWS it is minutes; here, unless you ask, as fast as it goes.
        detach: Return once it answers, and leave it running.

    """
    return guarded(
        lambda: _up(EngineConfig(state_folder(state), host, port, speed, 0, startup_delay), detach)
    )


def _up(config: EngineConfig, detach: bool) -> int:  # noqa: FBT001 - a flag of the command
    console = Console(highlight=False, soft_wrap=True)
    if not is_local(config.host):
        complain(
            console,
            [
                Diagnostic(
                    f"{config.host} is not loopback: whoever reaches it can run code here.",
                    severity=_warning(),
                )
            ],
        )
    if detach:
        engine = EngineProcess(config)
        _greet(console, engine.ready)
        console.print(f"Process {engine.pid} keeps running. To end it: understudy down")
        return DONE
    from understudy.app.engine_process import serve

    def announce(ready: Any) -> None:
        _greet(console, _plain(ready))

    asyncio.run(serve(config, announce))
    console.print("Ended; everything is kept.")
    return DONE


def _warning() -> Any:
    from understudy.base.diagnostic import Severity

    return Severity.WARNING


def _plain(ready: Any) -> dict[str, Any]:
    import msgspec

    return msgspec.to_builtins(ready)


def _greet(console: Console, ready: dict[str, Any]) -> None:
    speed = ready["speed"]
    pace = "in real time" if speed == 1 else f"{speed:g} times as fast as real time"
    console.print(f"[bold]Understudy answers at {ready['endpoint']}[/], {pace}.")
    console.print(f"State is kept in {ready['state']}.")
    console.print("To use it, paste:")
    console.print(NEXT_LINES.format(endpoint=ready["endpoint"]).strip(), style="cyan")


def down(*, state: Path | None = None) -> int:
    """Stop the engine of a state folder. Its stacks are kept for the next `up`.

    Args:
        state: The state folder (default: ~/.local/state/understudy).

    """
    return guarded(lambda: _down(state_folder(state)))


def _down(state: Path) -> int:
    console = Console(highlight=False, soft_wrap=True)
    if not stop_engine(state, console.print):
        console.print(f"No engine runs on {state}.")
        return FAILED
    console.print("Stopped; everything is kept.")
    return DONE


def status(*, state: Path | None = None) -> int:
    """Show whether an engine runs on a state folder, and where it answers.

    Args:
        state: The state folder (default: ~/.local/state/understudy).

    """
    return guarded(lambda: _status(state_folder(state)))


def _status(state: Path) -> int:
    console = Console(highlight=False, soft_wrap=True)
    running = engine_at(state)
    if running is None:
        console.print(f"No engine runs on {state}.")
        return FAILED
    from understudy.app.client import Client

    said = Client(str(running["endpoint"])).status()
    console.print(f"Process {said['pid']} answers at {said['endpoint']}, speed {said['speed']:g}.")
    console.print(f"State: {said['state']}")
    from understudy.deploy.history import iso

    console.print(f"World time: {iso(said['world_time'])}")
    return DONE
