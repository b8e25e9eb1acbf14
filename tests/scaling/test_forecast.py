"""The stand-in forecast, measured on synthetic seasons."""

from collections.abc import Callable
from math import cos, pi
from random import Random

import pytest

from understudy.scaling.forecast import (
    HORIZON_HOURS,
    blend,
    capacity_for,
    forecast_load,
    metric_per_load,
)

MONDAY = 24 * 7 * 3000 + 4 * 24
"""An hour, counted from the epoch (a Thursday), that starts a Monday."""


def day(hour: int) -> float:
    """A load between 100 and 900 with its peak at 14:00."""
    return 500 - 400 * cos((hour % 24 - 2) / 24 * 2 * pi)


def working_week(hour: int) -> float:
    """The same with a third of it at the weekend."""
    return day(hour) * (1 / 3 if (hour - MONDAY) // 24 % 7 >= 5 else 1)


def error(season: Callable[[int], float], hours: int, start: int, noise: float = 0.0) -> float:
    """The mean absolute error of two days of forecast, as a share of the mean load."""
    random = Random(4)
    history = {
        hour: season(hour) * (1 + random.uniform(-noise, noise))
        for hour in range(start - hours, start)
    }
    forecast = forecast_load(history, start)
    assert len(forecast) == HORIZON_HOURS
    actual = [season(start + hour) for hour in range(HORIZON_HOURS)]
    wrong = sum(abs(seen - told) for seen, told in zip(actual, forecast, strict=True))
    return wrong / sum(actual)


@pytest.mark.parametrize(
    ("season", "days", "noise", "most"),
    [
        pytest.param(day, 14, 0.0, 1e-9, id="two weeks of equal days are foreseen exactly"),
        pytest.param(working_week, 14, 0.0, 1e-9, id="so are two equal weeks"),
        pytest.param(day, 1, 0.0, 1e-9, id="one day is enough for equal days"),
        pytest.param(working_week, 14, 0.2, 0.1, id="noise of a fifth is halved"),
        pytest.param(lambda hour: 10.0, 1, 0.0, 1e-9, id="a constant is a constant"),
        pytest.param(
            lambda hour: day(hour) * 1.01 ** ((hour - MONDAY) / 24),
            14,
            0.0,
            0.13,
            id="growth of 1% a day lags",
        ),
    ],
)
def test_how_wrong_it_is(
    season: Callable[[int], float], days: int, noise: float, most: float
) -> None:
    assert error(season, days * 24, MONDAY, noise) <= most


def test_a_weekend_is_only_foreseen_after_one_has_been_seen() -> None:
    saturday = MONDAY + 5 * 24
    unseen = error(working_week, 5 * 24, saturday)
    once = error(working_week, 7 * 24, saturday)
    twice = error(working_week, 14 * 24, saturday)
    assert unseen == pytest.approx(2.0)
    assert twice < 1e-9 < once < unseen


def test_less_than_a_day_of_history_gives_no_forecast() -> None:
    assert forecast_load(dict.fromkeys(range(MONDAY - 23, MONDAY), 1.0), MONDAY) == ()


def test_only_the_last_fourteen_days_count() -> None:
    recent = dict.fromkeys(range(MONDAY - 14 * 24, MONDAY), 10.0)
    older = dict.fromkeys(range(MONDAY - 20 * 24, MONDAY - 14 * 24), 1e6)
    assert set(forecast_load(recent | older, MONDAY)) == {10.0}


def test_hours_that_are_missing_are_made_up_from_the_same_hours_of_other_days() -> None:
    history = {hour: day(hour) for hour in range(MONDAY - 14 * 24, MONDAY) if hour % 7}
    forecast = forecast_load(history, MONDAY)
    assert forecast == pytest.approx([day(MONDAY + hour) for hour in range(HORIZON_HOURS)])


@pytest.mark.parametrize(("count", "expected"), [(0, 80.0), (1, 60.0), (2, 40.0)])
def test_blend(count: int, expected: float) -> None:
    assert blend(40.0, count, 80.0) == expected


def test_the_metric_per_load_is_fitted_from_history() -> None:
    # A request a minute costs 0.5 percent of one task.
    load = {hour: 1000.0 + 100 * hour for hour in range(10)}
    capacity = {hour: 4.0 + hour % 2 for hour in range(10)}
    metric = {hour: load[hour] * 0.5 / capacity[hour] for hour in range(10)}
    assert metric_per_load(load, metric, capacity) == pytest.approx(0.5)
    assert metric_per_load(load, {}, {}) == 1.0
    assert metric_per_load({0: 0.0}, {0: 0.0}, {0: 1.0}) == 1.0


@pytest.mark.parametrize(
    ("load", "per_load", "target", "expected"),
    [(6000.0, 1 / 60, 30.0, 4), (100.0, 0.5, 40.0, 2), (0.0, 1.0, 40.0, 0), (0.3, 0.7, 0.07, 3)],
)
def test_capacity_for(load: float, per_load: float, target: float, expected: int) -> None:
    assert capacity_for(load, per_load, target) == expected
