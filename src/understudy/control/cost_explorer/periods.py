"""Spans of time as Cost Explorer takes and gives them.

AWS: GetCostAndUsage: the start is inclusive and the end exclusive; days are ``2026-03-02``, hours
``2026-03-02T14:00:00Z``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from understudy.base.fault import Fault
from understudy.control.events import Params

HOURLY, DAILY, MONTHLY = "HOURLY", "DAILY", "MONTHLY"
HOUR, DAY = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``begin`` until before ``end``, seconds since the epoch, with AWS's way to write it."""

    begin: float
    end: float
    written: str = DAY

    def shown(self) -> Params:
        """The span as a DateInterval."""
        times = (datetime.fromtimestamp(each, UTC) for each in (self.begin, self.end))
        start, end = (moment.strftime(self.written) for moment in times)
        return {"Start": start, "End": end}


def span_of(params: Params) -> Span:
    """The span that a request asks for. Raises Fault."""
    period = params["TimePeriod"]
    begin, end = _moment(period["Start"]), _moment(period["End"])
    if begin >= end:
        text = "Start date (and hour) should be before end date (and hour)"
        raise Fault("ValidationException", text)
    return Span(begin.timestamp(), end.timestamp())


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Fault("ValidationException", f"{text} is no date or hour.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def spans(whole: Span, granularity: str) -> Iterator[Span]:
    """The parts of a span by hours, days or calendar months."""
    begin, end = (datetime.fromtimestamp(each, UTC) for each in (whole.begin, whole.end))
    written = HOUR if granularity == HOURLY else DAY
    while begin < end:
        after = min(_next(begin, granularity), end)
        yield Span(begin.timestamp(), after.timestamp(), written)
        begin = after


def _next(moment: datetime, granularity: str) -> datetime:
    if granularity == HOURLY:
        return moment + timedelta(hours=1)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if granularity == DAILY:
        return day + timedelta(days=1)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
