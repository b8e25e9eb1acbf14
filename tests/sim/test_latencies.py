"""The compiled lane's latencies are those of requests one by one, while a policy scales."""

import numpy as np
import pytest

from understudy.app.simulation import Scenario, deployed, drive
from understudy.base.service_time import lognormal
from understudy.control.slo import parse_slos
from understudy.sim import patterns
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Runner, Setting
from understudy.sim.serving import Serving
from understudy.sim.start_up import at_once
from understudy.sim.world import WorldModel
from understudy.testing.candidates import template, tracking

MONDAY = 1_772_409_600.0


@pytest.mark.parametrize(
    ("p50", "tail", "slots", "peak", "busy", "start"),
    [
        pytest.param(0.15, 3.0, 1, 9.0, 0.4, 180.0, id="one at a time, much room"),
        pytest.param(0.35, 6.0, 2, 8.0, 0.55, 60.0, id="two at a time, a long tail"),
        pytest.param(0.5, 4.0, 4, 12.0, 0.65, 300.0, id="four at a time, little room, slow starts"),
    ],
)
def test_percentiles_are_within_a_tenth_and_what_meets_the_objective_within_half_a_point(
    p50: float, tail: float, slots: int, peak: float, busy: float, start: float
) -> None:
    serving = Serving(lognormal(p50, p50 * tail), slots)
    traffic = patterns.diurnal(peak / 3, peak, duration=4 * 3600.0, seed=2)
    slos = parse_slos(f"p99<{1500 * p50 * tail:.0f}ms")
    setting = Setting(traffic, serving, at_once(start), slos, MONDAY, 24)
    target = 60 * slots / setting.waiting.service * busy
    at_first = traffic.counts[: round(600 / traffic.period)].mean() * 60 / traffic.period
    initial = int(np.ceil(at_first / target))
    candidate = Candidate(1, 24, initial, (tracking(target),))
    found = Runner(setting).run(candidate).measures

    scenario = Scenario(
        stack_name="s",
        body=template(candidate),
        parameters={},
        traffic=traffic,
        serving=serving,
        world=WorldModel(at_once(start)),
        slos=slos,
        deploy_at=MONDAY - 7200,
        start_at=MONDAY,
        seed=1,
    )
    world, _ = deployed(scenario)
    world.run(MONDAY)
    told = drive(world, scenario).summary()
    one_by_one = [told.p50_ms, told.p90_ms, told.p99_ms]
    assert [found.p50_ms, found.p90_ms, found.p99_ms] == pytest.approx(one_by_one, rel=0.1)
    assert found.attainments[0].share == pytest.approx(told.attainments[0].share, abs=0.005)
