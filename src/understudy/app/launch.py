"""Starting an engine as a process of its own, and finding or stopping one that runs."""

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from understudy.app.config import EngineConfig, encoded, problems
from understudy.app.state_folder import LOG, holder, log_tail, opened
from understudy.base.diagnostic import Diagnostic, InvalidInput

START_SECONDS = 60.0
STOP_SECONDS = 60.0
MODULE = "understudy.app.engine"


def command(config: EngineConfig) -> list[str]:
    """The command line of an engine's process."""
    return [sys.executable, "-P", "-m", MODULE, encoded(config)]


class EngineProcess:
    """An engine that runs beside this process. ``ready`` is what it said when it had started.

    It is a session of its own, so that a Ctrl-C meant for us does not reach it. Until `started`
    has returned it may be ended by `stop` at any time.
    """

    def __init__(self, config: EngineConfig) -> None:
        """Begin to start an engine. Raises InvalidInput where the configuration is wrong."""
        if found := problems(config):
            raise InvalidInput(tuple(found))
        self.state = config.state
        self.ready: dict[str, Any] = {}
        with opened(config.state, LOG) as log:
            self._process = subprocess.Popen(
                command(config),
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return str(self.ready["endpoint"])

    def started(self) -> dict[str, Any]:
        """Wait until it answers; what it says of itself. Raises InvalidInput if it cannot start."""
        output = self._process.stdout
        assert output is not None
        with output:
            readable, _, _ = select.select([output], [], [], START_SECONDS)
            line = output.readline() if readable else b""
        message: dict[str, Any] = json.loads(line) if line else {}
        if not message or "failure" in message:
            self.stop()
            said = message.get("failure", [_not_started(self.state)])
            raise InvalidInput(tuple(Diagnostic(**each) for each in said))
        self.ready = message
        return message

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def has_ended(self, within: float) -> bool:
        """Whether the process is gone, or goes within so many seconds."""
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End the engine in order; return when it is gone."""
        if self.is_running():
            self._process.terminate()
        self._process.wait()


def _not_started(state: Path) -> dict[str, str]:
    return {
        "summary": "The engine did not start.",
        "detail": log_tail(state),
        "action": f"see {state / LOG}",
    }


def stop_engine(state: Path) -> int | None:
    """Stop the engine of a state folder; its process id, or None if there was none.

    Raises InvalidInput if it does not end.
    """
    pid = holder(state)
    if pid is None:
        return None
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            if holder(state) == pid:  # So the descriptor is that of the engine.
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            ended, _, _ = select.select([descriptor], [], [], STOP_SECONDS)
        finally:
            os.close(descriptor)
        if not ended:
            raise InvalidInput(
                (Diagnostic(f"Process {pid} has not ended in {STOP_SECONDS:.0f} s."),)
            )
    return pid
