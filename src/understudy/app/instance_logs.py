"""What the instances of an endpoint have written, kept beside the report."""

import shutil
from collections.abc import Iterable
from pathlib import Path

TAIL_LINES = 12


def keep_logs(
    state: Path, endpoints: Iterable[str], report: Path, since: float = 0.0
) -> list[Path]:
    """Copy the logs of endpoints' instances to ``logs/ENDPOINT-VARIANT-INSTANCE.log``.

    ``state`` is an engine's state folder; what was last written before ``since`` (real time) is of
    an earlier run. What comes back are the copies, the one that was written
    to last at the end; empty logs are left out.
    """
    found = [log for name in endpoints for log in state.glob(f"instances/{name}/*/*/log")]
    written = [(about.st_mtime, log) for log in found if (about := log.stat()).st_size]
    return [_kept(log, report / "logs") for at, log in sorted(written) if at >= since]


def _kept(log: Path, folder: Path) -> Path:
    *_, endpoint, variant, instance, _ = log.parts
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(log, folder / f"{endpoint}-{variant}-{instance}.log"))


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
