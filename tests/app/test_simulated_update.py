"""Updates under simulated traffic: nothing is lost, and what sets counts back is seen."""

from dataclasses import replace

from understudy.app.examples import example
from understudy.app.simulating import Options, prepare
from understudy.app.simulation import Scenario, Update, simulate
from understudy.app.sources import Source
from understudy.control.outcome import Outcome, UpdateFelt

HERE = example("fargate-inference/template.yaml")
NEXT = example("fargate-inference/next.yaml").read_text()
PATCHED = NEXT.replace("      DesiredCount: 1\n", "")


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


def test_a_rollback_is_rehearsed() -> None:
    found = update_of(simulate(scenario(PATCHED, fail="Service")))
    assert found.status == "UPDATE_ROLLBACK_COMPLETE"
    assert found.lost == 0
    assert "--fail" in found.causes[0]
