"""How long requests wait: the exact queue against Erlang, the compiled lane against both."""

from math import factorial

import numpy as np
import pytest

from understudy.base.service_time import Distribution, gamma, lognormal
from understudy.control.slo import parse_slos
from understudy.sim import compiled
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Runner, Setting
from understudy.sim.queueing import LATENCY, WIDTH, Floats, Rules, Targets, least_busy
from understudy.sim.serving import Serving
from understudy.sim.start_up import at_once
from understudy.sim.traffic import Traffic

MONDAY = 1_772_409_600.0


def latencies(instances: int, slots: int, busy: float, services: Floats) -> Floats:
    """Seconds of each request in the exact queue; the first tenth warms it up."""
    count = services.size
    rate = busy * instances * slots / services.mean()
    arrivals = np.cumsum(np.random.default_rng(1).exponential(1 / rate, count))
    targets = Targets(
        np.ones(1),
        np.zeros(1, dtype=np.int64),
        np.array([instances]),
        np.zeros((instances, slots)),
        np.empty((instances, count + 1)),
        np.zeros(instances, dtype=np.int64),
        least_busy(1, instances),
    )
    results = np.empty((count, 2))
    compiled.serve()(
        arrivals, services, (1, 0), np.inf, targets, Rules(1 << 40, 1e9, 0.0, 1, 1.0),
        np.empty((1, WIDTH)), 0, np.zeros(1, dtype=np.int64), np.empty((count, 4)), 0, results,
    )  # fmt: skip
    return results[count // 10 :, LATENCY]


def erlang_c(slots: int, busy: float) -> float:
    """The mean wait of M/M/c in service times (A. K. Erlang, 1917)."""
    load = slots * busy
    top = load**slots / factorial(slots) / (1 - busy)
    return top / (sum(load**n / factorial(n) for n in range(slots)) + top) / (slots * (1 - busy))


@pytest.mark.parametrize(("slots", "busy"), [(1, 0.5), (4, 0.7), (8, 0.8)])
def test_the_exact_queue_waits_as_erlang_says(slots: int, busy: float) -> None:
    services = np.random.default_rng(2).exponential(1.0, 400_000)
    waits = latencies(1, slots, busy, services).mean() - 1.0
    assert waits == pytest.approx(erlang_c(slots, busy), rel=0.05)


@pytest.mark.parametrize(
    ("instances", "slots", "busy", "service"),
    [
        pytest.param(1, 4, 0.7, gamma(0.1, 1.0), id="one instance of four slots"),
        pytest.param(3, 1, 0.6, lognormal(0.1, 0.4), id="three instances, a long tail"),
        pytest.param(5, 2, 0.85, gamma(0.1, 0.5), id="five busy instances"),
    ],
)
def test_percentiles_of_the_compiled_lane_are_within_a_tenth_of_the_exact_ones(
    instances: int, slots: int, busy: float, service: Distribution
) -> None:
    serving = Serving(service, slots)
    traffic = Traffic("steady", MONDAY, 60.0, np.full(240, 1))
    setting = Setting(traffic, serving, at_once(60.0), parse_slos("p99<1s"), MONDAY, 6)
    rate = busy * instances * slots / setting.waiting.service
    steady = Traffic("steady", MONDAY, 60.0, np.full(240, round(rate * 60)))
    setting = Setting(steady, serving, at_once(60.0), parse_slos("p99<1s"), MONDAY, 6)
    found = Runner(setting).run(Candidate(instances, instances, instances)).measures
    from understudy.sim.service_time import draw

    services = draw(service, 300_000, np.random.default_rng(3))
    exact = 1000 * np.quantile(latencies(instances, slots, busy, services), [0.5, 0.9, 0.99])
    assert (found.p50_ms, found.p90_ms, found.p99_ms) == pytest.approx(exact.tolist(), rel=0.1)
