"""The purchase of least cost, with a proof of how far from the best it can be.

Cutting planes (see `cuts`) solve the problem with parts of reservations, then, over the same cuts,
with whole reservations and commitments in multiples of a mill. The last bound of the cuts is the
certificate: no purchase costs less. One pool with one thing to buy needs no search, see
`newsvendor`; its rule is where the search starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from understudy.pricing.coverage import exact_cost
from understudy.pricing.cuts import Box, Cuts, Rows
from understudy.pricing.market import Floats, Limits, Market, PlanOption
from understudy.pricing.newsvendor import MILL, cheapest_count

TOLERANCE = 1e-9
BLOCKS = 32
"""Blocks of hours that have cuts of their own."""
MOST_ROUNDS = 300
SETTLED, PARTS = 1e-4, 1e-6
"""How small the gap has to be before whole numbers near by are tried, and before all are."""
WHOLE = 1e-6
_MILL = float(MILL)


@dataclass(frozen=True, slots=True)
class Mix:
    """What to buy.

    ``counts`` are by reservable of the market, ``commitments`` in US dollars an hour by plan, those
    of owned plans among them. ``cost`` is US dollars of the whole demand, fees of what is owned
    included; ``bound`` is proven to be no more than the cost of any purchase within the limits.
    """

    counts: tuple[int, ...]
    commitments: tuple[Fraction, ...]
    cost: Fraction
    bound: float
    branches: int
    cuts: int

    @property
    def gap(self) -> float:
        """How much less another purchase might cost, as a share of the cost."""
        return max(float(self.cost) - self.bound, 0.0) / float(self.cost) if self.cost else 0.0


def cheapest(
    market: Market, limits: Limits, weights: Sequence[float] = (), tolerance: float = TOLERANCE
) -> Mix:
    """The purchase of least cost within limits, proven to a share of its cost.

    ``weights`` say how often each of as many equal blocks of hours counts, once by default.
    """
    cuts = Cuts(market, weights or [1.0] * min(BLOCKS, market.hours))
    return Search(cuts, limits, tolerance).run()


def limits_as_rows(market: Market, limits: Limits) -> Rows:
    """What is paid upfront, and the share of usage that no commitment may reach."""
    rows: list[list[float]] = []
    bounds: list[float] = []
    if limits.upfront is not None:
        paid = [float(each.offer.upfront or 0) for each in market.reservables]
        rows.append([*paid, *(_paid(plan) for plan in market.plans)])
        bounds.append(float(limits.upfront))
    if limits.on_demand:
        reach = [float(each.units * market.pools[each.pool].rate) for each in market.reservables]
        rows.append([*reach, *(_reach(market, plan) for plan in market.plans)])
        owned = sum(
            count * pool.rate for count, pool in zip(market.owned, market.pools, strict=True)
        )
        share = market.all_on_demand / market.hours * (1 - limits.on_demand)
        bounds.append(max(float(share - owned), 0.0))
    width = len(market.reservables) + len(market.plans)
    return Rows(np.array(rows, dtype=np.float64).reshape(len(rows), width), np.array(bounds))


def _paid(plan: PlanOption) -> float:
    """US dollars upfront for a dollar of commitment; what is owned has been paid."""
    return 0.0 if plan.owned is not None else float(plan.upfront)


def _reach(market: Market, plan: PlanOption) -> float:
    """The most usage, at on-demand prices, that a dollar of a plan can cover."""
    pairs = zip(plan.rates, market.pools, strict=True)
    return max((float(pool.rate / rate) for rate, pool in pairs if rate), default=0.0)


def _step(plan: PlanOption) -> float:
    """What a commitment is a multiple of; what is owned stays what it is."""
    return _MILL if plan.owned is None else float(plan.owned) or 1.0


def whole_box(market: Market) -> Box:
    """From nothing to what would cover the peak; owned plans stay what they are."""
    peak = market.units.max(axis=1, initial=0.0)
    high = [float(-(-peak[each.pool] // each.units)) for each in market.reservables]
    low = [0.0] * len(high)
    for plan in market.plans:
        need = [float(rate) * market.units[k] for k, rate in enumerate(plan.rates) if rate]
        most = float(np.max(np.sum(need, axis=0), initial=0.0)) if need else 0.0
        owned = plan.owned
        low.append(0.0 if owned is None else float(owned))
        high.append(-(-most // _MILL) * _MILL if owned is None else float(owned))
    return Box(np.array(low), np.array(high))


def each_pool_alone(market: Market, box: Box) -> Floats:
    """A first guess: for each pool the best count of its cheapest reservation."""
    point = box.low.copy()
    done: set[int] = set()
    options = list(enumerate(market.reservables))
    for number, each in sorted(options, key=lambda pair: pair[1].hourly / pair[1].units):
        if each.pool not in done:
            done.add(each.pool)
            spare: Floats = np.maximum(market.units[each.pool] - market.owned[each.pool], 0)
            price = market.pools[each.pool].rate * each.units
            scale = price.denominator * each.hourly.denominator
            point[number] = cheapest_count(
                np.round(spare).astype(np.int64),
                each.units,
                int(each.hourly * scale),
                int(price * scale),
            )
    return np.clip(point, box.low, box.high)


class Search:
    """Cuts until nothing can be cheaper. ``best`` is the cost of ``chosen``, a whole purchase."""

    def __init__(self, cuts: Cuts, limits: Limits, tolerance: float) -> None:
        market = cuts.market
        self.cuts = cuts
        self.box = whole_box(market)
        self.rows = limits_as_rows(market, limits)
        self.steps = np.array([1.0] * len(market.reservables) + [*map(_step, market.plans)])
        self.tolerance = tolerance
        self.best = np.inf
        self.chosen: Floats | None = None
        self.branches = 0

    def run(self) -> Mix:
        """Search until the gap is closed, or so many rounds were made that it stays."""
        self._try(self.box.low)
        self._try(each_pool_alone(self.cuts.market, self.box))
        bound = self._search(-np.inf, whole=False)
        return self._mix(min(self._search(bound, whole=True), self.best))

    def _try(self, point: Floats) -> float:
        """The cost of a purchase, which is kept if it is whole, allowed and the best so far."""
        cost = self.cuts.cost(point)
        parts = np.abs(point / self.steps - np.round(point / self.steps))
        if cost < self.best and parts.max(initial=0.0) < WHOLE and self.rows.allow(point):
            self.best, self.chosen = cost, point
        return cost

    def _closed(self, bound: float) -> bool:
        return self.best - bound <= self.tolerance * abs(self.best) / 2

    def _search(self, bound: float, *, whole: bool) -> float:
        """Try what the cuts say is cheapest, which makes new cuts; the bound at the end."""
        least = np.inf
        for _ in range(MOST_ROUNDS):
            if self._closed(bound):
                break
            found = self.cuts.lowest(self.box, self.rows, self.steps, whole=whole)
            if found is None:
                break
            self.branches += found.nodes
            bound = max(bound, found.bound)
            if found.point is None or found.point.tobytes() in self.cuts.known:
                break
            least = min(least, self._try(found.point))
            if not whole and least - bound <= SETTLED * abs(least):
                self._try_near(found.point)
                if least - bound <= PARTS * abs(least):
                    break
        return bound

    def _try_near(self, point: Floats) -> None:
        """Try whole purchases near a point."""
        for whole in (np.round(point / self.steps), np.floor(point / self.steps + WHOLE)):
            self._try(np.clip(whole * self.steps, self.box.low, self.box.high))

    def _mix(self, bound: float) -> Mix:
        market = self.cuts.market
        assert self.chosen is not None, "buying nothing is always allowed"
        reserved = len(market.reservables)
        counts = tuple(round(value) for value in self.chosen[:reserved].tolist())
        money = self.chosen[reserved:].tolist()
        commitments = tuple(
            round(value / _MILL) * MILL if plan.owned is None else plan.owned
            for plan, value in zip(market.plans, money, strict=True)
        )
        cost = exact_cost(market, counts, commitments)
        return Mix(counts, commitments, cost, bound, self.branches, self.cuts.count)
