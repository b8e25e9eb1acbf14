"""Starting an engine as a process of its own, and finding or stopping one that runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from understudy.app.config import EngineConfig, encoded
from understudy.base.diagnostic import Diagnostic, InvalidInput

START_SECONDS = 30.0
STOP_SECONDS = 60.0


class EngineProcess:
    """An engine that runs beside this process. ``ready`` is what it said when it had started."""

    def __init__(self, config: EngineConfig) -> None:
        config.state.mkdir(parents=True, exist_ok=True)
        self.log = config.state / "engine.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "understudy.app.engine", encoded(config)],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.ready = self._announced()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return str(self.ready["endpoint"])

    def _announced(self) -> dict[str, Any]:
        output = self._process.stdout
        line = output.readline() if output is not None else b""
        if output is not None:
            output.close()
        message: dict[str, Any] = {"failure": [self._last_words()]}
        if line:
            message = json.loads(line)
        if "failure" in message:
            self._process.wait()
            raise InvalidInput(tuple(_diagnostic(each) for each in message["failure"]))
        return message

    def _last_words(self) -> dict[str, str]:
        lines = self.log.read_text(errors="replace").splitlines()
        return {
            "summary": "The engine did not start.",
            "detail": "\n".join(lines[-5:]),
            "action": f"see {self.log}",
        }

    def stop(self) -> None:
        """End the engine in order; return when it is gone."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()


def _diagnostic(said: dict[str, str]) -> Diagnostic:
    return Diagnostic(said["summary"], detail=said["detail"], action=said["action"])


def engine_at(state: Path) -> dict[str, object] | None:
    """What the engine that holds a state folder says of itself, or None if none runs there."""
    try:
        return json.loads((state / "engine.json").read_bytes())
    except FileNotFoundError:
        return None


def stop_engine(state: Path, tell: Callable[[str], None]) -> bool:
    """Stop the engine of a state folder; whether there was one."""
    running = engine_at(state)
    if running is None:
        return False
    pid = int(str(running["pid"]))
    if not _is_alive(pid):
        tell(f"process {pid} is gone already; its stacks are kept in {state}")
        (state / "engine.json").unlink(missing_ok=True)
        return True
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(pid):
        if time.monotonic() > deadline:
            raise InvalidInput(
                (Diagnostic(f"Process {pid} has not ended in {STOP_SECONDS:.0f} s."),)
            )
        time.sleep(0.02)
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
