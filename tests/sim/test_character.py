"""What traffic is like decides which policies can follow it."""

import numpy as np
import pytest

from understudy.sim import patterns
from understudy.sim.character import advice, character, reaction_time
from understudy.sim.traffic import Traffic

DAY = 86_400.0


def families(traffic: Traffic, start_up: float = 240.0) -> dict[str, bool]:
    return {each.family: each.suits for each in advice(character(traffic, start_up))}


def test_three_datapoints_their_publication_and_the_start_make_the_reaction() -> None:
    assert reaction_time(0.0) == 3 * 60 + 30 + 30


def test_steady_traffic_is_served_by_a_fixed_capacity() -> None:
    assert families(patterns.steady(20.0, duration=6 * 3600.0))["fixed capacity"]


def test_days_alike_are_seen_and_suit_scheduled_actions() -> None:
    found = character(patterns.diurnal(2.0, 20.0, duration=3 * DAY), 240.0)
    assert found.daily == pytest.approx(1.0, abs=0.02)
    assert found.weekly is None
    assert found.bursts.count == 0
    suits = families(patterns.diurnal(2.0, 20.0, duration=3 * DAY))
    assert suits["scheduled actions"]
    assert suits["target tracking"]


def test_bursts_shorter_than_the_reaction_are_too_short_for_target_tracking() -> None:
    traffic = patterns.spikes(5.0, 30.0, each=3600.0, width=120.0, duration=DAY)
    found = character(traffic, 240.0)
    assert found.bursts.count == pytest.approx(24, abs=12)
    assert 60 <= found.bursts.length <= 240
    assert found.bursts.height == pytest.approx(6, rel=0.3)
    suits = families(traffic)
    assert not suits["target tracking"]
    assert suits["step scaling"]


def test_traffic_that_grows_has_a_trend() -> None:
    found = character(patterns.ramp(1.0, 9.0, duration=8 * 3600.0), 240.0)
    assert found.trend == pytest.approx(4.0, rel=0.1)


def test_other_periods_keep_the_requests() -> None:
    traffic = Traffic("t", 0.0, 10.0, np.array([6, 0, 6, 0, 6, 0, 3]))
    minutes = traffic.every(60.0)
    assert minutes.counts.tolist() == [18, 3]
    assert traffic.every(25.0).total == traffic.total
    assert traffic.every(5.0) is traffic


def test_warped_traffic_has_the_same_requests_in_another_time() -> None:
    traffic = Traffic("t", 0.0, 10.0, np.array([6, 1])).warped(0.5)
    assert (traffic.duration, traffic.total) == (10.0, 7)
