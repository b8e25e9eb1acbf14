"""The state of an alarm from its datapoints, cell by cell as AWS publishes it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.metrics.statistics import parse_statistic
from understudy.scaling.alarm import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    alarm_state,
    cadence,
    enough_samples,
    evaluation_range,
    evaluation_second,
    evaluation_time,
)

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def points(text: str) -> list[bool | None]:
    """Oldest first: X breaches, 0 does not, - is missing."""
    return [{"X": True, "0": False, "-": None}[each] for each in text.split()]


# AWS: Configuring how CloudWatch alarms treat missing data, both tables (M of N = 3 of 3, 2 of 3).
# R stands for "retain current state".
MISSING_DATA = [
    (3, "0 - X - X", "OK OK OK OK"),
    (3, "0 - - - -", "OK OK OK OK"),
    (3, "- - - - -", "INSUFFICIENT_DATA R ALARM OK"),
    (3, "0 X X - X", "ALARM ALARM ALARM ALARM"),
    (3, "- - X - -", "ALARM R ALARM OK"),
    (2, "0 - X - X", "ALARM ALARM ALARM ALARM"),
    (2, "0 0 X 0 X", "ALARM ALARM ALARM ALARM"),
    (2, "0 - X - -", "OK OK ALARM OK"),
    (2, "- - - - 0", "OK OK ALARM OK"),
    (2, "- - - X -", "ALARM R ALARM OK"),
]


@pytest.mark.parametrize("current", [OK, ALARM, INSUFFICIENT_DATA])
@pytest.mark.parametrize(("needed", "text", "states"), MISSING_DATA, ids=lambda each: str(each))
def test_missing_data_is_treated_as_in_the_published_tables(
    needed: int, text: str, states: str, current: str
) -> None:
    expected = [current if state == "R" else state for state in states.split()]
    found = [alarm_state(points(text), 3, needed, treat, current) for treat in TREATMENTS]
    assert found == expected


@pytest.mark.parametrize("text", ["- - - - X", "- - - X -"])
def test_a_breaching_datapoint_that_is_too_young_does_not_alarm_prematurely(text: str) -> None:
    # AWS: Avoiding premature transitions to alarm state.
    assert alarm_state(points(text), 3, 3, "missing", OK) != ALARM


def test_one_more_missing_period_alarms_once_the_good_datapoint_leaves_the_range() -> None:
    # AWS: Configuring how CloudWatch alarms treat missing data, row 2 and the text below it.
    assert alarm_state(points("0 - - - -"), 3, 3, "breaching", OK) == OK
    assert alarm_state(points("- - - - -"), 3, 3, "breaching", OK) == ALARM


@pytest.mark.parametrize(
    ("needed", "total", "text", "state"),
    [
        (4, 5, "X X 0 X X", ALARM),
        (4, 5, "X 0 0 X X", OK),
        (5, 5, "X X X X X", ALARM),
        (5, 5, "X X X X 0", OK),
        (1, 1, "0 X 0", OK),
        (1, 1, "0 0 X", ALARM),
    ],
)
def test_m_of_the_latest_n_datapoints_decide(
    needed: int, total: int, text: str, state: str
) -> None:
    assert alarm_state(points(text), total, needed, "missing", INSUFFICIENT_DATA) == state


def test_the_evaluation_range_is_wider_than_the_evaluation_periods() -> None:
    # AWS documents 5 for 3 evaluation periods.
    assert [evaluation_range(periods) for periods in (1, 2, 3, 5, 15)] == [3, 4, 5, 7, 20]


@pytest.mark.parametrize(
    ("period", "seconds"), [(10, 10), (20, 10), (30, 10), (60, 60), (300, 60), (86400, 60)]
)
def test_alarms_are_evaluated_every_minute_or_every_ten_seconds(period: int, seconds: int) -> None:
    # AWS: Alarm evaluation. 20 seconds is our choice.
    assert cadence(period) == seconds


def test_an_alarm_keeps_its_second_of_the_minute() -> None:
    times = [evaluation_time(1000.0 + step, 60, 32) for step in range(0, 240, 7)]
    assert {at % 60 for at in times} == {32.0}
    assert 0 <= evaluation_second("any") < 60
    assert evaluation_second("any") == evaluation_second("any")


@pytest.mark.parametrize(
    ("statistic", "samples"),
    [("p99", 1000), ("p50", 20), ("p90", 100), ("p10", 100), ("Average", 0), ("tm99", 0)],
)
def test_a_percentile_needs_samples_to_mean_something(statistic: str, samples: float) -> None:
    # AWS: Percentile-based alarms and low data samples: 1000 for p99.
    assert enough_samples(parse_statistic(statistic)) == pytest.approx(samples)


@st.composite
def evaluations(draw: st.DrawFn) -> tuple[list[bool | None], int, int, str, str]:
    total = draw(st.integers(1, 8))
    size = evaluation_range(total)
    found = draw(st.lists(st.sampled_from([True, False, None]), min_size=size, max_size=size))
    return (
        found,
        total,
        draw(st.integers(1, total)),
        draw(st.sampled_from(TREATMENTS)),
        draw(st.sampled_from([OK, ALARM, INSUFFICIENT_DATA])),
    )


@settings(deadline=None)
@given(evaluations(), st.data())
def test_more_breaching_datapoints_never_turn_an_alarm_to_ok(
    evaluation: tuple[list[bool | None], int, int, str, str], data: st.DataObject
) -> None:
    found, total, needed, treat, current = evaluation
    before = alarm_state(found, total, needed, treat, current)
    good = [index for index, each in enumerate(found) if each is False]
    if before == ALARM and good:
        worse = list(found)
        worse[data.draw(st.sampled_from(good))] = True
        assert alarm_state(worse, total, needed, treat, current) == ALARM


@settings(deadline=None)
@given(evaluations())
def test_a_full_window_decides_alone(
    evaluation: tuple[list[bool | None], int, int, str, str],
) -> None:
    found, total, needed, treat, current = evaluation
    latest = [each is True for each in found[-total:]]
    older = found[:-total]
    states = {
        alarm_state([*before, *latest], total, needed, way, now)
        for before in (older, [None] * len(older), [True] * len(older))
        for way in (treat, "missing")
        for now in (current, OK)
    }
    assert states == {ALARM if sum(latest) >= needed else OK}
