import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from understudy.app.views import ResourceProgress
from understudy.control.outcome import Outcome
from understudy.report.progress import (
    deployment,
    deployment_lines,
    rehearsal,
)
from understudy.report.screen import Screen
from understudy.testing import progress as made
from understudy.testing.terminal import text_of


@pytest.mark.parametrize(
    "failed", [pytest.param(False, id="under way"), pytest.param(True, id="failed")]
)
def test_a_deployment(failed: bool, snapshot: SnapshotAssertion):
    assert text_of(deployment(made.deployment(failed=failed))) == snapshot


def test_a_large_deployment_leaves_out_what_is_complete():
    view = made.deployment(failed=True)
    done = tuple(
        ResourceProgress(f"Bucket{i}", "AWS::S3::Bucket", "CREATE_COMPLETE", view.at)
        for i in range(50)
    )
    lines = text_of(deployment(replace(view, resources=done + view.resources), rows=10))
    assert lines.splitlines()[2].startswith("Endpoint")
    assert "ScalableTarget" in lines
    assert lines.splitlines()[-1] == "and 44 resources more"


def test_a_log_gets_each_status_once():
    before, after = made.deployment(), made.deployment(failed=True)
    assert deployment_lines(None, before) == [
        "2026-03-02 12:00:04Z  Role  CREATE_COMPLETE",
        "2026-03-02 12:00:09Z  Model  CREATE_COMPLETE",
        (
            "2026-03-02 12:00:20Z  Endpoint  CREATE_IN_PROGRESS  "
            "waits for 1 of 1 instances to answer /ping"
        ),
        "2026-03-02 12:01:20Z  digits  CREATE_IN_PROGRESS",
    ]
    assert deployment_lines(before, before) == []
    assert deployment_lines(before, after) == [
        (
            "2026-03-02 12:01:15Z  Endpoint  CREATE_FAILED  The primary container for production "
            "variant AllTraffic did not pass the ping health check."
        ),
        "2026-03-02 12:01:20Z  digits  ROLLBACK_IN_PROGRESS",
    ]


def test_a_rehearsal_in_the_rush(live: Outcome, snapshot: SnapshotAssertion):
    assert text_of(rehearsal(made.rehearsal(live, 1290))) == snapshot


def test_a_rehearsal_at_its_start(live: Outcome, snapshot: SnapshotAssertion):
    assert text_of(rehearsal(made.rehearsal(live, 0))) == snapshot


def test_a_log_of_a_rehearsal_has_a_line_for_each_change(
    live: Outcome, snapshot: SnapshotAssertion
):
    file = io.StringIO()
    with Screen(Console(file=file, width=80)) as screen:
        for second in range(0, 4800, 10):
            screen.rehearsal(made.rehearsal(live, second))
    assert file.getvalue() == snapshot


def test_a_terminal_is_drawn_in_place(live: Outcome):
    file = io.StringIO()
    console = Console(file=file, width=80, height=24, force_terminal=True)
    with Screen(console) as screen:
        for second in (0, 60, 1290):
            screen.rehearsal(made.rehearsal(live, second))
        screen.deployment(made.deployment(failed=True))
    assert file.getvalue().count("\x1b[1A") >= 20
    plain = re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", file.getvalue())
    assert plain.rstrip().splitlines()[-1].startswith("Model")
