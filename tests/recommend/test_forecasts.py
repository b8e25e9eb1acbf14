"""What predictive scaling will forecast under known traffic, and what the sifting makes of it."""

from datetime import UTC, datetime

import pytest

from understudy.recommend.families import OF_SERVICES, families
from understudy.recommend.forecasts import expected, hourly, minimums
from understudy.recommend.policies import Room
from understudy.recommend.sifting import as_variant
from understudy.recommend.terms import SERVICE
from understudy.sim import patterns

MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
DAYS = patterns.diurnal(1.0, 20.0, duration=3 * 86_400.0)
PREDICTED = next(each for each in OF_SERVICES if each.name.startswith("predictive"))


def test_days_alike_are_forecast_from_the_second_one_on() -> None:
    load = hourly([(MONDAY, DAYS)])
    assert len(load) == 72
    assert sum(load.values()) == DAYS.total
    found = expected(load, MONDAY, MONDAY + DAYS.duration)
    first = min(found)
    assert first - MONDAY // 3600 == pytest.approx(24, abs=2)
    for hour in range(first + 4, first + 40):
        assert found[hour] == pytest.approx(load[hour], rel=0.2, abs=400)


def test_history_before_the_beginning_counts() -> None:
    load = hourly([(MONDAY, DAYS), (MONDAY + DAYS.duration, DAYS)])
    begin = MONDAY + DAYS.duration
    assert min(expected(load, begin, begin + 7200)) == begin // 3600


def test_a_forecast_is_a_minimum_in_time_for_its_hour() -> None:
    room = Room(3.0, 5.0, 1.0, 1, 5, None, SERVICE)
    candidate = PREDICTED.make([0.5, 0.5, 0.5, 0.0, 1.0, 0.5], room)
    tracked, ahead = candidate.policies
    target = ahead.configuration["MetricSpecifications"][0]["TargetValue"]
    hour = int(MONDAY // 3600) + 30
    (action,) = minimums(candidate, {hour: target * 60 * 2.5})
    assert action.minimum == 3
    assert ahead.configuration["SchedulingBufferTime"] == 300
    assert action.schedule == "at(2026-03-03T05:55:00)"
    alike = as_variant(candidate, SERVICE, 5.0, {hour: 0.0})
    assert [each.kind for each in alike.policies] == [tracked.kind]
    assert [each.minimum for each in alike.actions] == [1]


def test_there_is_nothing_to_forecast_without_a_season() -> None:
    names = {each.name for each in families(Room(3.0, 5.0, 1.0, 1, 5, None, SERVICE))}
    assert PREDICTED.name not in names
    assert "target tracking on CPU (20 s)" in names
