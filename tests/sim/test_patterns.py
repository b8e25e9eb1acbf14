from collections.abc import Callable

import numpy as np
import pytest

from understudy.sim import patterns
from understudy.sim.patterns import DAY, HOUR
from understudy.sim.traffic import Traffic

Shape = list[tuple[float, float, float]]


def rate_between(traffic: Traffic, begin: float, end: float) -> float:
    part = traffic.window(begin, end)
    return part.total / part.duration


# Each shape: from second, to second, requests per second expected there.
SHAPES: list[tuple[str, Callable[[int], Traffic], Shape]] = [
    ("steady", lambda s: patterns.steady(50, seed=s), [(0, HOUR, 50)]),
    ("ramp", lambda s: patterns.ramp(0, 100, seed=s), [(0, HOUR / 2, 25), (HOUR / 2, HOUR, 75)]),
    (
        "diurnal",
        lambda s: patterns.diurnal(2, 60, seed=s),
        [(1.5 * HOUR, 2.5 * HOUR, 2), (13.5 * HOUR, 14.5 * HOUR, 60)],
    ),
    (
        "weekly",
        lambda s: patterns.weekly(2, 60, weekend=0.5, seed=s),
        [
            (13.5 * HOUR, 14.5 * HOUR, 60),
            (5 * DAY + 13.5 * HOUR, 5 * DAY + 14.5 * HOUR, 31),
            (6 * DAY + 13.5 * HOUR, 6 * DAY + 14.5 * HOUR, 31),
        ],
    ),
    (
        "flash_sale",
        lambda s: patterns.flash_sale(5, 200, seed=s),
        [(0, 900, 5), (900, 1500, 200), (1790, 1810, 5 + 195 / 2)],
    ),
    (
        "launch",
        lambda s: patterns.launch(5, 200, 50, seed=s),
        [(0, 900, 5), (900, 1200, 102.5), (3.8 * HOUR, 4 * HOUR, 50)],
    ),
]


@pytest.mark.parametrize(
    ("make", "shape"), [pytest.param(make, shape, id=name) for name, make, shape in SHAPES]
)
def test_a_pattern_has_its_shape(make: Callable[[int], Traffic], shape: Shape):
    traffic = make(7)
    for begin, end, rate in shape:
        # Five standard deviations of a Poisson count, and 2 % for a rate that bends.
        tolerance = 5 * np.sqrt(rate / (end - begin)) + 0.02 * rate
        assert rate_between(traffic, begin, end) == pytest.approx(rate, abs=tolerance)


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make, _ in SHAPES])
def test_a_seed_makes_the_same_traffic_again(make: Callable[[int], Traffic]):
    assert make(3).counts.tolist() == make(3).counts.tolist()
    assert make(3).counts.tolist() != make(4).counts.tolist()


def test_spikes_are_as_many_and_as_wide_as_asked():
    # 100 hours with a burst in every 900 s: 400 expected, standard deviation 20.
    traffic = patterns.spikes(0, 100, duration=100 * HOUR, seed=5)
    busy = traffic.counts > 0
    bursts = int((np.diff(busy.astype(int), prepend=0) == 1).sum())
    assert 300 < bursts < 480
    assert busy.sum() * traffic.period == pytest.approx(400 * 30, rel=0.25)


def test_no_spike_happens_where_none_is_drawn():
    assert patterns.spikes(0, 100, each=1e9, seed=1).total == 0
