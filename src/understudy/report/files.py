"""The files of a report."""

from pathlib import Path

from understudy.control.comparison import CapacityDifference
from understudy.control.outcome import Outcome
from understudy.report.document import to_json
from understudy.report.page import render


def write(
    directory: Path,
    outcome: Outcome,
    simulated: Outcome | None = None,
    comparison: CapacityDifference | None = None,
) -> tuple[Path, Path]:
    """Write ``report.json`` and ``report.html`` into a directory, made if need be; their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    values, page = directory / "report.json", directory / "report.html"
    values.write_bytes(to_json(outcome, simulated, comparison))
    page.write_text(render(outcome, simulated, comparison), encoding="utf-8")
    return values, page
