"""``python -m understudy.app.engine CONFIG [shown]``: the engine's process.

The data plane is started first, and most of the engine is imported while it comes up.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator
from hashlib import blake2b
from pathlib import Path

import msgspec

from understudy.app.config import EngineConfig, decoded
from understudy.app.greeting import greeting
from understudy.app.interrupts import die_with
from understudy.app.state_folder import AUTHORITY, SOCKET, Ready, held, last_words
from understudy.base.diagnostic import InvalidInput
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import Ready as DoorOpen
from understudy.proxy.messages import Settings

log = logging.getLogger(__name__)

FLUSH_WORLD_SECONDS = 6.0
"""Traffic is reported at least this often in world time, so that alarms see it in good time."""
REBIND_SECONDS = 5.0
"""How long the processes of an engine that was killed may keep its port."""
PATIENCE_SECONDS = 40.0
"""How long the data plane of an engine that was killed serves its load balancers on."""
LONGEST_SOCKET_PATH = 100
"""Characters; the kernel takes 107 bytes. AF_UNIX, unix(7)."""
BACKLOG = 1024

Announce = Callable[[Ready], None]


def main() -> None:
    """Run the engine that the argument describes, and say how it went.

    On standard output: to people if the second argument is ``shown``, else as JSON.
    """
    signal.signal(signal.SIGINT, _leave)  # Until there is something to end.
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    config = decoded(sys.argv[1])
    shown = sys.argv[2:] == ["shown"]
    try:
        asyncio.run(serve(config, _greet if shown else _announce))
    except InvalidInput as invalid:
        _refuse(invalid, shown=shown)
        sys.exit(2)
    except (ConnectionError, OSError) as error:
        log.critical("The engine has ended: %s", error)
        sys.exit(1)
    if shown:
        print("Ended; everything is kept.")


def _leave(number: int, _: object) -> None:
    os._exit(128 + number)


def _greet(ready: Ready) -> None:
    print(greeting(ready), flush=True)


def _announce(ready: Ready) -> None:
    _say(msgspec.to_builtins(ready))


def _refuse(invalid: InvalidInput, *, shown: bool) -> None:
    if shown:
        print(invalid, file=sys.stderr)
        return
    fields = ("summary", "detail", "action")
    _say({"failure": [{each: getattr(d, each) for each in fields} for d in invalid.diagnostics]})


def _say(message: object) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


async def serve(config: EngineConfig, announce: Announce) -> None:
    """Run an engine until the process is told to end (SIGINT, SIGTERM).

    Raises InvalidInput where it cannot start, and OSError where it cannot go on.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if config.lives_with:
        die_with(config.lives_with)
    with held(config.state), _control(config.state) as (control, path):
        data_plane = DataPlane(_settings(config))
        opening = asyncio.ensure_future(_open(data_plane, config, path))
        composition = await asyncio.to_thread(importlib.import_module, "understudy.app.composition")
        try:
            door = await opening
        except ConnectionError:
            if stop.is_set():
                return  # A Ctrl-C ends a data plane that has not left our group yet.
            raise
        try:
            async with composition.running(config, data_plane, _url(door), control) as engine:
                announce(engine.ready)
                gc.freeze()  # What was imported stays.
                stopped = asyncio.ensure_future(stop.wait())
                await asyncio.wait({stopped, engine.ended}, return_when="FIRST_COMPLETED")
                if not stopped.done():
                    await engine.ended
        finally:
            await data_plane.stop()


def _settings(config: EngineConfig) -> Settings:
    interval = min(Settings().report_interval, FLUSH_WORLD_SECONDS / config.speed)
    authority = str(config.state.resolve() / AUTHORITY)
    family = blake2b(authority.encode()).hexdigest()[:32]
    return Settings(
        report_interval=interval,
        seed=config.seed,
        authority=authority,
        reunion=f"understudy-door-{family}",
        patience=PATIENCE_SECONDS,
    )


async def _open(data_plane: DataPlane, config: EngineConfig, path: Path) -> DoorOpen:
    """Start the data plane. The last engine's may yet be about to end, where that was killed."""
    loop = asyncio.get_running_loop()
    was_killed = last_words(config.state) is not None
    deadline = loop.time() + (REBIND_SECONDS if was_killed else 0.0)
    while True:
        try:
            return await data_plane.start(config.host, config.port, path)
        except InvalidInput:
            if loop.time() >= deadline:
                raise
            await asyncio.sleep(0.02)


def _url(door: DoorOpen) -> str:
    host = f"[{door.host}]" if ":" in door.host else door.host
    return f"http://{host}:{door.port}"


@contextlib.contextmanager
def _control(state: Path) -> Generator[tuple[socket.socket, Path]]:
    """The socket at which the control plane will listen. Whoever connects before that waits."""
    with contextlib.ExitStack() as stack:
        path = state.resolve() / SOCKET
        if len(str(path)) > LONGEST_SOCKET_PATH:
            folder = os.open(state, os.O_PATH)
            stack.callback(os.close, folder)
            path = Path(f"/proc/{os.getpid()}/fd/{folder}") / SOCKET
        path.unlink(missing_ok=True)
        control = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        control.bind(str(path))
        control.listen(BACKLOG)
        yield control, path


if __name__ == "__main__":
    main()
