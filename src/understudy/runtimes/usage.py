"""What programs use: processor time and memory of each with all that it has started."""

import os
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")

Use = tuple[float, int]
"""Processor seconds so far, and bytes of memory now."""
Usage = dict[str, Use]
"""By the name of a program."""


def usage(leaders: Mapping[int, str]) -> Usage:
    """Processor seconds so far and resident bytes now, by the name of each session's leader.

    ``leaders`` are the names by process id; a program and what it starts share its session.
    """
    found: Usage = {}
    found.update(dict.fromkeys(leaders.values(), (0.0, 0)))
    for entry in PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        name = leaders.get(int(fields[3]))
        if name is not None:
            seconds, resident = found[name]
            used = sum(int(each) for each in fields[11:15]) / TICKS
            found[name] = (seconds + used, resident + int(fields[21]) * PAGE)
    return found
