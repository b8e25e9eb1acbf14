"""The example traffic does what its description says."""

from pathlib import Path

import pytest

from understudy.sim.traffic import Traffic, profile, read

FOLDER = Path(__file__).parents[2] / "examples" / "traffic"
MINUTE = 60.0


def example(name: str) -> Traffic:
    return read((FOLDER / name).read_bytes(), name)


def test_the_lunch_rush_needs_three_to_five_instances_and_ends_long_enough_to_scale_in():
    rush = example("lunch-rush.csv")
    assert (rush.period, rush.duration) == (10, 80 * MINUTE)
    busiest = profile(rush).busiest_minute_requests
    assert 3 <= busiest / 900 < busiest / 600 <= 5
    for begin, end in ((0, 15), (35, 80)):
        quiet = rush.window(begin * MINUTE, end * MINUTE)
        assert quiet.total / quiet.duration == pytest.approx(2, rel=0.1)


def test_the_day_has_a_night_and_a_peak():
    day = example("day.csv")
    assert (day.period, len(day.counts)) == (60, 1440)
    assert day.window(1.5 * 3600, 2.5 * 3600).total / 3600 == pytest.approx(1, rel=0.1)
    assert day.window(13.5 * 3600, 14.5 * 3600).total / 3600 == pytest.approx(30, rel=0.05)
