"""AWS: API_PutScheduledAction; Scheduled scaling for Application Auto Scaling."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from understudy.scaling.schedule import (
    Every,
    InvalidSchedule,
    Once,
    first_run,
    following_run,
    next_run,
    parse_schedule,
)

NEW_YORK = ZoneInfo("America/New_York")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        pytest.param(
            "at(2021-03-31T22:00:00)", UTC, Once(moment("2021-03-31T22:00:00+00:00")), id="in UTC"
        ),
        pytest.param(
            "at(2021-01-31T17:00:00)",
            NEW_YORK,
            Once(moment("2021-01-31T17:00:00-05:00")),
            id="in a time zone",
        ),
        pytest.param(
            "at(2021-07-31T17:00:00)",
            NEW_YORK,
            Once(moment("2021-07-31T17:00:00-04:00")),
            id="in its summer time",
        ),
        pytest.param(
            "at(2020-12-08T9:36:00)", UTC, Once(moment("2020-12-08T09:36:00+00:00")), id="one digit"
        ),
        pytest.param(
            "at(2035-01-01T00:00)", UTC, Once(moment("2035-01-01T00:00:00+00:00")), id="no seconds"
        ),
        pytest.param("rate(5 minutes)", UTC, Every(300.0), id="minutes"),
        pytest.param("rate(1 hour)", UTC, Every(3600.0), id="an hour"),
        pytest.param("rate(2 days)", UTC, Every(172800.0), id="days"),
        pytest.param("rate(1days)", UTC, Every(86400.0), id="the blank may be missing"),
    ],
)
def test_expressions(text: str, zone: ZoneInfo, expected: Once | Every) -> None:
    assert parse_schedule(text, zone) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("30 3 * * *", "Invalid schedule expression"),
        ("rate(5 weeks)", "Invalid schedule expression"),
        ("rate(x minutes)", "Invalid schedule expression"),
        ("rate(0 minutes)", "Invalid schedule frequency. Run for rate(0 minutes) are less than 60"),
        ("at(2035-01-01T00:00:00Z)", "Invalid schedule at DateTime expression"),
        ("at(2035-01-01)", "Invalid schedule at DateTime expression"),
        ("at(2035-13-01T00:00:00)", "Invalid schedule at DateTime expression"),
        ("cron(0 10 * * * *)", "Invalid CRON expression"),
    ],
)
def test_expressions_that_are_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        parse_schedule(text)
    assert str(refused.value).startswith(problem)


def test_a_rate_counts_from_its_start() -> None:
    every = Every(300.0)
    assert [next_run(every, at, since=1000.0) for at in (0.0, 1000.0, 1299.0, 1300.0)] == [
        1300.0,
        1300.0,
        1300.0,
        1600.0,
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(None, None, [300.0, 600.0], id="unbounded, from its making"),
        pytest.param(450.0, None, [450.0, 750.0], id="at its start time, then from there"),
        pytest.param(450.0, 700.0, [450.0, None], id="not after its end time"),
        pytest.param(450.0, 750.0, [450.0, 750.0], id="but at its end time"),
        pytest.param(-100.0, None, [200.0, 500.0], id="a start in the past only sets the rhythm"),
        pytest.param(None, 200.0, [None], id="never, if it ends before"),
    ],
)
def test_start_and_end(
    start: float | None, end: float | None, expected: list[float | None]
) -> None:
    every = Every(300.0)
    found = [first_run(every, 0.0, start, end)]
    if found[0] is not None:
        found.append(following_run(every, found[0], 0.0, start, end))
    assert found == expected


def test_a_recurring_action_also_runs_at_its_start_time() -> None:
    schedule = parse_schedule("cron(0 10 * * ? *)")
    now, start = moment("2026-03-01T00:00:00+00:00"), moment("2026-03-05T15:20:00+00:00")
    first = first_run(schedule, now, start, None)
    assert first == start
    second = following_run(schedule, start, now, start, None)
    assert second == moment("2026-03-06T10:00:00+00:00")


def test_a_one_time_action_runs_once_and_not_in_the_past() -> None:
    assert first_run(Once(50.0), 100.0, None, None) is None
    assert first_run(Once(150.0), 100.0, None, None) == 150.0
    assert following_run(Once(150.0), 150.0, 100.0, None, None) is None
