"""Times in templates: text there, seconds since the epoch in calls."""

from datetime import UTC, datetime
from typing import Any

from understudy.deploy.handler import HandlerFailure


def seconds(value: Any) -> float:
    """A time of a template in seconds since the epoch; one without an offset is UTC.

    Raises HandlerFailure where it is none.

    >>> seconds("2026-01-01T00:00:00Z")
    1767225600.0
    """
    if isinstance(value, int | float):
        return float(value)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise HandlerFailure(f"{value} is not a time", "InvalidRequest") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
