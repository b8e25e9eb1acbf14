"""Looking after real processes in tests: who descends from whom, and that nobody is left."""

import ctypes
import os
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")

Found = TypeVar("Found")


def adopt_orphans() -> None:
    """Have processes whose parent ends become children of this one, so that they can be found."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("this system does not let a process adopt orphans")


def descendants(pid: int) -> set[int]:
    """The processes that descend from one, without those that have ended and wait to be reaped."""
    found: set[int] = set()
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(each) for task in tasks for each in _children(task)]
    except (FileNotFoundError, ProcessLookupError):
        return found
    for child in children:
        found |= {child} | descendants(child)
    return {each for each in found if is_running(each)}


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    return {pid} | descendants(pid)


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that processes have used so far; of those that are gone, none."""
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> dict[str, float]:
    """The MiB of a process: Pss has its share of what it shares, Private_Dirty is its own."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {row.split(":")[0]: int(row.split()[1]) / 1024 for row in rows}


def listens(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def command_of(pid: int) -> str:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def reap() -> None:
    """Let go of children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def wait_for(condition: Callable[[], Found], seconds: float = 20.0, what: str = "") -> Found:
    """What the condition gives as soon as that is true. Raises AssertionError after a deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what or f"not so within {seconds:g} s: {found!r}"
        time.sleep(0.01)
    return found
