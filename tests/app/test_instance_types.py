"""Which instance types and sizes of tasks a search chooses from: prices, starts, service times."""

from pathlib import Path

import pytest

from understudy.app.calibrations import Calibration, save
from understudy.app.examples import example
from understudy.app.recommending import Choices, options_of
from understudy.app.scaled import Scaled
from understudy.app.simulating import Options, Prepared, prepare
from understudy.app.sources import Source
from understudy.app.worlds import WorldOptions
from understudy.base.diagnostic import InvalidInput
from understudy.recommend.terms import GROUP, SERVICE, VARIANT, Terms
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Setting

SERVICES, GROUPS = "fargate-inference/template.yaml", "web-tier/template.yaml"
ENDPOINTS = "stand-in-endpoint/template.yaml"


def prepared(path: str, start_up: str = "") -> Prepared:
    source = Source("steady(rate=2, duration=2h)", "", 1.0, 1.0, None)
    world = WorldOptions(start_up=start_up)
    return prepare(Options(example(path), source, slo="p99<3s", world=world))


def settings(path: str, terms: Terms, *kinds: str, start_up: str = "") -> dict[str, Setting]:
    now = Scaled(terms, Candidate(2, 8, 2))
    found = options_of(prepared(path, start_up), Choices(instance_types=kinds), now)
    return {each.instance_type: each.setting for each in found}


# Fargate: $0.04048 a vCPU hour, $0.004445 a GB hour.
def test_tasks_of_twice_the_size_cost_twice_as_much_and_start_as_they_do() -> None:
    found = settings(SERVICES, SERVICE, "1024/2048=lognormal(p50=250ms, p99=900ms); concurrency=4")
    small, large = found["Fargate 0.5 vCPU 1 GB"], found["Fargate 1 vCPU 2 GB"]
    assert large.hourly == pytest.approx(0.04937)
    assert large.hourly == pytest.approx(2 * small.hourly)
    assert large.start_up.mean == small.start_up.mean == 35.0
    assert large.serving.concurrency == 4
    assert large.limits[1] > 1.5 * small.limits[1]


def test_larger_instances_of_a_group_start_as_its_own_do() -> None:
    found = settings(GROUPS, GROUP, "t3.medium=150ms; concurrency=2")
    assert set(found) == {"t3.small", "t3.medium"}
    assert found["t3.medium"].start_up.mean == 45.0
    assert found["t3.medium"].start_up.warmed.mean == 33.0
    assert found["t3.medium"].hourly > found["t3.small"].hourly


def test_the_start_that_is_given_holds_for_all_types() -> None:
    kinds = ["ml.c5.xlarge=80ms"]
    found = settings(ENDPOINTS, VARIANT, *kinds, start_up="100s")
    assert {each.start_up.mean for each in found.values()} == {100.0}
    usual = settings(ENDPOINTS, VARIANT, *kinds)
    assert usual["ml.c5.xlarge"].start_up.mean < usual["ml.g5.xlarge"].start_up.mean


def test_a_calibration_tells_how_fast_another_type_is(tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    save(path, Calibration(endpoint="e", fit="70ms", concurrency=3))
    found = settings(GROUPS, GROUP, f"t3.medium={path}")["t3.medium"]
    assert found.serving.concurrency == 3


@pytest.mark.parametrize(
    ("path", "terms", "kind", "said"),
    [
        pytest.param(SERVICES, SERVICE, "t3.small=80ms", "is no size of a task", id="no size"),
        pytest.param(GROUPS, GROUP, "t3.medium", "is not known", id="no service time"),
        pytest.param(GROUPS, GROUP, "t3.medium=8 parsecs", "cannot be read", id="no duration"),
        pytest.param(GROUPS, GROUP, "t3.medium=no.json", "is no calibration", id="no file"),
    ],
)
def test_what_is_not_known_is_refused(path: str, terms: Terms, kind: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        settings(path, terms, kind)
