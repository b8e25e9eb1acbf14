"""The arithmetic of an instance refresh: how many instances may go at once, and checkpoints.

AWS: Use an instance refresh to update instances; API_RefreshPreferences; Add checkpoints to an
instance refresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many units must be healthy, and how many there may be in all."""

    healthy: int
    most: int


def bounds(desired: int, minimum: int, maximum: int) -> Bounds:
    """The bounds of a group from percentages of its desired capacity.

    At least ``ceil(desired * minimum %)`` must be healthy, at most ``floor(desired * maximum %)``
    may be there.

    >>> bounds(10, 80, 100), bounds(3, 90, 150)
    (Bounds(healthy=8, most=10), Bounds(healthy=3, most=4))
    """
    return Bounds(-(-desired * minimum // 100), desired * maximum // 100)


def together(desired: int, healthy: int, minimum: int) -> int:
    """How many more may be terminated while their replacements launch; at least one at a time.

    >>> together(10, 10, 80), together(10, 8, 80), together(3, 3, 90)
    (2, 0, 1)
    """
    least = bounds(desired, minimum, 100).healthy
    return max(healthy - min(least, desired - 1), 0)


def before(desired: int, present: int, maximum: int) -> int:
    """How many more may be launched before what they replace goes; at least one at a time.

    >>> before(10, 10, 120), before(10, 12, 120), before(1, 1, 100)
    (2, 0, 1)
    """
    return max(max(bounds(desired, 0, maximum).most, desired + 1) - present, 0)


def launches_first(desired: int, minimum: int, maximum: int | None) -> bool:
    """Whether instances are launched before what they replace is terminated.

    So it is with a maximum above 100, and with one of exactly 100 where that is the only way to
    keep the minimum; without a maximum both happen together.

    >>> launches_first(10, 90, 110), launches_first(1, 90, 100), launches_first(1, 90, None)
    (True, True, False)
    """
    if maximum is None:
        return False
    return maximum > 100 or bounds(desired, minimum, maximum).healthy >= desired


def percentage(replaced: int, total: int) -> int:
    """How much is done, in whole percent.

    >>> percentage(1, 2), percentage(0, 0)
    (50, 100)
    """
    return 100 * replaced // total if total else 100


def goal(checkpoints: Sequence[int], passed: int, total: int) -> int:
    """How many instances may be replaced before the next checkpoint; all of them after the last.

    >>> goal([20, 50], 0, 10), goal([20, 50], 1, 10), goal([], 0, 10)
    (2, 5, 10)
    """
    percent = checkpoints[passed] if passed < len(checkpoints) else 100
    return -(-total * percent // 100)


def reached(checkpoints: Sequence[int], passed: int, replaced: int, total: int) -> int:
    """How many checkpoints are reached by now; of several at once only the last is notified.

    >>> reached([10, 40, 100], 0, replaced=1, total=2)
    2
    """
    done = percentage(replaced, total)
    return max(passed, sum(percent <= done for percent in checkpoints))
