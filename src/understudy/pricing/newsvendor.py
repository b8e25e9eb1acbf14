"""One commitment against one demand: the exact optimum without a solver.

A committed unit is paid in every hour and saves the on-demand rate in the hours in which it is
used. So the last unit worth buying is a percentile of demand: the one that is exceeded in a share
committed rate / on-demand rate of the hours (the newsvendor's rule). A Savings Plan spans products:
its cost is convex and piecewise linear in the commitment, with breakpoints where an hour's usage,
valued at plan rates in the order in which the plan is applied, is exactly covered.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

MILL = Fraction(1, 1000)
"""Commitments of Savings Plans are multiples of a tenth of a cent an hour."""

Integers = NDArray[np.int64]


def break_even(committed: Fraction, on_demand: Fraction) -> Fraction:
    """The share of all hours from which on a commitment pays.

    >>> break_even(Fraction("0.061"), Fraction("0.096"))
    Fraction(61, 96)
    """
    return committed / on_demand


def cheapest_count(demand: Integers, size: int, committed: int, on_demand: int) -> int:
    """How many reservations of ``size`` units each make the cost of a demand least.

    ``demand`` is units in each hour. ``committed`` is the price of one reservation for an hour,
    ``on_demand`` that of ``size`` units, both in the same whole units of money. Where more and
    fewer cost the same, fewer are bought.

    >>> cheapest_count(np.array([3, 3, 1, 0]), 1, 60, 100)
    1
    """
    hours = len(demand)
    idle = hours * committed // on_demand
    if idle >= hours:
        return 0
    level = int(np.partition(demand, hours - 1 - idle)[hours - 1 - idle])
    below = level // size
    choices = (below, below + 1) if below * size < level else (below,)
    costs = [_cost(demand, size, count, committed, on_demand) for count in choices]
    return choices[costs.index(min(costs))]


def _cost(demand: Integers, size: int, count: int, committed: int, on_demand: int) -> int:
    """The cost of a count, ``size`` times over, so that it is whole."""
    left = int(np.maximum(demand - count * size, 0).sum())
    return count * committed * len(demand) * size + left * on_demand


def cheapest_commitment(
    usage: Sequence[Integers], on_demand: Sequence[Fraction], rates: Sequence[Fraction]
) -> Fraction:
    """The hourly commitment of one Savings Plan that makes the cost of usage least, to the mill.

    ``usage`` is units by hour for each product, the others are US dollars for each unit. Products
    may come in any order.

    >>> one = [np.array([4, 4, 4, 0])]
    >>> cheapest_commitment(one, [Fraction(1)], [Fraction("0.7")])
    Fraction(14, 5)
    """
    order = sorted(range(len(rates)), key=lambda k: (rates[k] / on_demand[k], rates[k]))
    ratios = [on_demand[k] / rates[k] for k in order]
    weights = [
        ratio - after for ratio, after in zip(ratios, [*ratios[1:], Fraction(0)], strict=True)
    ]
    scale = _denominator([rates[k] for k in order])
    whole = np.array([int(rates[k] * scale) for k in order], dtype=np.int64)
    values = np.cumsum(np.array([usage[k] for k in order]) * whole[:, None], axis=0)
    hours = values.shape[1]
    point = Fraction(_weighted_threshold(values, weights, hours), scale)
    mills = point // MILL
    choices = [mills * MILL, (mills + 1) * MILL]
    costs = [_plan_cost(values, weights, scale, choice) for choice in choices]
    return choices[costs.index(min(costs))]


def _denominator(values: Sequence[Fraction]) -> int:
    return int(np.lcm.reduce(np.array([value.denominator for value in values], dtype=object)))


def _weighted_threshold(values: Integers, weights: Sequence[Fraction], limit: int) -> int:
    """The least value that is exceeded by values whose weights come to no more than ``limit``."""
    scale = _denominator(weights)
    parts = [int(weight * scale) for weight in weights]
    wide = sum(parts) * values.shape[1] >= 2**62
    whole = np.array(parts, dtype=object if wide else np.int64)
    flat = values.ravel()
    order = np.argsort(-flat, kind="stable")
    reached = np.cumsum(whole[order // values.shape[1]]) > limit * scale
    if not reached[-1]:
        return 0
    return int(flat[order[int(np.argmax(reached))]])


def _plan_cost(
    values: Integers, weights: Sequence[Fraction], scale: int, commitment: Fraction
) -> Fraction:
    """What a commitment comes to: its fee, and what it leaves on demand."""
    covered = commitment * scale
    left = Fraction(0)
    for row, weight in zip(values, weights, strict=True):
        above = row[row > covered]
        left += weight * (int(above.sum()) - len(above) * covered)
    return commitment * values.shape[1] + left / scale
