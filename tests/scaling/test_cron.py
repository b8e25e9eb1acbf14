"""AWS: Schedule recurring scaling actions using cron expressions; Scheduled scaling (EC2)."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from understudy.scaling.cron import Cron, InvalidCron, parse_cron, parse_recurrence

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)


def runs(cron: Cron, after: datetime, times: int, zone: tzinfo = UTC) -> list[str]:
    found: list[str] = []
    moment: float | None = after.timestamp()
    for _ in range(times):
        assert moment is not None
        moment = cron.next(moment)
        if moment is None:
            break
        found.append(datetime.fromtimestamp(moment, zone).isoformat(" ", "minutes"))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("0 10 * * ? *", ["03-01 10:00", "03-02 10:00"], id="at ten every day"),
        pytest.param("15 12 * * ? *", ["03-01 12:15", "03-02 12:15"], id="at 12:15 every day"),
        pytest.param("0 18 ? * MON-FRI *", ["03-02 18:00", "03-03 18:00"], id="at six on weekdays"),
        pytest.param("0 8 1 * ? *", ["03-01 08:00", "04-01 08:00"], id="on the first of the month"),
        pytest.param("0/15 * * * ? *", ["03-01 00:15", "03-01 00:30"], id="every fifteen minutes"),
        pytest.param(
            "0/10 * ? * MON-FRI *", ["03-02 00:00", "03-02 00:10"], id="every ten on weekdays"
        ),
        pytest.param("0 9 ? * 2 *", ["03-02 09:00", "03-09 09:00"], id="day 2 is Monday"),
        pytest.param("0 9 ? * 1 *", ["03-01 09:00", "03-08 09:00"], id="day 1 is Sunday"),
        pytest.param("0 9 ? * L *", ["03-07 09:00", "03-14 09:00"], id="the last day is Saturday"),
        pytest.param("0 9 ? * 6L *", ["03-27 09:00", "04-24 09:00"], id="the last Friday"),
        pytest.param("0 9 ? * MON#2 *", ["03-09 09:00", "04-13 09:00"], id="the second Monday"),
        pytest.param("0 9 ? * 2#2 *", ["03-09 09:00", "04-13 09:00"], id="the same by number"),
        pytest.param("0 9 ? * SAT-SUN *", ["03-01 09:00", "03-07 09:00"], id="around the week"),
        pytest.param(
            "0 9 ? * THU/2 *", ["03-05 09:00", "03-07 09:00"], id="from Thursday on, by two"
        ),
        pytest.param("0 9 ? * */3 *", ["03-01 09:00", "03-04 09:00"], id="every third day"),
        pytest.param("0 9 L * ? *", ["03-31 09:00", "04-30 09:00"], id="the last of the month"),
        pytest.param("0 9 LW * ? *", ["03-31 09:00", "04-30 09:00"], id="the last working day"),
        pytest.param("0 9 15W * ? *", ["03-16 09:00", "04-15 09:00"], id="a Sunday moves forward"),
        pytest.param("0 9 7W * ? *", ["03-06 09:00", "04-07 09:00"], id="a Saturday moves back"),
        pytest.param("0 9 1W * ? *", ["03-02 09:00", "04-01 09:00"], id="but not out of the month"),
        pytest.param(
            "0 9 31W * ? *", ["03-31 09:00", "05-29 09:00"], id="short months are skipped"
        ),
        pytest.param("0 10 * * ?", ["03-01 10:00", "03-02 10:00"], id="five fields, no year"),
        pytest.param("30 0 10 * * ? *", ["03-01 10:00", "03-02 10:00"], id="seven, seconds first"),
    ],
)
def test_six_fields(expression: str, expected: list[str]) -> None:
    assert runs(parse_cron(expression), SUNDAY, 2) == [f"2026-{day}+00:00" for day in expected]


def test_a_window_of_hours() -> None:
    # "Run every 5 minutes Monday through Friday between 8:00 am and 5:55 pm"
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    found = runs(parse_cron("0/5 8-17 ? * MON-FRI *"), monday, 121)
    assert found[0] == "2026-03-02 08:00+00:00"
    assert found[119] == "2026-03-02 17:55+00:00"
    assert found[120] == "2026-03-03 08:00+00:00"


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        pytest.param("2030,2032-2033", ["2030", "2032", "2033"], id="single years and ranges"),
        pytest.param("2030/10", ["2030", "2040", "2050"], id="every tenth year"),
        pytest.param("2020-2027", ["2027"], id="years that are partly over"),
        pytest.param("2020", [], id="years that are over"),
    ],
)
def test_years(years: str, expected: list[str]) -> None:
    cron = parse_cron(f"0/1 0 1 1 ? {years}")
    after = SUNDAY.timestamp()
    found: list[str] = []
    while len(found) < 3 and (at := cron.next(after)) is not None:
        moment = datetime.fromtimestamp(at, UTC)
        assert (moment.month, moment.day, moment.hour, moment.minute) == (1, 1, 0, 0)
        found.append(str(moment.year))
        after = moment.replace(hour=12).timestamp()
    assert found == expected


def test_a_day_that_never_comes() -> None:
    assert parse_cron("0 0 31W 2 ? *").next(SUNDAY.timestamp()) is None


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("* * * * * *", id="no question mark"),
        pytest.param("0 10 ? * ? *", id="two question marks"),
        pytest.param("0 10 1 * 2 *", id="both day fields"),
        pytest.param("0 10 * *", id="four fields"),
        pytest.param("61 10 * * ? *", id="minute 61"),
        pytest.param("0 25 * * ? *", id="hour 25"),
        pytest.param("0 10 32 * ? *", id="day 32"),
        pytest.param("0 10 * 13 ? *", id="month 13"),
        pytest.param("0 10 ? * 8 *", id="day of week 8"),
        pytest.param("0 10 ? * 0 *", id="day of week 0"),
        pytest.param("0 10 ? * FRI-MON/2 *", id="steps around the week"),
        pytest.param("0 10 ? * MON/0 *", id="steps of no days"),
        pytest.param("0 10 * * ? 1950", id="year 1950"),
        pytest.param("0 10 * * ? soon", id="a year in words"),
        pytest.param("0 10 * * ? 2030/0", id="every zeroth year"),
        pytest.param("99 0 9 ? * MON *", id="second 99"),
        pytest.param("/ 5-6 ? * * *", id="a step of nothing"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_a_cron_expression(expression: str) -> None:
    with pytest.raises(InvalidCron):
        parse_cron(expression)


@pytest.mark.parametrize(
    ("expression", "zone", "expected"),
    [
        pytest.param("30 6 * * 2", UTC, "2026-03-03 06:30+00:00", id="every Tuesday at 6:30"),
        pytest.param("0 9 * * *", UTC, "2026-03-01 09:00+00:00", id="nine o'clock every day"),
        pytest.param(
            "0 18 * * 1-5", NEW_YORK, "2026-03-02 18:00-05:00", id="six in New York on weekdays"
        ),
        pytest.param("0 0 13 * 5", UTC, "2026-03-06 00:00+00:00", id="the 13th or any Friday"),
    ],
)
def test_five_fields(expression: str, zone: tzinfo, expected: str) -> None:
    assert runs(parse_recurrence(expression, zone), SUNDAY, 1, zone) == [expected]


@pytest.mark.parametrize("expression", ["0 9 * * ? *", "0 9 * *", "0 9 ? * MON"])
def test_what_is_not_a_recurrence(expression: str) -> None:
    with pytest.raises(InvalidCron):
        parse_recurrence(expression)


@pytest.mark.parametrize(
    ("zone", "eve", "expression", "expected"),
    [
        pytest.param(
            NEW_YORK,
            datetime(2026, 3, 7, 12, tzinfo=NEW_YORK),
            "0 18 * * ? *",
            ["2026-03-07 18:00-05:00", "2026-03-08 18:00-04:00", "2026-03-09 18:00-04:00"],
            id="six in the evening stays six in the evening",
        ),
        pytest.param(
            NEW_YORK,
            datetime(2026, 3, 7, 12, tzinfo=NEW_YORK),
            "30 2 * * ? *",
            ["2026-03-08 03:00-04:00", "2026-03-09 02:30-04:00", "2026-03-10 02:30-04:00"],
            id="a time that is skipped comes right after the gap",
        ),
        pytest.param(
            NEW_YORK,
            datetime(2026, 10, 31, 12, tzinfo=NEW_YORK),
            "30 1 * * ? *",
            ["2026-11-01 01:30-04:00", "2026-11-02 01:30-05:00", "2026-11-03 01:30-05:00"],
            id="a time that comes twice is run once, the first time",
        ),
        pytest.param(
            BERLIN,
            datetime(2026, 10, 25, 1, 45, tzinfo=BERLIN),
            "0/30 * * * ? *",
            ["2026-10-25 02:00+02:00", "2026-10-25 02:30+02:00", "2026-10-25 02:00+01:00"],
            id="every half hour runs through the repeated hour",
        ),
        pytest.param(
            BERLIN,
            datetime(2026, 3, 29, 1, 45, tzinfo=BERLIN),
            "0/30 * * * ? *",
            ["2026-03-29 03:00+02:00", "2026-03-29 03:30+02:00", "2026-03-29 04:00+02:00"],
            id="and past the skipped one",
        ),
    ],
)
def test_daylight_saving(
    zone: ZoneInfo, eve: datetime, expression: str, expected: list[str]
) -> None:
    assert runs(parse_cron(expression, zone), eve, 3, zone) == expected


def test_asked_within_the_repeated_hour_it_does_not_look_back() -> None:
    second_time = datetime(2026, 11, 1, 1, 10, tzinfo=NEW_YORK, fold=1)
    found = parse_cron("30 1 * * ? *", NEW_YORK).next(second_time.timestamp())
    assert found is not None
    assert found > second_time.timestamp()
    assert datetime.fromtimestamp(found, NEW_YORK).day == 2
