"""Durations, shares and money as people write and read them."""

import re
from decimal import Decimal

_UNIT_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d)")


def parse_duration(text: str) -> float:
    """Seconds of a duration such as ``200ms``, ``1.5s``, ``10m`` or ``1h30m``.

    Raises ValueError, saying what is accepted.

    >>> parse_duration("1h30m")
    5400.0
    """
    parts = _DURATION.findall(text.replace(" ", ""))
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        raise ValueError(f"{text!r} is not a duration; write a number and a unit: 200ms, 90s, 10m")
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def format_duration(seconds: float) -> str:
    """A duration in the one or two largest units that fit.

    >>> format_duration(5400), format_duration(61.4), format_duration(0.2), format_duration(0.9996)
    ('1h30m', '1m01s', '200ms', '1s')
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g}ms"
    if seconds < 60:
        return f"{seconds:.3g}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    minutes = round(whole / 60)
    return f"{minutes // 60}h{minutes % 60:02d}m"


def format_usd(amount: Decimal) -> str:
    """An amount of US dollars, with cents, or with four digits below one cent's reach.

    >>> format_usd(Decimal("1234.5")), format_usd(Decimal("0.0312"))
    ('$1,234.50', '$0.0312')
    """
    digits = 2 if amount == 0 or abs(amount) >= 1 else 4
    return f"${amount:,.{digits}f}"
