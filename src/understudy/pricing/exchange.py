"""Changing Reserved Instances: modification of standard ones, exchange of convertible ones.

Source: AWS, Modify Reserved Instances; Exchange Convertible Reserved Instances.
"""

from decimal import Decimal
from math import ceil

from understudy.pricing.instance import family, units


def footprint(instance_type: str, count: int) -> int:
    """The size of a reservation in normalization units, in quarters.

    >>> footprint("t2.medium", 4) // 4
    8
    """
    return count * (units(instance_type) or 0)


def may_become(old: tuple[str, int], new: list[tuple[str, int]]) -> bool:
    """Whether a reservation may be modified into others: same family, same footprint.

    >>> may_become(("m5.xlarge", 2), [("m5.large", 2), ("m5.xlarge", 1)])
    True
    >>> may_become(("m5.xlarge", 2), [("c5.xlarge", 2)])
    False
    """
    same = all(family(name) == family(old[0]) for name, _ in new)
    return same and footprint(*old) == sum(footprint(*each) for each in new)


def effective_from(modified_at: float) -> float:
    """A modification counts from the beginning of its clock-hour.

    >>> effective_from(21 * 3600 + 15 * 60) / 3600
    21.0
    """
    return modified_at // 3600 * 3600


def list_value(upfront: Decimal, hourly: Decimal, hours_left: int) -> Decimal:
    """What is left of a reservation: its upfront value and the hourly charges still to come.

    >>> list_value(Decimal("60.0"), Decimal("0.007"), 8760)
    Decimal('121.320')
    """
    return upfront + hourly * hours_left


def exchanged_count(old_value: Decimal, new_value: Decimal) -> int:
    """How many new convertible reservations an old one becomes: none of its value is lost.

    >>> exchanged_count(Decimal(35), Decimal(10))
    4
    """
    return ceil(old_value / new_value)


def true_up(new_prorated: Decimal, old_remaining: Decimal) -> Decimal:
    """What is charged at an exchange: by how much the new upfront exceeds what is left of the old.

    >>> true_up(Decimal(600), Decimal(500))
    Decimal('100')
    """
    return max(new_prorated - old_remaining, Decimal(0))
