"""Fleets rehearsed from end to end: real tasks behind a real balancer, updated under traffic."""

import json
from pathlib import Path
from typing import Any

import pytest

from understudy.app.examples import example
from understudy.testing.engines import Command

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("nobody_is_left_behind")]

FARGATE = example("fargate-inference/template.yaml")
NEXT = example("fargate-inference/next.yaml")


def rehearsed(folder: Path, *arguments: str | Path) -> tuple[str, dict[str, Any]]:
    """What a rehearsal said, and its report."""
    rows = (f"0:{minute:02d}:00,{120}" for minute in range(12))
    (folder / "traffic.csv").write_text("\n".join(["time,count", *rows, ""]))
    command = Command(
        "rehearse", FARGATE, *arguments, "--traffic", folder / "traffic.csv", "--speed", "60",
        "--startup-delay", "0", "--slo", "p99<20s", "--report", "report", folder=folder,
    )  # fmt: skip
    try:
        command.ended(150)
    finally:
        command.close()
    return command.said, json.loads((folder / "report/report.json").read_text())


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's next template without the count that sets the service back."""
    folder = tmp_path_factory.mktemp("patched")
    body = NEXT.read_text().replace("      DesiredCount: 1\n", "")
    (folder / "next.yaml").write_text(body)
    return folder / "next.yaml"


def test_a_new_size_of_task_is_rolled_out_without_a_lost_request(
    tmp_path: Path, patched: Path
) -> None:
    said, report = rehearsed(tmp_path, "--update", patched, "--at", "3m")
    assert "Traceback" not in said
    assert report["resource_id"].startswith("service/")
    (update,) = report["updates"]
    assert update["status"] == "UPDATE_COMPLETE"
    assert (update["lost"], report["requests"]["failed"]) == (0, 0)
    assert update["least_in_service"] >= 2
    assert report["instance_type"] == "Fargate 1 vCPU 2 GB"
    assert float(update["usd"]) > 0
    assert report["simulated"]["updates"][0]["status"] == "UPDATE_COMPLETE"


def test_a_rollback_is_rehearsed_and_a_count_that_is_set_back_is_warned_of(
    tmp_path: Path,
) -> None:
    said, report = rehearsed(tmp_path, "--update", NEXT, "--at", "3m", "--fail", "Service")
    assert "An update of Service sets its DesiredCount back" in said
    (update,) = report["updates"]
    assert update["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "--fail" in update["causes"][0]
    (back,) = update["planned"]["set_back"]
    assert (back["what"], back["template"]) == ("DesiredCount", 1)
    assert "Task" in [each["logical_id"] for each in update["planned"]["resources"]]
    assert "scaling has set DesiredCount" in said
