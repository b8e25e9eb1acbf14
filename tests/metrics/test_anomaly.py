"""The stand-in for CloudWatch's anomaly models: mean and deviation of the hour of the week."""

from datetime import UTC, timedelta, timezone

import pytest

from understudy.metrics.anomaly import ENOUGH, hour_of_week, train
from understudy.metrics.window import HOUR
from understudy.testing.stage import instant

MONDAY = instant("2026-01-05T00:00:00")
WEEK = 7 * 86400.0


def test_each_hour_of_the_week_has_its_own_band() -> None:
    values = [
        (MONDAY + week * WEEK + hour * HOUR + minute * 60, 10.0 * hour + 2.0 * (minute % 2))
        for week in range(2)
        for hour in range(4)
        for minute in range(10)
    ]
    model = train(values)
    assert model is not None
    assert model.band(MONDAY + 2 * WEEK + 3 * HOUR, 2) == (29.0, 33.0)
    assert model.band(MONDAY + 2 * WEEK + 1 * HOUR, 0) == (11.0, 11.0)
    mean, deviation = model.overall
    assert mean == pytest.approx(16.0)
    assert model.band(MONDAY + 90 * HOUR, 1) == (mean - deviation, mean + deviation)


def test_too_few_values_make_no_model() -> None:
    values = [(MONDAY + 60.0 * minute, 1.0) for minute in range(ENOUGH)]
    assert train(values) is not None
    assert train(values[1:]) is None
    assert train(values, excluded=[(MONDAY, MONDAY + 1)]) is None


def test_excluded_times_do_not_count() -> None:
    values = [(MONDAY + 60.0 * minute, 1.0) for minute in range(40)]
    values += [(MONDAY + 60.0 * minute, 1000.0) for minute in range(40, 50)]
    model = train(values, excluded=[(MONDAY + 2400, MONDAY + 3000)])
    assert model is not None
    assert model.band(MONDAY, 3) == (1.0, 1.0)


def test_hours_are_those_of_the_metrics_zone() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    assert hour_of_week(MONDAY, india) == 5
    assert hour_of_week(MONDAY - 1, UTC) == 167
