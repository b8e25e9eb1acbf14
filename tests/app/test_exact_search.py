"""Services and groups are searched in the exact lane, in processes of their own."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from understudy.app.exact_search import ExactLane, Place, capacity_of
from understudy.app.examples import example
from understudy.app.simulating import Options, prepare
from understudy.app.simulation import simulate
from understudy.app.sources import Source
from understudy.cli.exits import DONE, MISSED
from understudy.cli.main import app
from understudy.recommend.patch import patched
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Setting
from understudy.sim.measures import measured
from understudy.testing.processes import is_running, wait_for

pytestmark = pytest.mark.processes

SERVICES, GROUPS = example("fargate-inference/template.yaml"), example("web-tier/template.yaml")


def test_a_candidate_fares_in_a_process_as_it_does_here() -> None:
    source = Source("diurnal(trough=7, peak=9, duration=1h)", "", 1.0, 1.0, None)
    prepared = prepare(Options(SERVICES, source, slo="p99<3s"))
    around = prepared.around
    setting = Setting(
        prepared.traffic, around.serving, around.world.start_up, prepared.slos, 0.0, 8
    )
    scenario, text = prepared.scenario(), prepared.template.text
    jobs = [("whole", Candidate(count, count, count)) for count in (1, 3)]
    with ExactLane(
        {"whole": Place(scenario, setting.limits)}, lambda _, each: patched(text, each), 2
    ) as lane:
        found = lane.run(jobs, lambda _: None)
        curve = lane.curve(jobs[1])
    for (_, candidate), measures in zip(jobs, found, strict=True):
        run = simulate(replace(scenario, body=patched(text, candidate)))
        assert measured(run, setting.limits) == measures
        assert run.requests.sent == prepared.traffic.total
    assert capacity_of(run) == curve
    assert found[0].attainments[0].share < found[1].attainments[0].share
    assert set(curve.instances) == {3.0}


POOL = """
import os, time
from understudy.app.exact_search import processes
if __name__ == "__main__":
    print(processes(1, {}).submit(os.getpid).result(), flush=True)
    time.sleep(600)
"""


def test_the_processes_of_a_search_that_is_killed_end_with_it(tmp_path: Path) -> None:
    script = tmp_path / "search.py"
    script.write_text(POOL)
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE
    ) as search:
        assert search.stdout is not None
        worker = int(search.stdout.readline())
        search.kill()
    wait_for(lambda: not is_running(worker), seconds=30, what="the worker goes on")


def test_a_group_behind_a_balancer_gets_a_policy_and_figures_of_the_exact_lane(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traffic = "diurnal(trough=2, peak=9, duration=2h)"
    call = ["recommend", str(GROUPS), "--traffic", traffic, "--slo", "p90<5s", "--candidates", "2"]
    with pytest.raises(SystemExit) as ended:
        app([*call, "--report", str(tmp_path / "found"), "--max-instances", "8"])
    said = capsys.readouterr().out
    assert ended.value.code in (DONE, MISSED)
    answer = json.loads((tmp_path / "found/recommendation.json").read_text())
    found = answer["found"]
    assert found["exact"]
    assert answer["exact"] is None
    names = {each["family"] for each in found["families"]}
    assert {"target tracking on requests", "target tracking on CPU", "step scaling"} <= names
    default = found["default"]["candidate"]["policies"][0]["configuration"]
    assert (
        default["PredefinedMetricSpecification"]["PredefinedMetricType"]
        == "ASGAverageCPUUtilization"
    )
    # The current template is run as it stands, and every family again in the exact lane.
    assert found["current"]["candidate"]["maximum"] == 8
    assert found["current"]["unseen"]["requests"] == found["chosen"]["unseen"]["requests"]
    assert found["chosen"]["over_bound"] >= 1
    assert "request by request" in " ".join(said.split())
    assert (tmp_path / "found/template.yaml").read_text() == answer["patch"]
