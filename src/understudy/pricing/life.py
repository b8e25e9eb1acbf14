"""Which times of an EC2 instance's life are billed, from the states it goes through.

Source: AWS, Amazon EC2 instance state changes; Warm pools for Amazon EC2 Auto Scaling.
"""

from collections.abc import Iterable, Sequence

from understudy.pricing.meter import Usage
from understudy.pricing.offer import LINUX, ON_DEMAND

RUNNING, STOPPING = "running", "stopping"

Change = tuple[float, str]
"""A time, in seconds since the epoch, and the state that the instance entered then."""


def billed_lives(
    instance_type: str,
    changes: Sequence[Change],
    until: float,
    *,
    hibernates: bool = False,
    purchase: str = ON_DEMAND,
    zone: str = "",
    platform: str = LINUX,
) -> tuple[Usage, ...]:
    """The billed spans of one instance, one for each start, the last one cut at ``until``.

    A start begins a new span with a minimum of its own; a reboot does not, for the instance stays
    ``running``. ``stopping`` is billed while a hibernating instance writes its memory to disk.

    >>> [(life.start, life.end) for life in billed_lives(
    ...     "m5.large", [(0, "pending"), (30, "running"), (500, "stopping"), (560, "stopped"),
    ...                  (900, "pending"), (910, "running")], until=1000)]
    [(30, 500), (910, 1000)]
    """
    billed = (RUNNING, STOPPING) if hibernates else (RUNNING,)
    return tuple(
        Usage(instance_type, begin, end, purchase, zone, platform)
        for begin, end in _spans(changes, billed, until)
        if end > begin
    )


def _spans(
    changes: Sequence[Change], billed: tuple[str, ...], until: float
) -> Iterable[tuple[float, float]]:
    begin: float | None = None
    for at, state in changes:
        if state in billed and begin is None:
            begin = at
        elif state not in billed and begin is not None:
            yield begin, min(at, until)
            begin = None
    if begin is not None:
        yield begin, until
