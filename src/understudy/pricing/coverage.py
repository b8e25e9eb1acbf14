"""What commitments leave on demand, hour by hour: fast in floats, and exactly.

Reserved units cover their pool first. Then each plan in turn covers the pools that it applies to,
those with the highest savings first, until its money for the hour is spent. The order is that of
`application`; money that is left over in an hour is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.pricing.market import Floats, Market, PlanOption
from understudy.pricing.meter import SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Layer:
    """A plan as arrays: the pools it covers, in its order, and their rates."""

    pools: NDArray[np.intp]
    rates: Floats


@dataclass(frozen=True, slots=True)
class Left:
    """What stays on demand, and what one unit or dollar more would have been worth.

    ``cost`` is US dollars by hour. ``unit_worth`` is US dollars by pool and hour, ``dollar_worth``
    by plan and hour: a linear lower bound of the cost of any other purchase.
    """

    cost: Floats
    unit_worth: Floats
    dollar_worth: Floats


_Spent = tuple[NDArray[np.bool_], NDArray[np.intp]]
"""In which hours a plan's money was all spent, and at which of its pools it ended."""


def order_of(market: Market, plan: PlanOption) -> list[int]:
    """The pools that a plan covers, the highest savings percentage first, then the lowest rate."""
    found = [
        (rate / market.pools[index].rate, rate, index)
        for index, rate in enumerate(plan.rates)
        if rate
    ]
    return [index for _, _, index in sorted(found)]


def layers_of(market: Market) -> tuple[Layer, ...]:
    """The plans of a market as arrays."""
    found: list[Layer] = []
    for plan in market.plans:
        order = order_of(market, plan)
        rates = [float(plan.rates[index] or 0) for index in order]
        found.append(Layer(np.array(order, dtype=np.intp), np.array(rates)))
    return tuple(found)


def left_over(
    units: Floats, rates: Floats, layers: Sequence[Layer], levels: Floats, money: Floats
) -> Left:
    """What reserved ``levels`` (units by pool) and ``money`` (US dollars an hour by plan) leave.

    ``units`` are by pool and hour, ``rates`` the on-demand rates of the pools. The worths are dual
    feasible whatever the order of a plan, so the bound they give always holds; it is tight where
    the order of savings is the best one, which it is for plans whose discounts are ordered alike.
    """
    left = np.maximum(units - levels[:, None], 0.0)
    spent: list[_Spent] = []
    for layer, amount in zip(layers, money, strict=True):
        if not len(layer.pools):
            never = np.zeros(units.shape[1], dtype=np.intp)
            spent.append((never > 0, never))
            continue
        need = left[layer.pools] * layer.rates[:, None]
        reached = np.cumsum(need, axis=0)
        over: NDArray[np.bool_] = np.greater(reached, amount)
        exhausted: NDArray[np.bool_] = over[-1]
        ended: NDArray[np.intp] = np.argmax(over, axis=0)
        spent.append((exhausted, ended))
        left[layer.pools] = (
            np.minimum(np.maximum(reached - amount, 0.0), need) / layer.rates[:, None]
        )
    cost = rates @ left
    return Left(cost, *_worth(units, rates, layers, levels, spent))


def _worth(
    units: Floats,
    rates: Floats,
    layers: Sequence[Layer],
    levels: Floats,
    spent: Sequence[_Spent],
) -> tuple[Floats, Floats]:
    """From the last plan to the first: the value of a unit is what its cheapest cover is worth."""
    value = np.repeat(rates[:, None], units.shape[1], axis=1)
    dollars = np.zeros((len(layers), units.shape[1]))
    columns: NDArray[np.intp] = np.arange(units.shape[1], dtype=np.intp)
    for number in range(len(layers) - 1, -1, -1):
        layer, (exhausted, marginal) = layers[number], spent[number]
        if not len(layer.pools):
            continue
        last = value[layer.pools[marginal], columns] / layer.rates[marginal]
        dollars[number] = np.where(exhausted, last, 0.0)
        value[layer.pools] = np.minimum(value[layer.pools], dollars[number] * layer.rates[:, None])
    return np.where(units > levels[:, None], value, 0.0), dollars


def exact_cost(market: Market, counts: Sequence[int], commitments: Sequence[Fraction]) -> Fraction:
    """US dollars of the whole demand with so many reservations and commitments bought, exactly.

    ``counts`` are by reservable, ``commitments`` by plan; those of owned plans are what they are.
    Fees are those of all hours, with upfront payments spread.
    """
    fees = market.owned_hourly
    fees += sum(
        (count * each.hourly for count, each in zip(counts, market.reservables, strict=True)),
        Fraction(0),
    )
    fees += sum(commitments, Fraction(0))
    return fees * market.hours + exact_left_over(market, levels_of(market, counts), commitments)


def levels_of(market: Market, counts: Sequence[int]) -> list[int]:
    """The units of each pool that reservations cover, owned ones among them."""
    levels = list(market.owned)
    for count, each in zip(counts, market.reservables, strict=True):
        levels[each.pool] += count * each.units
    return levels


def exact_left_over(
    market: Market, levels: Sequence[int], commitments: Sequence[Fraction]
) -> Fraction:
    """US dollars that stay on demand in all hours together, in whole numbers throughout."""
    left: Any = market.seconds.astype(object)
    left = np.maximum(left - np.array(levels, dtype=object)[:, None] * SECONDS_PER_HOUR, 0)
    scale = SECONDS_PER_HOUR
    for plan, commitment in zip(market.plans, commitments, strict=True):
        order = order_of(market, plan)
        if order and commitment:
            left, scale = _spend(left, scale, plan, order, commitment)
    rates = [pool.rate for pool in market.pools]
    totals = left.sum(axis=1).tolist()
    return (
        sum((rate * int(total) for rate, total in zip(rates, totals, strict=True)), Fraction(0))
        / scale
    )


def _spend(
    left: Any, scale: int, plan: PlanOption, order: Sequence[int], commitment: Fraction
) -> tuple[Any, int]:
    """Spend an hour's commitment on units that are counted in parts of ``scale``.

    Units and money are scaled up so that each division comes out even.
    """
    rates = [plan.rates[index] or Fraction(0) for index in order]
    fine = lcm(*(rate.denominator for rate in rates), commitment.denominator)
    whole = [int(rate * fine) for rate in rates]
    finer = lcm(*whole)
    left = left * finer
    scale *= finer
    room = np.full(left.shape[1], int(commitment * fine) * scale, dtype=object)
    for index, rate in zip(order, whole, strict=True):
        paid = np.minimum(left[index] * rate, room)
        left[index] = left[index] - paid // rate
        room = room - paid
    return left, scale
