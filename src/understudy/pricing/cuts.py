"""What has been learnt of the cost of purchases: linear bounds, and the least that they allow.

The cost of a purchase is convex and piecewise linear in what is bought. Each purchase that is tried
gives, for each block of hours, its cost on demand and what one unit more would have saved: a bound
below the cost of every other purchase (Benders' cut). A small program over all cuts, linear or with
whole numbers, says how low the cost can be at best, and where.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import optimize

from understudy.pricing.coverage import layers_of, left_over
from understudy.pricing.market import Floats, Market

_scipy = cast("Any", optimize)
GRAND, TINY = 1e6, 1e-9
"""What the cheapest purchase costs in the solver's units: it takes 1e-6 of them for nothing."""
MASTER_GAP = 1e-10
MOST_NODES = 2_000


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


@dataclass(frozen=True, slots=True)
class Lowest:
    """What cuts allow: no purchase costs less than ``bound``, US dollars.

    ``point`` is where they allow it, None if the solver gave up before it found any; ``nodes`` are
    the branches that it looked at.
    """

    bound: float
    point: Floats | None
    nodes: int


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
        self._rows.append(slopes)
        self._limits.extend((slopes @ point - cost).tolist())
        return float(self._fees @ point + self.weights @ cost) + self._fixed

    def lowest(self, box: Box, rows: Rows, steps: Floats, *, whole: bool) -> Lowest | None:
        """The least cost that the cuts allow within a box, and where; None if nothing is allowed.

        ``steps`` are what one more of each thing to buy is; ``whole`` allows no parts of them.
        """
        blocks, money = len(self.weights), GRAND / max(min(self.known.values()), TINY)
        found = _scipy.milp(
            np.append(self._fees * steps * money, self.weights),
            integrality=np.append(np.full(len(steps), int(whole)), np.zeros(blocks)),
            bounds=_scipy.Bounds(
                np.append(box.low / steps, np.zeros(blocks)),
                np.append(box.high / steps, np.full(blocks, np.inf)),
            ),
            constraints=self._constraints(rows, steps, money),
            options={"presolve": whole, "mip_rel_gap": MASTER_GAP, "node_limit": MOST_NODES},
        )
        bound = found.mip_dual_bound if whole else found.fun
        if bound is None or not np.isfinite(bound):
            return None
        point: Floats | None = None
        if found.x is not None:
            taken: Floats = found.x[: len(steps)]
            amounts: Floats = (np.round(taken) if whole else taken) * steps
            point = np.clip(amounts, box.low, box.high)
        nodes = int(found.mip_node_count or 0) if whole else 0
        return Lowest(float(bound) / money + self._fixed, point, nodes)

    def _constraints(self, rows: Rows, steps: Floats, money: float) -> list[Any]:
        """The cuts, dollars scaled so that the solver's tolerances are small, and the limits."""
        blocks = len(self.weights)
        slopes = np.vstack(self._rows) * money
        costs = np.tile(-np.eye(blocks), (len(self._rows), 1))
        cuts = _scipy.LinearConstraint(
            np.hstack([slopes * steps, costs]), -np.inf, np.array(self._limits) * money
        )
        wide = np.hstack([rows.rows * steps, np.zeros((len(rows.rows), blocks))])
        limits = _scipy.LinearConstraint(wide, -np.inf, rows.limits)
        return [cuts, limits] if len(wide) else [cuts]
