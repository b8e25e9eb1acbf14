"""A PostgreSQL server of a test's own, with a data folder and a socket of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from understudy.testing.processes import wait_for

OWNER = "nobody"
"""Who runs it, where we are root: PostgreSQL refuses root."""
PLACES = "/usr/lib/postgresql/*/bin"


def _program(name: str) -> str | None:
    found = sorted(Path("/").glob(f"{PLACES[1:]}/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def missing() -> str:
    """Why no server can be started here; empty where one can."""
    return "" if _program("initdb") and _program("postgres") else "PostgreSQL is not installed"


@contextmanager
def postgres() -> Generator[str]:
    """The URL of a database, from start to end."""
    initdb, server = _program("initdb"), _program("postgres")
    assert initdb is not None
    assert server is not None
    user = OWNER if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="understudy-postgres-") as name:
        folder = Path(name)
        data, log = folder / "data", folder / "log"
        if user:
            shutil.chown(folder, user)
        options = ["--username=understudy", "--auth=trust", "--no-sync", "--encoding=UTF8"]
        made = [initdb, f"--pgdata={data}", *options]
        subprocess.run(made, check=True, capture_output=True, user=user, cwd=folder)
        words = [server, "-D", str(data), "-k", name, "-c", "listen_addresses=", "-c", "fsync=off"]
        with log.open("wb") as said:
            process = subprocess.Popen(words, stdout=said, stderr=said, user=user, cwd=folder)
        try:
            ready = "ready to accept connections"
            wait_for(lambda: ready in log.read_text(), 30, "PostgreSQL does not answer")
            yield f"postgresql://understudy@/postgres?host={name}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
