"""What has been learnt of the cost of purchases: linear bounds, and the least that they allow.

The cost of a purchase is convex and piecewise linear in what is bought. Each purchase that is tried
gives, for each block of hours, its cost on demand and what one unit more would have saved: a bound
below the cost of every other purchase (Benders' cut). A small linear program over all cuts says how
low the cost can be at best, and where.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import optimize

from understudy.pricing.coverage import layers_of, left_over
from understudy.pricing.market import Floats, Market


@dataclass(frozen=True, slots=True)
class Box:
    """Bounds of what is bought: counts by reservable, then US dollars an hour by plan."""

    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """What a purchase has to respect: rows times purchase at most limits."""

    rows: Floats
    limits: Floats

    def allow(self, point: Floats) -> bool:
        """Whether a purchase respects them, but for the rounding of floats."""
        return bool(np.all(self.rows @ point <= self.limits * (1 + 1e-12) + 1e-9))


class Cuts:
    """The cuts so far. A purchase is a point: counts by reservable, then commitments by plan.

    ``weights`` say how often each of as many equal blocks of hours counts.
    """

    def __init__(self, market: Market, weights: Sequence[float]) -> None:
        count = len(weights)
        self.market = market
        self.weights = np.array(weights, dtype=np.float64)
        self.blocks = np.arange(count, dtype=np.intp) * market.hours // count
        self.known: dict[bytes, float] = {}
        self._rates = np.array([float(pool.rate) for pool in market.pools])
        self._layers = layers_of(market)
        self._reserved = len(market.reservables)
        lengths = np.diff(np.append(self.blocks, market.hours))
        hours = float(self.weights @ lengths)
        hourly = [float(each.hourly) for each in market.reservables]
        self._fees = np.array([*hourly, *[1.0] * len(market.plans)]) * hours
        self._fixed = float(market.owned_hourly) * hours
        self._rows: list[Floats] = []
        self._limits: list[float] = []

    @property
    def count(self) -> int:
        """How many cuts there are."""
        return len(self._limits)

    def cost(self, point: Floats) -> float:
        """US dollars that a purchase comes to; what it teaches is kept."""
        key = point.tobytes()
        if key not in self.known:
            self.known[key] = self._learn(point)
        return self.known[key]

    def _learn(self, point: Floats) -> float:
        market, reserved = self.market, self._reserved
        levels = np.array(market.owned, dtype=np.float64)
        for count, each in zip(point[:reserved].tolist(), market.reservables, strict=True):
            levels[each.pool] += count * each.units
        left = left_over(market.units, self._rates, self._layers, levels, point[reserved:])
        cost: Floats = np.add.reduceat(left.cost, self.blocks)
        worth: Floats = np.add.reduceat(left.unit_worth, self.blocks, axis=1)
        slopes = np.zeros((len(cost), len(point)))
        for number, each in enumerate(market.reservables):
            slopes[:, number] = -worth[each.pool] * each.units
        if market.plans:
            slopes[:, reserved:] = -np.add.reduceat(left.dollar_worth, self.blocks, axis=1).T
        self._rows.append(np.hstack([slopes, -np.eye(len(cost))]))
        self._limits.extend((slopes @ point - cost).tolist())
        return float(self._fees @ point + self.weights @ cost) + self._fixed

    def lowest(self, box: Box, rows: Rows) -> tuple[float, Floats] | None:
        """The least cost that the cuts allow within a box, and where; None if nothing is allowed.

        Its value is a bound: no purchase in the box costs less.
        """
        blocks = len(self.weights)
        low = np.append(box.low, np.zeros(blocks))
        high = np.append(box.high, np.full(blocks, np.inf))
        wide = np.hstack([rows.rows, np.zeros((len(rows.rows), blocks))])
        found = cast("Any", optimize).linprog(
            np.append(self._fees, self.weights),
            A_ub=np.vstack([*self._rows, wide]),
            b_ub=np.append(self._limits, rows.limits),
            bounds=np.column_stack([low, high]),
            method="highs",
        )
        if not found.success:
            return None
        point: Floats = np.clip(found.x[: len(box.low)], box.low, box.high)
        return float(found.fun) + self._fixed, point
