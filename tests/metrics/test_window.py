"""Periods, the rounding of starts, and windows on the clock or sliding over it."""

from zoneinfo import ZoneInfo

import pytest

from understudy.metrics.window import (
    fixed_zone,
    is_period,
    rounded_start,
    sliding_end,
    wall_clock_edges,
)
from understudy.testing.stage import instant

DAY = 86400


def test_legal_periods() -> None:
    # AWS: GetMetricData, Period.
    assert [each for each in range(130) if is_period(each)] == [1, 5, 10, 20, 30, 60, 120]


@pytest.mark.parametrize(
    ("age", "period", "start", "rounded"),
    [
        (0, 60, "12:32:34", "12:32:00"),
        (16 * DAY, 300, "12:32:34", "12:30:00"),
        (64 * DAY, 3600, "12:32:34", "12:00:00"),
        (0, 10, "01:05:13", "01:05:10"),
        (0, 5, "15:02:17", "15:02:15"),
        (0, 300, "12:32:34", "12:32:00"),
    ],
)
def test_a_start_is_rounded_down_by_its_age_and_period(
    age: int, period: int, start: str, rounded: str
) -> None:
    # AWS: GetMetricStatistics, StartTime, with its examples.
    at = instant(f"2026-03-01T{start}")
    assert rounded_start(at, period, at + age) == instant(f"2026-03-01T{rounded}")


def test_a_five_minute_window_slides_by_the_minute() -> None:
    # AWS: Alarm evaluation: minutes 1 to 5, then 2 to 6.
    ends = [sliding_end(60.0 * minute + 30, 300) / 60 for minute in (5, 6, 7)]
    assert ends == [5.0, 6.0, 7.0]


def test_wall_clock_hours_and_weeks() -> None:
    utc = fixed_zone("UTC")
    assert utc is not None
    horizon = instant("2026-01-07T12:34:56")
    assert wall_clock_edges(horizon, 3600, 2, utc) == [
        instant(f"2026-01-07T{hour}:00:00") for hour in (10, 11, 12)
    ]
    assert wall_clock_edges(horizon, 7 * DAY, 1, utc) == [
        instant("2025-12-29T00:00:00"),
        instant("2026-01-05T00:00:00"),
    ]


def test_wall_clock_days_follow_daylight_saving_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    edges = wall_clock_edges(instant("2026-03-30T12:00:00"), DAY, 2, berlin)
    assert edges == [
        instant("2026-03-27T23:00:00"),
        instant("2026-03-28T23:00:00"),
        instant("2026-03-29T22:00:00"),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("UTC", 0), ("+05:30", 19800), ("UTC+05:30", 19800), ("-03:00", -10800), ("GMT+1", 3600)],
)
def test_offsets_are_zones(text: str, seconds: int) -> None:
    zone = fixed_zone(text)
    assert zone is not None
    offset = zone.utcoffset(None)
    assert offset is not None
    assert offset.total_seconds() == seconds


@pytest.mark.parametrize("text", ["+05:31", "+24:00", "+x"])
def test_offsets_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|multiple"):
        fixed_zone(text)


def test_names_are_left_to_the_time_zone_database() -> None:
    assert fixed_zone("Europe/Berlin") is None
