"""Schedule expressions: ``at``, ``rate`` and ``cron``, and when they next fall due.

AWS: Scheduled scaling for Application Auto Scaling; API_PutScheduledAction.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from math import floor

from understudy.scaling.cron import Cron, InvalidCron, parse_cron

_EXPRESSION = re.compile(r"(at|rate|cron)\((.*)\)", re.IGNORECASE)
_RATE = re.compile(r"(\d+)\s*(minute|hour|day)s?", re.IGNORECASE)
_AT = re.compile(r"\d{4}-\d{1,2}-\d{1,2}T\d{1,2}:\d{1,2}(:\d{1,2})?")
_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_FORMS = (
    "Invalid schedule expression. Details: Schedule expressions must have the following syntax: "
    "rate(<number>\\s?(minutes?|hours?|days?)), cron(<cron_expression>) or "
    "at(yyyy-MM-dd'T'HH:mm:ss)."
)


class InvalidSchedule(ValueError):  # noqa: N818 - it reports the user's mistake
    """A schedule expression that AWS refuses; its text is AWS's."""


@dataclass(frozen=True, slots=True)
class Once:
    """``at(...)``: one time, seconds since the epoch."""

    at: float


@dataclass(frozen=True, slots=True)
class Every:
    """``rate(...)``: an interval in seconds."""

    seconds: float


Schedule = Once | Every | Cron


def parse_schedule(text: str, zone: tzinfo = UTC) -> Schedule:
    """A schedule expression of Application Auto Scaling: ``at``, ``rate`` or ``cron``.

    The zone applies to ``at`` and ``cron``. Raises InvalidSchedule.
    """
    match = _EXPRESSION.fullmatch(text.strip())
    if not match:
        raise InvalidSchedule(_FORMS)
    kind, body = match[1].lower(), match[2].strip()
    if kind == "rate":
        return _parse_rate(body)
    if kind == "at":
        return _parse_at(body, zone)
    try:
        return parse_cron(body, zone)
    except InvalidCron as error:
        raise InvalidSchedule(f"Invalid CRON expression: {text}") from error


def _parse_rate(body: str) -> Every:
    match = _RATE.fullmatch(body)
    if not match:
        raise InvalidSchedule(_FORMS)
    if int(match[1]) == 0:
        raise InvalidSchedule(
            f"Invalid schedule frequency. Run for rate({body}) are less than 60 seconds apart"
        )
    return Every(int(match[1]) * _SECONDS[match[2].lower()])


def _parse_at(body: str, zone: tzinfo) -> Once:
    match = _AT.fullmatch(body)
    pattern = "%Y-%m-%dT%H:%M:%S" if match and match[1] else "%Y-%m-%dT%H:%M"
    try:
        local = datetime.strptime(body, pattern).replace(tzinfo=zone)
    except ValueError as error:
        raise InvalidSchedule(f"Invalid schedule at DateTime expression: at({body})") from error
    return Once(local.timestamp())


def next_run(schedule: Schedule, after: float, since: float) -> float | None:
    """The first time after a time, or None. A rate counts from ``since``.

    >>> next_run(Every(300.0), after=1000.0, since=0.0), next_run(Once(900.0), 1000.0, 0.0)
    (1200.0, None)
    """
    if isinstance(schedule, Once):
        return schedule.at if schedule.at > after else None
    if isinstance(schedule, Every):
        return since + max(floor((after - since) / schedule.seconds) + 1, 1) * schedule.seconds
    return schedule.next(after)


def first_run(
    schedule: Schedule, now: float, start: float | None, end: float | None
) -> float | None:
    """When a scheduled action that is made now first runs, or None.

    With a start time that is still to come, a recurring action runs at that time too, whatever its
    recurrence.
    """
    if start is not None and start >= now and not isinstance(schedule, Once):
        return within(start, start, end)
    return following_run(schedule, now, now, start, end)


def following_run(
    schedule: Schedule, after: float, created: float, start: float | None, end: float | None
) -> float | None:
    """The next time after a time inside the bounds of the schedule, or None."""
    return within(next_run(schedule, after, created if start is None else start), start, end)


def within(at: float | None, start: float | None, end: float | None) -> float | None:
    """The time, if it is not before the start nor after the end."""
    if at is None or (start is not None and at < start) or (end is not None and at > end):
        return None
    return at
