"""Cron expressions: the five fields of EC2 Auto Scaling, the six of Application Auto Scaling.

Times are found by cronsim. What Quartz-style expressions have beyond it is added here: ``?``, a
year field, Sunday as day 1, ``L`` as a day of the week, and ``15W`` (the working day nearest to the
15th).

Across a change of daylight saving time, a run at a fixed time that falls into the skipped hour
happens right after it, and one in the repeated hour happens once, the first time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from cronsim import CronSim, CronSimError

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NEAREST = re.compile(r"([1-9]|[12]\d|3[01])W")
_YEARS = range(1970, 2200)
_HORIZON = 50
"""Years to look ahead; cronsim gives up after as many."""


class InvalidCron(ValueError):  # noqa: N818 - it reports the user's mistake
    """An expression that is not a cron expression."""


@dataclass(frozen=True, slots=True)
class Cron:
    """When something recurs: a five-field expression, read in a time zone.

    ``years`` limits it to some years; ``nearest`` is the day of the month of a ``W`` expression.
    """

    expression: str
    zone: tzinfo = UTC
    years: frozenset[int] | None = None
    nearest: int | None = None

    def next(self, after: float) -> float | None:
        """The first time after a time (seconds since the epoch), or None if there is none."""
        start = datetime.fromtimestamp(after, self.zone)
        last = min(max(self.years or (_YEARS.stop,)), start.year + _HORIZON)
        times = self._times(start)
        while (found := next(times, None)) is not None and found.year <= last:
            if self.years and found.year not in self.years:
                times = self._times(found)
            elif self._on_day(found.date()) and found.timestamp() > after:
                return found.timestamp()
        return None

    def _times(self, start: datetime) -> Iterator[datetime]:
        """Times at or after a start; whole years that are excluded are skipped."""
        if self.years and start.year not in self.years:
            later = [year for year in self.years if year > start.year]
            if not later:
                return iter(())
            start = datetime(min(later), 1, 1, tzinfo=self.zone) - timedelta(seconds=1)
        return CronSim(self.expression, start)

    def _on_day(self, day: date) -> bool:
        return self.nearest is None or day == _nearest_working_day(day, self.nearest)


class _Fields(NamedTuple):
    minutes: str
    hours: str
    days: str
    months: str
    weekdays: str
    years: str = "*"


def parse_recurrence(expression: str, zone: tzinfo = UTC) -> Cron:
    """A five-field Unix cron expression. Raises InvalidCron.

    AWS: Scheduled scaling for Amazon EC2 Auto Scaling, "Recurring schedules". Where both day fields
    are restricted, a day matches either.
    """
    if len(expression.split()) != 5:
        raise InvalidCron(expression)
    return _checked(Cron(expression, zone))


def parse_cron(expression: str, zone: tzinfo = UTC) -> Cron:
    """The fields inside ``cron(...)`` of Application Auto Scaling. Raises InvalidCron.

    AWS: Schedule recurring scaling actions using cron expressions. Five to seven fields are taken:
    seconds first if there are seven (checked, but actions run on the minute), the year last.
    Exactly one of the day fields is ``?``.
    """
    words = expression.upper().split()
    if len(words) == 7:
        _check_seconds(words.pop(0), expression)
    if len(words) not in {5, 6} or [words[2], words[4]].count("?") != 1:
        raise InvalidCron(expression)
    fields = _Fields(*words)
    nearest = _NEAREST.fullmatch(fields.days)
    days = _around(int(nearest[1])) if nearest else fields.days.replace("?", "*")
    text = f"{fields.minutes} {fields.hours} {days} {fields.months} {_weekdays(fields.weekdays)}"
    years = None if fields.years == "*" else _parse_years(fields.years)
    return _checked(Cron(text, zone, years, int(nearest[1]) if nearest else None))


def _checked(cron: Cron) -> Cron:
    try:
        CronSim(cron.expression, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise InvalidCron(cron.expression) from error
    return cron


def _check_seconds(field: str, expression: str) -> None:
    try:
        CronSim(f"{field} * * * * *", datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise InvalidCron(expression) from error


def _weekdays(field: str) -> str:
    """A day-of-week field of Quartz (1 is Sunday) as cronsim reads it (0 is Sunday)."""
    if field == "?":
        return "*"
    return ",".join(_weekday_term(term) for term in field.split(","))


def _weekday_term(term: str) -> str:
    if term in {"*", "L"}:
        return "6" if term == "L" else term
    if "/" in term:
        return _stepped_weekdays(*term.split("/", 1))
    if "#" in term:
        day, nth = term.split("#", 1)
        return f"{_weekday(day)}#{nth}"
    if term.endswith("L"):
        return f"{_weekday(term[:-1])}L"
    if "-" not in term:
        return str(_weekday(term))
    first, last = (_weekday(day) for day in term.split("-", 1))
    return f"{first}-{last}" if first <= last else f"{first}-6,0-{last}"


def _stepped_weekdays(start: str, every: str) -> str:
    """``MON/2`` is Monday, Wednesday and Friday: Quartz counts up to Saturday."""
    if not every.isdecimal() or int(every) == 0:
        raise InvalidCron(every)
    first, _, last = start.partition("-")
    begin = 0 if first == "*" else _weekday(first)
    end = _weekday(last) if last else 6
    days = range(begin, end + 1, int(every))
    if not days:
        raise InvalidCron(f"{start}/{every}")
    return ",".join(map(str, days))


def _weekday(day: str) -> int:
    if day in _DAYS:
        return _DAYS.index(day)
    if day in {"1", "2", "3", "4", "5", "6", "7"}:
        return int(day) - 1
    raise InvalidCron(day)


def _parse_years(field: str) -> frozenset[int]:
    return frozenset(year for term in field.split(",") for year in _year_term(term))


def _year_term(term: str) -> range:
    match = re.fullmatch(r"(\*|\d{4})(?:-(\d{4}))?(?:/(\d+))?", term)
    if not match:
        raise InvalidCron(term)
    first = _YEARS.start if match[1] == "*" else int(match[1])
    open_ended = match[1] == "*" or match[3] is not None
    last = int(match[2]) if match[2] else (_YEARS.stop - 1 if open_ended else first)
    years = range(first, last + 1, int(match[3] or 1) or 1)
    if not years or first not in _YEARS or last not in _YEARS or match[3] == "0":
        raise InvalidCron(term)
    return years


def _around(day: int) -> str:
    """The days of the month on which the working day nearest to ``day`` can fall."""
    return f"{max(day - 2, 1)}-{min(day + 2, 31)}"


def _nearest_working_day(month: date, day: int) -> date | None:
    """The working day nearest to a day of a month, within that month; None in shorter months."""
    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if day > last.day:
        return None
    exact = first.replace(day=day)
    weekday = exact.weekday()
    if weekday == 5:
        return exact + timedelta(days=-1 if day > 1 else 2)
    if weekday == 6:
        return exact + timedelta(days=1 if day < last.day else -2)
    return exact
