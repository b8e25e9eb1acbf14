"""``understudy up``, ``down`` and ``status``: the engine as a process."""

import os
import sys
from pathlib import Path

from understudy.app.capacity import read_settings
from understudy.app.config import DEFAULT_HOST, DEFAULT_PORT, EngineConfig, is_local, problems
from understudy.app.mapping_file import mappings_in
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity
from understudy.cli.exits import DONE, FAILED, complain, guarded, say


def state_folder(state: Path | None) -> Path:
    """The state folder that was named, or the user's own."""
    from understudy.app.state_folder import own_folder

    return own_folder() if state is None else state


def up(
    *,
    port: int = DEFAULT_PORT,
    host: str = DEFAULT_HOST,
    state: Path | None = None,
    speed: float = 1.0,
    startup_delay: float = 0.0,
    keep_journal: bool = False,
    strict: bool = False,
    detach: bool = False,
    settings: Path | None = None,
    database: str = "",
) -> int:
    """Start the engine: it answers as AWS does at one address of this machine.

    It runs until Ctrl-C.

    Args:
        port: Port to listen at; 0 picks a free one.
        host: Address to listen at. Anything but loopback lets others in.
        state: Folder that keeps everything across restarts
            (default: ~/.local/state/understudy).
        speed: World seconds per real second. 60 makes an AWS minute pass each second.
        startup_delay: Least time from an instance's launch to its service, in seconds of world
            time. On AWS it is minutes; here, unless you ask, as fast as it goes.
        keep_journal: Keep every event for ever, so that the whole run can be replayed.
        strict: Refuse templates with resource types that are only recorded.
        detach: Return once it answers, and leave it running.
        settings: Capacity, quotas and commitments (default: understudy.toml here, if any).
        database: URL of a PostgreSQL database for what happens; objects and logs stay in files.

    """

    def run() -> int:
        config = EngineConfig(
            state=state_folder(state),
            host=host,
            port=port,
            speed=speed,
            startup_delay=startup_delay,
            keep_journal=keep_journal,
            strict=strict,
            mappings=mappings_in(Path.cwd()),
            settings=read_settings(settings),
            database=database,
        )
        return _detached(config) if detach else _foreground(config)

    return guarded(run)


def _foreground(config: EngineConfig) -> int:
    """Become the engine: this process, without what only the command line needed."""
    from understudy.app.launch import command

    if found := problems(config):
        raise InvalidInput(tuple(found))
    _warn(config)
    sys.stdout.flush()
    line = command(config)
    os.execv(line[0], [*line, "shown"])  # noqa: S606 - no shell is wanted


def _detached(config: EngineConfig) -> int:
    import msgspec

    from understudy.app.greeting import greeting
    from understudy.app.launch import EngineProcess
    from understudy.app.state_folder import Ready

    engine = EngineProcess(config)
    try:
        ready = msgspec.convert(engine.started(), Ready)
    except KeyboardInterrupt:
        engine.stop()
        raise
    _warn(config)
    say(greeting(ready))
    say(f"Process {engine.pid} keeps running. To end it: understudy down --state {ready.state}")
    return DONE


def _warn(config: EngineConfig) -> None:
    if not is_local(config.host):
        text = f"{config.host} is not loopback: whoever reaches it can run code here."
        complain([Diagnostic(text, severity=Severity.WARNING)])


def down(*, state: Path | None = None) -> int:
    """Stop the engine of a state folder. Its stacks are kept for the next `up`.

    Args:
        state: The state folder (default: ~/.local/state/understudy).

    """
    return guarded(lambda: _down(state_folder(state)))


def _down(state: Path) -> int:
    from understudy.app.launch import stop_engine

    pid = stop_engine(state)
    if pid is None:
        say(_nobody(state))
        return FAILED
    say(f"Process {pid} has ended; everything is kept in {state}.")
    return DONE


def status(*, state: Path | None = None) -> int:
    """Show whether an engine runs on a state folder, and where it answers.

    Args:
        state: The state folder (default: ~/.local/state/understudy).

    """
    return guarded(lambda: _status(state_folder(state)))


def _status(state: Path) -> int:
    from understudy.app.state_folder import holder, last_words

    pid, ready = holder(state), last_words(state)
    if pid is None:
        say(_nobody(state))
        return FAILED
    if ready is None or ready.pid != pid:
        say(f"Process {pid} is starting on {state}.")
        return FAILED
    from understudy.app.client import Client
    from understudy.deploy.history import iso

    said = Client(ready.endpoint).status
    say(f"Process {pid} answers at {ready.endpoint}, speed {ready.speed:g}.")
    say(f"State: {ready.state}")
    say(f"World time: {iso(said['world_time'])}")
    return DONE


def _nobody(state: Path) -> str:
    """That no engine runs, how the last one ended, and how to go on."""
    from understudy.app.state_folder import last_words, log_tail

    last = last_words(state)
    if last is None:
        return f"No engine runs on {state}."
    tail = log_tail(state)
    said = f" Its log ends:\n{tail}\n" if tail else " "
    return (
        f"No engine runs on {state}. Process {last.pid}, which answered at {last.endpoint}, was "
        f"killed or has failed.{said}Everything that it had acknowledged is kept; to go on: "
        f"understudy up --state {state}"
    )
