"""What a live run tells of itself: bare service times and how long instances take to start."""

import numpy as np
import pytest

from understudy.app.driving import FEWEST_ALONE, Driven, mean_start, unloaded
from understudy.control.outcome import CapacityPoint
from understudy.sim.queueing import Floats


def queued(sent: Floats, services: Floats) -> Floats:
    """Latencies of one server, first come first served."""
    latency, free = np.empty(len(sent)), 0.0
    for index, (at, service) in enumerate(zip(sent, services, strict=True)):
        free = max(at, free) + service
        latency[index] = free - at
    return latency


def driven(sent: Floats, latency: Floats) -> Driven:
    return Driven(0.0, sent, latency * 1000, np.ones(len(sent), dtype=bool), "sampled")


def test_service_times_are_those_of_requests_that_found_nobody_before_them() -> None:
    generator = np.random.default_rng(1)
    sent = np.cumsum(generator.exponential(0.02, 5000))
    services = generator.lognormal(np.log(0.01), 0.5, 5000)
    latency = queued(sent, services)
    found = unloaded(driven(sent, latency), sent, latency)
    assert len(found) > 1000
    # Queues make the median a third larger; the bare one is within what 2,000 draws vary.
    assert np.median(latency) > 1.3 * np.median(services)
    assert np.median(found) == pytest.approx(np.median(services), rel=0.05)
    assert np.quantile(found, 0.99) == pytest.approx(np.quantile(services, 0.99), rel=0.1)


def test_where_nobody_finds_it_idle_the_fewest_others_count() -> None:
    sent = np.arange(400) * 0.009
    latency = queued(sent, np.full(400, 0.01))  # the queue grows all the time
    found = unloaded(driven(sent, latency), sent, latency)
    assert FEWEST_ALONE <= len(found) < 100
    assert found.max() < latency.mean()


@pytest.mark.parametrize(
    ("points", "seconds"),
    [
        pytest.param([(0, 2, 2, 0), (100, 4, 2, 2), (114, 4, 4, 0)], 14.0, id="two at once"),
        pytest.param([(0, 2, 2, 0), (100, 1, 1, 0)], 5.0, id="none: as usual"),
        pytest.param([(0, 1, 1, 0), (60, 3, 1, 2), (70, 3, 2, 1)], 5.0, id="one is missing still"),
    ],
)
def test_how_long_a_start_takes_is_seen_of_the_capacity(
    points: list[tuple[float, int, int, int]], seconds: float
) -> None:
    assert mean_start([CapacityPoint(*each) for each in points], 5.0) == seconds
