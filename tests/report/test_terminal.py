import io
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from understudy.control.comparison import capacity_difference
from understudy.control.outcome import Outcome
from understudy.report.spark import resampled, spark
from understudy.report.terminal import report, show
from understudy.testing.outcomes import small

FILES = (Path("rehearsal/report.html"), Path("rehearsal/report.json"))


def shown(run: Outcome, simulated: Outcome | None = None, width: int = 80, **options: bool) -> str:
    file = io.StringIO()
    comparison = capacity_difference(run, simulated) if simulated else None
    console = Console(file=file, width=width, highlight=False, **options)
    show(console, report(run, simulated, comparison, FILES))
    return file.getvalue()


@pytest.mark.parametrize("width", [pytest.param(80, id="80"), pytest.param(120, id="120")])
def test_a_lunch_rush(live: Outcome, simulated: Outcome, width: int, snapshot: SnapshotAssertion):
    text = shown(live, simulated, width)
    assert max(map(len, text.splitlines())) <= width
    assert text == snapshot


def test_a_run_of_which_nothing_is_known(blank: Outcome, snapshot: SnapshotAssertion):
    assert shown(blank) == snapshot


def test_a_log_has_no_escapes_and_a_terminal_has_colours():
    assert "\x1b" not in shown(small())
    assert "\x1b[" in shown(small(), force_terminal=True)


def test_a_terminal_without_unicode_gets_ascii(live: Outcome, simulated: Outcome):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = Console(file=file, width=80, highlight=False)
    show(console, report(live, simulated, capacity_difference(live, simulated)))
    file.flush()
    assert b"@@@" in file.buffer.getvalue()


def test_many_activities_are_cut_and_counted(live: Outcome):
    many = replace(live, activities=live.activities * 10)
    text = shown(many)
    assert text.count("Successful") == 20
    assert "and 40 more" in text


@pytest.mark.parametrize(
    ("values", "highest", "bars"),
    [
        pytest.param([0, 1, 100], 0, " ▁█", id="little is more than nothing"),
        pytest.param([5, 5], 10, "▄▄", id="half of a common height"),
        pytest.param([], 0, "", id="no values"),
    ],
)
def test_bars(values: list[float], highest: float, bars: str):
    assert spark(values, 10, highest) == bars


def test_a_peak_is_kept_when_there_are_more_values_than_columns():
    values = [0.0] * 999
    values[500] = 7.0
    assert max(resampled(values, 40)) == 7
    assert len(resampled(values, 40)) == 40
