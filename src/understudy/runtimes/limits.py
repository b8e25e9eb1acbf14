"""Limits of processor time and memory for plain processes, by control groups where permitted.

Both layouts of the kernel are used: one tree (version 2) or one for each controller (version 1).
"""

import os
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
FAMILY = "understudy"
PERIOD = 100_000
"""Microseconds over which processor time is shared out."""
MEBIBYTE = 1024 * 1024


class Group:
    """A control group of one program. ``limited`` is False where the system does not permit it."""

    def __init__(self, name: str, cpu: float, memory: int, root: Path = ROOT) -> None:
        self.limited = False
        self._folders: list[Path] = []
        self._memory: Path | None = None
        if not cpu and not memory:
            return
        try:
            if (root / "cgroup.controllers").exists():
                self._one_tree(root, name, cpu, memory)
            else:
                self._by_controller(root, name, cpu, memory)
            self.limited = True
        except OSError:
            self.close()

    def _one_tree(self, root: Path, name: str, cpu: float, memory: int) -> None:
        family = root / FAMILY
        family.mkdir(exist_ok=True)
        (family / "cgroup.subtree_control").write_text("+cpu +memory")
        folder = self._make(family / name)
        if cpu:
            (folder / "cpu.max").write_text(f"{int(cpu * PERIOD)} {PERIOD}")
        if memory:
            (folder / "memory.max").write_text(str(memory * MEBIBYTE))
            self._memory = folder / "memory.events"

    def _by_controller(self, root: Path, name: str, cpu: float, memory: int) -> None:
        if cpu:
            folder = self._make(root / "cpu" / FAMILY / name)
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD))
            (folder / "cpu.cfs_quota_us").write_text(str(int(cpu * PERIOD)))
        if memory:
            folder = self._make(root / "memory" / FAMILY / name)
            (folder / "memory.limit_in_bytes").write_text(str(memory * MEBIBYTE))
            self._memory = folder / "memory.oom_control"

    def _make(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        self._folders.append(folder)
        return folder

    def enter(self) -> None:
        """Put this process into the group; what it starts is in it, too."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def starved(self) -> bool:
        """Whether the kernel has ended a process of the group for its use of memory."""
        if self._memory is None:
            return False
        with suppress(OSError):
            for line in self._memory.read_text().splitlines():
                word, _, count = line.partition(" ")
                if word == "oom_kill":
                    return int(count) > 0
        return False

    def members(self) -> list[int]:
        """The processes in the group."""
        with suppress(OSError, IndexError):
            return [int(each) for each in (self._folders[0] / "cgroup.procs").read_text().split()]
        return []

    def close(self) -> None:
        """Let go of the group; nobody is in it any more."""
        for folder in self._folders:
            with suppress(OSError):
                folder.rmdir()
        self._folders.clear()
