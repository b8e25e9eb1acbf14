"""Where a rehearsal takes place: an engine of its own, or one that runs already."""

import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from understudy.app.audience import Audience
from understudy.app.client import Client
from understudy.app.config import EngineConfig
from understudy.app.failures import Failed
from understudy.app.interrupts import Interrupts
from understudy.app.launch import EngineProcess
from understudy.app.mapping_file import mappings_in
from understudy.app.preflight import Options
from understudy.app.state_folder import log_tail

LAST_BREATH_SECONDS = 1.0
"""Real seconds from when an engine answers no more until its process is gone."""

REMOVE_SECONDS = 5.0
"""How long a folder may refuse to go before that is an error."""


class Site:
    """A folder for the rehearsal's own files, and an engine. Leaving it removes what is its own.

    ``keep`` leaves an engine of its own running, with its folder.
    """

    def __init__(self, audience: Audience, interrupts: Interrupts, *, keep: bool) -> None:
        self._audience = audience
        self._interrupts = interrupts
        self._keep = keep
        self._cleanup = ExitStack()
        self._engine: EngineProcess | None = None

    def __enter__(self) -> "Site":
        with self._interrupts.held():
            self.folder = Path(tempfile.mkdtemp(prefix="understudy-"))
            self._cleanup.callback(self._remove_folder)
        return self

    def __exit__(self, *exception: object) -> None:
        with self._interrupts.last():
            self._cleanup.close()

    def own(self, options: Options) -> Client:
        """Start an engine. It ends when we do, in whatever way. Raises InvalidInput."""
        config = EngineConfig(
            self.folder / "state",
            port=0,
            speed=options.speed,
            seed=options.seed,
            startup_delay=options.startup_delay,
            lives_with=0 if self._keep else os.getpid(),
            mappings=mappings_in(Path.cwd()),
        )
        with self._audience.working("Starting an engine"):
            with self._interrupts.held():
                engine = self._engine = EngineProcess(config)
                self._cleanup.callback(self._stop, engine)
            engine.started()
        self._audience.say(
            f"Engine {engine.pid} answers at {engine.endpoint}, its world runs {config.speed:g} "
            "times as fast as the clock."
        )
        return Client(engine.endpoint)

    def given(self, endpoint: str) -> Client:
        """Use an engine that runs. Raises InvalidInput where none answers."""
        client = Client(endpoint)
        status = client.status
        self._audience.say(
            f"Using the engine at {endpoint}: its world runs {status['speed']:g} times as fast as "
            f"the clock, and instances serve {status['startup_delay']:g} s after their launch."
        )
        return client

    @property
    def is_own(self) -> bool:
        """Whether the engine is one of ours, which ends with us."""
        return self._engine is not None

    def is_running(self) -> bool:
        """Whether the engine is there, as far as we can tell."""
        return self._engine is None or self._engine.is_running()

    def lost(self, endpoint: str, error: Exception) -> Failed:
        """What to say where the engine has stopped answering."""
        if self._engine is None or not self._engine.has_ended(LAST_BREATH_SECONDS):
            return Failed(f"The engine at {endpoint} no longer answers", [str(error)])
        tail = log_tail(self._engine.state) or "Its log is empty."
        return Failed(f"Engine {self._engine.pid} has ended before its time", [tail])

    def _stop(self, engine: EngineProcess) -> None:
        if self._keep and engine.is_running() and engine.ready:
            self._audience.say(
                f"Kept: engine {engine.pid} at {engine.endpoint}. "
                f"To stop it: understudy down --state {engine.state}"
            )
            return
        engine.stop()
        self._audience.say(f"Engine {engine.pid} and all that it started have ended.")

    def _remove_folder(self) -> None:
        if not (self._keep and self._engine is not None and self._engine.is_running()):
            _remove(self.folder)


def _remove(folder: Path) -> None:
    """Remove a folder in which processes of a killed engine may write until they are gone, too."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=time.monotonic() < deadline)
        time.sleep(0.02 if folder.exists() else 0.0)
