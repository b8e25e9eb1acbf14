"""Templates are simulated and traffic is looked at from the command line."""

import json
from pathlib import Path

import pytest

from understudy.app.examples import example
from understudy.cli.exits import BAD_INPUT, DONE, FAILED, MISSED
from understudy.cli.main import app

STAND_IN = str(example("stand-in-endpoint/template.yaml"))
QUIET = "steady(rate=1, duration=20m)"


def run(*arguments: str) -> int:
    return app(list(arguments), exit_on_error=False, result_action="return_value")


def test_a_simulation_tells_the_measures_of_each_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slower = tmp_path / "slower.yaml"
    slower.write_text(Path(STAND_IN).read_text().replace("p50=1.2s", "p50=2.4s"))
    code = run("simulate", STAND_IN, str(slower), "--traffic", QUIET, "--slo", "p99<60s", "--json")
    assert code == DONE
    told = json.loads(capsys.readouterr().out)
    assert [each["template"] for each in told["runs"]] == ["template", "slower"]
    first, second = told["runs"]
    assert first["requests"] == second["requests"] == pytest.approx(1200, rel=0.1)
    assert second["p50_ms"] == pytest.approx(2 * first["p50_ms"], rel=0.05)
    assert first["usd"] > 0


def test_the_stack_is_updated_amid_the_traffic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wider = tmp_path / "wider.yaml"
    wider.write_text(Path(STAND_IN).read_text().replace("Default: 1\n", "Default: 3\n", 1))
    update = f"5m={wider}"
    code = run("simulate", STAND_IN, "--traffic", QUIET, "--slo", "p99<60s", "--update", update)
    assert code == DONE
    told = capsys.readouterr().out
    assert "Simulation of stand-in-endpoint: UPDATE_" in told
    assert "1 -> 3" in told


def test_an_update_that_changes_nothing_is_refused_as_aws_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("simulate", STAND_IN, "--traffic", QUIET, "--slo", "p99<60s", "--update", f"5m={STAND_IN}")
    assert "The submitted information didn't contain changes." in capsys.readouterr().err


def test_a_stack_that_cannot_be_created_fails_with_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.yaml"
    text = Path(STAND_IN).read_text()
    broken.write_text(text.replace("MaxCapacity: !Ref MaxCapacity", "MaxCapacity: 0"))
    assert run("simulate", str(broken), "--traffic", QUIET) == FAILED
    assert "ROLLBACK_COMPLETE" in capsys.readouterr().err


def test_a_missed_objective_is_the_exit_code() -> None:
    assert run("simulate", STAND_IN, "--traffic", QUIET, "--slo", "p50<1ms") == MISSED


def test_all_that_is_wrong_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        *("simulate", str(example("digits-endpoint/template.yaml")), "--traffic", QUIET),
        *("--start-up", "sleep=9s", "--tries", "0", "--scenario", "shortage:ml.m5.large,1-2"),
    )
    assert code == BAD_INPUT
    told = capsys.readouterr().err
    for part in (
        "does not say how long its model takes",
        "'sleep' is no phase; name provision, image, model, load, healthy",
        "--tries 0 is fewer than one",
        "--scenario shortage:ml.m5.large,1-2: '1-2' is not a duration",
    ):
        assert part in told


def test_traffic_is_described_in_words_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("traffic", "inspect", "diurnal(trough=2, peak=20, duration=3d)") == DONE
    told = capsys.readouterr().out
    assert "suits  scheduled actions" in told
    assert run("traffic", "inspect", QUIET, "--json") == DONE
    assert json.loads(capsys.readouterr().out)["bursts"]["count"] == 0
