"""Timestamps on the wire: ISO 8601, RFC 822, seconds since the epoch. Here they are float seconds.

AWS: Smithy timestamp formats. What is written has milliseconds, as AWS has; what is read may have
any fraction.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from understudy.api.wire.scalars import Malformed, number

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - only ever printed, and the zone is printed by hand
_LATEST = 253402300800.0  # the year 10000
_EARLIEST = -62135596800.0  # the year 1
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(\d{1,2})[ -]([A-Z][a-z]{2})[ -](\d{4}) (\d\d:\d\d:\d\d)(\.\d{1,9})?"
    r" (?:GMT|UTC|Z|[+-]0000)"
)
_UNIX = re.compile(r"-?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?")


def parse_timestamp(text: str) -> float:
    """Seconds since the epoch of a timestamp in any of the three formats. Raises Malformed.

    >>> parse_timestamp("2014-04-29T18:30:38.5Z"), parse_timestamp("Tue, 29 Apr 2014 18:30:38 GMT")
    (1398796238.5, 1398796238.0)
    """
    if text.endswith("Z") and text[4:5] == "-":
        return _from_iso8601(text)
    text = text.strip()
    if _UNIX.fullmatch(text) and not re.fullmatch(r"\d{8}", text):
        return epoch_seconds(number(text))
    found = _HTTP_DATE.fullmatch(text)
    return _from_http_date(found) if found else _from_iso8601(text)


def epoch_seconds(value: float) -> float:
    """A number of seconds as a time. Raises Malformed outside of the years 1 to 9999."""
    if not _EARLIEST <= value < _LATEST:
        raise Malformed("The date is out of range")
    return float(value)


def _from_iso8601(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise Malformed(f"Unable to parse the date {text[:64]!r}") from error


def _from_http_date(found: re.Match[str]) -> float:
    day, name, year, clock, fraction = found.groups()
    month = _MONTHS.index(name) + 1 if name in _MONTHS else 0
    return _from_iso8601(f"{year}-{month:02d}-{day:0>2}T{clock}Z") + float(fraction or 0)


def iso8601(value: float) -> str:
    """A time as ``2014-04-29T18:30:38Z``, with milliseconds where there are any.

    >>> iso8601(1398796238.5)
    '2014-04-29T18:30:38.500Z'
    """
    seconds, milliseconds = divmod(round(value * 1000), 1000)
    text = (_EPOCH + timedelta(seconds=seconds)).isoformat()
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def iso8601_milliseconds(value: float) -> str:
    """A time with milliseconds always, as S3 and EC2 write it.

    >>> iso8601_milliseconds(1398796238.0)
    '2014-04-29T18:30:38.000Z'
    """
    seconds, milliseconds = divmod(round(value * 1000), 1000)
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()}.{milliseconds:03d}Z"


def rfc822(value: float) -> str:
    """A time as HTTP headers have it, in whole seconds.

    >>> rfc822(1398796238.5)
    'Tue, 29 Apr 2014 18:30:38 GMT'
    """
    moment = _EPOCH + timedelta(seconds=value // 1)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} GMT"


def unix_number(value: float) -> int | float:
    """Seconds since the epoch to the millisecond, whole where they are."""
    rounded = round(value, 3)
    return int(rounded) if rounded.is_integer() else rounded


def unix_text(value: float) -> str:
    """Seconds since the epoch as text."""
    return str(unix_number(value))


TEXT: dict[str, Callable[[float], str]] = {
    "iso8601": iso8601,
    "rfc822": rfc822,
    "unixTimestamp": unix_text,
}
"""How to write a time, by the model's name of the format."""
