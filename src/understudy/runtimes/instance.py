"""How a process that was just forked becomes an instance, and how it ends."""

import importlib
import os
import random
import socket
import sys
import time
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import cast

from understudy.runtimes.container_environment import container_environment
from understudy.runtimes.images import Kind
from understudy.runtimes.isolation import die_with_parent, make_opt_ml_private
from understudy.runtimes.launch import LAST_WORDS, Launch

SERVERS: dict[Kind, str] = {
    "sklearn": "understudy.runtimes.model_server",
    "stand-in": "understudy.runtimes.stand_in",
}
"""The module of each kind; its ``serve(listener, launch)`` serves until SIGTERM."""


def run(launch: Launch, listener: socket.socket, log: int, zygote: int) -> int:
    """Serve as an instance until told to end; the exit code. Failures are told in the log."""
    os.setsid()
    die_with_parent(zygote)
    _write_to(log)
    try:
        _settle(launch)
        importlib.import_module(SERVERS[launch.kind]).serve(listener, launch)
    except BaseException as error:
        traceback.print_exc()
        message = next(iter(str(error).strip().splitlines()), "")
        print(f"{LAST_WORDS}{type(error).__name__}: {message}")
        return 1
    finally:
        sys.stdout.flush()
    return 0


def _write_to(log: int) -> None:
    """Send all output to the log, line by line."""
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    cast("TextIOWrapper", sys.stdout).reconfigure(line_buffering=True)


def _settle(launch: Launch) -> None:
    """Own /opt/ml, environment, working folder and random numbers."""
    root = Path(launch.root)
    opt_ml = Path("/opt/ml")
    if not (launch.private_opt_ml and make_opt_ml_private(root, launch.hostname)):
        opt_ml = root / "opt/ml"
        print(f"/opt/ml is not private here; the model is in {opt_ml / 'model'} instead")
    os.environ.clear()
    os.environ.update(
        container_environment(launch.environment, opt_ml, root, launch.port, launch.hostname)
    )
    time.tzset()
    sys.path[:0] = [path for path in os.environ.get("PYTHONPATH", "").split(":") if path]
    os.chdir(root)
    random.seed()
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()  # Else all instances would draw the same numbers.
