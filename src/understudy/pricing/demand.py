"""What runs in each clock-hour: the demand that a purchase has to serve."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from understudy.pricing.meter import SECONDS_PER_HOUR, Item, UsageHour
from understudy.pricing.offer import SPOT

Seconds = NDArray[np.int64]

WEEK = 168
YEAR = 8760


@dataclass(frozen=True, slots=True)
class Demand:
    """Instance-seconds by clock-hour (rows) and item (columns), whole numbers.

    ``start`` is the first hour, counted from the epoch. Hours follow each other without a gap.
    """

    start: int
    items: tuple[Item, ...]
    seconds: Seconds

    @property
    def hours(self) -> int:
        """How many clock-hours there are."""
        return len(self.seconds)

    @property
    def instance_hours(self) -> NDArray[np.float64]:
        """Instance-hours by hour and item."""
        return self.seconds / SECONDS_PER_HOUR

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that it is in."""
        return tuple(sorted({item.region for item in self.items}))

    def window(self, begin: int, end: int) -> "Demand":
        """The hours from one row up to another."""
        return replace(self, start=self.start + begin, seconds=self.seconds[begin:end])

    def usage(self, row: int) -> UsageHour:
        """One hour as the usage that a bill is made of."""
        amounts = self.seconds[row].tolist()
        return {
            item: Fraction(amount)
            for item, amount in zip(self.items, amounts, strict=True)
            if amount
        }


def demand_of(hours: Mapping[int, UsageHour]) -> Demand:
    """Demand from usage by clock-hour; hours that are not told have none.

    Spot usage is left out: no commitment covers it. Raises ValueError where there is none.
    """
    told = {
        hour: {item: amount for item, amount in usage.items() if item.purchase != SPOT}
        for hour, usage in hours.items()
    }
    items = sorted({item for usage in told.values() for item in usage})
    if not items:
        raise ValueError("there is no usage")
    first, last = min(told), max(told)
    seconds = np.zeros((last - first + 1, len(items)), dtype=np.int64)
    columns = {item: index for index, item in enumerate(items)}
    for hour, usage in told.items():
        for item, amount in usage.items():
            seconds[hour - first, columns[item]] = round(amount)
    return Demand(first, tuple(items), seconds)


def steady(items: Iterable[tuple[Item, int]], hours: int, start: int = 0) -> Demand:
    """Demand that never changes: so many instances of each item in every hour."""
    found = dict(items)
    row = np.array([count * SECONDS_PER_HOUR for count in found.values()], dtype=np.int64)
    return Demand(start, tuple(found), np.tile(row, (hours, 1)))
