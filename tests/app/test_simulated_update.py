"""Updates under simulated traffic: nothing is lost, and what sets counts back is seen."""

from dataclasses import replace
from pathlib import Path

import pytest

from understudy.app.examples import example
from understudy.app.simulating import Options, prepare
from understudy.app.simulation import Scenario, Update, simulate
from understudy.app.sources import Source
from understudy.control.outcome import Outcome, UpdateFelt
from understudy.report import words

HERE = example("fargate-inference/template.yaml")
NEXT = example("fargate-inference/next.yaml").read_text()
PATCHED = NEXT.replace("      DesiredCount: 1\n", "")
Replaced = list[tuple[str, str]]


def scenario(body: str, fail: str = "") -> Scenario:
    """The example's rush, cut to its half hour, with an update at its height."""
    source = Source(str(example("traffic/model-rush.csv")), "10m-40m")
    prepared = prepare(Options(HERE, source, slo="p99<3s")).scenario()
    return replace(prepared, updates=(Update(15 * 60, body, fail=fail),))


def update_of(run: Outcome) -> UpdateFelt:
    (only,) = run.updates
    return only


def test_a_new_size_is_rolled_out_without_loss() -> None:
    run = simulate(scenario(PATCHED))
    found = update_of(run)
    assert (found.status, found.lost) == ("UPDATE_COMPLETE", 0)
    assert found.least_in_service >= 8
    assert run.requests.failed == 0


def test_a_count_in_the_template_sets_the_service_back() -> None:
    patched, set_back = simulate(scenario(PATCHED)), simulate(scenario(NEXT))
    assert update_of(set_back).least_in_service == 1
    assert update_of(set_back).late > 100 * max(update_of(patched).late, 1)
    assert update_of(set_back).lost > 0
    (back,) = update_of(set_back).planned.set_back
    assert (back.what, back.current, back.template) == ("DesiredCount", 8, 1)
    assert "-     DesiredCount: 1" in back.patch
    assert update_of(patched).planned.set_back == ()
    assert [name for name, _ in update_of(patched).usd_by_type] == [
        "Fargate 0.5 vCPU 1 GB",
        "Fargate 1 vCPU 2 GB",
    ]


def test_the_report_has_the_change_set() -> None:
    rolled = simulate(scenario(PATCHED))
    changed = {each.logical_id: each for each in update_of(rolled).planned.resources}
    assert (changed["Task"].replacement, changed["Task"].properties) == ("True", ("Cpu", "Memory"))
    said = words.update(rolled, update_of(rolled))
    assert "replaces Task (AWS::ECS::TaskDefinition): Cpu, Memory" in said


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        pytest.param(
            "web-tier",
            [],
            [
                ("t3.small", "t3.medium"),
                ('MinSize: "1"', 'MinSize: "1"\n      DesiredCapacity: "1"'),
            ],
            "DesiredCapacity",
            id="the capacity of a group",
        ),
        pytest.param(
            "stand-in-endpoint",
            [("      RetainAllVariantProperties: true\n", "")],
            [("ml.g5.xlarge", "ml.g5.2xlarge")],
            "InitialInstanceCount of AllTraffic",
            id="the initial count of an endpoint",
        ),
    ],
)
def test_a_count_that_scaling_set_is_seen_to_go_back(
    name: str, old: Replaced, new: Replaced, what: str, tmp_path: Path
) -> None:
    before = written(tmp_path / "before.yaml", example(f"{name}/template.yaml"), old)
    after = written(tmp_path / "after.yaml", before, new)
    rows = "\n".join(f"0:{minute:02d}:00,900" for minute in range(20))
    (tmp_path / "traffic.csv").write_text(f"time,count\n{rows}\n")
    source = Source(str(tmp_path / "traffic.csv"))
    options = Options(before, source, updates=(str(after),), at="15m")
    (back,) = update_of(simulate(prepare(options).scenario())).planned.set_back
    assert (back.what, back.template) == (what, 1)
    assert back.current is not None
    assert back.current > 1


def written(path: Path, template: Path, replaced: Replaced) -> Path:
    """A template with some texts replaced by others."""
    body = template.read_text()
    for text, by in replaced:
        assert text in body
        body = body.replace(text, by)
    path.write_text(body)
    return path


def test_a_rollback_is_rehearsed() -> None:
    found = update_of(simulate(scenario(PATCHED, fail="Service")))
    assert found.status == "UPDATE_ROLLBACK_COMPLETE"
    assert found.lost == 0
    assert "--fail" in found.causes[0]
