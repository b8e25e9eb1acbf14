"""Spot capacity by weight: what a unit of capacity costs, how many instances make a target.

Source: AWS, Auto Scaling groups with multiple instance types, instance weights; Spot Fleet
instance weighting.
"""

from decimal import Decimal


def price_per_unit(price: Decimal, weight: int) -> Decimal:
    """The price of an instance for each unit of its weight.

    >>> price_per_unit(Decimal("0.779"), 12).quantize(Decimal("0.001"))
    Decimal('0.065')
    """
    return price / weight


def instances_for(target: int, weight: int) -> int:
    """How many instances of a weight reach a target capacity; it may be exceeded.

    >>> instances_for(30, 8)
    4
    """
    return -(-target // weight)
