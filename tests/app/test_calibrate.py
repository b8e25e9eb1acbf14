"""A running endpoint is measured, and what was measured is used."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from understudy.app.calibrate import fitted, target_value, written
from understudy.app.calibrations import Calibration, load, save
from understudy.base.diagnostic import InvalidInput
from understudy.base.service_time import Lognormal, lognormal, parse_service_time
from understudy.sim.candidate import Candidate
from understudy.sim.service_time import Empirical
from understudy.testing.candidates import template
from understudy.testing.engines import WAIT, RunningEngine, understudy_command


def test_the_target_value_is_that_of_aws() -> None:
    """AWS: Load testing your autoscaling configuration: 20 requests/s and a factor of 0.5."""
    assert target_value(20.0, 0.5) == 600.0


def test_a_fit_has_the_median_and_the_tail_of_what_was_measured() -> None:
    seconds = np.random.default_rng(1).lognormal(np.log(0.1), 0.5, 20_000)
    line = written(fitted(seconds))
    found = parse_service_time(line).distribution
    p99 = float(np.quantile(seconds, 0.99))
    assert isinstance(found, Lognormal)
    expected = lognormal(float(np.median(seconds)), p99)
    assert (found.mu, found.sigma) == pytest.approx((expected.mu, expected.sigma), rel=1e-3)


def test_a_calibration_is_kept_and_read_back(tmp_path: Path) -> None:
    made = Calibration(endpoint="e", fit="50000us", seconds=(0.04, 0.05, 0.06), healthy=2.0)
    save(tmp_path / "c.json", made)
    found = load(tmp_path / "c.json")
    assert found == made
    assert isinstance(found.service_time, Empirical)
    assert list(found.phases) == ["healthy"]


def test_another_file_is_no_calibration(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"endpoint": "e", "fit": "often"}')
    with pytest.raises(InvalidInput, match="is no calibration"):
        load(tmp_path / "c.json")


@pytest.mark.processes
def test_a_running_endpoint_is_measured(
    make_engine: Callable[..., RunningEngine], tmp_path: Path
) -> None:
    engine = make_engine()
    stacks = engine.client("cloudformation")
    body = template(Candidate(1, 1, 1), "60ms; concurrency=2")
    stacks.create_stack(StackName="s", TemplateBody=body)
    stacks.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig=WAIT)
    output = tmp_path / "c.json"
    done = understudy_command(
        *("calibrate", "e", "--endpoint-url", engine.endpoint, "--seconds", "2"),
        *("--levels", "1", "--levels", "6", "--slo", "p90<150ms", "--output", output),
    )
    assert done.returncode == 0, done.stderr
    assert "Target value by AWS's formula" in done.stdout
    found = json.loads(output.read_text())
    assert found["concurrency"] == 2
    assert np.median(found["seconds"]) == pytest.approx(0.06, rel=0.4)
    assert 2 < found["max_rps"] < 40
